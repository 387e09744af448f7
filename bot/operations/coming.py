"""What is to come of a job, and what passed while it was paused: slots that are not rows."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from bot import schedules
from bot.errors import Refusal
from bot.operations.calendar import book_of
from bot.schedules.kind import Book, NoData, Slot
from storage import audit
from storage.records import Job, Schedule

# Beyond this nobody wants the number, and counting would hold the writer.
MOST_COUNTED = 1_000
# Most pauses are short, and to tell a thousand slots takes as long as ten commands: so many are looked at first.
COUNTED_FIRST = 20
NO_CLOCK = frozenset({"fixed_delay", "api"})
STRUCK = frozenset({"holiday", "excluded"})  # the notes of slots that a calendar or an exclusion takes out


def slots_after(found: Sequence[Schedule], after: datetime, count: int, book: Book) -> tuple[Slot, ...]:
    """The next slots by the clock: none for what waits for an end or for a call, and no more where a calendar knows
    no further."""
    return schedules.union_preview([one for one in found if one.kind not in NO_CLOCK], after, count, book)


def struck_after(found: Sequence[Schedule], after: datetime, count: int, book: Book) -> tuple[Slot, ...]:
    """What calendars and exclusions take out among the next `count` slots of each schedule; not what another schedule
    brings at the same instant."""
    clocked = [one for one in found if one.kind not in NO_CLOCK]
    slots = [slot for one in clocked for slot in schedules.preview_slots(one, after, count, book, struck=True)]
    held = {slot.at for slot in slots if slot.note not in STRUCK}
    return tuple(sorted({slot for slot in slots if slot.at not in held}, key=lambda slot: slot.at))


def slot_after(c: Connection, job: Job, after: datetime) -> datetime | None:
    """The next slot later than this; None where there is none or nobody can tell."""
    try:
        slot = schedules.union_next(job.schedules, after, book_of(c, job.team_id))
    except (NoData, Refusal):
        return None
    return slot.at if slot else None


def count_passed(c: Connection, job: Job, until: datetime) -> int:
    """How many slots went by between the pause of the job and `until` (exclusive); MOST_COUNTED + 1 means more."""
    # A pause can be given another reason while it lasts: the first entry of it is where it began.
    since = audit.first_since(c, job.team_id, f"job:{job.id}", "pause", "resume")
    if since is None:
        return 0
    book, passed = book_of(c, job.team_id), 0
    for most in (COUNTED_FIRST, MOST_COUNTED + 1):
        passed = sum(slot.at < until for slot in slots_after(job.schedules, since, most, book))
        if passed < most:
            break
    return passed
