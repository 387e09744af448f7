"""Reads a text to a schedule: its clauses and its zone are peeled off, and the kinds read what is left."""

import re
from datetime import UTC, datetime

from bot.errors import Refusal
from bot.schedules.bounds import UNBOUND, Bounds
from bot.schedules.clauses.bind import bind
from bot.schedules.clauses.peel import peel_bounds
from bot.schedules.kind import Asked, Book, NoData, Unread
from bot.schedules.slots import kinds, next_slot
from bot.schedules.words.guess import correct_spelling, find_reason, show_examples
from bot.schedules.words.place import peel_zone
from bot.schedules.zones import zone_of
from storage.records import Schedule

LONGEST_TEXT = 500
MOST_SCHEDULES = 10
SHOWN = 80
BETWEEN = re.compile(r"[;；\n]")


def read_one(text: str, zone: str, now: datetime, lang: str, book: Book | None) -> Schedule:
    """As `bot.schedules.read`."""
    _check_length(text)
    phrase = " ".join(text.split())
    found = _try_read(phrase, zone, now, lang, book)
    if isinstance(found, Schedule):
        return found
    raise _refuse_unread(phrase, zone, now, lang, book, found)


def read_several(text: str, zone: str, now: datetime, lang: str, book: Book | None) -> tuple[Schedule, ...]:
    """As `bot.schedules.read_all`."""
    _check_length(text)
    parts = [part for part in BETWEEN.split(text) if part.strip()]
    if len(parts) < 2:
        return (read_one(text, zone, now, lang, book),)
    if len(parts) > MOST_SCHEDULES:
        raise Refusal(
            f"{len(parts)} schedules are too many for one job: at most {MOST_SCHEDULES}.",
            "Draw some of them together, or make two jobs.",
            code="unreadable",
        )
    return tuple(dict.fromkeys(read_one(part, zone, now, lang, book) for part in parts))


def _check_length(text: str) -> None:
    if not text.strip():
        raise Refusal("No schedule was given.", show_examples(), code="unreadable")
    if len(text) > LONGEST_TEXT:
        raise Refusal(
            f"A schedule of {len(text)} characters is too long.", f"At most {LONGEST_TEXT}.", code="unreadable"
        )


def _try_read(phrase: str, zone: str, now: datetime, lang: str, book: Book | None) -> Schedule | Unread:
    asked, bounds = _peel(phrase, zone, now, lang, book)
    found = _try_kinds(asked)
    if isinstance(found, Unread) or bounds == UNBOUND:
        return found
    schedule = bind(found, bounds)
    _check_first(schedule, asked.now, book)
    return schedule


def _peel(phrase: str, zone: str, now: datetime, lang: str, book: Book | None) -> tuple[Asked, Bounds]:
    """What is left for the kinds, and what the clauses say on the clock of the zone that the phrase names. The
    clauses go first, for a country may stand in them that is the name of a zone, too."""
    now = now.astimezone(UTC)
    rest, bounds = peel_bounds(phrase, zone, now, lang, book)
    if not rest:
        raise Refusal("There is no time in that, only what bounds it.", show_examples(), code="unreadable")
    rhythm, named, half_year = peel_zone(rest)
    zone_of(named or zone)
    if named and bounds != UNBOUND:
        _, bounds = peel_bounds(phrase, named, now, lang, book)
    return Asked(rhythm, named or zone, now, half_year, lang), bounds


def _try_kinds(asked: Asked) -> Schedule | Unread:
    furthest = Unread(0, asked.phrase)
    for kind in kinds().values():
        found = kind.read(asked)
        if isinstance(found, Schedule):
            return found
        if found is not None and found.understood > furthest.understood:
            furthest = found
    return furthest


def _check_first(schedule: Schedule, now: datetime, book: Book | None) -> None:
    """Refuses what never comes. A year that nobody knows yet is no reason: the job waits for it."""
    if schedule.kind == "fixed_delay":
        return
    try:
        comes = next_slot(schedule, now, book)
    except NoData:
        return
    if comes is None:
        raise Refusal(
            f"“{schedule.text}” never comes: nothing is left of it.",
            "Check the start, the end and what is left out.",
            code="never",
        )


def _refuse_unread(phrase: str, zone: str, now: datetime, lang: str, book: Book | None, unread: Unread) -> Refusal:
    part = unread.rest if unread.understood else phrase
    shown = " ".join(part.split())[:SHOWN]
    reason = find_reason(phrase)
    choices = () if reason else _spellings(phrase, zone, now, lang, book)
    meant = f"Did you mean {' or '.join(f'“{choice}”' for choice in choices)}?" if choices else ""
    hint = reason or meant or show_examples()
    return Refusal(f"I could not read “{shown}”.", hint, code="unreadable", choices=choices)


def _spellings(phrase: str, zone: str, now: datetime, lang: str, book: Book | None) -> tuple[str, ...]:
    """Canonical texts that nearby spellings are read to; spellings that cannot be read either are left out."""
    found = []
    for spelling in correct_spelling(phrase):
        try:
            read_as = _try_read(spelling, zone, now, lang, book)
        except Refusal:
            continue
        if isinstance(read_as, Schedule):
            found.append(read_as.text if read_as.zone == zone else f"{read_as.text} {read_as.zone}")
    return tuple(dict.fromkeys(found))
