"""When a job runs: texts are read to Schedules, and Schedules tell their slots. Pure; `now` is always an argument.

All times in and out are aware and in UTC. Codes of the refusals: `unreadable`, `ambiguous`, `past`, `never` (no slot
ever comes), `too_often`, `too_far`, `unknown_zone`, `unknown_calendar`; `choices` are whole texts, ready to be typed.
A `book` holds the calendars that a text can name; None stands for the built-in ones.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from heapq import merge
from itertools import groupby, islice

from bot.schedules.books import known_book
from bot.schedules.bounds import bounds_of
from bot.schedules.clauses.bind import bind, loosen
from bot.schedules.kind import Book, NoData, Slot
from bot.schedules.reading import read_one, read_several
from bot.schedules.slots import after_end as _after_end
from bot.schedules.slots import each_slot, each_struck, first_of, kind_of, spread
from bot.schedules.slots import next_slot as _next_slot
from bot.schedules.words.lastresort import warm
from bot.schedules.zones import label_zone, read_zone, zone_of
from storage.records import Schedule

__all__ = (
    "NoData",
    "Slot",
    "after_end",
    "anchor",
    "describe",
    "label_zone",
    "next_after",
    "next_slot",
    "preview",
    "preview_slots",
    "read",
    "read_all",
    "read_zone",
    "spread",
    "union_next",
    "union_preview",
    "warm_up",
    "zone_of",
)

SOME_DAY = date(2026, 1, 1)  # in a year that every calendar knows


def read(text: str, zone: str, now: datetime, *, lang: str = "en", book: Book | None = None) -> Schedule:
    """The schedule that a text means for a person in `zone`, a name as `read_zone` gives it. Raises Refusal.

    A zone named in the text wins. What counts from Save (`in 5 minutes`, `every 5 minutes`) counts from `now` here;
    `anchor` moves it. `lang` is the person's language (ISO 639); the text may be in another.
    """
    return read_one(text, zone, now, lang, book)


def read_all(
    text: str, zone: str, now: datetime, *, lang: str = "en", book: Book | None = None
) -> tuple[Schedule, ...]:
    """The 1 to 10 schedules of a text, parted by `;` or line ends, each once and with its own clauses."""
    return read_several(text, zone, now, lang, book)


def next_slot(schedule: Schedule, after: datetime, book: Book | None = None) -> Slot | None:
    """The first slot strictly later than `after`; None when nothing more comes, and for api and fixed_delay.

    How many times it ran already is not looked at. Raises NoData where a calendar does not know the year, and
    Refusal `never` for a schedule of which so little is left that the search for it takes too long.
    """
    return _next_slot(schedule, after, book)


def next_after(schedule: Schedule, after: datetime, book: Book | None = None) -> datetime | None:
    """The instant of `next_slot`."""
    slot = _next_slot(schedule, after, book)
    return slot.at if slot else None


def after_end(schedule: Schedule, ended_at: datetime, book: Book | None = None) -> datetime | None:
    """The next slot of fixed_delay once its run has ended; None for all other kinds. Raises as `next_slot`."""
    return _after_end(schedule, ended_at.astimezone(UTC), book)


def preview(schedule: Schedule, now: datetime, count: int, book: Book | None = None) -> tuple[datetime, ...]:
    """The instants of `preview_slots`, without what is struck out."""
    return tuple(slot.at for slot in preview_slots(schedule, now, count, book))


def preview_slots(
    schedule: Schedule, now: datetime, count: int, book: Book | None = None, *, struck: bool = False
) -> tuple[Slot, ...]:
    """The next `count` slots if the schedule were saved now: none for api, the first for fixed_delay, no more than it
    has `times`, and none of a year that a calendar does not know.

    With `struck`, also what is struck out between them, at most `count` (noted `holiday` or `excluded`), in order.
    """
    start = now.astimezone(UTC)
    saved = schedule if schedule.anchor_at else anchor(schedule, start)
    asked = count if schedule.times is None else min(count, schedule.times)
    slots = tuple(islice(each_slot(saved, start, book), asked))
    if not (struck and slots):
        return slots
    out = islice(each_struck(saved, start, slots[-1].at, book), count)
    return tuple(merge(slots, out, key=lambda slot: slot.at))


def union_next(schedules: Sequence[Schedule], after: datetime, book: Book | None = None) -> Slot | None:
    """The first slot of several schedules after `after`; at one instant, the one that never moved. Raises NoData only
    where the unknown year could hold an earlier one."""
    return first_of(schedules, after, book)


def union_preview(
    schedules: Sequence[Schedule], now: datetime, count: int, book: Book | None = None
) -> tuple[Slot, ...]:
    """The next `count` slots of several schedules saved now, each instant once."""
    rows = [preview_slots(schedule, now, count, book) for schedule in schedules]
    together = groupby(merge(*rows, key=lambda slot: slot.at), key=lambda slot: slot.at)
    return tuple(min(slots, key=lambda slot: slot.at != slot.nominal_at) for _, slots in islice(together, count))


def describe(schedule: Schedule, lang: str = "en") -> str:
    """The schedule in plain words, in a language that is known (en, zh, ja), else in English."""
    if lang == "en":
        return schedule.says
    from bot.schedules.wording import word  # the other languages are loaded when they are spoken

    return word(schedule, lang)


def anchor(schedule: Schedule, saved_at: datetime) -> Schedule:
    """The schedule of a job that is saved now: what counts from Save counts from here, unless a start is named."""
    if schedule.start_at and schedule.kind != "one_time":
        return schedule
    rhythm = kind_of(schedule).anchor(loosen(schedule), saved_at.astimezone(UTC))
    return bind(rhythm, bounds_of(schedule))


def warm_up() -> None:
    """Loads what the first text of its kind would have to wait for, up to a second in all: the libraries for dates in
    words and for holidays. Meant for the start of a process, in a thread."""
    warm("en")
    for calendar in ("holiday:US", "workday:CN"):
        known_book(None).has(calendar, SOME_DAY)
