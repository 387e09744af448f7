"""The days of a built-in calendar in one year, from the packages `holidays` and `chinese_calendar`.

Both are loaded when they are first asked: together they cost a fifth of a second. A year that they do not know for
certain is None: beyond their tables, or with feasts that they only estimate.
"""

import warnings
from collections.abc import Callable, Container
from datetime import date, timedelta
from typing import Any

# The tables of moving feasts in `holidays` end here for some countries, without a word.
LAST_YEAR = 2035
FIRST_YEAR = 1990
# GB without a part would mean only what all its parts share.
PARTS = {"GB": "ENG"}
# By the name of the calendar: what `holidays` calls the market. `chinese_calendar` knows Shanghai's days off.
MARKETS = {"XNYS": "XNYS", "XLON": "XLON", "XTKS": "XJPX"}
MONDAY_TO_FRIDAY = range(5)


def days_of(calendar: str, year: int) -> frozenset[date] | None:
    """The days of `holiday:XX`, `workday:XX` or `trading:XXXX` in a year; None when they are not known."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return None
    kind, _, where = calendar.partition(":")
    if kind == "trading":
        return _trading_days(where, year)
    return _chinese_days(kind, year) if where == "CN" else _national_days(kind, where, year)


def warm() -> None:
    """Load what is asked for first, so that nobody who types waits for it."""
    for calendar in ("holiday:US", "holiday:CN"):
        days_of(calendar, LAST_YEAR)


def last_year_of(calendar: str) -> int | None:
    """The last year that is known; None when none is."""
    return next((year for year in range(LAST_YEAR, FIRST_YEAR, -1) if days_of(calendar, year) is not None), None)


def _trading_days(market: str, year: int) -> frozenset[date] | None:
    if market == "XSHG":
        closed: Container[date] | None = _chinese_days("holiday", year)
    else:
        import holidays

        closed = _ask(lambda: holidays.financial_holidays(MARKETS[market], years=year), year)
    if closed is None:
        return None
    return _select(year, lambda day: day.weekday() in MONDAY_TO_FRIDAY and day not in closed)


def _chinese_days(kind: str, year: int) -> frozenset[date] | None:
    """Days off with the weekend days inside them; working days with the weekend days that make up for them."""
    import chinese_calendar  # type: ignore[import-untyped]

    off, extra = chinese_calendar.constants.holidays, chinese_calendar.constants.workdays
    if date(year, 1, 1) not in off:  # New Year's Day is always one, so the year has not been announced
        return None
    if kind == "holiday":
        return _select(year, lambda day: day in off)
    return _select(year, lambda day: day in extra or (day.weekday() in MONDAY_TO_FRIDAY and day not in off))


def _national_days(kind: str, where: str, year: int) -> frozenset[date] | None:
    import holidays

    country, _, part = where.partition("-")
    known = _ask(lambda: holidays.country_holidays(country, subdiv=part or PARTS.get(country), years=year), year)
    if known is None:
        return None
    return _select(year, known.is_working_day if kind == "workday" else known.__contains__)


def _ask(load: Callable[[], Any], year: int) -> Any | None:
    """What `holidays` knows of the year; None when it has nothing, warns, or only estimates."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", UserWarning)  # how it says that its tables end
            known = load()
    except (NotImplementedError, KeyError, UserWarning):
        return None
    if not known.start_year <= year <= known.end_year:
        return None
    labels = [getattr(known, name, None) for name in ("estimated_label", "observed_estimated_label")]
    marks = {known.tr(label).replace("%s", "").strip() for label in labels if label} | {"estimated"}
    return None if any(mark in name for name in known.values() for mark in marks) else known


def _select(year: int, is_one: Callable[[date], bool]) -> frozenset[date]:
    first = date(year, 1, 1)
    days = (first + timedelta(days) for days in range((date(year + 1, 1, 1) - first).days))
    return frozenset(day for day in days if is_one(day))
