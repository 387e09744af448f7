"""A phrase without spaces between its words as a row of characters with a place in it."""

import re
import unicodedata
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
# `9 点`, `每 5 分钟`: between Latin figures and other writing a space says nothing.
IDLE_SPACE = re.compile(r"(?<=[^\x00-\x7f]) +(?=[\x00-\x7f])|(?<=[\x00-\x7f]) +(?=[^\x00-\x7f])")


def straighten(phrase: str) -> str:
    """Half-width figures and signs, lower case, single spaces, and those only where they part words."""
    plain = unicodedata.normalize("NFKC", phrase).lower()
    return IDLE_SPACE.sub("", " ".join(plain.split()))


class Scan:
    """Readers take what stands at `at`, and step back where they fail."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    @property
    def is_at_end(self) -> bool:
        self._skip_spaces()
        return self.at >= len(self.text)

    def rest_from(self, place: int) -> str:
        return self.text[place:].strip(" ,、;")

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Steps over the pattern if it stands here."""
        self._skip_spaces()
        match = pattern.match(self.text, self.at)
        if match:
            self.at = match.end()
        return match

    def sees(self, pattern: re.Pattern[str]) -> bool:
        return bool(pattern.match(self.text, self.at))

    def try_read(self, reader: Callable[["Scan"], T | None]) -> T | None:
        """What the reader gives; where it gives None, the place is as before."""
        place = self.at
        found = reader(self)
        if found is None:
            self.at = place
        return found

    def read_list(self, reader: Callable[["Scan"], T | None], joint: re.Pattern[str]) -> list[T]:
        """One or more of a kind, with `joint` between them."""
        found: list[T] = []
        while True:
            place = self.at
            if found and not self.take(joint):
                return found
            item = self.try_read(reader)
            if item is None:
                self.at = place
                return found
            found.append(item)

    def _skip_spaces(self) -> None:
        while self.text.startswith(" ", self.at):
            self.at += 1
