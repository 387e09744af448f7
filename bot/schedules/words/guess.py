"""What somebody may have meant by words that could not be read: nearby spellings, or the reason."""

import difflib
import re
from collections.abc import Iterator
from functools import cache

from bot.errors import Refusal
from bot.schedules.words.vocabulary import MONTHS, NUMBERS, ORDINALS, OTHER_WORDS, SECONDS, WEEKDAYS, WORKDAY_WORDS
from bot.schedules.zones import find_zone

WORD = re.compile(r"[^\W\d_]{3,}")
NEAR = 0.75  # `wekday` and `mnday` are near, `banana` and `blursday` are not near enough to be guessed at 0.8
RESTRICTS = re.compile(
    r"\d|\b(?:except|exclud\w*|but|not|no|skip\w*|unless|only|until|till|from|within|without|besides|other|catch"
    r"|overlap|data|if|when|in|on)\b"
)
MOST_WRONG = 3
MOST_LEFT_OUT = 4  # more than this is not the same wish any more
MARKS = re.compile(r"[^\w\s:,/&@+-]|[-_.](?=[^\W\d])")
BEGINNING = re.compile(r"(?:every|each|daily|weekly|monthly|weekdays|mondays)$")
EVERY = re.compile(r"\b(?:every|each|daily|weekly|monthly|yearly|in|tomorrow|today|next|last|on)\b")
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
    (r"\bleap year", "Name the day and the time: “every year on the 29th of February at 9:00”."),
    (r"\b(now|asap|immediately|right away|at once)$", "To run it at once, run it by hand; a schedule says when."),
    (r"\bevery .+\band every \d+ (?:s|m|h)", "These are two kinds of schedule: part them by “;”."),
    (r"\band every (?:other|second|\d+)\b", "These are two rhythms: part them by “;”."),
    (r"\b(penultimate|second to last|last but one)\b", "I can count back days from the end, but not weekdays."),
    (r"\b(christmas|easter|new year|thanksgiving)\b", "Name the date: “every year on the 25th of December at 9:00”."),
)


@cache
def _vocabulary() -> tuple[str, ...]:
    workdays = {word for phrase in WORKDAY_WORDS for word in phrase.split()}
    words = {*WEEKDAYS, *MONTHS, *NUMBERS, *ORDINALS, *SECONDS, *OTHER_WORDS, *workdays}
    return tuple(sorted(word for word in words if len(word) > 2))


def correct_spelling(phrase: str) -> Iterator[str]:
    """Texts that may have been meant, best first: near spellings, what can be read of it, what repeats in full."""
    yield from _respell(phrase)
    text = " ".join(phrase.lower().split())
    if (plain := " ".join(MARKS.sub(" ", text).split())) != text:
        yield plain
    if not EVERY.search(text):
        yield f"every {text}"
    words = text.split()
    for count in range(1, min(MOST_LEFT_OUT, len(words) - 1) + 1):
        if not _bounds_or_zone(words[-count:]):
            yield " ".join(words[:-count])
        if BEGINNING.match(words[count]) and not _bounds_or_zone(words[:count]):
            yield " ".join(words[count:])


def _bounds_or_zone(left_out: list[str]) -> bool:
    """Whether words that could not be read may have bounded the times or named a zone: without them it would be
    another wish."""
    text = " ".join(left_out)
    if RESTRICTS.search(text):
        return True
    try:
        return any(find_zone(word) for word in (*left_out, text))
    except Refusal:
        return True


def _respell(phrase: str) -> Iterator[str]:
    """The phrase with its unknown words replaced by near ones. None where a word is near nothing."""
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
