"""dateparser as the last resort for one instant in words that the own grammar does not know, behind guards.

The library guesses: it takes the time of day from now where it could not read one, skips words, and reads numbers
as dates. So every word must be known, numeric dates never come here, and a time of day that equals now's is refused.
"""

import re
from datetime import datetime, timedelta

from bot.schedules.words.vocabulary import MONTHS, NUMBERS, ORDINALS, SECONDS, WEEKDAYS

FURTHEST = timedelta(days=5 * 366)
LINKS = (
    "in",
    "at",
    "on",
    "of",
    "the",
    "and",
    "a",
    "an",
    "from",
    "now",
    "next",
    "this",
    "am",
    "pm",
    "today",
    "tomorrow",
)
KNOWN = {
    *MONTHS,
    *WEEKDAYS,
    *NUMBERS,
    *ORDINALS,
    *SECONDS,
    *LINKS,
    "month",
    "months",
    "year",
    "years",
    "st",
    "nd",
    "rd",
    "th",
}
CLOCK = re.compile(r"\d\s*(?::\s*\d\d|am\b|pm\b)")
SETTINGS = {
    "TIMEZONE": "UTC",
    "RETURN_AS_TIMEZONE_AWARE": False,
    "PREFER_DATES_FROM": "future",
    "STRICT_PARSING": False,
}


def guess_moment(phrase: str, now: datetime, language: str = "en") -> datetime | None:
    """The naive local time, or None; `now` is the naive local time of the person."""
    text = " ".join(phrase.lower().split())
    words = re.findall(r"[^\W\d_]+", text)
    strange = not words or any(word not in KNOWN for word in words) or re.search(r"[^\w\s:,.'-]", text)
    if strange or re.search(r"\d[-./]\d", text) or not CLOCK.search(text):
        return None
    import dateparser  # takes a fifth of a second, and most processes never come here

    found = dateparser.parse(text, languages=[language], settings={**SETTINGS, "RELATIVE_BASE": now})
    if found is None or found.tzinfo is not None or not now < found < now + FURTHEST:
        return None
    return None if found.time().replace(microsecond=0) == now.time().replace(microsecond=0) else found
