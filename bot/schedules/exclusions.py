"""What is struck out of a schedule: days, spans of days, weekly windows, a daily window, a cron expression.

The canonical texts: `2026-12-24`, `2026-12-24 to 2026-12-26`, `sat,sun`, `mon 9:00-12:00`, `12:00-13:00`,
`cron 0 0 12 ? * MON`. A window holds its start and not its end, and may run over midnight; it then belongs to the day
on which it starts. A cron expression of five fields strikes out whole minutes, one with seconds single seconds.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from bot.errors import Refusal
from bot.schedules.cron.describe import DAY_NAMES, join_words, write_time
from bot.schedules.cron.parse import parse, read_expression
from bot.schedules.cron.search import next_stamp
from bot.schedules.shifts import DAY_S, NAIVE_EPOCH, offset_of, resolve_wall

DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")  # as in `WeekDays`: 0 is Sunday
EPOCH_DAY = NAIVE_EPOCH.toordinal()
MONDAY_FIRST = (1, 2, 3, 4, 5, 6, 0)
SPAN = re.compile(r"(\d{4}-\d\d-\d\d)(?: to (\d{4}-\d\d-\d\d))?", re.ASCII)
CLOCK = r"(\d{1,2}):(\d\d)(?::(\d\d))?"
WEEKLY = re.compile(rf"(?:([a-z]{{3}}(?:,[a-z]{{3}})*) ?)?(?:\b{CLOCK}-{CLOCK})?", re.ASCII)
CRON = "cron "
UNIX_FIELDS = 5


@dataclass(frozen=True, slots=True)
class Exclusion:
    """One of: `first` to `last`, both days included; `weekdays` and a `window` of seconds of the day, either of which
    may be missing; `cron`, a canonical expression."""

    first: date | None = None
    last: date | None = None
    weekdays: frozenset[int] = frozenset()
    window: tuple[int, int] | None = None
    cron: str = ""

    def covers_day(self, day: date) -> bool:
        """The whole day is struck out."""
        if self.first and self.last:
            return self.first <= day <= self.last
        return not self.cron and self.window is None and _weekday(day) in self.weekdays

    def ends_at(self, zone: str, stamp: int) -> int | None:
        """The stamp behind what is struck out around this one; None where it is not struck out."""
        if self.cron:
            start = stamp - stamp % 60 if len(self.cron.split()) == UNIX_FIELDS else stamp
            struck = next_stamp(self.cron, zone, start - 1) == start
            return stamp + 1 if struck else None
        days, second = divmod(stamp + offset_of(zone, stamp), DAY_S)
        if self.window is None:
            whole = self.covers_day(date.fromordinal(days + EPOCH_DAY))
            return max(resolve_wall(zone, (days + 1) * DAY_S), stamp + 1) if whole else None
        start, end = self.window
        if start < end:
            start_day = days if start <= second < end else None
        else:
            start_day = days if second >= start else days - 1 if second < end else None
        if start_day is None or not self._on(start_day):
            return None
        end_day = start_day + (start >= end)
        return max(resolve_wall(zone, end_day * DAY_S + end), stamp + 1)

    def _on(self, days: int) -> bool:
        return not self.weekdays or _weekday(date.fromordinal(days + EPOCH_DAY)) in self.weekdays


@lru_cache(maxsize=512)
def read_exclusion(text: str) -> Exclusion:
    """The exclusion of a canonical text. Raises Refusal `unreadable`."""
    if text.lower().startswith(CRON):
        expression = read_expression(text[len(CRON) :])
        parse(expression)
        return Exclusion(cron=expression)
    if span := SPAN.fullmatch(text):
        return _read_span(text, span[1], span[2] or span[1])
    match = WEEKLY.fullmatch(text.lower())
    if not match or not text.strip():
        raise _unreadable(text)
    names = match[1].split(",") if match[1] else []
    if any(name not in DAYS for name in names):
        raise _unreadable(text)
    window = _read_window(match, text) if match[2] else None
    return Exclusion(weekdays=frozenset(DAYS.index(name) for name in names), window=window)


def write_exclusion(exclusion: Exclusion) -> str:
    """The canonical text, which `read_exclusion` reads back."""
    if exclusion.cron:
        return CRON + exclusion.cron
    if exclusion.first and exclusion.last:
        one = exclusion.first == exclusion.last
        return str(exclusion.first) if one else f"{exclusion.first} to {exclusion.last}"
    names = ",".join(DAYS[day] for day in MONDAY_FIRST if day in exclusion.weekdays)
    return " ".join(part for part in (names, _write_window(exclusion.window)) if part)


def describe_exclusion(text: str) -> str:
    """`on 24 December 2026`, `on Saturday and Sunday`, `between 12:00 and 13:00`."""
    exclusion = read_exclusion(text)
    if exclusion.cron:
        return f"at the times of {exclusion.cron}"
    if exclusion.first and exclusion.last:
        first, last = (f"{day.day} {day:%B %Y}" for day in (exclusion.first, exclusion.last))
        return f"on {first}" if first == last else f"from {first} to {last}"
    named = (
        join_words(DAY_NAMES[day] for day in MONDAY_FIRST if day in exclusion.weekdays) if exclusion.weekdays else ""
    )
    days = f"on {named}" if named else ""
    if exclusion.window is None:
        return days
    start, end = (write_time(_clock(second)) for second in exclusion.window)
    return f"{days} between {start} and {end}".strip()


def merge_exclusions(exclusions: Iterable[Exclusion]) -> tuple[str, ...]:
    """Their canonical texts, each once, in the order in which they were typed."""
    return tuple(dict.fromkeys(write_exclusion(exclusion) for exclusion in exclusions))


def _weekday(day: date) -> int:
    return (day.weekday() + 1) % 7


def _read_span(text: str, first: str, last: str) -> Exclusion:
    try:
        found = Exclusion(first=date.fromisoformat(first), last=date.fromisoformat(last))
    except ValueError:
        raise _unreadable(text) from None
    if first > last:
        raise Refusal(f"“{text}” ends before it starts.", "Write the earlier day first.", code="unreadable")
    return found


def _read_window(match: re.Match[str], text: str) -> tuple[int, int]:
    clocks = [int(part or 0) for part in match.groups()[1:]]
    start, end = (hour * 3600 + minute * 60 + second for hour, minute, second in (clocks[:3], clocks[3:]))
    sound = all(minute < 60 and second < 60 for _, minute, second in (clocks[:3], clocks[3:]))
    if not sound or start >= DAY_S or end > DAY_S or start == end:
        raise _unreadable(text)
    return start, end % DAY_S


def _write_window(window: tuple[int, int] | None) -> str:
    return "-".join(write_time(_clock(second), short=True) for second in window) if window else ""


def _clock(second: int) -> tuple[int, int, int]:
    return second // 3600, second // 60 % 60, second % 60


def _unreadable(text: str) -> Refusal:
    return Refusal(
        f"I cannot leave out “{text}”.",
        "Write a day (2026-12-24), weekdays (sat,sun), a window (12:00-13:00) or a calendar (US holidays).",
        code="unreadable",
    )
