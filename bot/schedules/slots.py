"""The slots of a schedule: what its kind tells, within its bounds; of one schedule or of several."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import cast

from bot.errors import Refusal
from bot.registry import leaves
from bot.schedules.kind import Book, Kind, NoData, Slot
from bot.schedules.search import Search
from bot.schedules.shifted import is_shifted
from bot.schedules.shifts import moment_of, stamp_of
from storage.records import Schedule


def kinds() -> dict[str, Kind]:
    """The kinds by name."""
    return cast(dict[str, Kind], leaves("bot.schedules.kinds"))


def kind_of(schedule: Schedule) -> Kind:
    """Raises Refusal `unreadable` where no file here knows the kind."""
    kind = kinds().get(schedule.kind)
    if kind is None:
        raise Refusal("A schedule of this job cannot be read.", "Give the job another schedule.", code="unreadable")
    return kind


def next_slot(schedule: Schedule, after: datetime, book: Book | None) -> Slot | None:
    """The first slot strictly later than `after`; None when nothing more comes, and for api and fixed_delay. The
    number of times is not looked at. Raises NoData, and Refusal `never` when the search is over its budget."""
    if not _strikes(schedule):
        at = kind_of(schedule).next_after(schedule, after)
        if at is None:
            return None
        return Slot(at, at, "shifted" if is_shifted(schedule, stamp_of(at)) else "")
    return Search(schedule, kind_of(schedule), book).first_after(stamp_of(after))


def after_end(schedule: Schedule, ended_at: datetime, book: Book | None) -> datetime | None:
    """The slot that the end of a run brings about. Raises as `next_slot`."""
    at = kind_of(schedule).after_end(schedule, ended_at)
    if at is None or not _strikes(schedule):
        return at
    return Search(schedule, kind_of(schedule), book).first_allowed(at)


def each_slot(schedule: Schedule, after: datetime, book: Book | None) -> Iterator[Slot]:
    """The slots later than `after`, as far as the calendars know; of fixed_delay the first, if a run ended then."""
    try:
        ended = kind_of(schedule).after_end(schedule, after)
        if ended is not None:
            at = after_end(schedule, after, book)
            if at is not None:
                yield Slot(at, ended, "" if at == ended else "moved")
            return
        while (slot := next_slot(schedule, after, book)) is not None:
            yield slot
            after = slot.at
    except NoData:
        return


def each_struck(schedule: Schedule, after: datetime, until: datetime, book: Book | None) -> Iterator[Slot]:
    """What calendars and exclusions strike out of the same time, with the reason as its note; as far as a search's
    budget goes."""
    if not (schedule.calendars or schedule.exclusions):
        return
    kind = kind_of(schedule)
    search = Search(schedule, kind, book)
    at = kind.next_after(schedule, after)
    try:
        while at is not None and at <= until and not search.is_spent:
            if reason := search.why_struck(stamp_of(at)):
                yield Slot(at, at, reason)
            at = kind.next_after(schedule, at)
    except NoData:
        return


def first_of(schedules: Sequence[Schedule], after: datetime, book: Book | None) -> Slot | None:
    """The first slot of several schedules. Raises NoData only where an unknown year could hold an earlier one."""
    found: list[Slot] = []
    unknown: list[NoData] = []
    for schedule in schedules:
        try:
            slot = next_slot(schedule, after, book)
        except NoData as missing:
            unknown.append(missing)
            continue
        found += [slot] if slot else []
    best = min(found, key=lambda slot: (slot.at, slot.at != slot.nominal_at), default=None)
    for gap in unknown:
        # In the far east a year begins on the last day of the one before in UTC.
        if best is None or (best.at.year, best.at.month, best.at.day) >= (gap.year - 1, 12, 31):
            raise gap
    return best


def spread(schedule: Schedule, job_id: int, slot: datetime, following: datetime | None) -> datetime:
    """When the run of a slot starts: later by seconds that are always the same for this job and slot, fewer than the
    jitter and than half the gap to the following slot."""
    most = schedule.jitter_s
    if following is not None:
        most = min(most, int((following - slot).total_seconds()) // 2)
    if most <= 0:
        return slot
    seed = blake2b(f"{job_id}@{stamp_of(slot)}".encode(), digest_size=8).digest()
    return moment_of(stamp_of(slot) + int.from_bytes(seed) % most)


def _strikes(schedule: Schedule) -> bool:
    """Something bounds the slots, other than their number."""
    return bool(schedule.start_at or schedule.until_at or schedule.calendars or schedule.exclusions)
