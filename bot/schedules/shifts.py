"""What a zone does to its clock: which instant a local time is, and when the clock changes.

Arithmetic on whole seconds since 1970 in UTC ("stamps") and on local seconds ("walls": the same count as if the
wall clock were UTC).
"""

from bisect import bisect_right
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import NamedTuple

from bot.schedules.zones import zone_of

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NAIVE_EPOCH = EPOCH.replace(tzinfo=None)
SECOND = timedelta(seconds=1)
DAY_S = 86_400


class Change(NamedTuple):
    """The clock moves at stamp `at` from offset `before` to offset `after` (seconds east of UTC)."""

    at: int
    before: int
    after: int


def stamp_of(moment: datetime) -> int:
    """Whole seconds since 1970, rounded down."""
    return (moment - EPOCH) // SECOND


def moment_of(stamp: int) -> datetime:
    return EPOCH + timedelta(seconds=stamp)


def wall_of(local: datetime) -> int:
    """The wall of a naive local time."""
    return (local - NAIVE_EPOCH) // SECOND


def local_of(wall: int) -> datetime:
    """The naive local time of a wall."""
    return NAIVE_EPOCH + timedelta(seconds=wall)


def resolve_wall(zone: str, wall: int) -> int:
    """The stamp of a wall: its first occurrence; for a wall that the clock skips, the first instant after the gap."""
    local = local_of(wall)
    offset = _offset_at(zone, local)
    stamp = wall - offset
    if offset_of(zone, stamp) == offset:
        return stamp
    year = local.year
    gap = (change for y in (year - 1, year, year + 1) for change in changes_in(zone, y) if _is_gap(change, wall))
    return next((change.at for change in gap), stamp)


def wall_is_skipped(zone: str, wall: int) -> bool:
    """True for a local time that the clock jumps over."""
    stamp = resolve_wall(zone, wall)
    return stamp + offset_of(zone, stamp) != wall


def offset_of(zone: str, stamp: int) -> int:
    """Seconds east of UTC at a stamp."""
    return _seconds(moment_of(stamp).astimezone(zone_of(zone)).utcoffset())


@lru_cache(maxsize=1024)
def changes_in(zone: str, year: int) -> tuple[Change, ...]:
    """The clock changes of one UTC year, in order. zoneinfo does not tell them, so each day's offset is compared."""
    if isinstance(zone_of(zone), timezone):
        return ()
    start, end = (stamp_of(datetime(y, 1, 1, tzinfo=UTC)) for y in (year, year + 1))
    found = []
    before = offset_of(zone, start)
    for day in range(start + DAY_S, end + 1, DAY_S):
        after = offset_of(zone, day)
        if after != before:
            found.append(Change(_first_at(zone, day - DAY_S, day, before), before, after))
            before = after
    return tuple(found)


def next_change(zone: str, stamp: int) -> tuple[int, int]:
    """Until which stamp, always a later one, the offset at `stamp` surely holds; and the offset itself."""
    year = moment_of(stamp).year
    changes = changes_in(zone, year)
    place = bisect_right(changes, stamp, key=lambda change: change.at)
    offset = changes[place - 1].after if place else offset_of(zone, stamp)
    end = changes[place].at if place < len(changes) else stamp_of(datetime(year + 1, 1, 1, tzinfo=UTC))
    return end, offset


def _first_at(zone: str, low: int, high: int, before: int) -> int:
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if offset_of(zone, middle) == before else (low, middle)
    return high


def _is_gap(change: Change, wall: int) -> bool:
    return change.at + change.before <= wall < change.at + change.after


def _offset_at(zone: str, local: datetime) -> int:
    return _seconds(local.replace(tzinfo=zone_of(zone)).utcoffset())


def _seconds(offset: timedelta | None) -> int:
    return (offset or timedelta()) // SECOND
