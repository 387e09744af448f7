"""`/dify rerun <run>`: the same slot and the same inputs again."""

from bot.blocks.help import Help
from bot.blocks.notice import run_repeated
from bot.blocks.parts import Message
from bot.operations.launch import rerun
from bot.services import Services
from bot.slack.request import Request
from bot.slack.seek import seek_run

HELP = Help(
    verb="rerun",
    usage="rerun <run>",
    says="Run a past run again, with its inputs and for its time.",
    examples=("rerun 381",),
)


async def answer(request: Request, services: Services) -> Message:
    """One new run, linked to the old one."""
    actor, run = await seek_run(services, request, request.rest.strip(), proven=request.channel_id)
    again = await services.store.run(lambda c: rerun(c, actor, run.id, generation=None, now=services.now()))
    services.engine.wake("runner")
    services.engine.wake("courier")
    return run_repeated(again)
