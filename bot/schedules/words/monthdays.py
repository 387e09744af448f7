"""Days counted in the month, in words: the 1st and 15th, the last day, the weekday nearest the 15th."""

from bot.errors import Refusal
from bot.schedules.cron.fields import MonthDays
from bot.schedules.words.cursor import Cursor
from bot.schedules.words.vocabulary import WEEKDAYS, WORKDAY_WORDS, read_number, read_ordinal

OF_MONTH = (
    *("of the month", "of every month", "of each month", "every month", "each month", "of a month", "in the month"),
    *("in every month", "in each month", "of month", "of the months", "monthly"),
)


DAYS_BEFORE = ("days before", "day before", "days from", "day from")


def read_month_end(cursor: Cursor, *, asked: bool) -> MonthDays | None:
    """`end of every month`, `every month end`, `3 days before month end`."""
    last = MonthDays(from_end=frozenset({0}))
    place = cursor.at
    cursor.eat("at the", "on the", "at")
    ends = ["end of every month", "end of each month", "every month end", "each month end", "every month's end"]
    if cursor.eat(*ends, *(["end"] if asked else [])):
        return last
    count = cursor.try_read(read_number)
    count = 1 if count is None and cursor.eat("the day before", "one day before") else count
    if (
        count is not None
        and 0 < count <= 30
        and (cursor.eat(*DAYS_BEFORE) or cursor.tokens[cursor.at - 1] == "before")
    ):
        cursor.eat("the")
        if cursor.eat("month end", "end of the month", "end of every month", "end of each month"):
            return MonthDays(from_end=frozenset({count}))
        if cursor.eat("last day") and (asked or cursor.eat(*OF_MONTH)):
            return MonthDays(from_end=frozenset({count}))
    cursor.at = place
    return None


def read_month_days(cursor: Cursor, *, plain: bool = False) -> MonthDays | None:
    """`the 1st and 15th`, `the last day`, `the first weekday`, `the weekday nearest the 15th`; any joined by and.

    `plain` takes numbers without an ending, too (`on the 15 of every month`).
    """
    found = cursor.read_list(lambda c: _read_month_day(c, plain=plain))
    if not found:
        return None
    return MonthDays(
        plain=frozenset().union(*(rule.plain for rule in found)),
        from_end=frozenset().union(*(rule.from_end for rule in found)),
        nearest=frozenset().union(*(rule.nearest for rule in found)),
        nearest_from_end=frozenset().union(*(rule.nearest_from_end for rule in found)),
    )


def _read_month_day(cursor: Cursor, *, plain: bool) -> MonthDays | None:
    cursor.eat("on the", "the")
    if cursor.eat("last day", "last calendar day", "very last day"):
        return MonthDays(from_end=frozenset({0}))
    if cursor.eat(*(f"last {word}" for word in WORKDAY_WORDS)):
        return MonthDays(nearest_from_end=frozenset({0}))
    if cursor.eat(*(f"first {word}" for word in WORKDAY_WORDS), *(f"1st {word}" for word in WORKDAY_WORDS)):
        return MonthDays(nearest=frozenset({1}))
    near = bool(cursor.eat(*(f"{word} nearest" for word in WORKDAY_WORDS)))
    if near:
        cursor.eat("to")
        cursor.eat("the")
    after_every = cursor.at > 0 and cursor.tokens[cursor.at - 1] in ("every", "each")  # “every day 9” is a time
    named = not near and not after_every and bool(cursor.eat("day number", "day no .", "days", "day"))
    day = cursor.try_read(read_ordinal) or (cursor.try_read(_read_plain) if plain or named else None)
    if day is None or not 1 <= day <= 31:
        return None
    if not near:
        cursor.eat("day", "calendar day")
    if cursor.peek() in ("weekday", "business", "working", "workday"):
        _refuse_nth_workday(day)
    if cursor.peek() in WEEKDAYS:
        return None
    return MonthDays(nearest=frozenset({day})) if near else MonthDays(plain=frozenset({day}))


def read_days_before(cursor: Cursor) -> MonthDays | None:
    place = cursor.at
    count = cursor.try_read(read_number)
    if count and count <= 30 and cursor.eat("days before the last day of", "day before the last day of"):
        return MonthDays(from_end=frozenset({count}))
    cursor.at = place
    return None


def _read_plain(cursor: Cursor) -> int | None:
    """A day in figures, and no time of day."""
    token = cursor.next()
    is_time = cursor.peek() in ("am", "pm", "h", "o'clock", "minutes", "times")
    return int(token) if token.isascii() and token.isdigit() and len(token) <= 2 and not is_time else None


def _refuse_nth_workday(count: int) -> None:
    choices = ("on the weekday nearest the 1st of every month at 9:00", "on the last weekday of every month at 9:00")
    raise Refusal(
        f"I cannot count to working day number {count} of a month.",
        "I know the first and the last working day, the weekday nearest a date, and dates.",
        code="unreadable",
        choices=choices,
    )
