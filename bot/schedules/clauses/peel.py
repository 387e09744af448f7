"""Takes the clauses out of a text, wherever they stand, and leaves the rhythm."""

import re
from datetime import datetime

from bot.schedules.books import known_book
from bot.schedules.bounds import UNBOUND, Bounds
from bot.schedules.clauses.draft import Draft
from bot.schedules.clauses.leftout import read_left_out
from bot.schedules.clauses.rolls import read_only, read_roll
from bot.schedules.clauses.window import read_count, read_jitter, read_length, read_window
from bot.schedules.kind import Book
from bot.schedules.words.cursor import Cursor
from bot.schedules.words.place import peel_zone

# No clause stands in a text that has none of these.
MARKS = re.compile(
    r"\b(?:from|between|start\w*|begin\w*|effective|as of|until|til|till|thr(?:ough|u)|up to|end(?:s|ing)|no later"
    r"|times?|runs|occurrences|for|except|exclu\w*|excl|but|skip\w*|not|without|apart|other than|unless|if|when|only"
    r"|jitter|spread|holidays?|trading|workdays?|working|business|(?:holiday|workday|trading):\w+|[\w]+-days?)\b|[\"“'‘]",
    re.IGNORECASE,
)
QUOTED = re.compile(r"[\"“][^\"“”]*[\"”]")  # a calendar may be named in another writing
READERS = (read_window, read_count, read_length, read_jitter, read_left_out, read_roll, read_only)
JOINTS = (", and", ", but", ",", "and", "but", "(", ")")
# A rest that tells times of day only: the calendar supplies the days.
ONLY_TIMES = re.compile(
    r"(?:\s*(?:at|and|,|&|\d{1,2}(?:[:h.]\d\d(?::\d\d)?)?\s*(?:[ap]\.?m\.?)?|noon|midday|midnight|o['’]?clock|sharp"
    r"|in the (?:morning|afternoon|evening)|at night)(?=[\s,]|$))+\s*",
    re.IGNORECASE,
)
EVERY_DAY = "every day"


def peel_bounds(phrase: str, zone: str, now: datetime, lang: str, book: Book | None) -> tuple[str, Bounds]:
    """(the phrase without its clauses, what they say). Raises Refusal for a clause that is understood and wrong."""
    if not QUOTED.sub("", phrase).isascii() and (found := _peel_other(phrase, zone, now, lang, book)):
        return found
    if not MARKS.search(phrase) and book is None:
        return phrase, UNBOUND
    cursor, draft = Cursor(phrase), Draft(zone, now, book)
    rest = _cut(cursor, draft)
    bounds = draft.settle()
    if bounds == UNBOUND:
        return phrase, UNBOUND
    if draft.names_days and rest and ONLY_TIMES.fullmatch(peel_zone(rest)[0]):
        rest = f"{EVERY_DAY} {rest}".strip()
    return rest, bounds


def _peel_other(phrase: str, zone: str, now: datetime, lang: str, book: Book | None) -> tuple[str, Bounds] | None:
    """The same for Chinese and Japanese; None for a text in neither."""
    from bot.schedules.words.languages import peel_bounds_cjk  # English is read without them

    return peel_bounds_cjk(phrase, zone, now, lang, known_book(book))


def _cut(cursor: Cursor, draft: Draft) -> str:
    """Reads clause after clause and gives the text that stands between them."""
    kept = []
    start = 0
    while not cursor.is_at_end:
        place = cursor.at
        if _read_clause(cursor, draft):
            kept.append(cursor.phrase[start : cursor.starts[place]])
            start = (*cursor.starts, len(cursor.phrase))[cursor.at]
        else:
            cursor.at = place + 1
            draft.leads = draft.leads and cursor.tokens[place] in JOINTS
    kept.append(cursor.phrase[start:])
    return _tidy(" ".join(kept))


def _read_clause(cursor: Cursor, draft: Draft) -> bool:
    place = cursor.at
    if any(reader(cursor, draft) for reader in READERS):
        return True
    if cursor.eat(*JOINTS) and any(reader(cursor, draft) for reader in READERS):
        cursor.eat(")")
        return True
    cursor.at = place
    return False


def _tidy(text: str) -> str:
    text = re.sub(r"\s+", " ", text).strip()
    return re.sub(r"(?:\s*,)+(?=\s*(?:,|$))|^(?:\s*,)+\s*", "", text).strip()
