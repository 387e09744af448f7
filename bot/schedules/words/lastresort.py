"""dateparser as the last resort for one instant in words that the own grammar does not know, behind guards.

The library guesses: it takes the time of day from now where it could not read one, the day from today where only a
month is named, skips words, and reads any figures as dates. So every word and every number must have a known part to
play before it is asked, and what it answers must lie ahead, within five years, and not at now's own time of day.
"""

import re
from datetime import datetime, timedelta

from bot.schedules.words.vocabulary import MONTHS, NUMBERS, SECONDS

FURTHEST = timedelta(days=5 * 366)
COUNT = rf"(?:\d{{1,3}}|an?|{'|'.join(NUMBERS)})"
UNIT_NAMES = {unit for unit in SECONDS if len(unit) > 1} | {"month", "months", "year", "years"}
UNITS = "|".join(sorted(UNIT_NAMES, key=len, reverse=True))
MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
DAY = r"\d{1,2}(?:st|nd|rd|th)?"
CLOCK = re.compile(r"\b(?:\d{1,2}:\d{2}(?::\d{2})?(?:\s*[ap]m)?|\d{1,2}\s*[ap]m)\b")
DATE = re.compile(rf"\b(?:{DAY}(?: of)? (?:{MONTH})|(?:{MONTH}) {DAY})\b(?:,? 20\d\d\b)?")
STEP = re.compile(rf"\b{COUNT}\s+(?:{UNITS})\b")
LINKS = {"in", "at", "on", "and", "from", "now", "the"}
SETTINGS = {"TIMEZONE": "UTC", "RETURN_AS_TIMEZONE_AWARE": False, "PREFER_DATES_FROM": "future"}


def guess_moment(phrase: str, now: datetime, language: str = "en") -> datetime | None:
    """The naive local time, or None; `now` is the naive local time of the person."""
    text = " ".join(phrase.lower().split())
    if not text.isascii() or not _is_accounted_for(text):
        return None
    import dateparser  # takes a fifth of a second, and most processes never come here

    found = dateparser.parse(text, languages=[language], settings={**SETTINGS, "RELATIVE_BASE": now})
    if found is None or found.tzinfo is not None or not now < found < now + FURTHEST:
        return None
    return None if found.time().replace(microsecond=0) == now.time().replace(microsecond=0) else found


def _is_accounted_for(text: str) -> bool:
    """One time of day, one date or a sum of steps from now, and nothing besides but words that join them."""
    rest, clocks = CLOCK.subn(" ", text)
    rest, dates = DATE.subn(" ", rest)
    rest, steps = STEP.subn(" ", rest)
    from_now = re.match(r"in\b", text) or "from now" in text
    known = all(word in LINKS for word in re.split(r"[\s,]+", rest) if word)
    return known and clocks == 1 and (dates == 1) != bool(steps) and bool(steps) == bool(from_now)
