"""Which dates, in words: every weekday, every 2nd Tuesday, the last day of every month, yearly on the 1st of May."""

from dataclasses import dataclass
from functools import partial

from bot.schedules.cron.fields import EVERY_MONTH, Dates, MonthDays, WeekDays
from bot.schedules.words.cursor import Cursor
from bot.schedules.words.monthdays import OF_MONTH, read_days_before, read_month_days, read_month_end
from bot.schedules.words.vocabulary import (
    WEEKDAYS,
    WORKDAY_WORDS,
    read_month,
    read_number,
    read_ordinal,
    read_weekday,
    read_weekdays,
)

WORKDAYS = frozenset({1, 2, 3, 4, 5})
WEEKEND = frozenset({0, 6})
QUARTER_MONTHS = (1, 4, 7, 10)


@dataclass(frozen=True, slots=True)
class DateWish:
    """`part` is the part of the day that was named with the date (`every evening`)."""

    dates: Dates
    months: tuple[int, ...] = EVERY_MONTH
    part: str = ""


def read_dates(cursor: Cursor, *, repeats: bool = False) -> DateWish | None:
    """The dates that stand here, or None. Where something `repeats` already, `on Monday` means every Monday."""
    week = partial(_read_week, repeats=repeats)
    for reader in (_read_except, _read_yearly, _read_monthly, _read_nth, week, _read_daily):
        found = cursor.try_read(reader)
        if found is not None:
            return found
    return None


def read_months(cursor: Cursor) -> tuple[int, ...] | None:
    """`in December`, `in June and July`, `from November to February`."""
    if cursor.eat("in"):
        months = cursor.read_list(read_month)
        return tuple(sorted(set(months))) or None
    if cursor.eat("from", "between"):
        first = cursor.try_read(read_month)
        if first is None or not cursor.eat("to", "until", "through", "till", "and", "-"):
            return None
        last = cursor.try_read(read_month)
        if last is None:
            return None
        count = (last - first) % 12 + 1
        return tuple(sorted((first + step - 1) % 12 + 1 for step in range(count)))
    return None


def _read_except(cursor: Cursor) -> DateWish | None:
    if cursor.eat("every day except", "daily except", "every day but") and cursor.eat(
        "weekends", "on weekends", "the weekend"
    ):
        return DateWish(Dates(week_days=WeekDays(plain=WORKDAYS)))
    return None


def _read_daily(cursor: Cursor) -> DateWish | None:
    if cursor.eat("every single day", "every day", "each day", "everyday", "daily", "on every day", "all days"):
        return DateWish(Dates())
    if cursor.eat("every", "each") and (part := cursor.eat("morning", "afternoon", "evening")):
        return DateWish(Dates(), part=part)
    return None


def _read_week(cursor: Cursor, *, repeats: bool) -> DateWish | None:
    """Weekdays that repeat: after `every`, `each`, `weekly on`, in the plural, or as a range."""
    asked = bool(cursor.eat("weekly on", "every week on", "on every", "every", "each"))
    if not asked:
        asked = bool(cursor.eat("on")) and repeats
    if cursor.eat(*(word for word in WORKDAY_WORDS if asked or word.endswith("s"))):
        return DateWish(Dates(week_days=WeekDays(plain=WORKDAYS)))
    if cursor.eat("weekends", *(["weekend"] if asked else [])):
        return DateWish(Dates(week_days=WeekDays(plain=WEEKEND)))
    days = _read_day_range(cursor)
    if days is None:
        plural = cursor.peek() not in WEEKDAYS
        days = frozenset(cursor.read_list(read_weekdays) if asked or plural else [])
    return DateWish(Dates(week_days=WeekDays(plain=days))) if days else None


def _read_day_range(cursor: Cursor) -> frozenset[int] | None:
    place = cursor.at
    first = cursor.try_read(read_weekday)
    if first is not None and cursor.eat("to", "through", "thru", "until", "till", "-", "–"):
        last = cursor.try_read(read_weekday)
        if last is not None:
            return frozenset((first + step) % 7 for step in range((last - first) % 7 + 1))
    cursor.at = place
    return None


