"""Days of the week and plain days, in words: every weekday, Mondays and Fridays, mon-fri, every morning."""

from dataclasses import dataclass

from bot.errors import Refusal
from bot.schedules.cron.fields import EVERY_MONTH, Dates, WeekDays
from bot.schedules.words.clock import PARTS_OF_DAY
from bot.schedules.words.cursor import Cursor
from bot.schedules.words.vocabulary import WEEKDAYS, WORKDAY_WORDS, read_weekday, read_weekdays

WORKDAYS = frozenset({1, 2, 3, 4, 5})
WEEKEND = frozenset({0, 6})
ALL_WEEK = frozenset(range(7))
EVERY_DAY = (
    "every day of the week",
    "7 days a week",
    "seven days a week",
    "every - day",
    *("every single day", "every day", "each day", "everyday", "daily", "each and every day", "all days"),
)
EXCEPT = ("except for", "except on", "except", "but not on", "but not", "but", "excluding", "other than")
ONCE_A_DAY = ("once a day", "once daily", "once per day", "one time a day", "once every day")


@dataclass(frozen=True, slots=True)
class DateWish:
    """`part` is the part of the day that was named with the date (`every evening`)."""

    dates: Dates
    months: tuple[int, ...] = EVERY_MONTH
    part: str = ""


def read_daily(cursor: Cursor) -> DateWish | None:
    """`every day`, `daily`, `nightly`, `every morning`, `mornings`."""
    cursor.eat("on")
    if cursor.eat(*ONCE_A_DAY, *EVERY_DAY):
        days = _read_exception(cursor, ALL_WEEK)
        return DateWish(Dates(week_days=WeekDays(plain=days)) if days != ALL_WEEK else Dates())
    if cursor.eat("nightly"):
        return DateWish(Dates(), part="night")
    if cursor.eat("every", "each") and (part := cursor.eat(*PARTS_OF_DAY)):
        return DateWish(Dates(), part=part)
    if part := cursor.eat(*(f"{part}s" for part in PARTS_OF_DAY)):
        return DateWish(Dates(), part=part.removesuffix("s"))
    return None


def read_week(cursor: Cursor, *, repeats: bool) -> DateWish | None:
    """Weekdays that repeat: after `every`, `each`, `weekly on`, in the plural, as a range, or several in a row."""
    asked = bool(
        cursor.eat("weekly on", "every week on", "each week on", "on every", "on each", "every", "each", "all")
    )
    if not asked:
        cursor.eat("on the", "on")
    days = _read_days(cursor, asked=asked or repeats)
    if days is None:
        return None
    days = _read_exception(cursor, days)
    part = cursor.eat(*PARTS_OF_DAY, *(f"{part}s" for part in PARTS_OF_DAY))
    return DateWish(Dates(week_days=WeekDays(plain=days)), part=part.removesuffix("s"))


def _read_days(cursor: Cursor, *, asked: bool) -> frozenset[int] | None:
    """A single day in the singular comes only once, unless it was `asked` to repeat; several come again."""
    plural = cursor.peek() not in WEEKDAYS and cursor.peek() != "weekday"
    found = cursor.read_list(_read_some_days)
    while found and (more := cursor.try_read(_read_some_days)):  # “mon wed fri”
        found.append(more)
    if not found:
        return None
    names = cursor.tokens[cursor.at - 1]
    days = frozenset().union(*found)
    single = names in WEEKDAYS or names in WORKDAY_WORDS
    following = cursor.peek() in tuple(f"{part}s" for part in PARTS_OF_DAY)
    return days if asked or len(days) > 1 or not single or plural or following else None


def _read_some_days(cursor: Cursor) -> frozenset[int] | None:
    """One weekday, a range of them, weekdays, weekends."""
    if cursor.eat(*WORKDAY_WORDS):
        return WORKDAYS
    if cursor.eat("weekends", "weekend days", "weekend"):
        return WEEKEND
    if days := _read_range(cursor):
        return days
    day = cursor.try_read(read_weekdays)
    return None if day is None else frozenset({day})


def _read_range(cursor: Cursor) -> frozenset[int] | None:
    place = cursor.at
    cursor.eat("from")
    first = cursor.try_read(read_weekday)
    if first is not None and cursor.eat("to", "through", "thru", "until", "till", "-", "–", "—"):
        last = cursor.try_read(read_weekday)
        if last is not None:
            return frozenset((first + step) % 7 for step in range((last - first) % 7 + 1))
    cursor.at = place
    return None


def _read_exception(cursor: Cursor, days: frozenset[int]) -> frozenset[int]:
    """`… except Sunday`, `… but not on weekends`. Raises Refusal where nothing is left."""
    place = cursor.at
    cursor.eat(",")
    if not cursor.eat(*EXCEPT):
        cursor.at = place
        return days
    cursor.eat("on", "the", "every")
    found = cursor.read_list(_read_some_days)
    if not found:
        cursor.at = place
        return days
    left = days - frozenset().union(*found)
    if not left:
        raise Refusal("No day is left.", "Leave the exception out, or name the days.", code="never")
    return left
