"""Reads a text to a schedule: its clauses and its zone are peeled off, and the kinds read what is left."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.errors import Refusal
from bot.schedules.bounds import UNBOUND, Bounds
from bot.schedules.clauses.bind import bind
from bot.schedules.clauses.peel import peel_bounds
from bot.schedules.clauses.write import write_bounds
from bot.schedules.kind import Asked, Book, NoData, Unread
from bot.schedules.slots import kinds, next_slot
from bot.schedules.words.guess import correct_spelling, find_reason, show_examples
from bot.schedules.words.place import peel_zone
from bot.schedules.zones import zone_of
from storage.records import Schedule

LONGEST_TEXT = 500
MOST_SCHEDULES = 10
SHOWN = 80
LONGEST_CORRECTED = 160  # nobody misspells one word in more than that, and a guess reads the whole anew
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
    parts = [part.strip() for part in BETWEEN.split(text) if part.strip()]
    if len(parts) < 2:
        return (read_one(text, zone, now, lang, book),)
    if len(parts) > MOST_SCHEDULES:
        raise Refusal(
            f"{len(parts)} schedules are too many for one job: at most {MOST_SCHEDULES}.",
            "Draw some of them together, or make two jobs.",
            code="unreadable",
        )
    return tuple(dict.fromkeys(_read_part(parts, at, zone, now, lang, book) for at in range(len(parts))))


def _read_part(parts: list[str], at: int, zone: str, now: datetime, lang: str, book: Book | None) -> Schedule:
    """Raises Refusal, whose choices have the other parts around them."""
    try:
        return read_one(parts[at], zone, now, lang, book)
    except Refusal as refusal:
        choices = tuple("; ".join((*parts[:at], choice, *parts[at + 1 :])) for choice in refusal.choices)
        raise Refusal(
            refusal.message, refusal.hint, code=refusal.code, choices=choices, field=refusal.field
        ) from None


def _check_length(text: str) -> None:
    if not text.strip():
        raise Refusal("No schedule was given.", show_examples(), code="unreadable")
    if len(text) > LONGEST_TEXT:
        raise Refusal(
            f"A schedule of {len(text)} characters is too long.", f"At most {LONGEST_TEXT}.", code="unreadable"
        )


def _try_read(phrase: str, zone: str, now: datetime, lang: str, book: Book | None) -> Schedule | Unread:
    """Raises Refusal, whose choices say all that the phrase does."""
    said = _Said(phrase, zone, now.astimezone(UTC), lang, book)
    try:
        return said.read()
    except Refusal as refusal:
        choices = said.complete(refusal.choices)
        raise Refusal(
            refusal.message, refusal.hint, code=refusal.code, choices=choices, field=refusal.field
        ) from None


@dataclass(slots=True)
class _Said:
    """A phrase, who says it when, and what was read of it so far."""

    phrase: str
    zone: str
    now: datetime
    lang: str
    book: Book | None
    rhythm: str = ""
    named: str | None = None
    bounds: Bounds = UNBOUND

    def read(self) -> Schedule | Unread:
        half_year = self._peel()
        found = _try_kinds(Asked(self.rhythm, self.named or self.zone, self.now, half_year, self.lang))
        if isinstance(found, Unread) or self.bounds == UNBOUND:
            return found
        schedule = bind(found, self.bounds)
        _check_first(schedule, self.now, self.book)
        return schedule

    def complete(self, rhythms: Sequence[str]) -> tuple[str, ...]:
        """These texts with the clauses and the zone of the phrase behind them; those that cannot be read so are left
        out."""
        if not self.rhythm:
            return ()  # they stand for a part of a clause, and would lose the rest
        if self.bounds == UNBOUND and self.named is None:
            return tuple(rhythms)
        found = (self._complete(rhythm) for rhythm in rhythms)
        return tuple(dict.fromkeys(text for text in found if text))

    def _peel(self) -> str:
        """Parts the phrase; the abbreviation of half a year that it names, or "". The clauses go first, for a country
        may stand in them that is the name of a zone, too."""
        self.rhythm, self.bounds = peel_bounds(self.phrase, self.zone, self.now, self.lang, self.book)
        if not self.rhythm:
            raise Refusal("There is no time in that, only what bounds it.", show_examples(), code="unreadable")
        self.rhythm, self.named, half_year = peel_zone(self.rhythm)
        zone_of(self.named or self.zone)
        if self.named and self.bounds != UNBOUND:
            self.bounds = self._bounds_in(self.named)
        return half_year

    def _bounds_in(self, zone: str) -> Bounds:
        return peel_bounds(self.phrase, zone, self.now, self.lang, self.book)[1]

    def _complete(self, rhythm: str) -> str:
        try:
            rhythm, named, _ = peel_zone(rhythm)
            named = named or self.named
            zone = named or self.zone
            clauses = write_bounds(self._bounds_in(zone), zone) if self.bounds != UNBOUND else ""
            text = f"{rhythm}, {clauses}" if clauses else rhythm
            text = f"{text} {named}" if named and named != self.zone else text
            found = _Said(text, self.zone, self.now, self.lang, self.book).read()
        except Refusal:
            return ""
        return text if isinstance(found, Schedule) else ""


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
    is_guessed = not reason and len(phrase) <= LONGEST_CORRECTED
    choices = _spellings(_Said(phrase, zone, now.astimezone(UTC), lang, book)) if is_guessed else ()
    meant = f"Did you mean {' or '.join(f'“{choice}”' for choice in choices)}?" if choices else ""
    hint = reason or meant or show_examples()
    return Refusal(f"I could not read “{shown}”.", hint, code="unreadable", choices=choices)


def _spellings(said: _Said) -> tuple[str, ...]:
    """Canonical texts that nearby spellings are read to, of the whole phrase or of its rhythm alone; spellings that
    cannot be read either are left out."""
    said.read()
    found = _read_spellings(correct_spelling(said.phrase), said)
    if not found and said.rhythm != said.phrase:
        found = said.complete(_read_spellings(correct_spelling(said.rhythm), said))
    return found


def _read_spellings(spellings: Iterable[str], said: _Said) -> tuple[str, ...]:
    found = []
    for spelling in spellings:
        try:
            read_as = _Said(spelling, said.zone, said.now, said.lang, said.book).read()
        except Refusal:
            continue
        if isinstance(read_as, Schedule):
            found.append(read_as.text if read_as.zone == said.zone else f"{read_as.text} {read_as.zone}")
    return tuple(dict.fromkeys(found))
