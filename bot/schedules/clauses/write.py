"""Clauses in words: the canonical ones that can be typed again, and those for people."""

from datetime import date, datetime, timedelta

from bot.schedules.bounds import Bounds
from bot.schedules.cron.describe import write_time
from bot.schedules.exclusions import describe_exclusion
from bot.schedules.shifts import local_of, offset_of, resolve_wall, stamp_of, wall_of
from bot.schedules.words.wish import write_duration
from bot.schedules.zones import zone_of
from storage.records import CalendarRule

DAY = timedelta(days=1)
CALENDAR_NAMES = {"holiday": "holidays", "workday": "working days", "trading": "trading days"}
EXCHANGES = {"XNYS": "NYSE", "XSHG": "Shanghai", "XLON": "London", "XTKS": "Tokyo"}


def write_bounds(bounds: Bounds, zone: str) -> str:
    """`from 2026-12-01, until 2026-12-31 18:00, 10 times, only on workday:CN, except holiday:US rolling next, except
    on sat,sun, jitter 5 minutes`; as much of it as is set, in this order."""
    parts = [f"from {_write_start(bounds.start_at, zone)}"] if bounds.start_at else []
    parts += [f"until {_write_end(bounds.until_at, zone)}"] if bounds.until_at else []
    parts += [_write_times(bounds.times)] if bounds.times else []
    parts += [_write_rule(rule) for rule in bounds.calendars]
    parts += [f"except on {exclusion}" for exclusion in bounds.exclusions]
    parts += [f"jitter {write_duration(bounds.jitter_s, one=True)}"] if bounds.jitter_s else []
    return ", ".join(parts)


def say_bounds(bounds: Bounds, zone: str) -> str:
    """The same for people; times are on the zone's clock."""
    parts = [f"from {_say(_write_start(bounds.start_at, zone))}"] if bounds.start_at else []
    parts += [f"until {_say(_write_end(bounds.until_at, zone))}"] if bounds.until_at else []
    parts += [_write_times(bounds.times)] if bounds.times else []
    parts += [_say_rule(rule) for rule in bounds.calendars]
    parts += [f"except {describe_exclusion(exclusion)}" for exclusion in bounds.exclusions]
    parts += [f"spread over {write_duration(bounds.jitter_s, one=True)}"] if bounds.jitter_s else []
    return ", ".join(parts)


def name_calendar(calendar: str) -> str:
    """`holiday:US` → `US holidays`; a team's own stands in quotes."""
    kind, _, place = calendar.partition(":")
    return f"{EXCHANGES.get(place, place)} {CALENDAR_NAMES[kind]}" if kind in CALENDAR_NAMES else f"“{calendar}”"


def _write_start(moment: datetime, zone: str) -> str:
    local = _local(moment, zone)
    midnight = local.replace(hour=0, minute=0, second=0)
    # Where the clock skips midnight, the day starts later.
    starts = resolve_wall(zone, wall_of(midnight)) == stamp_of(moment)
    return str(local.date()) if starts else _write_moment(moment, zone)


def _write_end(moment: datetime, zone: str) -> str:
    local = _local(moment, zone)
    following = local.replace(hour=0, minute=0, second=0) + DAY
    ends = resolve_wall(zone, wall_of(following)) - 1 == stamp_of(moment)
    return str(local.date()) if ends else _write_moment(moment, zone)


def _write_moment(moment: datetime, zone: str) -> str:
    """The local time; with its offset in the second pass of a repeated hour."""
    local = _local(moment, zone)
    if resolve_wall(zone, wall_of(local)) != stamp_of(moment):
        return moment.astimezone(zone_of(zone)).isoformat()
    return f"{local.date()} {write_time((local.hour, local.minute, local.second), short=True)}"


def _local(moment: datetime, zone: str) -> datetime:
    stamp = stamp_of(moment)
    return local_of(stamp + offset_of(zone, stamp))


def _write_times(times: int) -> str:
    return "1 time" if times == 1 else f"{times} times"


def _write_rule(rule: CalendarRule) -> str:
    name = rule.calendar if _is_plain(rule.calendar) else f'"{rule.calendar}"'
    roll = "" if rule.roll == "skip" else f" rolling {rule.roll}"
    return ("only on " if rule.only else "except ") + name + roll


def _is_plain(name: str) -> bool:
    """A built-in name. A team's own may hold any words and is quoted."""
    return name.partition(":")[0] in CALENDAR_NAMES


def _say_rule(rule: CalendarRule) -> str:
    name = name_calendar(rule.calendar)
    if rule.roll == "skip":
        return f"only on {name}" if rule.only else f"except on {name}"
    if rule.only:
        return f"only on {name}, otherwise on the {'next one' if rule.roll == 'next' else 'one before'}"
    day = "working day" if rule.calendar.startswith("holiday:") else "day that is none"
    return f"on {name} moved to the {f'next {day}' if rule.roll == 'next' else f'{day} before'}"


def _say(text: str) -> str:
    """`2026-12-31 18:00` → `31 December 2026 at 18:00`."""
    day, _, clock = text.replace("T", " ").partition(" ")
    named = date.fromisoformat(day)
    words = f"{named.day} {named:%B %Y}"
    return f"{words} at {clock.zfill(5 if clock.count(':') == 1 else 8)}" if clock else words
