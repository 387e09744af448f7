"""What repeats within the day: intervals, delays after a run, minutes of every hour, and the window they keep to."""

from dataclasses import replace

from bot.errors import Refusal
from bot.schedules.cron.describe import write_time
from bot.schedules.cron.fields import Dates, WeekDays
from bot.schedules.cron.write import Time
from bot.schedules.words.clock import Reading, read_time
from bot.schedules.words.cursor import Cursor
from bot.schedules.words.vocabulary import read_duration, read_number
from bot.schedules.words.weekly import WORKDAYS
from bot.schedules.words.wish import END_OF_DAY, Wish, write_interval

OFFICE_HOURS = ((9, 0, 0), (17, 0, 0))
HOUR_S, DAY_S = 3600, 86_400
AN_HOUR = {"twice": 30, "two times": 30, "three times": 20, "four times": 15, "six times": 10}
PER_HOUR = ("an hour", "per hour", "every hour", "each hour", "hourly")
ON_THE_HOUR = ("on the hour", "at the top of the hour", "at the top of every hour", "at the full hour")
ON_THE_HALF = ("on the half hour", "at half past", "at the half hour")


def read_delay(cursor: Cursor, wish: Wish) -> Wish | None:
    """`10s after each run`, `with a fixed delay of 2 minutes`."""
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


def read_interval(cursor: Cursor, wish: Wish) -> Wish | None:
    """`every 5 minutes`, `hourly`, `fixed rate 10s`."""
    if wish.interval_s is not None or wish.clock:
        return None
    if cursor.eat("hourly", "once an hour", "once every hour"):
        return replace(wish, interval_s=HOUR_S)
    seconds = None
    if cursor.eat("with a fixed rate of", "at a fixed rate of", "fixed rate of", "fixed rate", "fixed_rate"):
        seconds = _read_seconds(cursor)
    elif cursor.eat("once every", "every", "each"):
        seconds = cursor.try_read(read_duration)
        seconds = _read_single_unit(cursor) if seconds is None else seconds
    return None if seconds is None else replace(wish, interval_s=seconds)


def read_marks(cursor: Cursor, wish: Wish) -> Wish | None:
    """`every hour at :05`, `at 15 minutes past every hour`, `on the half hour`, `starting at 5 past`."""
    if wish.marks or wish.clock:
        return None
    if cursor.eat("starting at", "starting", "beginning at", "from") and wish.interval_s is not None:
        return _read_start(cursor, wish)
    if wish.interval_s not in (None, HOUR_S):
        return None
    if name := cursor.eat(*ON_THE_HOUR, *ON_THE_HALF):
        said = wish.interval_s or cursor.eat("every hour", "each hour") or name.endswith("every hour")
        marked = replace(wish, interval_s=None, marks=(30 if name in ON_THE_HALF else 0,))
        if not said and cursor.is_at_end:
            choice = marked.phrase(short=True)
            raise Refusal("Of which hour?", f"Write “{choice}” for all.", code="ambiguous", choices=(choice,))
        return marked if said else None
    cursor.eat("at")
    marks = cursor.read_list(_read_mark) if wish.interval_s else []
    if not marks:
        marks = cursor.read_list(_read_past)
        if not marks or not cursor.eat(
            "minutes past", "minute past", "past", "minutes after", "min past", "mins past"
        ):
            return None
        if not cursor.eat("the hour", "every hour", "each hour") and not wish.interval_s:
            return None
    if any(mark > 59 for mark in marks):
        return None
    return replace(wish, interval_s=None, marks=tuple(sorted(set(marks))))


def read_per_hour(cursor: Cursor, wish: Wish) -> Wish | None:
    """`twice an hour` may be evenly spread or at minutes of its own choice."""
    name = cursor.eat(*AN_HOUR)
    if not name or not cursor.eat(*PER_HOUR):
        return None
    step = AN_HOUR[name]
    marks = " and ".join(f":{minute:02}" for minute in range(0, 60, step))
    choices = (f"every {step} minutes", *((f"every hour at {marks}",) if step == 30 else ()))
    raise Refusal(
        "At which minutes of the hour?",
        f"For example {' or '.join(f'“{choice}”' for choice in choices)}.",
        code="ambiguous",
        choices=choices,
    )


