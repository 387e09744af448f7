"""The next slots of many jobs at once: what jobs of equal schedules have in common is found once."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache

from bot import schedules
from bot.errors import Refusal
from bot.schedules.kind import Book, NoData, Slot
from storage import herd
from storage.records import Policy, Schedule

KEYS_KEPT = 256  # a herd has few instants
A_MOMENT = timedelta(seconds=1)  # no slots of one schedule are nearer


def after_due(found: Sequence[Schedule], key: str, due_at: datetime) -> datetime:
    """From where schedules go on after a slot with that key has come due: from the slot, or from the later time to
    which a person has moved its run, since it then took the place of those between."""
    spread_s = max((schedule.jitter_s for schedule in found), default=0)
    return max(read_slot_key(key), due_at - timedelta(seconds=spread_s))


class Foresight:
    """The next runs of many jobs in the plain case. What jobs of equal schedules have in common is found once."""

    def __init__(self) -> None:
        # By the identity of the schedules, which are so kept: to compare them costs more than to look.
        self._seen: dict[tuple[int, datetime], tuple[Sequence[Schedule], Slot | None]] = {}

    def next(
        self, job_id: int, found: Sequence[Schedule], policy: Policy, after: datetime, book: Book | None
    ) -> herd.Next | None:
        """The next run of a job; None where `plan` has to look closer."""
        if book is not None:
            slot = _foresee(found, after, book)
        elif (seen := self._seen.get((id(found), after))) is not None:
            slot = seen[1]
        else:
            slot = _foresee(found, after, book)
            self._seen[id(found), after] = (found, slot)
        if slot is None:
            return None
        return herd.Next(
            job_id, slot_key(job_id, slot.at), slot.nominal_at, spread(job_id, found, slot, book), policy
        )


def _foresee(found: Sequence[Schedule], after: datetime, book: Book | None) -> Slot | None:
    if any(schedule.times is not None for schedule in found):
        return None
    try:
        return schedules.union_next(found, after, book)
    except (NoData, Refusal):
        return None


def spread(job_id: int, found: Sequence[Schedule], slot: Slot, book: Book | None) -> datetime:
    """When the run of this slot is due: at its time, or somewhat later where its schedule spreads its starts."""
    before = slot.at - A_MOMENT
    for schedule in found:
        if not schedule.jitter_s:
            continue
        try:
            own = schedules.next_slot(schedule, before, book)
        except (NoData, Refusal):  # of a year that nobody knows, so it is not the one whose slot this is
            continue
        if own is not None and own.at == slot.at:
            try:
                following = schedules.union_next(found, slot.at, book)
            except (NoData, Refusal):
                following = None
            return schedules.spread(schedule, job_id, slot.at, following.at if following else None)
    return slot.at


def slot_key(job_id: int, at: datetime) -> str:
    """The key of the slot that comes then."""
    return f"job:{job_id}@{_iso(at)}"


@lru_cache(KEYS_KEPT)
def _iso(at: datetime) -> str:
    return at.isoformat()


@lru_cache(KEYS_KEPT)
def _read_iso(text: str) -> datetime:
    return datetime.fromisoformat(text)


def read_slot_key(key: str) -> datetime:
    """When the slot comes whose key this is."""
    return _read_iso(key.partition("@")[2])
