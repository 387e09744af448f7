"""Reads what comes again to one wish: dates, times, an interval, a window, a delay; in any order."""

import re
from dataclasses import replace
from functools import lru_cache

from bot.errors import Refusal
from bot.schedules.cron.fields import EVERY_MONTH, Cycle, Dates
from bot.schedules.words.clock import read_times
from bot.schedules.words.cursor import Cursor, Stuck
from bot.schedules.words.cycles import read_anchor, read_cycle
from bot.schedules.words.dates import MONTHLY, QUARTERLY, YEARLY, read_dates, read_months
from bot.schedules.words.missing import refuse_overlap
from bot.schedules.words.monthdays import read_month_days
from bot.schedules.words.rhythms import read_delay, read_interval, read_marks, read_per_hour, read_window
from bot.schedules.words.settle import settle
from bot.schedules.words.wish import Wish

FILLERS = (
    *("please", "remind us", "remind me", "run it", "run this", "run", "schedule it", "schedule", "starting now"),
    *(
        "from now on",
        "start now",
        ",",
        "on",
        "and then",
        "always",
        "only",
        "exactly",
        "can you",
        "do it",
        "local time",
    ),
    *(
        "i want this to",
        "i want it to",
        "i want to",
        "it should",
        "should",
        "it",
        "this",
        "to",
        "of the week",
        "o'clock",
    ),
)
COUNTS = {
    "once": 1,
    "one time": 1,
    "1 time": 1,
    "twice": 2,
    "two times": 2,
    "2 times": 2,
    "2 x": 2,
    "three times": 3,
    "thrice": 3,
    "3 times": 3,
    "3 x": 3,
    "four times": 4,
    "4 times": 4,
    "five times": 5,
    "5 times": 5,
}
OR = re.compile(r"\bor\b", re.IGNORECASE)
WEEKLY = ("weekly", "every week", "each week", "once a week", "once per week")
UNITS = {
    **dict.fromkeys(("a day", "daily", "per day", "each day", "every day"), "day"),
    **dict.fromkeys(("a week", "weekly", "per week", "each week", "every week"), "week"),
    **dict.fromkeys(("a month", "monthly", "per month", "each month", "every month"), "month"),
}
VAGUE = {
    "or": "I cannot choose between two: name both with “and”, or only one.",
    "around": "“around” is not exact: write “at”.",
    "about": "“about” is not exact: write “at”.",
    "few": "“a few” is not exact: write a number.",
}


@lru_cache(maxsize=64)
def read_wish(phrase: str) -> Wish | Stuck:
    """The whole phrase as a wish, or where reading ended. Raises Refusal for what is understood and cannot be."""
    found = _read_parts(Cursor(phrase), "")
    if isinstance(found, Stuck) and (unit := _find_unit(phrase)):
        again = _read_parts(Cursor(phrase), unit)  # “Mondays at 9, every week”: what repeats is said behind it
        return again if isinstance(again, Wish) else found
    return found


def _read_parts(cursor: Cursor, unit: str) -> Wish | Stuck:
    """`unit` is what is known to come again (week, month, year) before anything was read."""
    wish, understood = Wish(), 0
    while not cursor.is_at_end:
        more = _read_part(cursor, wish, unit)
        if more is not None:
            wish, understood = more, cursor.at
        elif not cursor.eat(*FILLERS):
            _refuse_vague(cursor)
            return Stuck(understood, cursor.rest_from(understood).lstrip(", "))
    return settle(wish)


def _find_unit(phrase: str) -> str:
    """What comes again by a word behind the first."""
    cursor = Cursor(phrase)
    for place in range(1, len(cursor.tokens)):
        cursor.at = place
        cycle = cursor.try_read(read_cycle) or cursor.try_read(_read_marker)
        if cycle is not None:
            return "year" if cycle.unit == "month" and cycle.every % 12 == 0 else cycle.unit
    return ""


def _refuse_vague(cursor: Cursor) -> None:
    if cursor.at and cursor.peek() in VAGUE:
        choices = _join_alternatives(cursor.phrase) if cursor.peek() == "or" else ()
        hint = f"For example “{choices[0]}”." if choices else f"I could not read “{cursor.rest()}”."
        raise Refusal(VAGUE[cursor.peek()], hint, code="ambiguous", choices=choices)


def _join_alternatives(phrase: str) -> tuple[str, ...]:
    """`every Monday or Friday at 9` with `and`, where that can be read."""
    try:
        both = read_wish(OR.sub("and", phrase))
    except Refusal:
        return ()
    return (both.phrase(short=True),) if isinstance(both, Wish) and both.dates and both.times else ()


