"""Days as JSON: months with their days, for one year or by year, or a plain list of dates."""

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

from bot.errors import Refusal
from bot.schedules.calendars.days import Days, check_year, collect_days, read_day, refuse, shown

EXAMPLE = '{"2026": [{"month": 1, "days": [1, 2]}]} or ["2026-01-01", "2026-01-02"]'
YEAR_DIGITS = 4
TYPED_QUOTES = str.maketrans("“”„", '"""')  # what telephones make of a quotation mark


def read(text: str, year: int | None) -> Days:
    """Raises Refusal naming the line or the place, and the value."""
    try:
        value = json.loads(text.translate(TYPED_QUOTES))
    except json.JSONDecodeError as error:
        line = shown(text.splitlines()[error.lineno - 1]) if text.splitlines() else ""
        raise refuse(f"This is no JSON: line {error.lineno}, “{line}”: {error.msg}.", _hint()) from None
    except (RecursionError, ValueError):
        raise refuse("This JSON is nested too deeply, or holds a number that is too long.", _hint()) from None
    if isinstance(value, dict):
        years = {_read_year(key): days for key, days in value.items()}
        return collect_days((day for key, each in years.items() for day in _days(each, key, f"{key}")), years)
    if isinstance(value, list):
        named = [year] if year is not None else []
        return collect_days(_days(value, year, "the list"), named)
    raise _misshapen("The JSON", value)


def _read_year(key: str) -> int:
    if not (key.isascii() and key.isdigit() and len(key) == YEAR_DIGITS):
        raise refuse(f"“{shown(key)}” is no year.", _hint())
    check_year(int(key))
    return int(key)


def _days(value: Any, year: int | None, where: str) -> Iterator[date]:
    if not isinstance(value, list):
        raise _misshapen(where, value)
    for index, each in enumerate(value, 1):
        place = f"Entry {index} of {where}"
        if isinstance(each, dict):
            yield from _days_of_month(each, year, place)
        elif isinstance(each, str):
            yield _day(each, year, place)
        else:
            raise _misshapen(place, each)


def _day(text: str, year: int | None, place: str) -> date:
    day = read_day(text)
    if day is None:
        raise refuse(f"{place}, “{shown(text)}”, is no day.", "Write days as 2026-01-05.")
    if year is not None and day.year != year:
        raise refuse(f"{place}, “{shown(text)}”, is not in {year}.", f"Put it under “{day.year}”.")
    return day


def _days_of_month(value: dict[str, Any], year: int | None, place: str) -> Iterator[date]:
    own = value.get("year", year)
    month, days = value.get("month"), value.get("days")
    if own is None:
        raise Refusal(
            "These months do not say of which year they are.",
            f"Name the year, or write {EXAMPLE}.",
            code="no_year",
            field="days",
        )
    if type(own) is not int or type(month) is not int or not isinstance(days, list):
        raise _misshapen(place, value)
    if year is not None and own != year:
        raise refuse(f"{place} is of {own}, not of {year}.")
    check_year(own, place)
    for day in days:
        try:
            if type(day) is not int:
                raise TypeError
            yield date(own, month, day)
        except (ValueError, TypeError, OverflowError):
            raise refuse(f"{place}: {own} has no month {shown(month)} with a day {shown(day)}.") from None


def _misshapen(place: str, value: Any) -> Refusal:
    written = shown(json.dumps(value, ensure_ascii=False))
    return refuse(f"{place[:1].upper()}{place[1:]} is not what a calendar is made of: {written}.", _hint())


def _hint() -> str:
    return f"Write {EXAMPLE}."
