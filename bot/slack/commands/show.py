"""`/dify show <job>`: everything about one job."""

from bot.blocks.help import Help
from bot.blocks.parts import Message
from bot.services import Services
from bot.slack.cards import show_job
from bot.slack.request import Request, read_name
from bot.slack.seek import seek_job

HELP = Help(
    verb="show",
    usage="show <job>",
    says="One job: when it runs, its inputs, its last runs, its buttons.",
    examples=('show "Daily news"', "show #12"),
)


async def answer(request: Request, services: Services) -> Message:
    """The card of the job."""
    _, job = await seek_job(services, request, read_name(request.rest))
    return await show_job(services, request, job)
