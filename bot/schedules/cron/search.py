"""The search for the next fire time: dates first, then times of day, then what the zone's clock makes of them."""

import time
from bisect import bisect_left
from datetime import UTC, date, datetime
from functools import lru_cache

from bot.errors import Refusal
from bot.schedules.cron.fields import EVERY_YEAR, LAST_YEAR, Cron, days_in
from bot.schedules.cron.parse import parse
from bot.schedules.shifts import DAY_S, NAIVE_EPOCH, next_change, resolve_wall, stamp_of

EPOCH_DAY = NAIVE_EPOCH.toordinal()
LAST_STAMP = stamp_of(datetime(LAST_YEAR + 1, 1, 1, tzinfo=UTC))
BUDGET_S = 0.05  # no text may hold a thread: far above the few milliseconds of the longest search
REMEMBERED = 8192  # jobs at the same slot with the same expression are many; entries are small


@lru_cache(maxsize=REMEMBERED)
def next_stamp(expression: str, zone: str, stamp: int) -> int | None:
    """The first fire time later than `stamp`, both in whole seconds since 1970; None when nothing more comes."""
    return find_next(parse(expression), zone, stamp)


def find_next(cron: Cron, zone: str, stamp: int) -> int | None:
    """As `next_stamp`, not remembered. Raises Refusal `never` if the search takes longer than its budget."""
    if stamp >= LAST_STAMP:
        return None
    stamp, budget = max(stamp, -DAY_S), _Budget()
    return _next_repeated(cron, zone, stamp, budget) if cron.repeats else _next_time_of_day(cron, zone, stamp, budget)


class _Budget:
    """The time that one search may take; it counts from the first question, which most searches never ask."""

    __slots__ = ("_deadline",)

    def __init__(self) -> None:
        self._deadline = 0.0

    def check(self) -> None:
        # The thread's own time, so that a busy machine cannot make a good schedule look endless.
        now = time.thread_time()
        if not self._deadline:
            self._deadline = now + BUDGET_S
        elif now > self._deadline:
            raise Refusal("This schedule fires too rarely to be found.", "Choose dates that come.", code="never")


def _next_time_of_day(cron: Cron, zone: str, stamp: int, budget: _Budget) -> int | None:
    """Every local time fires once: skipped ones at the end of the gap, repeated ones at their first occurrence."""
    wall = _first_wall(cron, stamp + next_change(zone, stamp)[1] + 1, budget)
    while wall is not None:
        fire = resolve_wall(zone, wall)
        if fire > stamp:
            return fire
        budget.check()
        wall = _first_wall(cron, wall + 1, budget)
    return None


def _next_repeated(cron: Cron, zone: str, stamp: int, budget: _Budget) -> int | None:
    """Every instant whose wall clock matches; what the clock skips does not happen."""
    start = stamp + 1
    while True:
        end, offset = next_change(zone, start)
        wall = _first_wall(cron, start + offset, budget)
        if wall is None:
            return None
        if wall - offset < end:
            return wall - offset
        # Far from a change, no clock goes back behind `start` nor forward to `wall`: what lies between is not asked.
        start = max(end, wall - offset - DAY_S) if end - start > DAY_S else end


def _first_wall(cron: Cron, wall: int, budget: _Budget) -> int | None:
    """The first matching local time at or after `wall`."""
    days, second = divmod(wall, DAY_S)
    today = date.fromordinal(days + EPOCH_DAY)
    if _allows(cron, today):
        moment = _first_time(cron, second)
        if moment is not None:
            return days * DAY_S + moment
    day = _first_day_after(cron, today, budget)
    if day is None:
        return None
    return (day.toordinal() - EPOCH_DAY) * DAY_S + cron.hours[0] * 3600 + cron.minutes[0] * 60 + cron.seconds[0]


def _allows(cron: Cron, day: date) -> bool:
    year, month = day.year, day.month
    if month not in cron.months or (year not in cron.years and cron.years is not EVERY_YEAR):
        return False
    return day.day in days_in(cron.dates, year, month)


def _first_time(cron: Cron, second: int) -> int | None:
    """The first time of day at or after `second` (of the day), in seconds of the day."""
    hours, minutes, seconds = cron.hours, cron.minutes, cron.seconds
    minute, low = divmod(second, 60)
    hour, minute = divmod(minute, 60)
    at_hour = bisect_left(hours, hour)
    if at_hour == len(hours):
        return None
    if hours[at_hour] == hour:
        at_minute = bisect_left(minutes, minute)
        if at_minute < len(minutes) and minutes[at_minute] == minute:
            at_second = bisect_left(seconds, low)
            if at_second < len(seconds):
                return hour * 3600 + minute * 60 + seconds[at_second]
            at_minute += 1
        if at_minute < len(minutes):
            return hour * 3600 + minutes[at_minute] * 60 + seconds[0]
        at_hour += 1
        if at_hour == len(hours):
            return None
    return hours[at_hour] * 3600 + minutes[0] * 60 + seconds[0]


def _first_day_after(cron: Cron, today: date, budget: _Budget) -> date | None:
    years = cron.years
    for year in years[bisect_left(years, today.year) :]:
        if year > today.year:
            budget.check()
        for month in cron.months:
            if year == today.year and month < today.month:
                continue
            days = days_in(cron.dates, year, month)
            same_month = year == today.year and month == today.month
            place = bisect_left(days, today.day + 1) if same_month else 0
            if place < len(days):
                return date(year, month, days[place])
    return None
