"""`/dify list [failing|mine|all|#channel]`: the jobs that the person may see."""

from bot.blocks.help import Help
from bot.blocks.parts import Message
from bot.services import Services
from bot.slack.listing import list_page
from bot.slack.request import Request

HELP = Help(
    verb="list",
    usage="list [failing|mine|all|#channel]",
    says="The jobs of this channel, or the failing ones, yours, or all that you can see.",
    examples=("list", "list failing", "list all"),
)


async def answer(request: Request, services: Services) -> Message:
    """The first page."""
    return await list_page(services, request, request.channel_id, request.rest.strip() or "here", page=0)
