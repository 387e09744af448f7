"""Days counted in the month, in words: the 1st and 15th, the last day, the weekday nearest the 15th."""

from bot.schedules.cron.fields import MonthDays
from bot.schedules.words.cursor import Cursor
from bot.schedules.words.vocabulary import WEEKDAYS, WORKDAY_WORDS, read_number, read_ordinal

OF_MONTH = ("of the month", "of every month", "of each month", "every month", "each month", "of a month")


def read_month_end(cursor: Cursor, *, asked: bool) -> MonthDays | None:
    """`end of every month`, `every month end`, `3 days before month end`."""
    last = MonthDays(from_end=frozenset({0}))
    place = cursor.at
    cursor.eat("at the", "on the", "at")
    ends = ["end of every month", "end of each month", "every month end", "each month end", "every month's end"]
    if cursor.eat(*ends, *(["end"] if asked else [])):
        return last
    count = cursor.try_read(read_number)
    if count is not None and 0 < count <= 30 and cursor.eat("days before", "day before"):
        cursor.eat("the")
        if cursor.eat("month end", "end of the month", "end of every month", "end of each month"):
            return MonthDays(from_end=frozenset({count}))
        if cursor.eat("last day") and (asked or cursor.eat(*OF_MONTH)):
            return MonthDays(from_end=frozenset({count}))
    cursor.at = place
    return None


def read_month_days(cursor: Cursor) -> MonthDays | None:
    """`the 1st and 15th`, `the last day`, `the first weekday`, `the weekday nearest the 15th`; any joined by and."""
    found = cursor.read_list(_read_month_day)
    if not found:
        return None
    return MonthDays(
        plain=frozenset().union(*(rule.plain for rule in found)),
        from_end=frozenset().union(*(rule.from_end for rule in found)),
        nearest=frozenset().union(*(rule.nearest for rule in found)),
        nearest_from_end=frozenset().union(*(rule.nearest_from_end for rule in found)),
    )


def _read_month_day(cursor: Cursor) -> MonthDays | None:
    cursor.eat("on the", "the")
    if cursor.eat("last day"):
        return MonthDays(from_end=frozenset({0}))
    if cursor.eat(*(f"last {word}" for word in WORKDAY_WORDS)):
        return MonthDays(nearest_from_end=frozenset({0}))
    if cursor.eat(*(f"first {word}" for word in WORKDAY_WORDS), *(f"1st {word}" for word in WORKDAY_WORDS)):
        return MonthDays(nearest=frozenset({1}))
    near = bool(cursor.eat(*(f"{word} nearest" for word in WORKDAY_WORDS)))
    if near:
        cursor.eat("to")
        cursor.eat("the")
    day = cursor.try_read(read_ordinal)
    if day is None or not 1 <= day <= 31:
        return None
    if not near:
        cursor.eat("day")
    if cursor.peek() in WEEKDAYS or cursor.peek() in ("weekday", "business", "working", "workday"):
        return None
    return MonthDays(nearest=frozenset({day})) if near else MonthDays(plain=frozenset({day}))


def read_days_before(cursor: Cursor) -> MonthDays | None:
    place = cursor.at
    count = cursor.try_read(read_number)
    if count and count <= 30 and cursor.eat("days before the last day of", "day before the last day of"):
        return MonthDays(from_end=frozenset({count}))
    cursor.at = place
    return None
