"""`/dify release <run>`: what was held begins when its turn comes."""

from bot.blocks.help import Help
from bot.blocks.notice import run_released
from bot.blocks.parts import Message
from bot.operations.hold import release
from bot.services import Services
from bot.slack.request import Request
from bot.slack.seek import seek_run

HELP = Help(
    verb="release",
    usage="release <run>",
    says="Let a run begin that was held. Its number stands under its message.",
    examples=("release 381",),
)


async def answer(request: Request, services: Services) -> Message:
    """Whoever may hold may release."""
    actor, run = await seek_run(services, request, request.rest.strip(), proven=request.channel_id)
    freed = await services.store.run(lambda c: release(c, actor, run.id, now=services.now()))
    services.engine.wake("runner")
    services.engine.wake("courier")
    return run_released(freed)
