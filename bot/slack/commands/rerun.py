"""`/dify rerun <run>`: the same slot and the same inputs again."""

from bot.blocks.help import Help
from bot.blocks.notice import run_repeated
from bot.blocks.parts import Message
from bot.errors import Refusal
from bot.operations.find import run_by_id
from bot.operations.launch import rerun
from bot.rules.access import Action
from bot.services import Services
from bot.slack.request import Request
from bot.slack.seek import seek_run

NOW, AGAIN = WORDS = ("now", "again")

HELP = Help(
    verb="rerun",
    usage="rerun <run> [now] [again]",
    says="Run a past run again, for its time and with its inputs, or with those that its job has now; say again "
    "where it has succeeded.",
    examples=("rerun 381", "rerun 381 now"),
)


async def answer(request: Request, services: Services) -> Message:
    """One new run, linked to the old one."""
    number, *words = request.rest.split() or [""]
    unknown = " ".join(word for word in words if word not in WORDS)
    if unknown:
        raise Refusal(f"I do not know “{unknown[:40]}”.", f"`/dify rerun {number} now`, or without now.", code="word")
    actor, found = await seek_run(services, request, number, proven=request.channel_id)
    run = await services.store.read(lambda c: run_by_id(c, actor, Action.RUN, found.id))
    if run.state.is_success and AGAIN not in words:
        raise Refusal(
            f"Run {run.id} has succeeded; running it again does all of it once more.",
            code="repeat",
            choices=(" ".join(("/dify rerun", number, *words, AGAIN)),),
        )
    is_anew, now = NOW in words, services.now()
    again = await services.store.run(lambda c: rerun(c, actor, run.id, generation=None, now=now, is_anew=is_anew))
    services.engine.wake("runner")
    services.engine.wake("courier")
    return run_repeated(again)
