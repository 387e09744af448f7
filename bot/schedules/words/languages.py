"""Which grammar reads a phrase: English, Chinese or Japanese, told by its writing; the others are loaded when met.

Kana is Japanese. Han characters alone are in the language of the person, and where that one cannot read them, or the
person has another language, Chinese is tried and then Japanese.
"""

import re
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from bot.errors import Refusal
from bot.schedules.bounds import Bounds
from bot.schedules.kind import Book
from bot.schedules.words import moment, recurring, union
from bot.schedules.words.cursor import Stuck
from bot.schedules.words.moment import Moment
from bot.schedules.words.wish import Wish

if TYPE_CHECKING:
    from bot.schedules.words.han.clausewords import Clauses

T = TypeVar("T")
HAN = re.compile(r"[\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
# Kana, and a character that only Japanese writes; `・` stands between its words, too.
JAPANESE = re.compile(r"[\u3041-\u309f\u30a1-\u30ff\uff66-\uff9f毎]")
JOINTS = re.compile(r"\s*(?:[,，;；、。]\s*(?:以及|还有|和|及)?|以及|还有|和|および|及び|と)\s*")
MOST_JOINTS = 8
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 -- a local time


def warm() -> None:
    """Loads both grammars, so that the first person need not wait for them."""
    for code in ("zh", "ja"):
        _wish_readers(code)
        _moment_reader(code, EPOCH)
        _clauses(code)


def is_han(phrase: str) -> bool:
    """Whether a phrase is in Chinese or Japanese."""
    return not phrase.isascii() and bool(HAN.search(phrase) or JAPANESE.search(phrase))


def languages_of(phrase: str, lang: str) -> tuple[str, ...]:
    """The languages in which to try a phrase of `is_han`, in this order."""
    if JAPANESE.search(phrase):
        return ("ja",)
    first = lang[:2].lower()
    return ("ja", "zh") if first == "ja" else ("zh", "ja")


def read_wish(phrase: str, lang: str = "en") -> Wish | Stuck:
    """What comes again, in whichever language. Raises Refusal for what is understood and cannot be."""
    if phrase.isascii() or not is_han(phrase):
        return recurring.read_wish(phrase)
    return _first(phrase, lang, _wish_readers)


def read_wishes(phrase: str, lang: str = "en") -> tuple[Wish, ...] | Stuck:
    """The rhythms of a phrase: one, or several whole ones that are joined. Raises Refusal."""
    if phrase.isascii() or not is_han(phrase):
        return union.read_wishes(phrase)
    found = read_wish(phrase, lang)
    if isinstance(found, Wish):
        return (found,)
    return _split(phrase, lang) or found


def read_moment(phrase: str, now: datetime, lang: str = "en") -> Moment | Stuck:
    """One instant, in whichever language; `now` is the naive local time of the person. Raises Refusal."""
    if phrase.isascii() or not is_han(phrase):
        return moment.read_moment(phrase, now)
    return _first(phrase, lang, lambda code: _moment_reader(code, now))


def peel_zone_said(phrase: str) -> tuple[str, str] | None:
    """(the phrase without the zone that it names in Chinese or Japanese, the zone); None where it names none."""
    from bot.schedules.words.han.place import peel_zone

    return peel_zone(phrase) if is_han(phrase) else None


def peel_bounds_cjk(phrase: str, zone: str, now: datetime, lang: str, book: Book | None) -> tuple[str, Bounds] | None:
    """(the phrase without its window, number of times and calendars; those). None for a phrase in another writing or
    without any. `now` is aware. Raises Refusal for clauses that cannot be."""
    if phrase.isascii() or not is_han(phrase):
        return None
    from bot.schedules.words.han.clauses import peel_clauses

    for code in languages_of(phrase, lang):
        if (found := peel_clauses(phrase, zone, now, _clauses(code), book)) is not None:
            return found
    return None


def _first(phrase: str, lang: str, reader_of: Callable[[str], Callable[[str], T | Stuck]]) -> T | Stuck:
    """What the first language that can read the phrase makes of it; else the refusal or the furthest end."""
    furthest: Stuck | None = None
    refused: Refusal | None = None
    for code in languages_of(phrase, lang):
        try:
            found = reader_of(code)(phrase)
        except Refusal as refusal:
            if lang[:2].lower() == code:
                raise
            refused = refused or refusal
            continue
        if not isinstance(found, Stuck):
            return found
        if furthest is None or found.at > furthest.at:
            furthest = found
    if refused:
        raise refused
    return furthest or Stuck(0, phrase)


def _wish_readers(code: str) -> Callable[[str], Wish | Stuck]:
    if code == "ja":
        from bot.schedules.words.japanese.recurring import read_wish
    else:
        from bot.schedules.words.chinese.recurring import read_wish
    return read_wish


def _moment_reader(code: str, now: datetime) -> Callable[[str], Moment | Stuck]:
    if code == "ja":
        from bot.schedules.words.japanese.moment import read_moment
    else:
        from bot.schedules.words.chinese.moment import read_moment
    return lambda phrase: read_moment(phrase, now)


def _clauses(code: str) -> "Clauses":
    if code == "ja":
        from bot.schedules.words.japanese.clauses import CLAUSES
    else:
        from bot.schedules.words.chinese.clauses import CLAUSES
    return CLAUSES


def _split(phrase: str, lang: str) -> tuple[Wish, ...]:
    """`每周一9点,每周五16点`: whole rhythms, each as long as can be; empty where there is no such way."""
    joints = [joint for joint in JOINTS.finditer(phrase) if joint.start() and joint.end() < len(phrase)]
    if not 1 <= len(joints) <= MOST_JOINTS:
        return ()
    ends = [(len(phrase), len(phrase)), *reversed([(joint.start(), joint.end()) for joint in joints])]
    wishes: list[Wish] = []
    start = 0
    while start < len(phrase):
        for end, following in ends:
            wish = _read_whole(phrase[start:end], lang) if end > start else None
            if wish is not None:
                wishes.append(wish)
                start = following
                break
        else:
            return ()
    return tuple(wishes)


def _read_whole(clause: str, lang: str) -> Wish | None:
    """Days and times; a cycle has an anchor of its own, so that it stands alone."""
    try:
        wish = read_wish(clause, lang)
    except Refusal:
        return None
    return wish if isinstance(wish, Wish) and wish.dates and wish.times and not wish.cycle else None
