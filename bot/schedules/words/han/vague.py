"""Refuses words that people use for no time at all, or for one that is not exact."""

import re
from collections.abc import Sequence

from bot.errors import Refusal
from bot.schedules.words.han.scan import Scan
from bot.schedules.words.han.tongue import Tongue

MESSAGES = {
    "vague": "“{word}” names no time.",
    "exact": "“{word}” is not exact.",
    "either": "Two times are given with “{word}”, and I cannot choose.",
    "past": "“{word}” lies in the past.",
}
HINTS = {
    "vague": "For example “every day at 9:00”, or “tomorrow at 9:00”.",
    "exact": "Write the exact time.",
    "either": "Write only one of them, or both with “and”.",
    "past": "Name a time that is still to come.",
}


def refuse_vague(scan: Scan, words: Sequence[tuple[re.Pattern[str], str]], tongue: Tongue) -> None:
    """Raises Refusal where such a word stands here."""
    for pattern, key in words:
        if match := scan.take(pattern):
            raise Refusal(
                MESSAGES[key].format(word=match[0]),
                f"{tongue.hints[key]} ({HINTS[key]})",
                code="past" if key == "past" else "ambiguous",
                choices=("every day at 9:00", "tomorrow at 9:00") if key == "vague" else (),
            )
