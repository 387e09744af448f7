"""A set of days with the years that it knows all about: limits, what a new one changes, how two are put together."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from bot.errors import Refusal

FIRST_YEAR, LAST_YEAR = 1970, 2126
MOST_DAYS = 20_000  # half a century in which every day counts
SHOWN = 60
WRITTEN = re.compile(
    r"(\d{4})(?:-(\d{1,2})-(\d{1,2})|/(\d{1,2})/(\d{1,2})|\.(\d{1,2})\.(\d{1,2})|年(\d{1,2})月(\d{1,2})日|(\d\d)(\d\d))"
    r"(?:[T ]00:00(?::00(?:\.0+)?)?Z?)?"
)


class Days(NamedTuple):
    """`days` in order, each once. A year in `years` is known wholly, so that a day that is not there is not one."""

    days: tuple[date, ...]
    years: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one year. `is_new` tells that the year was not known before; `days` is how many it has then."""

    added: tuple[date, ...]
    removed: tuple[date, ...]
    is_new: bool
    days: int


def read_day(text: str) -> date | None:
    """A day with its year in front: `2026-01-05`, `2026/1/5`, `20260105`, also with a midnight behind it.

    None for anything else, and for a day that no year has.
    """
    found = WRITTEN.fullmatch(text.strip()) if text.isascii() or "年" in text else None
    if found is None:
        return None
    year, month, day = (int(part) for part in found.groups() if part is not None)
    try:
        return date(year, month, day)
    except ValueError:
        return None


def collect_days(days: Iterable[date], years: Iterable[int] = ()) -> Days:
    """In order and each once, within the limits; `years` are known beside those of the days. Raises Refusal."""
    unique = set(days)
    known = {day.year for day in unique} | set(years)
    for year in sorted(known):
        check_year(year)
    if len(unique) > MOST_DAYS:
        raise too_many_days()
    if not known:
        raise refuse("There is not a single day in it.")
    return Days(tuple(sorted(unique)), tuple(sorted(known)))


def keep_few(days: list[date]) -> list[date]:
    """The same days while they grow, within the limit. Raises Refusal."""
    if len(days) > MOST_DAYS and len(days := sorted(set(days))) > MOST_DAYS:
        raise too_many_days()
    return days


def check_year(year: int, where: str = "") -> None:
    """Raises Refusal for a year that no calendar may hold."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise refuse(f"{where or 'A day'} is in the year {year}; calendars hold {FIRST_YEAR} to {LAST_YEAR}.")


def diff(old: Days | None, new: Days) -> dict[int, Change]:
    """What the new days change, by the years that they cover; other years stay as they are."""
    before = old or Days((), ())
    changes = {}
    for year in new.years:
        was = {day for day in before.days if day.year == year}
        now = {day for day in new.days if day.year == year}
        changes[year] = Change(
            tuple(sorted(now - was)), tuple(sorted(was - now)), year not in before.years, days=len(now)
        )
    return changes


def merge(old: Days | None, new: Days) -> Days:
    """The new days in the years that they cover, the old ones in all other years. Raises Refusal."""
    kept = [day for day in old.days if day.year not in new.years] if old else []
    return collect_days([*kept, *new.days], [*(old.years if old else ()), *new.years])


def refuse(message: str, hint: str = "") -> Refusal:
    """What is wrong with the text of a calendar."""
    return Refusal(
        message,
        hint or "Write one day a line, as 2026-01-05; or JSON; or paste an .ics file.",
        code="bad_calendar",
        field="days",
    )


def too_many_days() -> Refusal:
    return refuse(f"These are more than {MOST_DAYS:,} days.", "Leave out the years that have passed.")


def shown(value: object) -> str:
    """A value of the text in a refusal, on one line and short."""
    line = " ".join(str(value).split())
    return line if len(line) <= SHOWN else line[: SHOWN - 1] + "…"
