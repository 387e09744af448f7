"""Which dates, in words: every 2nd Tuesday, the last day of every month, quarterly, yearly on the 1st of May."""

from functools import partial

from bot.schedules.cron.fields import EVERY_MONTH, Dates, MonthDays, WeekDays
from bot.schedules.words.cursor import Cursor
from bot.schedules.words.monthdays import OF_MONTH, read_days_before, read_month_days, read_month_end
from bot.schedules.words.vocabulary import read_month, read_number, read_ordinal, read_weekday
from bot.schedules.words.weekly import DateWish, read_daily, read_week

QUARTER_STARTS, QUARTER_ENDS = (1, 4, 7, 10), (3, 6, 9, 12)
MONTHLY = ("monthly", "every month", "each month", "once a month", "once per month")
YEARLY = ("every year", "each year", "once a year", "once per year", "yearly", "annually")
QUARTERLY = ("quarterly", "every quarter", "each quarter", "once a quarter")
OF_QUARTER = (
    "of the quarter",
    "of every quarter",
    "of each quarter",
    "every quarter",
    "each quarter",
    "of a quarter",
)
QUARTER_END = ("end of quarter", "end of the quarter", "end of every quarter", "end of each quarter", "quarter end")
OF_YEAR = ("of the year", "of every year", "of each year", "every year", "each year")


def read_dates(cursor: Cursor, *, repeats: str = "") -> DateWish | None:
    """The dates that stand here, or None. `repeats` is what was said to come again already (day, week, month, year),
    so that `on Monday` means every Monday then."""
    readers = (
        _read_falls,
        partial(_read_yearly, asked=repeats == "year"),
        partial(_read_nth, asked=repeats == "month"),
        partial(_read_monthly, asked=repeats == "month"),
        partial(read_week, repeats=bool(repeats)),
        read_daily,
    )
    for reader in readers:
        found = cursor.try_read(reader)
        if found is not None:
            return found
    return None


def read_months(cursor: Cursor) -> tuple[int, ...] | None:
    """`in December`, `in June and July`, `from November to February`."""
    if cursor.eat("in", "during"):
        months = cursor.read_list(read_month)
        if len(months) == 1 and cursor.eat("to", "through", "-", "–") and (last := cursor.try_read(read_month)):
            return _span(months[0], last)
        return tuple(sorted(set(months))) or None
    if cursor.eat("from", "between"):
        first = cursor.try_read(read_month)
        if first is None or not cursor.eat("to", "until", "through", "till", "and", "-"):
            return None
        last = cursor.try_read(read_month)
        return None if last is None or cursor.peek().isdigit() else _span(first, last)
    return None


def _span(first: int, last: int) -> tuple[int, ...]:
    """The months from one to another, over the end of the year if need be."""
    return tuple(sorted((first + step - 1) % 12 + 1 for step in range((last - first) % 12 + 1)))


def _read_nth(cursor: Cursor, *, asked: bool = False) -> DateWish | None:
    """`every 2nd Tuesday`, `on the first and third Monday of every month`, `last Friday of March and June`.

    A position needs `every` or `of the month` beside it: `last Friday` alone is a day in the past.
    """
    quarterly = bool(cursor.eat(*QUARTERLY))
    yearly = bool(cursor.eat(*YEARLY))
    if cursor.eat(*MONTHLY):
        asked = True
    cursor.eat("on the", "on")
    asked = bool(cursor.eat("every", "each")) or asked
    cursor.eat("the")
    nth: set[tuple[int, int]] = set()
    last: set[int] = set()
    for position, day in _read_positions(cursor):
        if position == 0:
            last.add(day)
        else:
            nth.add((day, position))
    if not (nth or last) or any(position > 5 for _, position in nth):
        return None
    dates = Dates(week_days=WeekDays(nth=frozenset(nth), last=frozenset(last)))
    if quarterly or cursor.eat(*OF_QUARTER):
        return None if nth and last else DateWish(dates, QUARTER_ENDS if last else QUARTER_STARTS)
    months = _read_of_months(cursor)
    if months is None and not asked:
        return None
    if cursor.tokens[cursor.at - 1] == "year":
        yearly = True
    if (yearly and months == EVERY_MONTH) or (months and len(months) == 1 and not (yearly or asked)):
        return None  # “the 1st Monday of June” may be only the next one
    return DateWish(dates, months or EVERY_MONTH)


def _read_positions(cursor: Cursor) -> list[tuple[int, int]]:
    """(position, weekday) of `first and third Monday`, `1st Monday and last Friday`; 0 is the last."""
    found: list[tuple[int, int]] = []
    while True:
        place = cursor.at
        if found and not cursor.eat("and the", "and", ", and", ", the", ","):
            return found
        positions = cursor.read_list(_read_position)
        day = cursor.try_read(read_weekday) if positions else None
        if day is None:
            cursor.at = place
            return found
        found += [(position, day) for position in positions]


def _read_position(cursor: Cursor) -> int | None:
    cursor.eat("the")
    return 0 if cursor.eat("last") else read_ordinal(cursor)


def _read_of_months(cursor: Cursor) -> tuple[int, ...] | None:
    if cursor.eat(*OF_MONTH):
        return EVERY_MONTH
    place = cursor.at
    months = cursor.read_list(read_month) if cursor.eat("of every", "of each", "of", "in") else []
    if not months:
        cursor.at = place
        return None
    cursor.eat("each year", "every year")
    return tuple(sorted(set(months)))


