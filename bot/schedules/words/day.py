"""One calendar day in words or figures: tomorrow, 2026-12-01, 3/15/2026, 15 March, the 5th, end of the month."""

import calendar
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from bot.errors import Refusal
from bot.schedules.cron.describe import write_time
from bot.schedules.cron.fields import LAST_YEAR
from bot.schedules.words.clock import Reading, read_time
from bot.schedules.words.cursor import Cursor
from bot.schedules.words.vocabulary import read_month, read_number, read_ordinal

NAMED = {"day after tomorrow": 2, "tomorrow": 1, "tmrw": 1, "tmr": 1, "today": 0, "tonight": 0}
FIGURES = re.compile(r"(\d{1,4})([/.\-])(\d{1,2})(?:\2(\d{1,4}))?(?![\d:])", re.ASCII)
YEAR = re.compile(r"(?:19|20|21)\d\d", re.ASCII)
YEARS_AHEAD = 9  # 29 February comes at the latest after eight


@dataclass(frozen=True, slots=True)
class Day:
    """`rolls` tells in months how far the day moves on if its time is past already: 0 for a day with its year."""

    day: date
    rolls: int = 0
    clock: Reading | None = None
    part: str = ""


def read_day(cursor: Cursor, today: date) -> Day | None:
    """The day that stands here. Raises Refusal for dates that do not exist or can be read in two ways."""
    readers: tuple[Callable[[Cursor, date], Day | None], ...] = (
        _read_iso,
        _read_figures,
        _read_named,
        _read_month_first,
        _read_day_first,
        _read_end,
    )
    for reader in readers:
        place = cursor.at
        found = reader(cursor, today)
        if found is not None:
            return found
        cursor.at = place
    return None


def add_months(day: date, months: int) -> date:
    """The same day of a later month, or its last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def roll_on(day: date, months: int) -> date:
    """The same day that many months later, or the first time after that it exists."""
    for step in range(months, 12 * YEARS_AHEAD, months):
        later = add_months(day, step)
        if later.day == day.day:
            return later
    return day


def _read_iso(cursor: Cursor, today: date) -> Day | None:
    """`2026-12-01`, `20261201 1400`."""
    token = cursor.next()
    found = re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", token, re.ASCII)
    found = found or re.fullmatch(r"(20\d\d)(\d\d)(\d\d)", token, re.ASCII)
    if not found:
        return None
    day = _date(*map(int, found.groups()), shown=token)
    cursor.eat("t")
    compact = re.fullmatch(r"([01]\d|2[0-3])([0-5]\d)", cursor.peek(), re.ASCII)
    if not compact:
        return Day(day)
    cursor.next()
    return Day(day, clock=Reading((int(compact[1]), int(compact[2]), 0)))


def _read_figures(cursor: Cursor, today: date) -> Day | None:
    """`3/15/2026`: readable only where one number is over 12, or both are the same."""
    match = FIGURES.match(cursor.rest())
    if not match or (match[2] == "." and not match[4]):
        return None
    shown, first, second, third = match[0], int(match[1]), int(match[3]), match[4]
    end = cursor.starts[cursor.at] + len(shown)
    while not cursor.is_at_end and cursor.starts[cursor.at] < end:
        cursor.next()
    if len(match[1]) == 4:
        return Day(_date(first, second, int(third or 0), shown=shown))
    if len(match[1]) == 3 or (third and len(third) != 4):
        raise _refuse_order(shown, [], None)
    year = int(third) if third else None
    possible = {
        (month, day) for month, day in ((first, second), (second, first)) if 1 <= month <= 12 and 1 <= day <= 31
    }
    days = [_coming(month, day, year, today, shown) for month, day in sorted(possible)]
    if not days:
        raise _no_such_date(shown)
    if len(days) > 1:
        raise _refuse_order(shown, days, read_time(cursor, bare=bool(cursor.eat("at"))))
    return Day(days[0], rolls=0 if year else 12)


def _read_named(cursor: Cursor, today: date) -> Day | None:
    name = cursor.eat(*NAMED)
    if not name:
        return None
    return Day(today + timedelta(days=NAMED[name]), part="evening" if name == "tonight" else "")


def _read_month_first(cursor: Cursor, today: date) -> Day | None:
    """`March 15th, 2026`."""
    month = cursor.try_read(read_month)
    if month is None:
        return None
    cursor.eat("the")
    day = cursor.try_read(read_ordinal) or cursor.try_read(read_number)
    return _with_year(cursor, month, day, today) if day and cursor.peek() not in ("am", "pm") else None


def _read_day_first(cursor: Cursor, today: date) -> Day | None:
    """`15 March 2026`, `15th of April`, `the 5th`."""
    nth = cursor.try_read(read_ordinal)
    day = nth or cursor.try_read(read_number)
    if not day:
        return None
    of = cursor.eat("of")
    month = cursor.try_read(read_month)
    if month is not None:
        return _with_year(cursor, month, day, today)
    return _of_this_month(nth, today) if nth and not of else None


def _read_end(cursor: Cursor, today: date) -> Day | None:
    if not cursor.eat("end of the month", "end of month", "end of this month"):
        return None
    return Day(today.replace(day=calendar.monthrange(today.year, today.month)[1]))


def _with_year(cursor: Cursor, month: int, day: int, today: date) -> Day:
    place = cursor.at
    cursor.eat(",")
    year = int(cursor.next()) if YEAR.fullmatch(cursor.peek()) else None
    if year is None:
        cursor.at = place
    shown = f"{day} {calendar.month_name[month]}" + (f" {year}" if year else "")
    return Day(_coming(month, day, year, today, shown), rolls=0 if year else 12)


def _of_this_month(day: int, today: date) -> Day | None:
    """The next such day of a month, today included."""
    for ahead in range(3):
        month = add_months(today.replace(day=1), ahead)
        if 1 <= day <= calendar.monthrange(month.year, month.month)[1] and month.replace(day=day) >= today:
            return Day(month.replace(day=day), rolls=1)
    return None


def _coming(month: int, day: int, year: int | None, today: date, shown: str) -> date:
    """The date, in the year given or the next one that has it and is not past."""
    if year is not None:
        return _date(year, month, day, shown=shown)
    for ahead in range(YEARS_AHEAD):
        if 1 <= day <= calendar.monthrange(today.year + ahead, month)[1]:
            found = date(today.year + ahead, month, day)
            if found >= today:
                return found
    raise _no_such_date(shown)


def _date(year: int, month: int, day: int, *, shown: str) -> date:
    try:
        found = date(year, month, day)
    except ValueError:
        raise _no_such_date(shown) from None
    if year > LAST_YEAR:
        raise Refusal(f"{shown} is too far away.", f"The last year is {LAST_YEAR}.", code="too_far")
    return found


def _no_such_date(shown: str) -> Refusal:
    return Refusal(f"There is no date “{shown}”.", "Write dates as 2026-12-01.", code="unreadable")


def _refuse_order(shown: str, days: list[date], clock: Reading | None) -> Refusal:
    time = write_time(clock.time, short=True) if clock else "9:00"
    both = " or ".join(f"{day.day} {day:%B %Y}" for day in days) or "several dates"
    choices = tuple(f"{day} {time}" for day in days)
    return Refusal(f"“{shown}” can be {both}.", "Write dates as 2026-12-01.", code="ambiguous", choices=choices)
