"""The days of a calendar that somebody hands in as text, in any of the formats that are known."""

from bot.schedules.calendars.days import Days, check_year, refuse
from bot.schedules.calendars.formats import csv, ics, json

MOST_BYTES = 1_000_000
FORMATS = {"json": json.read, "csv": csv.read, "ics": ics.read}


def read_calendar(text: str, kind: str = "auto", year: int | None = None) -> Days:
    """The days of `json`, `csv` or `ics`; `auto` looks at how the text begins. Raises Refusal.

    `year` is the year of months that name none, and otherwise the only year that is taken.
    """
    if len(text.encode("utf-8", "replace")) > MOST_BYTES:
        raise refuse(f"This is more than {MOST_BYTES // 1_000_000} MB.", "Leave out the years that have passed.")
    clean = text.removeprefix("\ufeff").strip()
    if "\0" in clean:
        raise refuse("This is no text.")
    if not clean:
        raise refuse("No days were given.")
    if year is not None:
        check_year(year, "The calendar")
    kind = _guess_kind(clean) if kind == "auto" else kind
    if kind not in FORMATS:
        raise refuse(f"I do not know the format “{kind}”.", "It is one of json, csv, ics.")
    return FORMATS[kind](clean, year)


def _guess_kind(text: str) -> str:
    if text[:1] in ("{", "["):
        return "json"
    return "ics" if text[:15].upper() == "BEGIN:VCALENDAR" else "csv"
