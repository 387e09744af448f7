"""What a schedule's text binds its rhythm to: a window, a number of times, calendars, exclusions, a spread."""

from dataclasses import dataclass
from datetime import datetime

from storage.records import CalendarRule, Schedule


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """The clauses of a text beside its rhythm, as they are kept in a `Schedule`. Instants are in UTC."""

    start_at: datetime | None = None
    until_at: datetime | None = None
    times: int | None = None
    calendars: tuple[CalendarRule, ...] = ()
    exclusions: tuple[str, ...] = ()
    jitter_s: int = 0


UNBOUND = Bounds()


def bounds_of(schedule: Schedule) -> Bounds:
    """The bounds that a schedule keeps."""
    return Bounds(
        start_at=schedule.start_at,
        until_at=schedule.until_at,
        times=schedule.times,
        calendars=schedule.calendars,
        exclusions=schedule.exclusions,
        jitter_s=schedule.jitter_s,
    )