def _read_monthly(cursor: Cursor, *, asked: bool = False) -> DateWish | None:
    """Days of the month, every month or every quarter."""
    quarterly = bool(cursor.eat(*QUARTERLY))
    asked = bool(quarterly or cursor.eat(*MONTHLY) or asked)
    cursor.eat(",")
    if cursor.eat(*(f"{on}{end}" for on in ("at the ", "on the ", "at ", "") for end in QUARTER_END)):
        return DateWish(Dates(month_days=MonthDays(from_end=frozenset({0}))), QUARTER_ENDS)
    place = cursor.at
    if quarterly and cursor.eat("end"):
        return DateWish(Dates(month_days=MonthDays(from_end=frozenset({0}))), QUARTER_ENDS)
    if end := read_month_end(cursor, asked=asked):
        return DateWish(Dates(month_days=end), QUARTER_ENDS if quarterly else EVERY_MONTH)
    cursor.at = place
    cursor.eat("on", "the")
    every = not asked and bool(cursor.eat("every", "each"))
    rule = read_month_days(cursor, plain=asked) or _read_named(cursor)
    if rule is None:
        return None
    if quarterly or cursor.eat(*OF_QUARTER):
        return _quarter(rule)
    named = bool(cursor.eat(*OF_MONTH)) or cursor.tokens[cursor.at - 3 : cursor.at - 1] == ["nearest", "the"]
    several = every and cursor.peek() not in ("of", "in", "week", "weeks")
    return DateWish(Dates(month_days=rule)) if asked or named or several else None


def _read_named(cursor: Cursor) -> MonthDays | None:
    """`15 of every month`: the figure is a day for what stands behind it, which is left to be read."""
    rule = read_month_days(cursor, plain=True)
    place = cursor.at
    if rule is None or not cursor.eat(*OF_MONTH):
        return None
    cursor.at = place
    return rule


def _quarter(rule: MonthDays) -> DateWish | None:
    """Days from the start are of its first month, days from the end of its last; both at once are two schedules."""
    starts, ends = bool(rule.plain or rule.nearest), bool(rule.from_end or rule.nearest_from_end)
    return None if starts and ends else DateWish(Dates(month_days=rule), QUARTER_ENDS if ends else QUARTER_STARTS)


def _read_falls(cursor: Cursor) -> DateWish | None:
    """`every Friday the 13th`, `every Monday that falls on the 1st of the month`: both must hold."""
    week = read_week(cursor, repeats=False) if cursor.peek() in ("every", "each", "on") else None
    if week is None or week.dates.week_days is None:
        return None
    said = bool(cursor.eat("that falls on", "that fall on", "falling on", "which falls on", "if it is"))
    rule = read_month_days(cursor) if said or cursor.peek() == "the" else None
    if rule is None:
        return None
    months = _read_of_months(cursor) or EVERY_MONTH
    return DateWish(Dates(month_days=rule, week_days=week.dates.week_days), months)


def _read_yearly(cursor: Cursor, *, asked: bool = False) -> DateWish | None:
    """`every January 1st`, `every 4th of July`, `yearly on Dec 31`, `every year on the 1st of May and June`,
    `1 May every year`."""
    asked = bool(cursor.eat(*YEARLY)) or asked
    cursor.eat(",")
    on = bool(cursor.eat("on"))
    asked = bool(not on and cursor.eat("every", "each")) or asked
    cursor.eat("the")
    if name := cursor.eat(*(f"{day} day {year}" for day in ("first", "1st", "last") for year in OF_YEAR)):
        last = name.startswith("last")
        return DateWish(Dates(month_days=MonthDays(plain=frozenset({31 if last else 1}))), (12 if last else 1,))
    found = _read_day_of_months(cursor)
    said = bool(cursor.eat("of every year", "of each year", *YEARLY))
    return found if asked or said else None


def _read_day_of_months(cursor: Cursor) -> DateWish | None:
    """`May 1st`, `the 1st of May and June`, `24 December`."""
    month = cursor.try_read(read_month)
    if month is not None:
        cursor.eat("the")
        day = cursor.try_read(_read_day_number)
        named = {month, *cursor.read_more(lambda c: _read_same_day(c, day or 0))}
        return DateWish(Dates(month_days=MonthDays(plain=frozenset({day}))), tuple(sorted(named))) if day else None
    before = read_days_before(cursor)
    cursor.eat("the")
    rule = before or read_month_days(cursor, plain=True)
    if not before:
        cursor.eat("of", "in")
    months = cursor.read_list(read_month) if rule else []
    return DateWish(Dates(month_days=rule), tuple(sorted(set(months)))) if rule and months else None


def _read_same_day(cursor: Cursor, day: int) -> int | None:
    """`December 1st` behind `June 1st`."""
    month = cursor.try_read(read_month)
    return month if month and cursor.try_read(_read_day_number) == day else None


def _read_day_number(cursor: Cursor) -> int | None:
    number = cursor.try_read(read_ordinal) or cursor.try_read(read_number)
    return number if number and 1 <= number <= 31 and cursor.peek() not in ("am", "pm", ":") else None
