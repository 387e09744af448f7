"""The shape of a parsed cron expression, whatever dialect it was written in, and the dates that it allows."""

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache

FIRST_YEAR = 1970
LAST_YEAR = 2126  # Quartz's own horizon today: a hundred years ahead
EVERY_MINUTE = tuple(range(60))
EVERY_HOUR = tuple(range(24))
EVERY_MONTH = tuple(range(1, 13))
EVERY_YEAR = tuple(range(FIRST_YEAR, LAST_YEAR + 1))


@dataclass(frozen=True, slots=True)
class MonthDays:
    """Days counted in the month. `from_end` counts back from the last day (0 is L, 3 is L-3).

    `nearest` holds 15W: the weekday (Monday to Friday) nearest that day in the same month. `nearest_from_end` is
    the same counted from the end (0 is LW).
    """

    plain: frozenset[int] = frozenset()
    from_end: frozenset[int] = frozenset()
    nearest: frozenset[int] = frozenset()
    nearest_from_end: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class WeekDays:
    """Weekdays, 0 is Sunday and 6 Saturday. `nth` holds (weekday, 1-5) in the month, `last` the last one in it."""

    plain: frozenset[int] = frozenset()
    nth: frozenset[tuple[int, int]] = frozenset()
    last: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Cycle:
    """Every so many days, weeks (from Monday) or months, counted from the one that holds `anchor`.

    `unit` is day, week or month. Nothing comes before `anchor`, which is None
    while a text is being read, until its first day fixes it.
    """

    unit: str
    every: int
    anchor: date | None = None


@dataclass(frozen=True, slots=True)
class Dates:
    """Which dates: None restricts nothing. With both set, `either` joins them by OR (Unix), else by AND. `cycle`
    leaves out the days, weeks or months between."""

    month_days: MonthDays | None = None
    week_days: WeekDays | None = None
    either: bool = False
    cycle: Cycle | None = None


@dataclass(frozen=True, slots=True)
class Cron:
    """Sorted values per field. `repeats` tells a schedule that follows the clock through a repeated hour from one
    that names times of day and fires exactly once a local day at each."""

    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    dates: Dates
    months: tuple[int, ...] = EVERY_MONTH
    years: tuple[int, ...] = EVERY_YEAR
    repeats: bool = False


@lru_cache(maxsize=4096)
def days_in(dates: Dates, year: int, month: int) -> tuple[int, ...]:
    """The days of one month on which a schedule fires, in order."""
    first, length = monthrange(year, month)
    every = range(1, length + 1)
    if dates.cycle is not None:
        days_of_all = days_in(replace(dates, cycle=None), year, month)
        return tuple(day for day in days_of_all if _is_in(dates.cycle, date(year, month, day)))
    if dates.month_days is None and dates.week_days is None:
        return tuple(every)
    chosen = [] if dates.month_days is None else [_by_month(dates.month_days, year, month, length)]
    chosen += [] if dates.week_days is None else [_by_week(dates.week_days, (first + 1) % 7, length)]
    days = set.union(*chosen) if dates.either else set.intersection(*chosen)
    return tuple(sorted(days.intersection(every)))


def _is_in(cycle: Cycle, day: date) -> bool:
    """Nothing comes before the anchor; without one, every day may be the first."""
    anchor = cycle.anchor
    if anchor is None:
        return True
    if day < anchor:
        return False
    if cycle.unit == "day":
        steps = day.toordinal() - anchor.toordinal()
    elif cycle.unit == "week":
        steps = (day.toordinal() - 1) // 7 - (anchor.toordinal() - 1) // 7  # day 1 was a Monday
    else:
        steps = (day.year - anchor.year) * 12 + day.month - anchor.month
    return steps % cycle.every == 0


def _by_month(rule: MonthDays, year: int, month: int, length: int) -> set[int]:
    days = set(rule.plain)
    days.update(length - back for back in rule.from_end)
    near: Iterable[int] = [*rule.nearest, *(length - back for back in rule.nearest_from_end)]
    days.update(_nearest_weekday(year, month, day, length) for day in near if 1 <= day <= length)
    return days


def _by_week(rule: WeekDays, first: int, length: int) -> set[int]:
    """`first` is the weekday of the 1st."""
    days = {day for day in range(1, length + 1) if (first + day - 1) % 7 in rule.plain}
    days.update((weekday - first) % 7 + 1 + (nth - 1) * 7 for weekday, nth in rule.nth)
    for weekday in rule.last:
        start = (weekday - first) % 7 + 1
        days.add(start + (length - start) // 7 * 7)
    return days


def _nearest_weekday(year: int, month: int, day: int, length: int) -> int:
    weekday = date(year, month, day).weekday()
    if weekday == 5:
        return day - 1 if day > 1 else day + 2
    if weekday == 6:
        return day + 1 if day < length else day - 2
    return day
