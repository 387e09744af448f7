"""`/dify backfill <job> from <day> to <day>`: past times of a job are run after all."""

import re
from datetime import date, time

from bot.blocks.backfill import backfill_asked, backfill_started
from bot.blocks.help import Help
from bot.blocks.notice import notice
from bot.blocks.parts import Message
from bot.errors import Refusal
from bot.operations.backfill import CONFIRMED_ABOVE, MODES, Span, backfill, cancel_backfill, estimate
from bot.operations.fill import zone_of_job
from bot.rules.access import Action
from bot.services import Services
from bot.slack.moment import seek_with_tail, split_at
from bot.slack.request import Request, read_name
from bot.slack.seek import seek_job
from bot.slack.words import read_words

HELP = Help(
    verb="backfill",
    usage="backfill <job> from <day> to <day> [missing | failed | all] [daily 9:00]  ·  backfill <job> cancel",
    says="Run past times of a job, one after the other: those that never ran, those that failed, or all.",
    examples=(
        'backfill "Daily news" from 2026-11-01 to 2026-11-07',
        "backfill #12 from 2026-11-01 to 2026-11-07 failed",
        "backfill #12 cancel",
    ),
)
DAY = r"(\d{4}-\d\d-\d\d)"
SPAN = re.compile(
    rf"{DAY}(?:\s+to\s+{DAY})?(?:\s+({'|'.join(MODES)}))?(?:\s+daily\s+(\d{{1,2}}):(\d\d))?(?:\s+(confirm))?",
    re.IGNORECASE | re.ASCII,
)


async def answer(request: Request, services: Services) -> Message:
    """Many runs are asked about first."""
    name, tail = split_at(request.rest, "from")
    if tail is None:
        return await _cancel(request, services)
    actor, job = await seek_job(services, request, read_name(name), Action.RUN)
    span, is_sure = _read(tail)
    now, zone = services.now(), zone_of_job(job)
    found = await services.store.read(lambda c: estimate(c, actor, job.id, span, now=now))
    if len(found.slots) > CONFIRMED_ABOVE and not is_sure:
        command = f"/dify backfill #{job.id} from {tail} confirm"
        return backfill_asked(job, found.slots, found.seconds, found.tokens, command, zone)
    done = await services.store.run(lambda c: backfill(c, actor, job.id, span, now=now))
    services.engine.wake("runner")
    services.engine.wake("courier")
    return backfill_started(job, len(done.slots))


async def _cancel(request: Request, services: Services) -> Message:
    try:
        actor, job, tail = await seek_with_tail(services, request, "cancel", Action.RUN)
    except Refusal as error:
        if error.code != "unknown" or len(read_words(request.rest)) == 1:
            raise
        hint = f"{error.hint} The days come after *from*: `/dify backfill #12 from 2026-11-01 to 2026-11-07`."
        raise Refusal(error.message, hint, code=error.code, choices=error.choices) from None
    if tail is None:
        hint = f"For example `/dify backfill #{job.id} from 2026-11-01 to 2026-11-07`."
        raise Refusal(f"For which days shall “{job.name}” run after all?", hint, code="no_span")
    count = await services.store.run(lambda c: cancel_backfill(c, actor, job.id, now=services.now()))
    services.engine.wake("saver")
    services.engine.wake("courier")
    return notice(f"The backfill of “{job.name}” is cancelled; {count} runs do not begin.")


def _read(text: str) -> tuple[Span, bool]:
    found = SPAN.fullmatch(text.strip())
    try:
        if found is None:
            raise ValueError
        since = date.fromisoformat(found[1])
        until = date.fromisoformat(found[2]) if found[2] else since
        daily = time(int(found[4]), int(found[5])) if found[4] else None
    except ValueError:
        raise Refusal(
            f"I do not understand the days in “{text.strip()[:80]}”.",
            "Write them as 2026-11-01 to 2026-11-07; then missing, failed or all, and daily 9:00 if you like.",
            code="bad_span",
        ) from None
    if until < since:
        raise Refusal("The last day lies before the first.", "Turn them round.", code="bad_span")
    return Span(since=since, until=until, mode=(found[3] or "missing").lower(), daily_at=daily), bool(found[6])
