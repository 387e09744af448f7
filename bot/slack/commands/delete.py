"""`/dify delete <job>`: asks before it does."""

from bot.blocks.help import Help
from bot.blocks.job import ask_delete
from bot.blocks.parts import Message
from bot.rules.access import Action, authorize
from bot.services import Services
from bot.slack.request import Request, read_name
from bot.slack.seek import seek_job

HELP = Help(
    verb="delete",
    usage="delete <job>",
    says="Delete a job after asking once; its history stays.",
    examples=('delete "Daily news"',),
)


async def answer(request: Request, services: Services) -> Message:
    """The question; the button under it deletes."""
    actor, job = await seek_job(services, request, read_name(request.rest))
    authorize(actor, Action.DELETE, job)
    return ask_delete(job)
