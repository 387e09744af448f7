"""Days as an .ics file: whole-day events, of one or more days, and events that come back every year."""

from calendar import isleap
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from bot.errors import Refusal
from bot.schedules.calendars.days import (
    LAST_YEAR,
    MOST_DAYS,
    Days,
    check_year,
    collect_days,
    keep_few,
    refuse,
    shown,
    too_many_days,
)

HINT = "Export whole-day events, each day or span of days on its own, or write one day a line."
# Parts of a yearly rule that say no more than its first day already does.
PLAIN = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYMONTH", "BYMONTHDAY", "WKST"})
MOST_INTERVAL = 100
FEBRUARY, LEAP_DAY = 2, 29


@dataclass(frozen=True, slots=True)
class Span:
    """`count` days from the first on; with an interval, again every so many years, at most `times` or until a day."""

    first: date
    count: int
    interval: int = 0
    times: int | None = None
    until: date | None = None


def read(text: str, year: int | None) -> Days:
    """Raises Refusal naming the event. Cancelled events are left out.

    Events without an end that come back every year are spelled out in the years in which other events stand; in a
    file of nothing else, for as long as calendars go.
    """
    from icalendar import Calendar

    try:
        events = [event for calendar in Calendar.from_ical(text, multiple=True) for event in calendar.walk("VEVENT")]
    except Exception as error:  # noqa: BLE001 - the library raises many kinds for what is no calendar
        raise refuse(f"This is no calendar file: {shown(error)}.", HINT) from None
    days: list[date] = []
    endless: list[Span] = []
    for event in events:
        if str(event.get("STATUS", "")).upper() == "CANCELLED":
            continue
        span = _read_event(event)
        if span.interval and span.times is None and span.until is None:
            endless.append(span)
        else:
            days += _spell_out(span) if span.interval else _days_from(span)
            days = keep_few(days)
    years = {day.year for day in days}
    for span in endless:
        days += (day for day in _spell_out(span) if not years or day.year in years)
        days = keep_few(days)
    wanted = [day for day in days if year in (None, day.year)]
    return collect_days(wanted, [year] if year is not None and wanted else [])


def _read_event(event: Any) -> Span:
    """Raises Refusal naming the event for what is more than days and years."""
    if any(name in event for name in ("RDATE", "EXDATE", "RECURRENCE-ID")):
        raise _refuse_event(event, "has exceptions to its repetition")
    try:
        return _read_span(event)
    except Refusal:
        raise
    except Exception as error:  # noqa: BLE001 - the library raises many kinds for an event that is not whole
        raise _refuse_event(event, f"cannot be read ({shown(error)})") from None


def _read_span(event: Any) -> Span:
    first, end = _whole_day(event, event.start), _whole_day(event, event.end)
    check_year(first.year, f"The event {_name(event)}")
    if end < first:
        raise _refuse_event(event, "ends before it begins")
    count, rule = max((end - first).days, 1), event.get("RRULE")
    if count > MOST_DAYS:
        raise too_many_days()
    if rule is None:
        return Span(first, count)
    interval = _interval(event, rule)
    times = int(rule["COUNT"][0]) if "COUNT" in rule else None
    until = _last_day(rule["UNTIL"][0]) if "UNTIL" in rule else None
    return Span(first, count, interval, times, until)


def _whole_day(event: Any, at: date | datetime) -> date:
    if not isinstance(at, datetime):
        return at
    if at.time() != time(0):
        raise _refuse_event(event, "does not last whole days")
    return at.date()


def _interval(event: Any, rule: Any) -> int:
    """In years. Raises Refusal for a rule that is more than "every year on this day"."""
    first: date = event.start
    is_plain = rule.get("FREQ") == ["YEARLY"] and set(rule) <= PLAIN
    is_plain = is_plain and rule.get("BYMONTH", [first.month]) == [first.month]
    if not is_plain or rule.get("BYMONTHDAY", [first.day]) != [first.day]:
        raise _refuse_event(event, f"comes back by a rule that I do not read ({shown(rule.to_ical().decode())})")
    return min(max(int(rule.get("INTERVAL", [1])[0]), 1), MOST_INTERVAL)


def _last_day(until: date | datetime) -> date:
    return until.date() if isinstance(until, datetime) else until


def _days_from(span: Span) -> list[date]:
    return [span.first + timedelta(step) for step in range(span.count)]


def _spell_out(span: Span) -> Iterator[date]:
    """Every time that it comes back. 29 February comes back in leap years alone."""
    done = 0
    for year in range(span.first.year, LAST_YEAR + 1, span.interval):
        if span.first.month == FEBRUARY and span.first.day == LEAP_DAY and not isleap(year):
            continue
        start = span.first.replace(year=year)
        if (span.until is not None and start > span.until) or (span.times is not None and done >= span.times):
            return
        done += 1
        yield from (day for day in _days_from(replace(span, first=start)) if day.year <= LAST_YEAR)


def _refuse_event(event: Any, why: str) -> Refusal:
    return refuse(f"The event {_name(event)} {why}.", HINT)


def _name(event: Any) -> str:
    """As `The event …` is told: by its title and its first day as they are written."""
    start = event["DTSTART"].to_ical().decode("utf-8", "replace") if "DTSTART" in event else ""
    return f"“{shown(event.get('SUMMARY', 'without a name'))}”" + (f" of {shown(start)}" if start else "")
