"""`/dify stop <run>`: the run is asked to end at Dify."""

from bot.blocks.help import Help
from bot.blocks.notice import notice, run_stopping
from bot.blocks.parts import Message
from bot.operations.stop import stop
from bot.rules.access import Action, may
from bot.services import Services
from bot.slack.request import Request
from bot.slack.seek import seek_run

HELP = Help(
    verb="stop",
    usage="stop <run>",
    says="Stop a run at Dify. Its number stands under its message.",
    examples=("stop 381",),
)


async def answer(request: Request, services: Services) -> Message:
    """Write the wish; the owner of the run carries it out."""
    actor, run = await seek_run(services, request, request.rest.strip(), proven=request.channel_id)
    await services.store.run(lambda c: stop(c, actor, run.id, now=services.now()))
    services.engine.wake("saver")
    services.engine.wake("runner")
    return run_stopping(run) if may(actor, Action.SEE, run) else notice(f"Stopping run {run.id}.")
