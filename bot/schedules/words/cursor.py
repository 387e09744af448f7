"""A phrase as a row of tokens with a place in it. Readers try, and step back where they fail."""

import re
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
TOKEN = re.compile(
    r"\d{4}-\d{1,2}-\d{1,2}"  # 2026-12-01
    r"|\d{1,2}:\d{2}(?::\d{2})?(?![\d:])"  # 9:30, 9:15:30
    r"|\d{1,2}h\d{2}\b"  # 9h30
    r"|:\d{2}\b"  # :05
    r"|\d+(?:st|nd|rd|th)\b"
    r"|\d+(?:[./]\d+)*"  # 15, 9.30, 3/15/2026
    r"|[^\W\d_]+(?:_[^\W\d_]+)*(?:['’][^\W\d_]+)?"
    r"|[^\s]",
    re.IGNORECASE,
)


class Stuck(Exception):
    """Reading ended at `at` tokens; `rest` is the part of the phrase that was not understood."""

    def __init__(self, at: int, rest: str) -> None:
        super().__init__(rest)
        self.at = at
        self.rest = rest


class Cursor:
    """Tokens are lower case; `rest()` gives the phrase back as it was typed."""

    def __init__(self, phrase: str) -> None:
        self.phrase = re.sub(r"\b([ap])\.m\.?(?!\w)", r"\1m ", phrase, flags=re.IGNORECASE)
        matches = list(TOKEN.finditer(self.phrase))
        self.tokens = [match[0].lower() for match in matches]
        self.starts = [match.start() for match in matches]
        self.at = 0

    def peek(self, ahead: int = 0) -> str:
        place = self.at + ahead
        return self.tokens[place] if place < len(self.tokens) else ""

    def next(self) -> str:
        token = self.peek()
        self.at += 1
        return token

    @property
    def is_at_end(self) -> bool:
        return self.at >= len(self.tokens)

    def rest(self) -> str:
        return self.rest_from(self.at)

    def rest_from(self, place: int) -> str:
        return self.phrase[self.starts[place] :].strip() if place < len(self.starts) else ""

    def eat(self, *phrases: str) -> str:
        """Steps over the first of these phrases that stands here and gives it; else an empty text."""
        for phrase in phrases:
            words = phrase.split()
            if self.tokens[self.at : self.at + len(words)] == words:
                self.at += len(words)
                return phrase
        return ""

    def try_read(self, reader: Callable[["Cursor"], T | None]) -> T | None:
        """What the reader gives; where it gives None, the place is as before."""
        place = self.at
        found = reader(self)
        if found is None:
            self.at = place
        return found

    def read_list(self, reader: Callable[["Cursor"], T | None]) -> list[T]:
        """One or more of a kind, joined by commas, `and`, `&`, `/`."""
        found: list[T] = []
        while True:
            place = self.at
            if found and not self.eat(", and", ",", "and", "&", "/"):
                return found
            item = self.try_read(reader)
            if item is None:
                self.at = place
                return found
            found.append(item)

    def read_more(self, reader: Callable[["Cursor"], T | None]) -> list[T]:
        """What goes on a list that was begun: `, B and C`, or nothing."""
        place = self.at
        if not self.eat(", and", ",", "and", "&", "/"):
            return []
        found = self.read_list(reader)
        if not found:
            self.at = place
        return found
