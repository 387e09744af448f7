"""What somebody may have meant by words that could not be read: nearby spellings, or the reason."""

import difflib
import re
from collections.abc import Iterator
from functools import cache

from bot.schedules.words.vocabulary import MONTHS, NUMBERS, ORDINALS, OTHER_WORDS, SECONDS, WEEKDAYS, WORKDAY_WORDS

WORD = re.compile(r"[^\W\d_]{3,}")
NEAR = 0.75  # `wekday` and `mnday` are near, `banana` and `blursday` are not near enough to be guessed at 0.8
MOST_WRONG = 3
REASONS = (
    (r"\b(finish\w*|succeeds|fails|deploy\w*|commit\w*)\b", "That is an event and no time."),
    (r"\b(sometimes|regularly|often|now and then|occasionally|frequently|soon)\b", "How often, and at what time?"),
    (r"\b(around|about|roughly|approximately|ish)\b", "Times must be exact: write “at 9:00”."),
    (r"\bfew\b", "Write a number instead of “few”."),
    (r"-\s?\d+\s*(?:s|m|h|sec|min|hour|day)", "An interval must be positive."),
    (
        r"\d\.\d+\s*(?:s|m|h|sec|min|hour|day)",
        "An interval must be a whole number of seconds, minutes, hours or days.",
    ),
    (r"\bevery \d+$", "Write the unit: minutes, hours or days."),
    (
        r"\b(biweekly|fortnightly|every (?:other|second|third|two|three|four|\d+\w*) (?:days?|weeks?|months?))\b",
        "I can count seconds, minutes, hours and days, and name days of the week or month, "
        "but not every other day, week or month at a time of day.",
    ),
    (r"\b(except|but|skip\w*|holidays?|trading)\b", "Exceptions and holidays do not belong in the schedule's text."),
    (r"\b(starting|until|till|from now)\b", "A start or an end does not belong in the schedule's text."),
)


@cache
def _vocabulary() -> tuple[str, ...]:
    workdays = {word for phrase in WORKDAY_WORDS for word in phrase.split()}
    words = {*WEEKDAYS, *MONTHS, *NUMBERS, *ORDINALS, *SECONDS, *OTHER_WORDS, *workdays}
    return tuple(sorted(word for word in words if len(word) > 2))


def correct_spelling(phrase: str) -> Iterator[str]:
    """The phrase with its unknown words replaced by near ones, best first. None where a word is near nothing."""
    known = _vocabulary()
    wrong = [
        word for word in WORD.findall(phrase.lower()) if word not in known and word.removesuffix("s") not in known
    ]
    if not 0 < len(wrong) <= MOST_WRONG:
        return
    near = {word: difflib.get_close_matches(word, known, n=2, cutoff=NEAR) for word in wrong}
    corrected = phrase.lower()
    for word, found in near.items():
        if not found:
            return
        corrected = re.sub(rf"\b{re.escape(word)}\b", found[0], corrected)
    yield corrected
    if len(wrong) == 1:
        yield from (phrase.lower().replace(wrong[0], other) for other in near[wrong[0]][1:])


def find_reason(phrase: str) -> str:
    """Why such a phrase cannot be read, where that is known; else an empty text."""
    text = " ".join(phrase.lower().split())
    return next((reason for pattern, reason in REASONS if re.search(pattern, text)), "")


def show_examples() -> str:
    examples = ("“every weekday at 9:00”", "“every 15 minutes”", "“tomorrow at 14:00”", "`0 9 * * 1-5`")
    return f"Write it as in {', '.join(examples)}."
