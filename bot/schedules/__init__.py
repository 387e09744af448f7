"""When a job runs: texts are read to Schedules, and Schedules tell their slots. Pure; `now` is always an argument.

All times in and out are aware and in UTC. Codes of the refusals: `unreadable`, `ambiguous`, `past`, `never` (no slot
ever comes), `too_often`, `too_far`, `unknown_zone`; `choices` are whole texts, ready to be typed.
"""

from datetime import UTC, datetime
from typing import cast

from bot.errors import Refusal
from bot.registry import leaves
from bot.schedules.kind import Asked, Kind, Unread
from bot.schedules.words.guess import correct_spelling, find_reason, show_examples
from bot.schedules.words.place import peel_zone
from bot.schedules.zones import label_zone, read_zone, zone_of
from storage.records import Schedule

__all__ = (
    "after_end",
    "anchor",
    "describe",
    "label_zone",
    "next_after",
    "preview",
    "read",
    "read_zone",
    "zone_of",
)

LONGEST_TEXT = 500
SHOWN = 80


def read(text: str, zone: str, now: datetime) -> Schedule:
    """The schedule that a text means for a person in `zone`, a name as `read_zone` gives it. Raises Refusal.

    A zone named in the text wins. What counts from Save (`in 5 minutes`, `every 5 minutes`) counts from `now` here;
    `anchor` moves it.
    """
    if not text.strip():
        raise Refusal("No schedule was given.", show_examples(), code="unreadable")
    if len(text) > LONGEST_TEXT:
        raise Refusal(
            f"A schedule of {len(text)} characters is too long.", f"At most {LONGEST_TEXT}.", code="unreadable"
        )
    found = _try_kinds(text, zone, now)
    if isinstance(found, Schedule):
        return found
    raise _refuse_unread(text, zone, now, found)


def next_after(schedule: Schedule, after: datetime) -> datetime | None:
    """The first slot strictly later than `after`; None when nothing more comes, and for api and fixed_delay."""
    return _kind(schedule).next_after(schedule, after)


def after_end(schedule: Schedule, ended_at: datetime) -> datetime | None:
    """The next slot of a fixed_delay schedule whose run has ended; None for all other kinds."""
    return _kind(schedule).after_end(schedule, ended_at.astimezone(UTC))


def preview(schedule: Schedule, now: datetime, count: int) -> tuple[datetime, ...]:
    """The next `count` slots if the schedule were saved now; only the first for fixed_delay, none for api."""
    slot = _kind(schedule).first_after_save(schedule, now.astimezone(UTC))
    slots: list[datetime] = []
    while slot is not None and len(slots) < count:
        slots.append(slot)
        slot = next_after(schedule, slot)
    return tuple(slots)


def describe(schedule: Schedule) -> str:
    """The schedule in plain words, as they were written when it was read."""
    return schedule.says


def anchor(schedule: Schedule, saved_at: datetime) -> Schedule:
    """The schedule of a job that is saved now: intervals and `in 5 minutes` count from here."""
    return _kind(schedule).anchor(schedule, saved_at.astimezone(UTC))


def _kinds() -> dict[str, Kind]:
    return cast(dict[str, Kind], leaves("bot.schedules.kinds"))


def _kind(schedule: Schedule) -> Kind:
    return _kinds()[schedule.kind]


def _try_kinds(text: str, zone: str, now: datetime) -> Schedule | Unread:
    phrase, named, half_year = peel_zone(" ".join(text.split()))
    asked = Asked(phrase, named or zone, now.astimezone(UTC), half_year)
    zone_of(asked.zone)
    furthest = Unread(0, phrase)
    for kind in _kinds().values():
        found = kind.read(asked)
        if isinstance(found, Schedule):
            return found
        if found is not None and found.understood > furthest.understood:
            furthest = found
    return furthest


def _refuse_unread(text: str, zone: str, now: datetime, unread: Unread) -> Refusal:
    part = unread.rest if unread.understood else text
    shown = " ".join(part.split())[:SHOWN]
    reason = find_reason(text)
    choices = () if reason else _spellings(text, zone, now)
    meant = f"Did you mean {' or '.join(f'“{choice}”' for choice in choices)}?" if choices else ""
    hint = reason or meant or show_examples()
    return Refusal(f"I could not read “{shown}”.", hint, code="unreadable", choices=choices)


def _spellings(text: str, zone: str, now: datetime) -> tuple[str, ...]:
    """Canonical texts that nearby spellings are read to; spellings that cannot be read either are left out."""
    found = []
    for spelling in correct_spelling(" ".join(text.split())):
        try:
            read_as = _try_kinds(spelling, zone, now)
        except Refusal:
            continue
        if isinstance(read_as, Schedule):
            found.append(read_as.text if read_as.zone == zone else f"{read_as.text} {read_as.zone}")
    return tuple(dict.fromkeys(found))
