"""The days and instants that stand in clauses: a date, a weekday, the end of the year, with or without a time."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from bot.errors import Refusal
from bot.schedules.cron.write import Time
from bot.schedules.shifts import local_of, moment_of, offset_of, resolve_wall, stamp_of, wall_of
from bot.schedules.words.clock import read_time
from bot.schedules.words.cursor import Cursor
from bot.schedules.words.day import add_months, read_day
from bot.schedules.words.vocabulary import read_number, read_weekday

DAY = timedelta(days=1)
WITH_OFFSET = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d(?::\d\d)?)(Z|z|[+-]\d\d:?\d\d)(?!\d)", re.ASCII)
ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\s*$", re.ASCII)
# A time behind any other date is the date's own where the rhythm needs none or has one already.
HAS_TIME = re.compile(
    r"\d:\d\d|\d\s*[ap]m\b|\bnoon\b|\bmidnight\b|\bhourly\b|\b(?:sec|min|h(?:ou)?r)\w*\b|\d[smh]\b|\bat\s+\d|[*?]",
    re.IGNORECASE,
)
NEXT_UNITS = ("next week", "next month", "next year")
ENDS = ("end of the year", "end of year", "end of this year", "end of the week", "end of this week")


@dataclass(frozen=True, slots=True)
class Point:
    """A day of a clause, with its time where one stands there. `at` is set instead where an offset fixes it."""

    day: date
    time: Time | None = None
    at: datetime | None = None

    def start(self, zone: str) -> datetime:
        """The first instant of it."""
        return self.at or _at(zone, self.day, self.time or (0, 0, 0))

    def end(self, zone: str) -> datetime:
        """The last second of it."""
        if self.at or self.time:
            return self.start(zone)
        return moment_of(stamp_of(_at(zone, self.day + DAY, (0, 0, 0))) - 1)


def local_now(zone: str, now: datetime) -> datetime:
    """The naive local time."""
    stamp = stamp_of(now)
    return local_of(stamp + offset_of(zone, stamp))


def read_point(cursor: Cursor, today: date, zone: str, *, loose: bool) -> Point | None:
    """The day that stands here. `loose` takes weekdays and days of the month without a month, too: only behind words
    that can mean nothing else, such as `until`. Raises Refusal for dates that do not exist or have two readings."""
    start = cursor.at
    if fixed := _read_fixed(cursor, zone):
        return fixed
    day = _read_day(cursor, today, loose=loose)
    if day is None:
        cursor.at = start
        return None
    place = cursor.at
    is_own = ISO_DATE.search(cursor.phrase[: cursor.starts[place]] if place < len(cursor.starts) else "") is not None
    at = bool(cursor.eat("at"))
    clock = None if cursor.is_at_end else read_time(cursor, bare=at)
    if clock is None or ((at or not is_own) and not _has_time_elsewhere(cursor, start)):
        cursor.at = place
        return Point(day)
    return Point(day, clock.time)


def read_plain_day(cursor: Cursor, today: date) -> date | None:
    """A date that names its month, or today and tomorrow."""
    place = cursor.at
    found = read_day(cursor, today)
    if found is None or found.rolls == 1 or found.clock or found.part:
        cursor.at = place
        return None
    return found.day


def _read_fixed(cursor: Cursor, zone: str) -> Point | None:
    """`2026-11-01T06:30:00Z`, `2026-11-01 01:30:00-05:00`."""
    match = WITH_OFFSET.match(cursor.rest())
    if not match:
        return None
    step_over(cursor, len(match[0]))
    try:
        at = datetime.fromisoformat(f"{match[1]}T{match[2]}{match[3].upper()}")
        moment = moment_of(stamp_of(at))
        return Point(local_now(zone, moment).date(), at=moment)
    except (ValueError, OverflowError):
        raise Refusal(
            f"There is no time “{match[0]}”.", "Write it as 2026-12-01T14:00:00Z.", code="unreadable"
        ) from None


def step_over(cursor: Cursor, length: int) -> None:
    """Moves behind that many characters."""
    end = cursor.starts[cursor.at] + length
    while not cursor.is_at_end and cursor.starts[cursor.at] < end:
        cursor.next()


def _read_day(cursor: Cursor, today: date, *, loose: bool) -> date | None:
    cursor.eat("on the", "on", "the")
    if not loose:
        return read_plain_day(cursor, today)
    for reader in (_read_next_unit, _read_end, _read_steps, _read_weekday):
        place = cursor.at
        day = reader(cursor, today)
        if day is not None:
            return day
        cursor.at = place
    found = read_day(cursor, today)
    return found.day if found and not found.clock and not found.part else None


def _read_next_unit(cursor: Cursor, today: date) -> date | None:
    """The first day of it."""
    match cursor.eat(*NEXT_UNITS).removeprefix("next "):
        case "week":
            return today + (7 - today.weekday()) * DAY
        case "month":
            return add_months(today.replace(day=1), 1)
        case "year":
            return date(today.year + 1, 1, 1)
        case _:
            return None


def _read_end(cursor: Cursor, today: date) -> date | None:
    name = cursor.eat(*ENDS)
    if not name:
        return None
    return date(today.year, 12, 31) if "year" in name else today + (6 - today.weekday()) * DAY


def _read_steps(cursor: Cursor, today: date) -> date | None:
    """`in 3 days`, `in two weeks`."""
    count = cursor.try_read(read_number) if cursor.eat("in") else None
    return add_steps(today, count, cursor.next()) if count else None


def add_steps(day: date, count: int, unit: str) -> date | None:
    """The day so many calendar days, weeks, months or years later; None for any other unit. Raises Refusal."""
    sizes = {"day": (1, 0), "week": (7, 0), "month": (0, 1), "year": (0, 12)}
    if unit.removesuffix("s") not in sizes:
        return None
    days, months = sizes[unit.removesuffix("s")]
    if count * (days + 31 * months) > 366 * 50:
        raise Refusal("That is too far away.", "Write the date, as in 2026-12-31.", code="too_far")
    return add_months(day, count * months) + count * days * DAY


def _read_weekday(cursor: Cursor, today: date) -> date | None:
    """The coming one, today included. `next` is unclear before that day of the same week."""
    follows = cursor.eat("next", "this coming", "this", "coming")
    weekday = cursor.try_read(read_weekday)
    if weekday is None:
        return None
    ahead = (weekday - (today.weekday() + 1)) % 7
    coming = today + ahead * DAY
    if follows == "next" and 0 < ahead < 7 - today.weekday():
        days = (coming, coming + 7 * DAY)
        raise Refusal(
            f"“Next {coming:%A}” can be {days[0]} or {days[1]}.", f"Write {days[0]} or {days[1]}.", code="ambiguous"
        )
    return coming + 7 * DAY if follows == "next" and not ahead else coming


def _has_time_elsewhere(cursor: Cursor, start: int) -> bool:
    before = cursor.phrase[: cursor.starts[start]] if start < len(cursor.starts) else ""
    return HAS_TIME.search(f"{before} ; {cursor.rest()}") is not None


def _at(zone: str, day: date, clock: Time) -> datetime:
    return moment_of(resolve_wall(zone, wall_of(datetime.combine(day, time(*clock)))))
