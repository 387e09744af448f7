"""A shift of a time: `-1d`, `+2h`, `-1M +1d`; days, weeks and months on the local calendar, seconds as they pass."""

import re
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

from bot.errors import Refusal

LONGEST_YEARS = 100  # farther is a typing error, and leaves room before the calendar of Python ends
LONGEST_TEXT = 60
SECOND = timedelta(seconds=1)
PART = re.compile(r"\s*([+\-\N{MINUS SIGN}]?)\s*(\d{1,10})\s*([a-z]+)", re.IGNORECASE | re.ASCII)
MONTHS, DAYS, SECONDS = "months", "days", "seconds"
# What one of a unit is. Only `m` and `M` differ by their case.
UNITS = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), (SECONDS, 1)),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), (SECONDS, 60)),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), (SECONDS, 3600)),
    **dict.fromkeys(("d", "day", "days"), (DAYS, 1)),
    **dict.fromkeys(("w", "week", "weeks"), (DAYS, 7)),
    **dict.fromkeys(("mo", "month", "months"), (MONTHS, 1)),
    **dict.fromkeys(("y", "yr", "year", "years"), (MONTHS, 12)),
}
WRITTEN = {MONTHS: {"y": 12, "M": 1}, DAYS: {"w": 7, "d": 1}, SECONDS: {"h": 3600, "m": 60, "s": 1}}
LONGEST = {MONTHS: LONGEST_YEARS * 12, DAYS: LONGEST_YEARS * 366, SECONDS: LONGEST_YEARS * 366 * 86_400}


@dataclass(frozen=True, slots=True)
class Offset:
    """Applied in this order. Months and days keep the local time of day; seconds are real ones."""

    months: int = 0
    days: int = 0
    seconds: int = 0


def read_offset(text: str) -> Offset:
    """What `-1d`, `+2h`, `-3600s`, `-1w`, `-1M` or several of them say; an empty text moves nothing.

    Raises Refusal `bad_offset`. Each part after the first needs its own sign: whether `-1d 2h` takes the two hours
    away or adds them, nobody could tell.
    """
    sums, at, end = dict.fromkeys((MONTHS, DAYS, SECONDS), 0), 0, len(text.rstrip())
    if end > LONGEST_TEXT:
        raise _refuse(text, "is too long")
    while at < end:
        part = PART.match(text, at, end)
        if part is None:
            raise _refuse(text, "cannot be read")
        if at and not part[1]:
            raise _refuse(text, f"has no sign before “{part[0].strip()}”")
        unit, one = _unit(text, part[3])
        sums[unit] += (1 if part[1] in ("", "+") else -1) * int(part[2]) * one
        at = part.end()
    if any(abs(total) > LONGEST[unit] for unit, total in sums.items()):
        raise _refuse(text, f"moves a time by more than {LONGEST_YEARS} years")
    return Offset(**sums)


def write_offset(offset: Offset) -> str:
    """As it can be typed, in the largest units: `-1M -1d`; empty where nothing is moved."""
    sums = ((offset.months, WRITTEN[MONTHS]), (offset.days, WRITTEN[DAYS]), (offset.seconds, WRITTEN[SECONDS]))
    return " ".join(_write_part(total, units) for total, units in sums if total)


def shift(at: datetime, offset: Offset, zone: tzinfo) -> datetime:
    """The time moved, in the zone. The 31st becomes the last day of a shorter month.

    A local time that the clock skips becomes the first one after the gap, one that it shows twice is the first.
    """
    if offset.months or offset.days:
        local = at.astimezone(zone)
        day = shift_day(local.date(), Offset(offset.months, offset.days))
        at = find_instant(datetime.combine(day, local.time()), zone)
    try:
        return (at.astimezone(UTC) + timedelta(seconds=offset.seconds)).astimezone(zone)
    except OverflowError:
        raise _out_of_calendar() from None


def shift_day(day: date, offset: Offset) -> date:
    """The day moved; seconds mean nothing to it."""
    years, month = divmod(day.year * 12 + day.month - 1 + offset.months, 12)
    try:
        last = monthrange(years, month + 1)[1]
        return date(years, month + 1, min(day.day, last)) + timedelta(days=offset.days)
    except (ValueError, OverflowError):
        raise _out_of_calendar() from None


def find_instant(wall: datetime, zone: tzinfo) -> datetime:
    """The instant of a naive local time of whole seconds, in UTC."""
    try:
        later = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
        if later.astimezone(zone).replace(tzinfo=None) == wall:
            return later
        # Skipped by the clock: read with the offset of before it lies after the change, with that of after, before.
        earlier = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    except OverflowError:
        raise _out_of_calendar() from None
    after = later.astimezone(zone).utcoffset()
    while later - earlier > SECOND:
        middle = earlier + (later - earlier) // 2 // SECOND * SECOND
        if middle.astimezone(zone).utcoffset() == after:
            later = middle
        else:
            earlier = middle
    return later


def _unit(text: str, word: str) -> tuple[str, int]:
    found = UNITS.get("month" if word == "M" else word.lower())
    if found is None:
        raise _refuse(text, f"has a unit that I do not know: “{word}”")
    return found


def _write_part(total: int, units: Mapping[str, int]) -> str:
    unit, one = next((unit, one) for unit, one in units.items() if total % one == 0)
    return f"{total // one:+}{unit}"


def _refuse(text: str, what: str) -> Refusal:
    shown = " ".join(text[:LONGEST_TEXT].split())
    return Refusal(
        f"The offset “{shown}” {what}.",
        "Write a number and a unit: s, m (minutes), h, d, w, M (months) or y, as in -1d, +2h, -3600s or -1M +1d.",
        code="bad_offset",
        field="data_offset",
        choices=("-1d", "-1w", "-1M"),
    )


def _out_of_calendar() -> Refusal:
    return Refusal("That offset leads out of the calendar.", "Take a smaller one, such as -1d.", code="bad_offset")
