"""Unix cron, as Debian's cron(5) runs it: minute hour day month weekday; Sunday is 0 or 7.

Where both day fields are restricted, a date needs to match only one of them, unless one begins with `*`.
"""

import re
from collections.abc import Sequence

from bot.errors import Refusal
from bot.schedules.cron.faults import SHOWN, WrongField, is_read, refuse, refuse_field
from bot.schedules.cron.fields import EVERY_MONTH, Cron, Dates, MonthDays, WeekDays
from bot.schedules.cron.quartz import take_quartz
from bot.schedules.cron.values import MONTHS, WEEKDAYS, Field, read_values

NICKNAMES = {
    "@YEARLY": "0 0 1 1 *",
    "@ANNUALLY": "0 0 1 1 *",
    "@MONTHLY": "0 0 1 * *",
    "@WEEKLY": "0 0 * * 0",
    "@DAILY": "0 0 * * *",
    "@MIDNIGHT": "0 0 * * *",
    "@HOURLY": "0 * * * *",
}
FIELDS = (
    Field("minute", 0, 59),
    Field("hour", 0, 23),
    Field("day of the month", 1, 31),
    Field("month", 1, 12, {name: place + 1 for place, name in enumerate(MONTHS)}),
    Field("weekday", 0, 7, {name: place for place, name in enumerate(WEEKDAYS)}),
)
QUARTZ_SIGN = re.compile(r"[?#]|^L(-\d+)?$|\d[LW]$|^LW$|^[A-Z]{3}L$")


def parse_unix(fields: Sequence[str]) -> Cron:
    """The meaning of five fields in capitals. Raises Refusal `unreadable`."""
    if any(QUARTZ_SIGN.search(field) for field in fields):
        raise _refuse_dialect(fields)
    try:
        return take_unix(fields)
    except WrongField as wrong:
        raise refuse_field(fields, wrong, take_unix, *_as_interval(fields, wrong.place)) from None


def take_unix(fields: Sequence[str]) -> Cron:
    """As `parse_unix`. Raises WrongField."""
    minutes, hours, days, months, weekdays = (_read(fields, place) for place in range(5))
    day, weekday = fields[2], fields[4]
    return Cron(
        seconds=(0,),
        minutes=tuple(sorted(minutes)),
        hours=tuple(sorted(hours)),
        dates=Dates(
            None if day == "*" else MonthDays(plain=frozenset(days)),
            None if weekday == "*" else WeekDays(plain=frozenset(value % 7 for value in weekdays)),
            either=not day.startswith("*") and not weekday.startswith("*"),
        ),
        months=EVERY_MONTH if fields[3] == "*" else tuple(sorted(months)),
        repeats=fields[0].startswith("*") or fields[1].startswith("*"),
    )


def _read(fields: Sequence[str], place: int) -> set[int]:
    try:
        return read_values(FIELDS[place], fields[place])
    except WrongField as wrong:
        raise wrong.at(place, FIELDS[place].name) from None


def _as_interval(fields: Sequence[str], place: int) -> tuple[str, ...]:
    """`*/90 * * * *` wants every 90 minutes, which is an interval and no cron expression."""
    step = re.fullmatch(r"\*/([1-9]\d{1,3})", fields[place], re.ASCII)
    unit = ("minutes", "hours")[place] if place < 2 else ""
    rest_is_free = all(field == "*" for field in fields[place + 1 :])
    return (f"every {step[1]} {unit}",) if step and unit and rest_is_free else ()


def _refuse_dialect(fields: Sequence[str]) -> Refusal:
    """Quartz signs among five fields: the weekday numbers would mean other days, so nothing is guessed."""
    plain = ["*" if field == "?" else field for field in fields]
    choices = [" ".join(plain)] if is_read(take_unix, plain) else []
    if not choices:
        quartz = ["0", *plain]
        # Unix counts from Sunday = 0, Quartz from Sunday = 1: the day is spelled out.
        quartz[5] = re.sub(r"^[0-7]", lambda match: WEEKDAYS[int(match[0]) % 7], quartz[5])
        quartz[5 if quartz[5] == "*" else 3] = "?"
        choices = [" ".join(quartz)] if is_read(take_quartz, quartz) else []
    return refuse(
        f"`{' '.join(fields)[:SHOWN]}` has five fields, as in Unix cron, and signs that only Quartz knows (? L W #).",
        *choices,
    )
