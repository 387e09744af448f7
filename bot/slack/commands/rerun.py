"""`/dify rerun <run>`: the same slot and the same inputs again."""

from bot.blocks.help import Help
from bot.blocks.notice import run_repeated
from bot.blocks.parts import Message
from bot.errors import Refusal
from bot.operations.launch import rerun
from bot.services import Services
from bot.slack.request import Request
from bot.slack.seek import seek_run

HELP = Help(
    verb="rerun",
    usage="rerun <run> [now]",
    says="Run a past run again, for its time and with its inputs, or with those that its job has now.",
    examples=("rerun 381", "rerun 381 now"),
)


async def answer(request: Request, services: Services) -> Message:
    """One new run, linked to the old one."""
    number, _, word = request.rest.strip().partition(" ")
    if word.strip() not in ("", "now"):
        raise Refusal(
            f"I do not know “{word.strip()[:40]}”.", f"`/dify rerun {number} now`, or without now.", code="word"
        )
    actor, run = await seek_run(services, request, number, proven=request.channel_id)
    is_anew, now = bool(word), services.now()
    again = await services.store.run(lambda c: rerun(c, actor, run.id, generation=None, now=now, is_anew=is_anew))
    services.engine.wake("runner")
    services.engine.wake("courier")
    return run_repeated(again)
