"""The clauses of a schedule beside its rhythm in words: window, number of times, calendars, exclusions, jitter."""

from datetime import datetime, timedelta

from bot.schedules.exclusions import read_exclusion
from bot.schedules.wording.instants import write_clock, write_instant
from bot.schedules.wording.lexicon import MONDAY_FIRST, Lexicon
from bot.schedules.zones import zone_of
from storage.records import CalendarRule, Schedule

SECOND = timedelta(seconds=1)
WEEKEND = frozenset({0, 6})


def word_bounds(schedule: Schedule, lexicon: Lexicon) -> list[str]:
    """One phrase for each clause that is set."""
    zone = schedule.zone
    parts = [lexicon.start.format(at=_word_start(schedule.start_at, zone))] if schedule.start_at else []
    parts += [lexicon.until.format(at=_word_end(schedule.until_at, zone))] if schedule.until_at else []
    parts += [lexicon.times.format(times=schedule.times)] if schedule.times is not None else []
    parts += [_word_rule(rule, lexicon) for rule in schedule.calendars]
    parts += [lexicon.left_out.format(days=_word_exclusion(text, lexicon)) for text in schedule.exclusions]
    parts += [lexicon.jitter.format(duration=lexicon.duration(schedule.jitter_s))] if schedule.jitter_s else []
    return parts


def _word_start(moment: datetime, zone: str) -> str:
    local = moment.astimezone(zone_of(zone))
    return str(local.date()) if local.time() == local.time().min else write_instant(local)


def _word_end(moment: datetime, zone: str) -> str:
    """The last second of a day is the day."""
    following = (moment + SECOND).astimezone(zone_of(zone))
    local = moment.astimezone(zone_of(zone))
    return str(local.date()) if following.time() == following.time().min else write_instant(local)


def _word_rule(rule: CalendarRule, lexicon: Lexicon) -> str:
    kind, _, place = rule.calendar.partition(":")
    named = lexicon.calendars.get(kind, "") if place else ""
    name = named.format(place=lexicon.places.get(place, place)) if named else f"“{rule.calendar}”"
    template = lexicon.rolls.get((rule.only, rule.roll), lexicon.only if rule.only else lexicon.skip)
    return template.format(name=name)


def _word_exclusion(text: str, lexicon: Lexicon) -> str:
    exclusion = read_exclusion(text)
    if exclusion.cron:
        return lexicon.cron_out.format(cron=exclusion.cron)
    if exclusion.first and exclusion.last:
        if exclusion.first == exclusion.last:
            return str(exclusion.first)
        return lexicon.span.format(first=exclusion.first, last=exclusion.last)
    days = lexicon.join(lexicon.weekdays[day] for day in MONDAY_FIRST if day in exclusion.weekdays)
    days = lexicon.weekend if exclusion.weekdays == WEEKEND else days
    if exclusion.window is None:
        return days
    first, last = (write_clock(second) for second in exclusion.window)
    return lexicon.window.format(days=days, first=first, last=last)
