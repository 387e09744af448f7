"""`/dify runs <job>`: the history of a job."""

from bot.blocks.help import Help
from bot.blocks.parts import Message
from bot.services import Services
from bot.slack.listing import runs_page
from bot.slack.request import Request, read_name
from bot.slack.seek import seek_job

HELP = Help(
    verb="runs",
    usage="runs <job>",
    says="The last runs of a job with their results, tokens and traces.",
    examples=('runs "Daily news"',),
)


async def answer(request: Request, services: Services) -> Message:
    """The newest page."""
    _, job = await seek_job(services, request, read_name(request.rest))
    return await runs_page(services, request, job, page=0)