def _read_nth(cursor: Cursor) -> DateWish | None:
    """`every 2nd Tuesday`, `on the first and third Monday of every month`, `last Friday of March and June`.

    A position needs `every` or `of the month` beside it: `last Friday` alone is a day in the past.
    """
    yearly = bool(cursor.eat("every year", "each year", "yearly"))
    asked = bool(cursor.eat("every month on the", "monthly on the", "each month on the", "on every", "every", "each"))
    if not asked:
        cursor.eat("on")
        cursor.eat("the")
    nth: set[tuple[int, int]] = set()
    last: set[int] = set()
    for position, day in _read_positions(cursor):
        if position == 0:
            last.add(day)
        else:
            nth.add((day, position))
    months = _read_of_months(cursor)
    if not (nth or last) or (months is None and not asked) or any(position > 5 for _, position in nth):
        return None
    if (yearly and months == EVERY_MONTH) or (months and len(months) == 1 and not (yearly or asked)):
        return None  # “the 1st Monday of June” may be only the next one
    return DateWish(Dates(week_days=WeekDays(nth=frozenset(nth), last=frozenset(last))), months or EVERY_MONTH)


def _read_positions(cursor: Cursor) -> list[tuple[int, int]]:
    """(position, weekday) of `first and third Monday`, `1st Monday and last Friday`; 0 is the last."""
    found: list[tuple[int, int]] = []
    while True:
        place = cursor.at
        if found and not cursor.eat("and the", "and", ", and", ","):
            return found
        positions = cursor.read_list(_read_position)
        day = cursor.try_read(read_weekday) if positions else None
        if day is None:
            cursor.at = place
            return found
        found += [(position, day) for position in positions]


def _read_position(cursor: Cursor) -> int | None:
    return 0 if cursor.eat("last") else read_ordinal(cursor)


def _read_of_months(cursor: Cursor) -> tuple[int, ...] | None:
    if cursor.eat(*OF_MONTH):
        return EVERY_MONTH
    place = cursor.at
    months = cursor.read_list(read_month) if cursor.eat("of", "in") else []
    if not months:
        cursor.at = place
        return None
    cursor.eat("each year", "every year")
    return tuple(sorted(set(months)))


def _read_monthly(cursor: Cursor) -> DateWish | None:
    """Days of the month, every month or every quarter."""
    months, asked = EVERY_MONTH, True
    if cursor.eat("quarterly", "every quarter", "each quarter"):
        months = QUARTER_MONTHS
    elif not cursor.eat("monthly", "every month", "each month", "once a month"):
        asked = False
    if end := read_month_end(cursor, asked=asked):
        return DateWish(Dates(month_days=end), months)
    cursor.eat("on")
    if not asked:
        cursor.eat("every")
    rule = read_month_days(cursor)
    if rule is None:
        return None
    named = bool(cursor.eat(*OF_MONTH)) or cursor.tokens[cursor.at - 3 : cursor.at - 1] == ["nearest", "the"]
    return DateWish(Dates(month_days=rule), months) if asked or named else None


def _read_yearly(cursor: Cursor) -> DateWish | None:
    """`every January 1st`, `every 4th of July`, `yearly on Dec 31`, `every year on the 1st of May and June`."""
    asked = cursor.eat("every year", "each year", "once a year", "yearly", "annually")
    if not asked and not cursor.eat("every", "each"):
        return None
    cursor.eat("on")
    month = cursor.try_read(read_month)
    if month is not None:
        cursor.eat("the")
        day = cursor.try_read(_read_day_number)
        return DateWish(Dates(month_days=MonthDays(plain=frozenset({day}))), (month,)) if day else None
    before = read_days_before(cursor)
    rule = before or read_month_days(cursor)
    if not before:
        cursor.eat("of", "in")
    months = cursor.read_list(read_month) if rule else []
    return DateWish(Dates(month_days=rule), tuple(sorted(set(months)))) if rule and months else None


def _read_day_number(cursor: Cursor) -> int | None:
    number = cursor.try_read(read_ordinal) or cursor.try_read(read_number)
    return number if number and 1 <= number <= 31 and cursor.peek() not in ("am", "pm") else None
