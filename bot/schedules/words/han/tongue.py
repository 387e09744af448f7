"""What a language tells the shared readers: its parts of the day, its signs, its short hints."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the day: which hour an hour that is said in it means. 24 and more are hours of the night that
    follows, after midnight. `name` is the English one."""

    name: str
    hours: Mapping[int, int]


@dataclass(frozen=True)
class Tongue:
    """`joint` stands between the items of a list, `until` in the middle of a span, `behind` ends it. `named` are
    times that are words. `hints` are short sentences in the language, by the key of what went wrong."""

    code: str
    parts: Mapping[str, Part]
    named: Mapping[str, int]
    hour: str
    joint: re.Pattern[str]
    until: re.Pattern[str]
    behind: re.Pattern[str]
    hints: Mapping[str, str]
    patterns: dict[str, re.Pattern[str]] = field(default_factory=dict)


def said_as(hours: range, shift: int = 0) -> dict[int, int]:
    return {hour: hour + shift for hour in hours}


def any_of(words: Mapping[str, object]) -> str:
    """A pattern for any of these words, the longest first."""
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))
