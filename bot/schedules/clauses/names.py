"""The calendar that is named in a text: in quotes, or in as many words as make a name that the book knows."""

import re

from bot.errors import Refusal
from bot.schedules.books import known_book
from bot.schedules.clauses.dates import step_over
from bot.schedules.kind import Book
from bot.schedules.words.cursor import Cursor

QUOTED = re.compile(r"[\"“”„]([^\"“”„]{1,80})[\"“”]|['‘’]([^'‘’]{1,80})['‘’]")
WORDS = re.compile(r"[^\s,;()\"“”]+(?:\s+[^\s,;()\"“”]+){0,5}")
BUILT_IN = ("US holidays", "workdays in CN", "NYSE trading days")
GENERAL = re.compile(r"(?:public |bank )?holidays?", re.IGNORECASE)
NEEDS_COUNTRY = re.compile(
    r"(?:(?:public |bank )?holidays?|trading days?|work(?:ing )?days?|business days?)\b", re.IGNORECASE
)
SHOWN = 60


def find_calendar(words: str, zone: str, book: Book | None) -> str | None:
    """As `Book.find`."""
    return known_book(book).find(words, zone)


def read_calendar(cursor: Cursor, zone: str, book: Book | None) -> tuple[str, str] | None:
    """(canonical name, the words that named it); the longest name that stands here. Raises Refusal for a name in
    quotes that nobody knows."""
    rest = cursor.rest()
    if quoted := QUOTED.match(rest):
        words = quoted[1] or quoted[2]
        found = find_calendar(words, zone, book)
        if found is None:
            if quoted[0] == cursor.phrase.strip():  # a whole schedule in quotes
                return None
            raise refuse_unknown(words, zone, book)
        step_over(cursor, len(quoted[0]))
        return found, words
    match = WORDS.match(rest)
    names = match[0].split() if match else []
    for count in range(len(names), 0, -1):
        words = re.match(r"\s+".join(map(re.escape, names[:count])), rest)
        found = find_calendar(words[0].rstrip(".,:"), zone, book) if words else None
        if found is not None and words:
            step_over(cursor, len(words[0]))
            return found, words[0]
    return None


def refuse_unknown(words: str, zone: str, book: Book | None) -> Refusal:
    """Names the team's own calendars where the book tells them, and how the built-in ones are called."""
    shown = " ".join(words.split())[:SHOWN]
    if general := NEEDS_COUNTRY.match(shown):
        return Refusal(
            f"Whose {general[0]}? The zone {zone} tells no country that I know them for.",
            "Name the country: “US holidays”, “workdays in CN”, “NYSE trading days”.",
            code="unknown_calendar",
        )
    own = tuple(getattr(book, "names", lambda: ())())
    known = ", ".join(f"“{name}”" for name in (*own, *BUILT_IN))
    return Refusal(
        f"I know no day, time or calendar “{shown}”.",
        f"The calendars are named as in {known}; a day is written 2026-12-24.",
        code="unknown_calendar",
    )