def _read_part(cursor: Cursor, wish: Wish, unit: str) -> Wish | None:
    """The wish with what stands next, or None where nothing is understood or something is said twice."""
    readers = (
        *(read_delay, read_marks, read_per_hour, _read_count, _read_cycle, read_interval),
        lambda cursor, wish: _read_date(cursor, wish, unit),
        *(_read_unit, _read_month, read_window, _read_anchor, _read_clock),
    )
    for reader in readers:
        place = cursor.at
        more = reader(cursor, wish)
        if more is not None:
            return more
        cursor.at = place
    return None


def _read_count(cursor: Cursor, wish: Wish) -> Wish | None:
    """`three times a day`, `twice a week`: the times or days are named elsewhere, and must be as many."""
    name = cursor.eat(*COUNTS)
    unit = UNITS.get(cursor.eat(*UNITS), "") if name else ""
    if not unit or wish.asked_times or wish.cycle:
        return None
    if unit == "day":
        return replace(wish, dates=wish.dates or Dates(), asked_times=COUNTS[name])
    return replace(wish, cycle=Cycle(unit, 1), asked_days=COUNTS[name] if COUNTS[name] > 1 else 0)


def _read_cycle(cursor: Cursor, wish: Wish) -> Wish | None:
    """`every 2 weeks`; `on the 10th of every other month` comes with its days."""
    if wish.interval_s is not None or (wish.cycle and wish.cycle.every > 1):
        return None
    place = cursor.at
    if cursor.eat("on") or cursor.peek() == "the":
        rule = read_month_days(cursor)
        if rule is not None and cursor.eat("of") and wish.dates is None:
            cycle = read_cycle(cursor)
            if cycle and cycle.unit == "month":
                return replace(wish, dates=Dates(month_days=rule), cycle=cycle)
        cursor.at = place
    cycle = read_cycle(cursor)
    return None if cycle is None else replace(wish, cycle=cycle)


def _read_unit(cursor: Cursor, wish: Wish) -> Wish | None:
    """`weekly`, `monthly`, `yearly`, with the day named elsewhere."""
    cycle = _read_marker(cursor)
    return None if cycle is None or wish.interval_s is not None else replace(wish, cycle=wish.cycle or cycle)


def _read_marker(cursor: Cursor) -> Cycle | None:
    if cursor.eat(*WEEKLY):
        return Cycle("week", 1)
    if cursor.eat(*MONTHLY):
        return Cycle("month", 1)
    if cursor.eat(*QUARTERLY):
        return Cycle("month", 3)
    return Cycle("month", 12) if cursor.eat(*YEARLY) else None


def _read_anchor(cursor: Cursor, wish: Wish) -> Wish | None:
    found = read_anchor(cursor) if wish.cycle and wish.clock else None
    return None if found is None or wish.cycle is None else replace(wish, cycle=replace(wish.cycle, anchor=found))


def _read_date(cursor: Cursor, wish: Wish, unit: str) -> Wish | None:
    found = read_dates(cursor, repeats=_repeats(wish) or unit)
    if found is None:
        return None
    months = wish.months if found.months == EVERY_MONTH else found.months
    part = found.part or wish.part
    if wish.dates is None or wish.dates == Dates():  # “daily on weekdays” is every weekday
        return replace(wish, dates=found.dates, months=months, part=part)
    if found.dates == Dates():  # “every Monday, every morning”
        return replace(wish, part=part)
    week, others = wish.dates.week_days, found.dates.week_days
    if week and others and week.plain and others.plain and not (week.plain & others.plain):
        raise refuse_overlap()
    return None


def _repeats(wish: Wish) -> str:
    """What was said to come again."""
    if wish.cycle is None:
        return "day" if wish.interval_s is not None or wish.marks else ""
    return "year" if wish.cycle.unit == "month" and wish.cycle.every % 12 == 0 else wish.cycle.unit


def _read_month(cursor: Cursor, wish: Wish) -> Wish | None:
    months = read_months(cursor)
    return replace(wish, months=months) if months and wish.months == EVERY_MONTH else None


def _read_clock(cursor: Cursor, wish: Wish) -> Wish | None:
    if wish.clock:
        return None
    at = bool(cursor.eat("at", "@"))
    times = read_times(cursor, bare=at or wish.dates is not None or wish.cycle is not None)
    if not times:
        return None
    return replace(wish, clock=tuple(times))
