"""dateparser as the last resort for one instant in words that the own grammar does not know, behind guards.

The library guesses: it takes the time of day from now where it could not read one, the day from today where only a
month is named, and reads any figures as dates. So it is asked in one language only, about a date in words with one
exact time or about one distance from now, and its answer must give back every figure that was typed, lie ahead, and
lie within five years. It is never asked about long texts: its time grows with their length.
"""

import re
import time
from datetime import date, datetime, timedelta
from functools import lru_cache

FURTHEST = timedelta(days=5 * 366)
LONGEST, MOST_WORDS = 60, 10  # read in some milliseconds at most; real phrases are shorter
BUDGET_S = 0.2  # of the thread's own time; what came later than this is dropped
CLOCK = re.compile(r"(?<![\d:.,/-])([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?(?![\d:.,/-])(?!\s*[ap]\.?m)", re.ASCII)
HALF_DAY = re.compile(r"(?<![\d:.,/-])(1[0-2]|0?[1-9])(?::([0-5]\d))?\s?([ap])m\b", re.ASCII)
NUMBER = re.compile(r"\d+", re.ASCII)
FIGURES = re.compile(r"\d\s*[./\-:]\s*\d|\d{5}", re.ASCII)  # dates in figures have their own pattern elsewhere
WORDS = re.compile(r"[^\W\d_]{2,}")
# One step of each unit in seconds; a month or a year is checked by its date.
UNITS_S = (1, 60, 3600, 86_400, 604_800)
WEEK = timedelta(days=7)
MARKS = re.compile(r"[^\w\s]")
OWN_DISTANCES = frozenset({"en", "de", "fr", "es", "zh", "ja"})  # what the own grammars refuse was not meant so
WARM_NOW = datetime.fromisoformat("2029-01-01T00:00")
SETTINGS = {"TIMEZONE": "UTC", "RETURN_AS_TIMEZONE_AWARE": False, "PREFER_DATES_FROM": "future"}
# Words that are in no date: the library skips some of them, or reads them as one.
REFUSED = re.compile(r"\b(?:every|each|daily|weekly|monthly|yearly|or|ago|until|except|not|about|around)\b")


@lru_cache(maxsize=64)
def warm(lang: str) -> None:
    """Loads the library and a language: a fifth of a second once, so that no reading pays for it."""
    _ask("1 january 2030 09:00", lang, WARM_NOW)


def guess_moment(phrase: str, now: datetime, lang: str = "en") -> datetime | None:
    """The naive local time, or None; `now` is the naive local time of the person, `lang` their language (ISO 639)."""
    text = " ".join(phrase.lower().split())
    if len(text) > LONGEST or len(text.split()) > MOST_WORDS or not WORDS.search(text) or REFUSED.search(text):
        return None
    lang = lang[:2].lower()
    rest, clock = _take_clock(text)
    if not (_has_date(rest) if clock else _has_distance(rest, lang)):
        return None
    warm(lang)
    started = time.thread_time()
    found = _guess_date(rest, clock, now, lang) if clock else _guess_distance(rest, now, lang)
    if found is None or time.thread_time() - started > BUDGET_S:
        return None
    return found if now < found < now + FURTHEST else None


def _take_clock(text: str) -> tuple[str, tuple[int, int, int] | None]:
    """The text without its time of day, where it has exactly one."""
    exact, half = list(CLOCK.finditer(text)), list(HALF_DAY.finditer(text))
    if len(exact) + len(half) != 1:
        return text, None
    match = (exact or half)[0]
    rest = f"{text[: match.start()]} {text[match.end() :]}".strip()
    if exact:
        return rest, (int(match[1]), int(match[2]), int(match[3] or 0))
    return rest, (int(match[1]) % 12 + (12 if match[3] == "p" else 0), int(match[2] or 0), 0)


def _has_date(rest: str) -> bool:
    """A figure and a word, and no date in figures only."""
    return bool(NUMBER.search(rest) and WORDS.search(rest)) and not FIGURES.search(rest)


def _has_distance(text: str, lang: str) -> bool:
    """One number between words, in a language whose distances no grammar here reads."""
    numbers = NUMBER.findall(text)
    few = len(numbers) == 1 and 0 < int(numbers[0][:6]) < 1000
    return few and lang not in OWN_DISTANCES and len(WORDS.findall(text)) > 1 and not MARKS.search(text)


def _guess_date(rest: str, clock: tuple[int, int, int], now: datetime, lang: str) -> datetime | None:
    """The date of the words beside the time, if every figure of theirs is in it and now's own time has no part."""
    numbers = [int(number) for number in NUMBER.findall(rest)]
    dates = {_ask(f"{rest} {hour:02}:{minute:02}", lang, now) for hour, minute in (clock[:2], (3, 7), (21, 43))}
    days = {found.date() for found in dates if found is not None}
    if None in dates or len(days) != 1:
        return None
    day = days.pop()
    if not all(number in (day.day, day.year) for number in numbers) or day.day not in numbers:
        return None
    # A month alone takes the day from now; where the day is typed, another now gives the same date.
    other = _ask(f"{rest} 03:07", lang, now - timedelta(days=1))
    if other is None or other.date() != day or not _words_agree(rest, day, lang, now):
        return None
    return datetime.combine(day, datetime.min.time()).replace(hour=clock[0], minute=clock[1], second=clock[2])


def _words_agree(rest: str, day: date, lang: str, now: datetime) -> bool:
    """A weekday beside the date must be its own, and no word may count from today."""
    for word in WORDS.findall(rest):
        bases = (now, now + timedelta(days=40))
        near = [_ask(word, lang, base) for base in bases]
        if not all(found and abs(found - base) <= WEEK for found, base in zip(near, bases, strict=True)):
            continue
        weekdays = {found.weekday() for found in near if found}
        if weekdays != {day.weekday()}:
            return False
    return True


def _guess_distance(text: str, now: datetime, lang: str) -> datetime | None:
    """A preposition, one number and a unit, counted from now: the answer must be as many whole units away, and twice
    as many for twice the number."""
    count, base = int(NUMBER.findall(text)[0]), now.replace(microsecond=0)
    found = _ask(text, lang, base)
    twice = _ask(NUMBER.sub(str(2 * count), text), lang, base)
    if found is None or twice is None:
        return None
    away = (found - base).total_seconds()
    scales = (twice - base).total_seconds() == 2 * away
    return found if scales and any(away == count * unit for unit in UNITS_S) else None


def _ask(text: str, lang: str, now: datetime) -> datetime | None:
    import dateparser  # takes a fifth of a second, and most processes never come here

    if lang not in _languages():
        return None
    found = dateparser.parse(text, languages=[lang], settings={**SETTINGS, "RELATIVE_BASE": now})
    return None if found is None or found.tzinfo is not None else found


@lru_cache(maxsize=1)
def _languages() -> frozenset[str]:
    from dateparser.data.languages_info import language_order

    return frozenset(language_order)
