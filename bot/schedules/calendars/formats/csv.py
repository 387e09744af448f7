"""Days as CSV: one day a row, in whichever column the days stand, with or without a heading."""

import csv
from datetime import date

from bot.schedules.calendars.days import Days, collect_days, read_day, refuse, shown

DELIMITERS = ",;\t"
HINT = "Write one day a line, as 2026-01-05."


def read(text: str, year: int | None) -> Days:
    """Raises Refusal naming the line and the value. Empty lines and those that begin with # are passed over."""
    days: list[date] = []
    rows = csv.reader(text.splitlines(), delimiter=_delimiter(text))
    column: int | None = None
    is_first = True
    try:
        for row in rows:
            cells = [cell.strip() for cell in row]
            if not any(cells) or cells[0].startswith("#"):
                continue
            dated = [index for index, cell in enumerate(cells) if read_day(cell) is not None]
            if is_first and not dated and not any(_looks_dated(cell) for cell in cells):
                is_first = False  # a heading
                continue
            is_first = False
            if len(dated) > 1:
                raise refuse(f"Line {rows.line_num} has two days: “{shown(_text_of(cells))}”.", HINT)
            column = dated[0] if column is None and dated else column
            days.append(_day_in(cells, column, rows.line_num, year))
    except csv.Error as error:
        raise refuse(f"Line {rows.line_num} is no CSV: {error}.", HINT) from None
    return collect_days(days, [year] if year is not None and days else [])


def _text_of(cells: list[str]) -> str:
    return ", ".join(cell for cell in cells if cell)


def _day_in(cells: list[str], column: int | None, line: int, year: int | None) -> date:
    cell = cells[column] if column is not None and column < len(cells) else _text_of(cells)
    day = read_day(cell)
    if day is None:
        raise refuse(f"Line {line}, “{shown(cell)}”, is no day.", HINT)
    if year is not None and day.year != year:
        raise refuse(f"Line {line}, “{shown(cell)}”, is not in {year}.", "Leave out the year, or that line.")
    return day


def _looks_dated(cell: str) -> bool:
    """A first row with figures is a day that was written wrongly, and no heading."""
    return any(char.isdigit() for char in cell)


def _delimiter(text: str) -> str:
    head = text.splitlines()[:5]
    return max(DELIMITERS, key=lambda one: sum(line.count(one) for line in head))
