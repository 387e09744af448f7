"""Today: what came and what comes of several jobs between two instants, gathered from rows and schedules."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.blocks.day import Day, Entry, Often
from bot.operations.calendar import book_of
from bot.operations.coming import MOST_COUNTED, STRUCK, slots_after, struck_after
from bot.rules.access import Action, Actor, may
from bot.schedules.kind import Book, Slot
from storage import agenda
from storage.agenda import SlotRow
from storage.records import Job, JobState, RunState

# A job that fires more often on one day is one line: it would bury the others.
MOST_ALONE = 12
FEW = 40
BEFORE_STARTED = (RunState.SKIPPED, RunState.MISSED, RunState.EXPIRED, RunState.BLOCKED)
AN_INSTANT = timedelta(microseconds=1)


def day_of(
    c: Connection, actor: Actor, found: Sequence[Job], start: datetime, end: datetime, *, now: datetime
) -> Day:
    """The day from `start` until before `end`, of those of the jobs that the actor may see."""
    seen = [job for job in found if may(actor, Action.SEE, job)]
    book = book_of(c, actor.team_id)
    entries: list[Entry] = []
    often: list[Often] = []
    for job in seen:
        known = _latest(c, job, start)
        rows = [row for row in known if start <= row.due_at < end]
        own = [*_came(job, rows), *_to_come(job, known, end, book, now)]
        if len(own) > MOST_ALONE:
            often.append(_sum_up(job, rows, _slots_left(job, known, end, MOST_COUNTED + 1, book, now)))
        else:
            entries += [*own, *_struck(job, own, start, end, book)]
    resting = tuple(job for job in seen if job.state in (JobState.PAUSED, JobState.HELD))
    return Day(tuple(_mark_clashes(entries)), tuple(often), resting)


def _latest(c: Connection, job: Job, start: datetime) -> list[SlotRow]:
    """Its rows of the day, and whatever rows come with them."""
    rows = agenda.latest(c, job.id, FEW)
    if len(rows) == FEW and rows[-1].due_at >= start:
        return agenda.latest(c, job.id, MOST_COUNTED)
    return rows


def _came(job: Job, rows: Sequence[SlotRow]) -> Iterator[Entry]:
    for row in rows:
        yield Entry(
            job=job,
            at=row.due_at,
            came_at=came_at(row),
            nominal_at=row.slot_at,
            state=row.state,
            reason=row.reason,
            note="moved" if row.slot_at != came_at(row) else "",
        )


def _to_come(job: Job, known: Sequence[SlotRow], end: datetime, book: Book, now: datetime) -> Iterator[Entry]:
    for slot in _slots_left(job, known, end, MOST_ALONE + 1, book, now):
        yield _entry_of(job, slot)


def _slots_left(
    job: Job, known: Sequence[SlotRow], end: datetime, count: int, book: Book, now: datetime
) -> list[Slot]:
    if job.state is not JobState.ACTIVE:
        return []
    taken = {came_at(row) for row in known}
    after = max([now, *(came_at(row) for row in known if row.state is RunState.PLANNED)])
    return [slot for slot in slots_after(job.schedules, after, count, book) if slot.at < end and slot.at not in taken]


def _struck(job: Job, own: Sequence[Entry], start: datetime, end: datetime, book: Book) -> Iterator[Entry]:
    if job.state is not JobState.ACTIVE:
        return
    since = max(start, job.created_at) - AN_INSTANT
    known = {entry.came_at for entry in own}
    for slot in struck_after(job.schedules, since, MOST_ALONE, book):
        if slot.at < end and slot.at not in known:
            yield _entry_of(job, slot)


def _entry_of(job: Job, slot: Slot) -> Entry:
    return Entry(
        job=job,
        at=slot.at,
        came_at=slot.at,
        nominal_at=slot.nominal_at,
        note=slot.note,
        is_struck=slot.note in STRUCK,
    )


def _sum_up(job: Job, rows: Sequence[SlotRow], left: Sequence[Slot]) -> Often:
    planned = [row.due_at for row in rows if row.state is RunState.PLANNED]
    return Often(
        job=job,
        times=min(len(rows) + len(left), MOST_COUNTED + 1),
        ended=Counter(row.state for row in rows if row.state.has_ended),
        next_at=min([*planned, *(slot.at for slot in left)], default=None),
    )


def _mark_clashes(entries: Sequence[Entry]) -> Iterator[Entry]:
    ordered = sorted(entries, key=lambda entry: (entry.at, entry.job.id))
    jobs_of: dict[datetime, set[int]] = {}
    for entry in ordered:
        if not entry.is_struck and entry.state not in BEFORE_STARTED:
            jobs_of.setdefault(_minute(entry.at), set()).add(entry.job.id)
    for entry in ordered:
        here = jobs_of.get(_minute(entry.at), set())
        yield replace(entry, together=len(here) if entry.job.id in here and not entry.is_struck else 1)


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)


def came_at(row: SlotRow) -> datetime:
    """When the slot comes by its schedule, which its key tells."""
    return datetime.fromisoformat(row.key.partition("@")[2])
