"""Reads what comes again to one wish: dates, times, an interval, a window, a delay; in any order."""

from dataclasses import replace
from functools import lru_cache

from bot.errors import Refusal
from bot.schedules.cron.describe import write_time
from bot.schedules.cron.fields import EVERY_MONTH, Dates, WeekDays
from bot.schedules.cron.write import Time
from bot.schedules.words.clock import Reading, read_time, read_times, shift_to_part
from bot.schedules.words.cursor import Cursor, Stuck
from bot.schedules.words.dates import WORKDAYS, read_dates, read_months
from bot.schedules.words.vocabulary import read_duration, read_number
from bot.schedules.words.wish import END_OF_DAY, Wish, write_duration

FILLERS = ("please", "remind us", "remind me", "run it", "run this", "run", "starting now", "from now on", ",", "on")
OFFICE_HOURS = ((9, 0, 0), (17, 0, 0))
COUNTS = {"once": 1, "twice": 2, "one time": 1, "two times": 2, "three times": 3, "four times": 4}
VAGUE = {
    "or": "I cannot choose between two times: name both with “and”, or only one.",
    "around": "“around” is not exact: write “at”.",
    "about": "“about” is not exact: write “at”.",
    "few": "“a few” is not exact: write a number.",
    "other": "Every other day, week or month is not a rhythm that I can count yet.",
    "biweekly": "Every other week is not a rhythm that I can count yet.",
    "fortnightly": "Every other week is not a rhythm that I can count yet.",
}


@lru_cache(maxsize=64)
def read_wish(phrase: str) -> Wish | Stuck:
    """The whole phrase as a wish, or where reading ended. Raises Refusal for what is understood and cannot be."""
    cursor = Cursor(phrase)
    wish = Wish()
    understood = 0
    while not cursor.is_at_end:
        more = _read_part(cursor, wish)
        if more is not None:
            wish, understood = more, cursor.at
        elif not cursor.eat(*FILLERS):
            _refuse_vague(cursor)
            return Stuck(understood, cursor.rest_from(understood).lstrip(", "))
    return _settle(wish)


def _refuse_vague(cursor: Cursor) -> None:
    if cursor.at and cursor.peek() in VAGUE:
        raise Refusal(VAGUE[cursor.peek()], f"I could not read “{cursor.rest()}”.", code="ambiguous")


def _read_part(cursor: Cursor, wish: Wish) -> Wish | None:
    """The wish with what stands next, or None where nothing is understood or something is said twice."""
    readers = (
        _read_delay,
        _read_marks,
        _read_interval,
        _read_count,
        _read_date,
        _read_month,
        _read_window,
        _read_clock,
    )
    for reader in readers:
        place = cursor.at
        more = reader(cursor, wish)
        if more is not None:
            return more
        cursor.at = place
    return None


def _read_delay(cursor: Cursor, wish: Wish) -> Wish | None:
    if cursor.eat("with a fixed delay of", "fixed delay of", "fixed_delay of", "fixed delay", "fixed_delay"):
        return _with_delay(wish, _read_seconds(cursor))
    cursor.eat("again", "every")
    seconds = cursor.try_read(read_duration)
    if seconds is None or not cursor.eat("after"):
        return None
    if not cursor.eat("each run", "every run", "the last run", "the previous run", "each one", "each", "it", "a run"):
        return None
    cursor.eat("finishes", "has finished", "ends", "has ended", "completes", "is done", "finished", "ended")
    return _with_delay(wish, seconds)


def _with_delay(wish: Wish, seconds: int | None) -> Wish | None:
    return replace(wish, delay_s=seconds) if seconds is not None and wish == Wish() else None


def _read_interval(cursor: Cursor, wish: Wish) -> Wish | None:
    if wish.interval_s is not None or wish.clock:
        return None
    if cursor.eat("hourly", "every hour on the hour"):
        on_the_hour = cursor.phrase.lower().find("on the hour") >= 0
        return replace(wish, marks=(0,)) if on_the_hour else replace(wish, interval_s=3600)
    seconds = None
    if cursor.eat("with a fixed rate of", "fixed rate of", "fixed rate", "fixed_rate"):
        seconds = _read_seconds(cursor)
    elif cursor.eat("every", "each"):
        seconds = cursor.try_read(read_duration)
        seconds = _read_single_unit(cursor) if seconds is None else seconds
    return None if seconds is None else replace(wish, interval_s=seconds)


def _read_single_unit(cursor: Cursor) -> int | None:
    unit = cursor.eat("second", "minute", "hour")
    if unit == "second" and cursor.peek():
        return None  # every second Tuesday
    return {"second": 1, "minute": 60, "hour": 3600}.get(unit)


def _read_seconds(cursor: Cursor) -> int | None:
    """A duration, where a plain number means seconds."""
    found = cursor.try_read(read_duration)
    return cursor.try_read(read_number) if found is None else found


