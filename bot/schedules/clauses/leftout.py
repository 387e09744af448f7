"""What a text leaves out: holidays, days, weekdays, windows of the clock, a cron expression."""

import re

from bot.schedules.clauses.dates import local_now, read_plain_day, step_over
from bot.schedules.clauses.days import TO, read_days
from bot.schedules.clauses.draft import Draft
from bot.schedules.clauses.names import read_calendar, refuse_unknown
from bot.schedules.clauses.rolls import read_roll, read_rolling
from bot.schedules.exclusions import Exclusion, read_exclusion
from bot.schedules.words.clock import read_time
from bot.schedules.words.cursor import Cursor
from bot.schedules.words.vocabulary import read_weekday, read_weekdays
from storage.records import CalendarRule

WORDS = (
    *("except for", "except", "excluding", "excl", "but not", "not on", "skipping", "skip", "without", "apart from"),
    *("other than", "unless it is", "unless it's", "unless it’s", "unless", "but"),
)
SMALL = (
    "if it is a",
    "if it's a",
    "on the",
    "on a",
    "on",
    "the",
    "all",
    "any",
    "every",
    "each",
    "a",
    "for",
    "during",
)
WEEKEND = frozenset({0, 6})
WORKDAYS = frozenset({1, 2, 3, 4, 5})
CRON = re.compile(
    r"cron:?\s+([\"`“]?)((?:[\d*?/,#\-LW]|sun|mon|tue|wed|thu|fri|sat|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)+"
    r"(?:\s+(?:[\d*?/,#\-LW]|sun|mon|tue|wed|thu|fri|sat|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)+){4,6})"
    r"([\"`”]?)",
    re.IGNORECASE,
)
DAILY = ("day", "daily", "everyday", "days")  # “every day except weekends” is a rhythm of its own


def read_left_out(cursor: Cursor, draft: Draft) -> bool:
    """`except holidays and weekends`, `skip GB holidays`, `except 24-26 December`, `except from 12:00 to 13:00`.

    False, with the place as it was, where no such clause stands. Raises Refusal for what nobody knows.
    """
    place = cursor.at
    word = cursor.eat(*WORDS)
    if not word:
        return False
    start = cursor.at
    kept = len(draft.exclusions)
    if not _read_item(cursor, draft):
        if word == "but":
            cursor.at = place
            return False
        cursor.eat(*SMALL)
        raise refuse_unknown(cursor.rest() or cursor.rest_from(start) or word, draft.zone, draft.book)
    if place and cursor.tokens[place - 1] in DAILY and _is_weekend(cursor, draft, kept):
        del draft.exclusions[kept:]
        return False
    while _reads_more(cursor, draft):
        pass
    return True


def _is_weekend(cursor: Cursor, draft: Draft, kept: int) -> bool:
    """Nothing but weekends was left out, and nothing more is."""
    more = cursor.peek() in (",", "and", "or", "&")
    return not more and [(each.weekdays, each.window) for each in draft.exclusions[kept:]] == [(WEEKEND, None)]


def _reads_more(cursor: Cursor, draft: Draft) -> bool:
    place = cursor.at
    joint = cursor.eat(", and", ", or", ",", "and", "or", "&")
    is_new = joint == "," and _begins_anew(cursor, draft)
    if joint and not is_new and (read_roll(cursor, draft) or _read_item(cursor, draft)):
        return True
    cursor.at = place
    return False


def _begins_anew(cursor: Cursor, draft: Draft) -> bool:
    """Behind a comma these are no part of the list: “except US holidays, on Mondays”, “…, from 2026-12-01”, “…, every
    Monday”, and a day with its time, “…, 2026-12-01 9:00”; and nothing is where the rhythm is still to come."""
    if draft.leads or cursor.peek() in ("on", "from", "between", "every", "each"):
        return True
    place = cursor.at
    day = read_plain_day(cursor, local_now(draft.zone, draft.now).date())
    cursor.eat("at")
    timed = day is not None and not cursor.is_at_end and read_time(cursor, bare=False) is not None
    cursor.at = place
    return timed


def _read_item(cursor: Cursor, draft: Draft) -> bool:
    place = cursor.at
    cursor.eat(*SMALL)
    for reader in (_read_cron, read_days, _read_weekly, _read_clock, _read_name):
        start = cursor.at
        if reader(cursor, draft):
            return True
        cursor.at = start
    cursor.at = place
    return False


def _read_cron(cursor: Cursor, draft: Draft) -> bool:
    match = CRON.match(cursor.rest())
    if not match:
        return False
    expression = match[2].rstrip(",")
    step_over(cursor, match.end(2) if not match[1] else len(match[0]))
    if match[2] != expression:
        cursor.at -= 1
    draft.exclusions.append(read_exclusion(f"cron {expression}"))
    return True


def _read_weekly(cursor: Cursor, draft: Draft) -> bool:
    """Weekdays, all day or in a window: `weekends`, `mondays and fridays`, `mon 9:00-12:00`."""
    days = _read_weekdays(cursor, draft.leads)
    if not days:
        return False
    window = cursor.try_read(_read_span_of_clock)
    draft.exclusions.append(Exclusion(weekdays=days, window=window))
    return True


def _read_weekdays(cursor: Cursor, leads: bool) -> frozenset[int]:
    if cursor.eat("weekends", "weekend"):
        return WEEKEND
    if cursor.eat("weekdays"):
        return WORKDAYS
    place = cursor.at
    first = cursor.try_read(read_weekday)
    if first is not None and cursor.eat("to", "through", "thru", "-", "–"):
        last = cursor.try_read(read_weekday)
        if last is not None:
            return frozenset((first + step) % 7 for step in range((last - first) % 7 + 1))
    cursor.at = place
    found: list[int] = []
    while (day := cursor.try_read(read_weekdays)) is not None:
        found.append(day)
        place = cursor.at
        # “except tuesdays, fridays at 9”: the comma ends the list where the rhythm is still to come.
        is_tight = cursor.peek() == "," and cursor.phrase[cursor.starts[place] + 1 :][:1].isalpha()
        if not cursor.eat(*((", and", ",") if is_tight or not leads else ()), "and", "&"):
            break
    if found and day is None:
        cursor.at = place
    return frozenset(found)


def _read_clock(cursor: Cursor, draft: Draft) -> bool:
    window = _read_span_of_clock(cursor)
    if window is None:
        return False
    draft.exclusions.append(Exclusion(window=window))
    return True


def _read_span_of_clock(cursor: Cursor) -> tuple[int, int] | None:
    """`12:00-13:00`, `from 12 to 13`, `between 22:00 and 6:00`; over midnight where the end is earlier."""
    named = bool(cursor.eat("from", "between"))
    first = None if cursor.is_at_end else read_time(cursor, bare=named)
    goes_on = first is not None and cursor.eat(*TO, "and") and not cursor.is_at_end
    last = read_time(cursor, bare=named) if goes_on else None
    if first is None or last is None:
        return None
    start, end = (hour * 3600 + minute * 60 + second for hour, minute, second in (first.time, last.time))
    if first.bare and last.half_day == "pm" and start + 12 * 3600 < end:
        start += 12 * 3600  # from 1 to 5pm
    return (start, end) if start != end else None


def _read_name(cursor: Cursor, draft: Draft) -> bool:
    named = read_calendar(cursor, draft.zone, draft.book)
    if named is None:
        return False
    draft.add_calendar(CalendarRule(calendar=named[0], only=False, roll=read_rolling(cursor)))
    return True
