"""`/dify mark <run> ok|failed <reason>`: what a person says of the end of a run."""

from bot.blocks.help import Help
from bot.blocks.notice import notice
from bot.blocks.parts import Message
from bot.errors import Refusal
from bot.operations.mark import mark_run
from bot.services import Services
from bot.slack.request import Request
from bot.slack.seek import seek_run
from bot.slack.words import unescape

HELP = Help(
    verb="mark",
    usage="mark <run> ok|failed <reason>",
    says="Say of a run that has ended that it counts as a success or as a failure, and why. Its own state stays.",
    examples=("mark 381 ok sent by hand", "mark 381 failed the numbers are wrong"),
)
MARKS = {"ok": "succeeded", "success": "succeeded", "succeeded": "succeeded", "failed": "failed", "failure": "failed"}


async def answer(request: Request, services: Services) -> Message:
    """For the owner of the job and for admins."""
    number, _, rest = request.rest.strip().partition(" ")
    word, _, reason = rest.strip().partition(" ")
    mark = MARKS.get(word.lower())
    if mark is None:
        raise Refusal(
            "A run is marked as ok or as failed." if word else "Is the run ok, or has it failed? Nothing was said.",
            "For example `/dify mark 381 ok sent by hand`.",
            code="no_mark",
        )
    why = unescape(reason)
    actor, run = await seek_run(services, request, number, proven=request.channel_id)
    await services.store.run(lambda c: mark_run(c, actor, run.id, mark, why, now=services.now()))
    services.engine.wake("courier")
    return notice(f"Run {run.id} is marked as {mark}.")
