"""The oracle: fire times by looking at every UTC minute through zoneinfo. Shares no line with the evaluator.

A rule holds sets of minutes of the day and a question about dates. A rule that repeats fires at every minute whose
wall clock matches. One of times of day fires once for each that is due: at its first minute, or where no minute
shows it, at the first that shows a later one.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86_400
ZONES = (
    *("Africa/Cairo", "Africa/Casablanca", "Africa/El_Aaiun", "America/Asuncion", "America/Chicago"),
    *("America/Denver", "America/Halifax", "America/Havana", "America/Los_Angeles", "America/Mexico_City"),
    *("America/Miquelon", "America/New_York", "America/Nuuk", "America/Phoenix", "America/Port-au-Prince"),
    *("America/Santiago", "America/Scoresbysund", "America/St_Johns", "America/Vancouver", "Antarctica/Troll"),
    *("Asia/Beirut", "Asia/Gaza", "Asia/Jerusalem", "Asia/Kathmandu", "Asia/Kolkata"),
    *("Asia/Shanghai", "Asia/Tehran", "Asia/Almaty", "Atlantic/Azores", "Australia/Adelaide"),
    *("Australia/Lord_Howe", "Australia/Sydney", "Europe/Chisinau", "Europe/Dublin", "Europe/London"),
    *("Pacific/Apia", "Pacific/Auckland", "Pacific/Chatham", "Pacific/Easter", "Pacific/Norfolk"),
)


@dataclass(frozen=True)
class Rule:
    """`times` are minutes of the day; `second` is added to every fire that its own minute shows."""

    expression: str
    times: frozenset[int]
    repeats: bool
    allows: Callable[[date], bool] = lambda _: True
    second: int = 0


@dataclass(frozen=True)
class Change:
    """The minute `at` (seconds since 1970) is the first with another offset; `skipped` and `doubled` walls lie from
    `first` to `last`, in minutes of the day `on`."""

    at: int
    on: date
    first: int
    last: int


class Minutes:
    """What the wall clock shows at every minute from one stamp to another."""

    def __init__(self, zone: str, start: int, end: int) -> None:
        self._stamps = range(start - start % MINUTE_S, end, MINUTE_S)
        self._walls = [show_wall(zone, stamp) for stamp in self._stamps]
        self._shown: dict[tuple[date, int], list[int]] = {}
        for stamp, wall in zip(self._stamps, self._walls, strict=True):
            self._shown.setdefault((wall.date(), wall.hour * 60 + wall.minute), []).append(stamp)

    def fires(self, rule: Rule) -> set[int]:
        dates = {day for day, _ in self._shown if rule.allows(day)}
        return {fire for day in dates for minute in rule.times for fire in self._fires_of(rule, day, minute)}

    def _fires_of(self, rule: Rule, day: date, minute: int) -> list[int]:
        shown = [stamp + rule.second for stamp in self._shown.get((day, minute), [])]
        if rule.repeats:
            return shown
        return shown[:1] or self._first_later(datetime(day.year, day.month, day.day, minute // 60, minute % 60))  # noqa: DTZ001

    def _first_later(self, wanted: datetime) -> list[int]:
        return [stamp for stamp, wall in zip(self._stamps, self._walls, strict=True) if wall > wanted][:1]


def show_wall(zone: str, stamp: int) -> datetime:
    return datetime.fromtimestamp(stamp, ZoneInfo(zone)).replace(tzinfo=None)


def find_changes(zone: str, first_year: int, last_year: int) -> Iterator[Change]:
    """The clock changes of these years; a zone without any gives one ordinary day of each year instead."""
    start, end = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (first_year, last_year + 1))
    days = [day for day in range(start, end, DAY_S) if _offset(zone, day) != _offset(zone, day + DAY_S)]
    for day in days:
        before = _offset(zone, day)
        at = next(stamp for stamp in range(day, day + DAY_S + 1, MINUTE_S) if _offset(zone, stamp) != before)
        low, high = sorted((at + before, at + _offset(zone, at)))
        on = datetime.fromtimestamp(low, UTC)
        yield Change(at, on.date(), on.hour * 60 + on.minute, on.hour * 60 + on.minute + (high - low) // 60 - 1)
    if not days:
        for year in range(first_year, last_year + 1):
            noon = datetime(year, 6, 15, 12, tzinfo=UTC)
            yield Change(int(noon.timestamp()), noon.date(), 12 * 60, 13 * 60 - 1)


def last_of_month(day: date) -> date:
    first_of_next = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    return first_of_next - timedelta(days=1)


def nearest_weekday(day: date) -> date:
    """The day from Monday to Friday of the same month that is nearest."""
    same_month = [day + timedelta(days=n) for n in range(-2, 3) if (day + timedelta(days=n)).month == day.month]
    return min((found for found in same_month if found.weekday() < 5), key=lambda found: abs(found - day))


def _offset(zone: str, stamp: int) -> int:
    offset = datetime.fromtimestamp(stamp, ZoneInfo(zone)).utcoffset()
    return int(offset.total_seconds()) if offset else 0
