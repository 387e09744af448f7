"""The search for the next fire time: dates first, then times of day, then what the zone's clock makes of them."""

import time
from bisect import bisect_left
from datetime import UTC, date, datetime
from functools import lru_cache

from bot.errors import Refusal
from bot.schedules.cron.fields import LAST_YEAR, Cron, days_in
from bot.schedules.cron.parse import parse
from bot.schedules.shifts import DAY_S, NAIVE_EPOCH, next_change, offset_of, resolve_wall, stamp_of

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
    # The thread's own time, so that a busy machine cannot make a good schedule look endless.
    deadline = time.thread_time() + BUDGET_S
    if stamp >= LAST_STAMP:
        return None
    stamp = max(stamp, -DAY_S)
    if cron.repeats:
        return _next_repeated(cron, zone, stamp, deadline)
    return _next_time_of_day(cron, zone, stamp, deadline)


def _next_time_of_day(cron: Cron, zone: str, stamp: int, deadline: float) -> int | None:
    """Every local time fires once: skipped ones at the end of the gap, repeated ones at their first occurrence."""
    wall = _first_wall(cron, stamp + offset_of(zone, stamp) + 1, deadline)
    while wall is not None:
        fire = resolve_wall(zone, wall)
        if fire > stamp:
            return fire
        wall = _first_wall(cron, wall + 1, deadline)
    return None


def _next_repeated(cron: Cron, zone: str, stamp: int, deadline: float) -> int | None:
    """Every instant whose wall clock matches; what the clock skips does not happen."""
    stamp += 1
    while True:
        end, offset = next_change(zone, stamp)
        wall = _first_wall(cron, stamp + offset, deadline)
        if wall is None:
            return None
        if wall - offset < end:
            return wall - offset
        stamp = end


def _first_wall(cron: Cron, wall: int, deadline: float) -> int | None:
    """The first matching local time at or after `wall`."""
    days, second = divmod(wall, DAY_S)
    today = date.fromordinal(days + EPOCH_DAY)
    if _allows(cron, today):
        moment = _first_time(cron, second)
        if moment is not None:
            return days * DAY_S + moment
    day = _first_day_after(cron, today, deadline)
    if day is None:
        return None
    return (day.toordinal() - EPOCH_DAY) * DAY_S + cron.hours[0] * 3600 + cron.minutes[0] * 60 + cron.seconds[0]


def _allows(cron: Cron, day: date) -> bool:
    return day.month in cron.months and day.year in cron.years and day.day in _days(cron, day.year, day.month)


def _first_time(cron: Cron, second: int) -> int | None:
    """The first time of day at or after `second` (of the day), in seconds of the day."""
    minute, low = divmod(second, 60)
    hour, minute = divmod(minute, 60)
    if hour in cron.hours:
        if minute in cron.minutes:
            place = bisect_left(cron.seconds, low)
            if place < len(cron.seconds):
                return hour * 3600 + minute * 60 + cron.seconds[place]
        place = bisect_left(cron.minutes, minute + 1)
        if place < len(cron.minutes):
            return hour * 3600 + cron.minutes[place] * 60 + cron.seconds[0]
    place = bisect_left(cron.hours, hour + 1)
    if place < len(cron.hours):
        return cron.hours[place] * 3600 + cron.minutes[0] * 60 + cron.seconds[0]
    return None


def _first_day_after(cron: Cron, today: date, deadline: float) -> date | None:
    for year in cron.years[bisect_left(cron.years, today.year) :]:
        for month in cron.months:
            if year == today.year and month < today.month:
                continue
            days = _days(cron, year, month)
            same_month = year == today.year and month == today.month
            place = bisect_left(days, today.day + 1) if same_month else 0
            if place < len(days):
                return date(year, month, days[place])
        if time.thread_time() > deadline:
            raise Refusal("This schedule fires too rarely to be found.", "Choose dates that come.", code="never")
    return None


def _days(cron: Cron, year: int, month: int) -> tuple[int, ...]:
    return days_in(cron.dates, year, month)
