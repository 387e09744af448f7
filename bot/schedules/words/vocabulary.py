"""The English words of time and what they stand for."""

import re

from bot.schedules.words.cursor import Cursor

WEEKDAYS = {
    name: place
    for place, names in enumerate(
        (
            ("sunday", "sun"),
            ("monday", "mon"),
            ("tuesday", "tue", "tues"),
            ("wednesday", "wed", "weds"),
            ("thursday", "thu", "thur", "thurs"),
            ("friday", "fri"),
            ("saturday", "sat"),
        )
    )
    for name in names
}
MONTHS = {
    name: place
    for place, names in enumerate(
        (
            ("january", "jan"),
            ("february", "feb"),
            ("march", "mar"),
            ("april", "apr"),
            ("may",),
            ("june", "jun"),
            ("july", "jul"),
            ("august", "aug"),
            ("september", "sep", "sept"),
            ("october", "oct"),
            ("november", "nov"),
            ("december", "dec"),
        ),
        start=1,
    )
    for name in names
}
NUMBERS = {
    word: value
    for value, word in enumerate(
        ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"), start=1
    )
} | {"fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "sixty": 60, "ninety": 90}
ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5}
SECONDS = {
    unit: seconds
    for seconds, units in {
        1: ("s", "sec", "secs", "second", "seconds"),
        60: ("m", "min", "mins", "minute", "minutes"),
        3600: ("h", "hr", "hrs", "hour", "hours"),
        86_400: ("d", "day", "days"),
        604_800: ("w", "week", "weeks"),
    }.items()
    for unit in units
}
WORKDAY_WORDS = ("weekday", "weekdays", "workday", "workdays", "business day", "business days", "working day", "working days", "work day", "work days")  # fmt: skip  # noqa: E501
OTHER_WORDS = (
    *("every", "each", "daily", "hourly", "monthly", "weekly", "yearly", "annually", "quarterly", "everyday"),
    *("weekend", "weekends", "month", "year", "quarter", "noon", "midnight", "morning", "afternoon", "evening"),
    *("today", "tomorrow", "tonight", "next", "last", "after", "before", "between", "from", "until", "past", "half"),
    *("run", "runs", "nearest", "fixed", "rate", "delay", "the", "and", "api", "demand", "days"),
)
LONGEST_NUMBER = 6


def read_number(cursor: Cursor) -> int | None:
    """`5`, `five`, `a`, `an`."""
    if cursor.eat("couple of"):
        return 2
    token = cursor.next()
    if token in ("a", "an"):
        return 2 if cursor.eat("couple of", "couple") else 1
    if token.isascii() and token.isdigit() and len(token) <= LONGEST_NUMBER:
        return int(token)
    return NUMBERS.get(token)


def read_ordinal(cursor: Cursor) -> int | None:
    """`1st`, `first`, `twenty` is none."""
    token = cursor.next()
    if match := re.fullmatch(r"(\d{1,2})(?:st|nd|rd|th)", token, re.ASCII):
        return int(match[1])
    return ORDINALS.get(token)


def read_weekday(cursor: Cursor) -> int | None:
    return WEEKDAYS.get(cursor.next())


def read_weekdays(cursor: Cursor) -> int | None:
    """A weekday, in the singular or plural."""
    token = cursor.next()
    return WEEKDAYS.get(token, WEEKDAYS.get(token.removesuffix("s")))


def read_month(cursor: Cursor) -> int | None:
    return MONTHS.get(cursor.next())


def _read_broken(cursor: Cursor) -> int | None:
    """`1.5 hours`, `two and a half hours`; None where that is no whole number of seconds."""
    token = cursor.next()
    if re.fullmatch(r"\d{1,4}\.\d{1,3}", token, re.ASCII):
        whole, digits = token.split(".")
        thousandths = int(whole) * 1000 + int(digits.ljust(3, "0"))
    else:
        number = int(token) if token.isascii() and token.isdigit() and len(token) <= 3 else NUMBERS.get(token)
        if number is None or not cursor.eat("and a half"):
            return None
        thousandths = number * 1000 + 500
    total, rest = divmod(thousandths * SECONDS.get(cursor.next(), 0), 1000)
    return total if total and not rest else None


def read_duration(cursor: Cursor) -> int | None:
    """`5 minutes`, `1h30m`, `half an hour`, `an hour and 5 minutes`, `1.5 hours`, in seconds; None too for months and
    years."""
    if cursor.eat("half an hour", "half hour", "half - hour"):
        return 1800
    if cursor.eat("hour and a half", "an hour and a half", "one and a half hours"):
        return 5400
    if (found := cursor.try_read(_read_broken)) is not None:
        return found
    if cursor.eat("a quarter of an hour", "quarter of an hour", "quarter hour"):
        return 900
    total: int | None = None
    while True:
        place = cursor.at
        if total is not None:
            cursor.eat("and")
        number = read_number(cursor)
        unit = SECONDS.get(cursor.next()) if number is not None else None
        if number is None or unit is None:
            cursor.at = place
            return total
        total = (total or 0) + number * unit