def read_window(cursor: Cursor, wish: Wish) -> Wish | None:
    """`between 9 and 17`, `from 8:00 to 20:00`, `after 6pm`, `during business hours`."""
    if wish.window:
        return None
    if cursor.eat("during business hours", "during office hours", "during working hours", "in business hours"):
        dates = wish.dates or Dates(week_days=WeekDays(plain=WORKDAYS))
        return replace(wish, window=OFFICE_HOURS, dates=dates)
    if cursor.eat("after") and (first := read_time(cursor, bare=True)):
        return replace(wish, window=(first.time, END_OF_DAY))
    if cursor.eat("before") and (last := read_time(cursor, bare=True)):
        return replace(wish, window=((0, 0, 0), last.time))
    if not cursor.eat("between", "from") and not wish.interval_s:
        return None
    first = read_time(cursor, bare=True)
    last = read_time(cursor, bare=True) if cursor.eat("and", "to", "until", "till", "through", "-", "–") else None
    if first is None or last is None:
        return None
    if first.bare and last.half_day and first.time[0] <= 12:
        first = Reading(_same_half(first.time, last), half_day=last.half_day)
    if first.bare and last.bare and last.time < first.time and first.time[0] <= 12:
        raise _refuse_nine_to_five(first.time, last.time, wish)
    end = END_OF_DAY if last.time == (0, 0, 0) else last.time
    return replace(wish, window=(first.time, end))


def _with_delay(wish: Wish, seconds: int | None) -> Wish | None:
    return replace(wish, delay_s=seconds) if seconds is not None and wish == Wish() else None


def _read_single_unit(cursor: Cursor) -> int | None:
    unit = cursor.eat("second", "minute", "hour")
    if unit == "second" and cursor.peek():
        return None  # every second Tuesday
    return {"second": 1, "minute": 60, "hour": HOUR_S}.get(unit)


def _read_seconds(cursor: Cursor) -> int | None:
    """A duration, where a plain number means seconds."""
    found = cursor.try_read(read_duration)
    return cursor.try_read(read_number) if found is None else found


def _read_start(cursor: Cursor, wish: Wish) -> Wish | None:
    """`every 20 minutes starting at 5 past`: the minutes of every hour, where the steps fit into it."""
    mark = cursor.try_read(_read_mark)
    if mark is None:
        place = cursor.at
        mark = cursor.try_read(_read_past)
        if mark is None or not cursor.eat("minutes past", "past", "minutes after"):
            cursor.at = place
            return _read_start_time(cursor, wish)
    cursor.eat("the hour", "every hour", "each hour")
    if wish.interval_s is None:
        return None
    minutes, rest = divmod(wish.interval_s or 0, 60)
    if rest or not minutes or 60 % minutes or mark > 59:
        return None
    return replace(wish, interval_s=None, marks=tuple(sorted((mark + step) % 60 for step in range(0, 60, minutes))))


def _read_start_time(cursor: Cursor, wish: Wish) -> Wish | None:
    """`every 3 hours from 1:00`: the whole day round if it fits, else from there to midnight or without end."""
    first = read_time(cursor, bare=True)
    if first is None or wish.window or cursor.peek() in ("to", "and", "until", "till", "-", "–", "through"):
        return None
    step = wish.interval_s or HOUR_S
    start = first.time[0] * HOUR_S + first.time[1] * 60
    until_midnight = replace(wish, window=(first.time, END_OF_DAY))
    if DAY_S % step == 0 and start < step:
        return until_midnight
    choices = (until_midnight.phrase(short=True), replace(wish, window=None).phrase(short=True))
    raise Refusal(
        "It is unclear whether that begins anew every day.",
        f"Write “{choices[0]}” if it does, or “{choices[1]}” to count on from Save.",
        code="ambiguous",
        choices=choices,
    )


def _read_mark(cursor: Cursor) -> int | None:
    token = cursor.next()
    return int(token[1:]) if token.startswith(":") and token[1:].isdigit() else None


def _read_past(cursor: Cursor) -> int | None:
    """The number before `past`."""
    if cursor.eat("a quarter", "quarter"):
        return 15
    return 30 if cursor.eat("half") else read_number(cursor)


def _same_half(time: Time, last: Reading) -> Time:
    """`between 1 and 5pm`: the 1 is in the afternoon; `between 9 and 5pm`: the 9 is not, it would be later."""
    hour, minute, second = time
    afternoon = (hour % 12 + 12, minute, second)
    return afternoon if last.half_day == "pm" and afternoon < last.time else time


def _refuse_nine_to_five(first: Time, last: Time, wish: Wish) -> Refusal:
    afternoon = (last[0] + 12, *last[1:])
    rhythm = replace(wish, interval_s=wish.interval_s or 1800, window=(first, afternoon)).phrase(short=True)
    return Refusal(
        f"{write_time(last)} comes before {write_time(first)} on the 24-hour clock.",
        f"Write “{rhythm}” for every {write_interval(wish.interval_s or 1800)} until {write_time(afternoon)}.",
        code="ambiguous",
        choices=(rhythm,),
    )
