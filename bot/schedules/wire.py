"""Schedules as JSON, one object a line in and one out: what `next --jsonl` speaks. No line stops another."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bot import schedules
from bot.errors import Refusal
from bot.schedules.cron.fields import FIRST_YEAR, LAST_YEAR
from bot.schedules.cron.typed import is_quartz, write_schedule
from bot.schedules.warnings import warnings
from storage.records import Schedule

DEFAULT_COUNT = 5
MOST = 1000
LONGEST_LINE = 10_000


def answer_line(line: str, now: datetime) -> str:
    """The answer to one line, without a line break: `{"kind", "says", "next"}`, with `warnings` where there are any,
    or `{"error": …}`. What never fires (again) is refused; but to Quartz an expression may be over, so that one is
    answered with no `next` and a warning.

    The line holds `when`, and if it likes `zone` (default UTC), `from` (an ISO instant, default now), `count` and
    `lang`, the language of the person and of the words in the answer (default en). An empty line is a question that
    is missing, and answered with an error like any other; whether it is asked at all is for the caller.
    """
    try:
        answer = answer_question(_parse(line), now)
    except Refusal as refusal:
        answer = show_refusal(refusal)
    # Half a surrogate pair, which JSON can hold and UTF-8 cannot, stays an escape.
    return json.dumps(answer, ensure_ascii=False).encode("utf-8", "backslashreplace").decode()


def answer_question(question: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """As `answer_line` for a parsed line. Raises Refusal."""
    zone = schedules.read_zone(_text(question, "zone", "UTC"))
    start = _read_instant(question.get("from"), now)
    count = _read_count(question.get("count"))
    lang = _text(question, "lang", "en")
    when = _text(question, "when")
    try:
        found = schedules.read_all(when, zone, start, lang=lang)
    except Refusal as refusal:
        over = _read_quartz(when, zone) if refusal.code in ("never", "past") else None
        if over is None:
            raise
        return _show((over,), (), (refusal.message,), lang)
    slots = [slot.at for slot in schedules.union_preview(found, start, count)]
    return _show(found, slots, [told for one in found for told in warnings(one, start)], lang)


def _show(several: Sequence[Schedule], slots: Sequence[datetime], warned: Sequence[str], lang: str) -> dict[str, Any]:
    """Schedules, their next slots and what to know of them, for programs; instants in UTC. The kind is that of the
    first."""
    says = "; ".join(schedules.describe(one, lang) for one in several)
    found = {"kind": several[0].kind, "says": says, "next": [write_instant(slot) for slot in slots]}
    return found | ({"warnings": list(warned)} if warned else {})


def show_refusal(refusal: Refusal) -> dict[str, Any]:
    """`{"error": {"code", "message", "hint"}}`, and `choices` where there are any."""
    error: dict[str, Any] = {"code": refusal.code, "message": refusal.message, "hint": refusal.hint}
    if refusal.choices:
        error["choices"] = list(refusal.choices)
    return {"error": error}


def write_instant(moment: datetime) -> str:
    """`2026-11-24T00:00:00Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _read_quartz(text: str, zone: str) -> Schedule | None:
    try:
        found = write_schedule(text, zone)
    except Refusal:
        return None
    return found if is_quartz(found.spec) else None


def _parse(line: str) -> Mapping[str, Any]:
    if len(line) > LONGEST_LINE:
        raise _refuse(f"A line of {len(line)} characters is too long.", f"At most {LONGEST_LINE}.")
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        raise _refuse("This line is no JSON.", 'One object a line, such as {"when": "every day at 9:00"}.') from None
    if not isinstance(found, dict):
        raise _refuse("This line is no JSON object.", 'Such as {"when": "every day at 9:00"}.')
    return found


def _text(question: Mapping[str, Any], key: str, default: str | None = None) -> str:
    value = question.get(key)
    if value is None and default is not None:
        return default
    if not isinstance(value, str):
        raise _refuse(f"“{key}” must be a text.", 'Such as {"when": "every day at 9:00", "zone": "Asia/Shanghai"}.')
    return value


def _read_instant(value: object, now: datetime) -> datetime:
    """An instant without an offset is in UTC."""
    if value is None:
        return now.astimezone(UTC)
    try:
        found = datetime.fromisoformat(value if isinstance(value, str) else "")
        aware = (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise _refuse("“from” is no instant.", "Write it as 2026-11-23T00:00:00Z.") from None
    check_instant(aware)
    return aware


def check_instant(moment: datetime) -> None:
    """Raises Refusal for an instant beyond the years that schedules know."""
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise _refuse("“from” is too far away.", f"The years go from {FIRST_YEAR} to {LAST_YEAR}.")


def _read_count(value: object) -> int:
    if value is None:
        return DEFAULT_COUNT
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST:
        raise _refuse("“count” is no number that I can use.", f"A whole number from 0 to {MOST}.")
    return value


def _refuse(message: str, hint: str) -> Refusal:
    return Refusal(message, hint, code="unreadable")