def _read_marks(cursor: Cursor, wish: Wish) -> Wish | None:
    """`every hour at :05`, `at 15 minutes past every hour`, `on the half hour`."""
    if wish.marks or wish.clock or wish.interval_s not in (None, 3600):
        return None
    if wish.interval_s and (name := cursor.eat("on the half hour", "on the hour")):
        return replace(wish, interval_s=None, marks=(30 if "half" in name else 0,))
    cursor.eat("at")
    marks = cursor.read_list(_read_mark) if wish.interval_s else []
    if not marks:
        marks = cursor.read_list(read_number)
        if not marks or not cursor.eat("minutes past", "past", "minutes after"):
            return None
        if not cursor.eat("the hour", "every hour", "each hour") and not wish.interval_s:
            return None
    if any(mark > 59 for mark in marks):
        return None
    return replace(wish, interval_s=None, marks=tuple(sorted(set(marks))))


def _read_mark(cursor: Cursor) -> int | None:
    token = cursor.next()
    return int(token[1:]) if token.startswith(":") and token[1:].isdigit() else None


def _read_count(cursor: Cursor, wish: Wish) -> Wish | None:
    name = cursor.eat(*COUNTS)
    if not name or not cursor.eat("a day", "daily", "per day", "each day", "every day") or wish.dates:
        return None
    return replace(wish, dates=Dates(), asked_times=COUNTS[name])


def _read_date(cursor: Cursor, wish: Wish) -> Wish | None:
    found = read_dates(cursor, repeats=wish.interval_s is not None)
    if found is None or wish.dates is not None:
        return None
    months = wish.months if found.months == EVERY_MONTH else found.months
    return replace(wish, dates=found.dates, months=months, part=found.part or wish.part)


def _read_month(cursor: Cursor, wish: Wish) -> Wish | None:
    months = read_months(cursor)
    return replace(wish, months=months) if months and wish.months == EVERY_MONTH else None


def _read_window(cursor: Cursor, wish: Wish) -> Wish | None:
    if wish.window:
        return None
    if cursor.eat("during business hours", "during office hours", "during working hours", "in business hours"):
        dates = wish.dates or Dates(week_days=WeekDays(plain=WORKDAYS))
        return replace(wish, window=OFFICE_HOURS, dates=dates)
    if cursor.eat("after") and (first := read_time(cursor, bare=True)):
        return replace(wish, window=(first.time, END_OF_DAY))
    if not cursor.eat("between", "from"):
        return None
    first = read_time(cursor, bare=True)
    last = read_time(cursor, bare=True) if cursor.eat("and", "to", "until", "till", "-", "–") else None
    if first is None or last is None:
        return None
    if first.bare and last.half_day and first.time[0] <= 12:
        first = Reading(_same_half(first.time, last), half_day=last.half_day)
    end = END_OF_DAY if last.time == (0, 0, 0) else last.time
    return replace(wish, window=(first.time, end))


def _same_half(time: Time, last: Reading) -> Time:
    """`between 1 and 5pm`: the 1 is in the afternoon; `between 9 and 5pm`: the 9 is not, it would be later."""
    hour, minute, second = time
    afternoon = (hour % 12 + 12, minute, second)
    return afternoon if last.half_day == "pm" and afternoon < last.time else time


def _read_clock(cursor: Cursor, wish: Wish) -> Wish | None:
    if wish.clock:
        return None
    at = bool(cursor.eat("at"))
    times = read_times(cursor, bare=at or wish.dates is not None)
    if not times:
        return None
    return replace(wish, clock=tuple(times))


def _settle(wish: Wish) -> Wish:
    """Contradictions of a wish that was read to its end."""
    times = sorted({shift_to_part(reading, wish.part) for reading in wish.clock})
    wish = replace(wish, times=tuple(times), clock=())
    if wish.asked_times and len(wish.times) != wish.asked_times:
        raise Refusal(
            f"{wish.asked_times} times a day: I need to know at which.",
            "For example “every day at 9:00 and 17:00”.",
            code="ambiguous",
            choices=("every day at 9:00 and 17:00",) if wish.asked_times == 2 else (),
        )
    if wish.window and wish.window[0] >= wish.window[1]:
        raise Refusal(
            f"Nothing lies between {write_time(wish.window[0])} and {write_time(wish.window[1])}.",
            "The end must be later than the start, on the same day.",
            code="never",
        )
    if wish.interval_s and wish.times:
        raise Refusal(
            "An interval and a time of day are two kinds of schedule.",
            f"Write “every {write_duration(wish.interval_s)}”, or the days and times.",
            code="ambiguous",
        )
    if wish.window and not wish.interval_s:
        raise Refusal(
            "How often in that window?",
            "For example “every 30 minutes from 8:00 to 20:00”.",
            code="ambiguous",
            choices=("every 30 minutes from 8:00 to 20:00",),
        )
    return wish
