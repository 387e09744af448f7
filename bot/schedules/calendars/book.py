"""The calendars that can be named: the built-in ones, and with them a team's own."""

from collections.abc import Sequence
from datetime import date
from functools import cache

from bot.schedules.calendars.names import clean_name, find_name
from bot.schedules.calendars.official import days_of, last_year_of
from bot.schedules.kind import NoData
from storage.records import Calendar


class BuiltIn:
    """`holiday:XX` and `workday:XX` of every country, `trading:XSHG|XNYS|XLON|XTKS`. A year is computed once."""

    def __init__(self) -> None:
        self._years: dict[tuple[str, int], frozenset[date] | None] = {}

    def find(self, words: str, zone: str) -> str | None:
        """As `Book.find`: `US holidays`, `holidays in Germany`, `trading days`, `节假日`, `holiday:US`."""
        return find_name(words, zone)

    def has(self, calendar: str, day: date) -> bool:
        """As `Book.has`; a calendar that nobody knows has no data."""
        key = (calendar, day.year)
        if key not in self._years:
            self._years[key] = days_of(*key)
        days = self._years[key]
        if days is None:
            raise NoData(calendar, day.year)
        return day in days

    def known_until(self, calendar: str) -> date | None:
        """As `Book.known_until`."""
        return _known_until(calendar)


class TeamBook:
    """The built-in calendars and those of one team, by names whose case does not matter. Its own are found first."""

    def __init__(self, own: Sequence[Calendar] = ()) -> None:
        self._own = {fold_name(one.name): one for one in own}
        self._years: dict[str, frozenset[int]] = {}
        self._days: dict[str, frozenset[date]] = {}

    def find(self, words: str, zone: str) -> str | None:
        """As `Book.find`."""
        for folded in (fold_name(words), clean_name(words)):
            if folded in self._own:
                return self._own[folded].name
        return BUILT_IN.find(words, zone)

    def has(self, calendar: str, day: date) -> bool:
        """As `Book.has`; an own calendar that is not there any more has no data."""
        if calendar not in self._years and not self._open(calendar):
            return BUILT_IN.has(calendar, day)
        if day.year not in self._years[calendar]:
            raise NoData(self._own[fold_name(calendar)].name, day.year)
        return day in self._days[calendar]

    def known_until(self, calendar: str) -> date | None:
        """As `Book.known_until`."""
        own = self._own.get(fold_name(calendar))
        if own is None:
            return BUILT_IN.known_until(calendar)
        return date(max(own.years), 12, 31) if own.years else date.min

    def _open(self, calendar: str) -> bool:
        """Make the days of an own calendar ready to be asked for under the name as it was written; most of a team's
        calendars are never asked for."""
        own = self._own.get(fold_name(calendar))
        if own is not None:
            self._years[calendar], self._days[calendar] = frozenset(own.years), frozenset(own.days)
        return own is not None


def fold_name(name: str) -> str:
    """The name of an own calendar as it is compared."""
    return " ".join(name.casefold().split())


@cache
def _known_until(calendar: str) -> date:
    year = last_year_of(calendar)
    return date(year, 12, 31) if year else date.min


BUILT_IN = BuiltIn()
