"""`/dify connect`: the form that registers a Dify app; for admins."""

from bot.blocks.connect import connect_view
from bot.blocks.help import Help
from bot.rules.access import Action, authorize
from bot.services import Services
from bot.slack.door import answer_later, gather_actor
from bot.slack.request import Request

HELP = Help(
    verb="connect",
    usage="connect",
    says="Register a Dify app with its address and key (workspace admins).",
    examples=("connect",),
)


async def answer(request: Request, services: Services) -> None:
    """Open the form."""
    actor = await gather_actor(services, request, proven=request.channel_id)
    authorize(actor, Action.CONNECT, None)
    answer_later(services, request, _open(request, services), name="connect form")


async def _open(request: Request, services: Services) -> None:
    await services.slack.open_view(request.trigger_id, connect_view())
