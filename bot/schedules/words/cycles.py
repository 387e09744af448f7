"""Rhythms that skip days, weeks, months or years: every other day, biweekly, every 3 months, alternate Mondays."""

import re
from datetime import date

from bot.errors import Refusal
from bot.schedules.cron.describe import ordinal
from bot.schedules.cron.fields import Cycle
from bot.schedules.words.cursor import Cursor
from bot.schedules.words.vocabulary import WEEKDAYS, read_number, read_ordinal

# The unit of the cycle and how many of it one such word is.
UNITS = {
    "day": ("day", 1),
    "week": ("week", 1),
    "month": ("month", 1),
    "quarter": ("month", 3),
    "year": ("month", 12),
}
LONGEST = {"day": 366, "week": 104, "month": 120}  # further apart, each one is a date of its own
NAMED = {
    "fortnightly": Cycle("week", 2),
    "every fortnight": Cycle("week", 2),
    "each fortnight": Cycle("week", 2),
    "once a fortnight": Cycle("week", 2),
    "biweekly": Cycle("week", 2),
    "bi - weekly": Cycle("week", 2),
    "half yearly": Cycle("month", 6),
    "half - yearly": Cycle("month", 6),
    "every half year": Cycle("month", 6),
    "biennially": Cycle("month", 24),
}
TWO_MEANINGS = ("bimonthly", "bi - monthly")
COUNTED = ("counted from", "counting from")


def read_cycle(cursor: Cursor) -> Cycle | None:
    """The cycle that stands here, without its days and times. A cycle of one is none: it is every day or week."""
    if name := cursor.eat(*NAMED):
        return NAMED[name]
    if cursor.eat(*TWO_MEANINGS):
        raise _refuse_bimonthly()
    if cursor.eat("once every", "one time every"):
        return _read_steps(cursor)
    if cursor.eat("alternate", "on alternate", "alternating", "every alternate"):
        return _read_alternate(cursor)
    if not cursor.eat("every", "each", "once in every"):
        return None
    if cursor.eat("other"):
        return _read_alternate(cursor)
    return _read_steps(cursor)


def read_anchor(cursor: Cursor) -> date | None:
    """`counted from 2026-11-23`: the first day of a cycle, as its canonical text gives it."""
    if not cursor.eat(*COUNTED):
        return None
    token = cursor.next()
    try:
        return date.fromisoformat(token) if re.fullmatch(r"\d{4}-\d\d-\d\d", token, re.ASCII) else None
    except ValueError:
        return None


def _read_alternate(cursor: Cursor) -> Cycle | None:
    """`every other day`; `every other Monday` is every two weeks, and the day is left to be read."""
    word = cursor.peek().removesuffix("s")
    if word in WEEKDAYS or cursor.peek() in WEEKDAYS:
        return Cycle("week", 2)
    if word in ("weekday", "workday", "weekend"):
        raise Refusal(
            f"I cannot count every other {word}.",
            "Name the weekdays, or count days or weeks.",
            code="ambiguous",
            choices=("every Monday, Wednesday and Friday at 9:00", "every 2 days at 9:00"),
        )
    if word not in UNITS:
        return None
    cursor.next()
    unit, size = UNITS[word]
    return Cycle(unit, 2 * size)


def _read_steps(cursor: Cursor) -> Cycle | None:
    """`3 days`, `3rd day`, `two weeks`; hours and minutes are no cycle, and `1 day 2 hours` is none either."""
    place = cursor.at
    count = cursor.try_read(read_ordinal)
    nth = count is not None
    if count is None:
        count = cursor.try_read(read_number)
    word = cursor.next().removesuffix("s") if count else ""
    if not count or word not in UNITS or cursor.peek().isdigit() or (nth and cursor.peek() in ("of", "in")):
        if nth and word in UNITS:
            _refuse_nth(count or 0, word, cursor)
        cursor.at = place
        return None
    unit, size = UNITS[word]
    if nth and word == "month" and count > 12:
        raise Refusal(
            f"Every {count} months: a year has only 12.", "Use at most 12, or count years.", code="unreadable"
        )
    if count * size > LONGEST[unit]:
        raise Refusal(
            f"Every {count} {word}s is too rarely to be counted.",
            "Write the dates, as in 2026-12-01.",
            code="too_far",
        )
    return Cycle(unit, count * size)


def _refuse_nth(count: int, word: str, cursor: Cursor) -> None:
    """`every third day of the week` may be one day, or every three days."""
    if word == "day" and cursor.eat("of the week", "in the week", "of each week", "of every week", "in a week"):
        names = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
        choices = (*((f"every {names[count - 1]} at 9:00",) if count <= 7 else ()), f"every {count} days at 9:00")
    elif word == "day" and cursor.eat(
        "of the month", "in the month", "of each month", "of every month", "in a month"
    ):
        from_first = f"on the {ordinal(count)} of every month at 9:00"
        choices = (from_first, f"every {count} days at 9:00")
    else:
        return
    raise Refusal(
        f"“Every {ordinal(count)} {word} of …” can be one day or a count of days.",
        f"Write {' or '.join(f'“{choice}”' for choice in choices)}.",
        code="ambiguous",
        choices=choices,
    )


def _refuse_bimonthly() -> Refusal:
    choices = ("on the 1st and 15th of every month at 9:00", "every 2 months on the 1st at 9:00")
    return Refusal(
        "That can be two days of a month, or one day every two months.",
        f"Write {' or '.join(f'“{choice}”' for choice in choices)}.",
        code="ambiguous",
        choices=choices,
    )
