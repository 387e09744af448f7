"""Days and spans of days that a text leaves out: `2026-12-24`, `24-26 December`, `from 24 December to 2 January`."""

import re
from datetime import date

from bot.schedules.clauses.dates import local_now, read_plain_day
from bot.schedules.clauses.draft import Draft
from bot.schedules.exclusions import Exclusion
from bot.schedules.words.cursor import Cursor
from bot.schedules.words.vocabulary import read_month, read_number, read_ordinal

TO = ("to", "through", "thru", "until", "till", "-", "–", "and including")


def read_days(cursor: Cursor, draft: Draft) -> bool:
    """A day or a span of days; without a year, the coming one."""
    cursor.eat("from", "between")
    today = local_now(draft.zone, draft.now).date()
    if days := _read_days_of_month(cursor, today):
        draft.exclusions += [Exclusion(first=first, last=last) for first, last in days]
        return True
    first = read_plain_day(cursor, today)
    if first is None:
        return False
    place = cursor.at
    last = read_plain_day(cursor, first) if cursor.eat(*TO) else None
    if last is None or last < first:
        cursor.at, last = place, first
    draft.exclusions.append(Exclusion(first=first, last=last))
    return True


def _read_days_of_month(cursor: Cursor, today: date) -> list[tuple[date, date]]:
    """`24-26 December`, `24 and 25 December 2026`, `December 24-26`: spans and lists within one month."""
    place = cursor.at
    month_first = cursor.try_read(read_month) is not None
    spans = cursor.read_list(_read_span)
    is_several = len(spans) > 1 or any(first != last for first, last in spans)
    here = cursor.at
    year = ""
    if spans and is_several and month_first:
        month = cursor.tokens[place]
        cursor.eat(",")
        year = cursor.next() if re.fullmatch(r"20\d\d", cursor.peek()) else ""
    elif spans and is_several:
        cursor.eat("of")
        month = cursor.peek()
        month = month if cursor.try_read(read_month) is not None else ""
        here = cursor.at
        year = cursor.next() if re.fullmatch(r"20\d\d", cursor.peek()) else ""
    else:
        month = ""
    if not month:
        cursor.at = place
        return []
    if not year:
        cursor.at = here
    return [(_day(first, month, year, today), _day(last, month, year, today)) for first, last in spans]


def _read_span(cursor: Cursor) -> tuple[int, int] | None:
    first = cursor.try_read(_read_number)
    if first is None:
        return None
    place = cursor.at
    last = cursor.try_read(_read_number) if cursor.eat(*TO) else None
    if last is None or last < first:
        cursor.at, last = place, first
    return first, last


def _read_number(cursor: Cursor) -> int | None:
    number = cursor.try_read(read_ordinal) or cursor.try_read(read_number)
    return number if number and 1 <= number <= 31 and ":" not in cursor.peek() else None


def _day(day: int, month: str, year: str, today: date) -> date:
    found = read_plain_day(Cursor(f"{day} {month} {year}"), today)
    assert found is not None, (day, month, year)
    return found
