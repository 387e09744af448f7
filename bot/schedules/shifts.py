"""What a zone does to its clock: which instant a local time is, and when the clock changes.

Arithmetic on whole seconds since 1970 in UTC ("stamps") and on local seconds ("walls": the same count as if the
wall clock were UTC).
"""

from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import NamedTuple

from bot.schedules.zones import zone_of

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NAIVE_EPOCH = EPOCH.replace(tzinfo=None)
SECOND = timedelta(seconds=1)
DAY_S = 86_400
WIDEST_OFFSET_S = 16 * 3600  # no zone since 1970 is further east
SPANS_S = 64 * DAY_S  # offsets are found for so long at once: a fraction of a millisecond


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
    start = wall - WIDEST_OFFSET_S
    while True:
        end, offset = next_change(zone, start)
        stamp = wall - offset
        if stamp < end:
            return max(start, stamp)  # before the start: the clock jumped over it there
        start = end


def wall_is_skipped(zone: str, wall: int) -> bool:
    """True for a local time that the clock jumps over."""
    stamp = resolve_wall(zone, wall)
    return stamp + offset_of(zone, stamp) != wall


def offset_of(zone: str, stamp: int) -> int:
    """Seconds east of UTC at a stamp."""
    return _seconds(moment_of(stamp).astimezone(zone_of(zone)).utcoffset())


@lru_cache(maxsize=1024)
def changes_in(zone: str, year: int) -> tuple[Change, ...]:
    """The clock changes of one UTC year, in order."""
    start, end = (stamp_of(datetime(y, 1, 1, tzinfo=UTC)) for y in (year, year + 1))
    return tuple(_find_changes(zone, start, end))


def next_change(zone: str, stamp: int) -> tuple[int, int]:
    """Until which stamp, always a later one, the offset at `stamp` surely holds; and the offset itself."""
    ends, offsets = _spans_of(zone, stamp // SPANS_S)
    place = bisect_right(ends, stamp)
    return ends[place], offsets[place]


@lru_cache(maxsize=8192)
def _spans_of(zone: str, block: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The spans of one offset in a block of SPANS_S seconds: where each ends, and its offset."""
    start, end = block * SPANS_S, (block + 1) * SPANS_S
    changes = list(_find_changes(zone, start, end))
    return (*(change.at for change in changes), end), (offset_of(zone, start), *(change.after for change in changes))


def _find_changes(zone: str, start: int, end: int) -> Iterator[Change]:
    """The changes later than `start` and up to `end`. zoneinfo does not tell them: each day's offset is compared."""
    if isinstance(zone_of(zone), timezone):
        return
    before = offset_of(zone, start)
    for day in range(start + DAY_S, end + 1, DAY_S):
        after = offset_of(zone, day)
        if after != before:
            yield Change(_first_at(zone, day - DAY_S, day, before), before, after)
            before = after


def _first_at(zone: str, low: int, high: int, before: int) -> int:
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if offset_of(zone, middle) == before else (low, middle)
    return high


def _seconds(offset: timedelta | None) -> int:
    return (offset or timedelta()) // SECOND
