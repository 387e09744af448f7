"""When a schedule begins and ends, how often it runs, and over how long its starts are spread."""

from datetime import datetime

from bot.errors import Refusal
from bot.schedules.clauses.dates import Point, add_steps, local_now, read_point
from bot.schedules.clauses.draft import Draft
from bot.schedules.shifts import moment_of, resolve_wall, stamp_of, wall_of
from bot.schedules.words.cursor import Cursor
from bot.schedules.words.vocabulary import SECONDS, WEEKDAYS, read_duration, read_number

STARTS = ("starting from", "starting on", "starting", "start on", "beginning on", "beginning", "effective", "as of")
ENDS = (
    *("until", "till", "til", "through", "thru", "up to", "ending on", "ending", "ends on", "no later than"),
    *("and ending on", "and ending"),
)
TO = ("to", "until", "till", "through", "thru", "-", "–", "—")
ANCHORS = ("counted", "counting")  # they belong to the rhythm
PER = ("a", "an", "per", "every", "each", "daily", "weekly", "monthly", "past", "in")


def read_window(cursor: Cursor, draft: Draft) -> bool:
    """`from 2026-12-01`, `starting tomorrow`, `until 31 December`, `from april 1 to april 30`. False, with the place
    as it was, where no such clause stands."""
    place = cursor.at
    before = cursor.tokens[place - 1] if place else ""
    today = local_now(draft.zone, draft.now).date()
    if word := cursor.eat(*STARTS, "from", "between"):
        follows = before in ANCHORS or (before in SECONDS and cursor.peek() in ("now", "today"))
        first = None if follows else read_point(cursor, today, draft.zone, loose=word in STARTS)
        last = _read_last(cursor, first, draft, word)
        if first and (last or word != "between"):
            draft.set_start(first.start(draft.zone))
            if last:
                draft.set_until(last.end(draft.zone))
            return True
    elif cursor.eat(*ENDS):
        is_range = before.removesuffix("s") in WEEKDAYS and cursor.peek() in WEEKDAYS  # monday through friday
        if is_range and not (draft.until_at or draft.start_at):
            cursor.at = place
            return False
        if cursor.peek() == "yesterday":
            raise Refusal("The end lies in the past: it would never run.", "Name a later day.", code="past")
        from_start = local_now(draft.zone, draft.start_at).date() if draft.start_at else today
        if last := read_point(cursor, max(today, from_start), draft.zone, loose=True):
            draft.set_until(last.end(draft.zone))
            return True
    cursor.at = place
    return False


def read_count(cursor: Cursor, draft: Draft) -> bool:
    """`10 times`, `for 10 runs`, `at most 3 times`; `3 times a day` is part of the rhythm."""
    place = cursor.at
    cursor.eat("at most", "only", "for a total of", "for", "max", "stop after", "limit")
    times = cursor.try_read(read_number)
    if times is not None and cursor.eat("times", "time", "runs", "run", "occurrences"):
        cursor.eat("in total", "altogether", "only", "total", "at most")
        if cursor.peek() not in PER:
            draft.set_times(times)
            return True
    cursor.at = place
    return False


def read_length(cursor: Cursor, draft: Draft) -> bool:
    """`for 2 weeks`: until so long after the start, or after now. A day is one on the calendar."""
    place = cursor.at
    if not cursor.eat("for the next", "for"):
        return False
    begin = draft.start_at or draft.now
    number = cursor.try_read(read_number)
    unit = cursor.next() if number else ""
    local = local_now(draft.zone, begin)
    day = add_steps(local.date(), number, unit) if number else None
    if day is not None:
        end = resolve_wall(draft.zone, wall_of(datetime.combine(day, local.time())))
    else:
        cursor.at = place
        cursor.eat("for the next", "for")
        seconds = cursor.try_read(read_duration)
        if seconds is None:
            cursor.at = place
            return False
        end = stamp_of(begin) + seconds
    draft.set_until(moment_of(end - 1))
    return True


def read_jitter(cursor: Cursor, draft: Draft) -> bool:
    """`jitter 5m`, `with a jitter of 5 minutes`, `spread over 5 minutes`, `with 5m jitter`."""
    place = cursor.at
    words = ("with a jitter of", "with jitter of", "with jitter", "jitter of", "jitter", "spread over", "spread by")
    named = bool(cursor.eat(*words))
    if named or cursor.eat("with a", "with", "plus"):
        seconds = cursor.try_read(read_duration)
        if seconds is not None and (named or cursor.eat("jitter", "of jitter")):
            draft.set_jitter(seconds)
            return True
        if named:
            raise Refusal("How much jitter?", "Write “jitter 5m”.", code="unreadable")
    cursor.at = place
    return False


def _read_last(cursor: Cursor, first: Point | None, draft: Draft, word: str) -> Point | None:
    """The second date of a span. One without a year lies behind the first."""
    place = cursor.at
    if first is None or not cursor.eat(*(("and",) if word == "between" else TO)):
        return None
    last = read_point(cursor, first.day, draft.zone, loose=word in STARTS)
    if last is None:
        cursor.at = place
    return last
