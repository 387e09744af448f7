"""`/dify edit <job>`: the form of a job."""

from bot.blocks.help import Help
from bot.rules.access import Action, authorize
from bot.services import Services
from bot.slack.door import answer_later
from bot.slack.request import Request, read_name
from bot.slack.schedule_form import form_of_job, open_form
from bot.slack.seek import seek_job

HELP = Help(
    verb="edit",
    usage="edit <job>",
    says="Change when a job runs, its inputs, its channel, its name or its limit.",
    examples=('edit "Daily news"',),
)


async def answer(request: Request, services: Services) -> None:
    """Open the form; only who may edit sees it."""
    actor, job = await seek_job(services, request, read_name(request.rest))
    authorize(actor, Action.EDIT, job)
    answer_later(services, request, open_form(services, request, form_of_job(job)), name="edit form")
