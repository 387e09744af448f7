"""The days that a calendar supplies, and what becomes of a slot on a day that does not count."""

import re

from bot.schedules.clauses.draft import Draft
from bot.schedules.clauses.names import GENERAL, read_calendar, refuse_unknown
from bot.schedules.words.cursor import Cursor
from bot.schedules.words.vocabulary import WORKDAY_WORDS
from storage.records import CalendarRule

WHEN = ("if it is a", "if it's a", "if it is", "if on a", "if", "when it is a", "on a", "on")
MOVES = ("run it on", "run on", "run", "move it to", "move to", "moved to", "roll to", "shift to", "use", "go to")
NEXT, PREVIOUS = ("next", "following"), ("previous", "prior", "preceding", "last")
DAYS = ("working day", "business day", "work day", "workday", "trading day", "day")
ONLY = ("only on the", "only on", "only during", "only")
# What may stand behind `only on` as a part of the rhythm.
DAY_WORD = re.compile(r"(?:the\s+)?(?:\d|first|last|week|(?:sun|mon|tue|wed|thu|fri|sat)\w*\b)", re.IGNORECASE)
BARE = frozenset(WORKDAY_WORDS)


def read_roll(cursor: Cursor, draft: Draft) -> bool:
    """`on holidays run the next working day`, `on holiday previous`, `if it is a US holiday, skip`."""
    place = cursor.at
    if cursor.eat(*WHEN):
        named = read_calendar(cursor, draft.zone, draft.book)
        if named:
            cursor.eat(",", ":")
            roll = _read_direction(cursor)
            if roll:
                draft.roll(named[0], roll, is_general=GENERAL.fullmatch(named[1]) is not None)
                return True
    cursor.at = place
    return False


def read_rolling(cursor: Cursor) -> str:
    """`rolling next` behind the name of a calendar; `skip` where nothing is said."""
    for roll in ("next", "previous", "skip"):
        if cursor.eat(f"rolling {roll}", f"roll {roll}", f"rolling to {roll}"):
            return roll
    return "skip"


def read_only(cursor: Cursor, draft: Draft) -> bool:
    """`only on workdays in CN`, `every NYSE trading day`, `on chinese working days`: the calendar tells the days.

    Plain working days are Monday to Friday, unless `only` stands before them."""
    place = cursor.at
    only = bool(cursor.eat(*ONLY))
    if not only and not cursor.eat("on", "every", "each", "during") and place:
        return False
    start = cursor.at
    named = read_calendar(cursor, draft.zone, draft.book)
    if named and (only or " ".join(named[1].lower().split()) not in BARE):
        draft.add_calendar(CalendarRule(calendar=named[0], only=True, roll=read_rolling(cursor)))
        draft.names_days = True
        return True
    cursor.at = place
    if only and cursor.tokens[start - 1] != "only" and not DAY_WORD.match(cursor.rest_from(start)):
        raise refuse_unknown(cursor.rest_from(start), draft.zone, draft.book)
    return False


def _read_direction(cursor: Cursor) -> str:
    cursor.eat(*MOVES)
    cursor.eat("the")
    if cursor.eat("skip", "do not run", "don't run", "don’t run", "not"):
        cursor.eat("it", "the run")
        return "skip"
    for roll, words, behind in (("next", NEXT, "after"), ("previous", PREVIOUS, "before")):
        if cursor.eat(*words):
            cursor.eat(*DAYS)
            cursor.eat("instead")
            return roll
        if cursor.eat(*(f"{day} {behind}" for day in DAYS)):
            cursor.eat("instead")
            return roll
    return ""
