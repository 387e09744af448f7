"""The next slot of a job, written as a planned run; a job without one is completed, or held where nobody can tell."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from bot import schedules
from bot.errors import Refusal
from bot.operations.calendar import book_of
from bot.operations.foresight import Foresight, after_due, read_slot_key, slot_key, spread
from bot.operations.tell import tell
from bot.schedules.kind import Book, NoData, Slot
from storage import herd, jobs, runs, slots
from storage.records import Cause, Job, JobState, Run, RunState, Schedule

# A slot that already has a row is passed over; after so many in a row we look where the rows end.
MAX_TAKEN_SLOTS = 100


class Books:
    """The calendars of each team, read once, and only for jobs that name one which is not built in."""

    def __init__(self, c: Connection) -> None:
        self._c = c
        self._read: dict[str, Book] = {}

    def of(self, job: Job) -> Book | None:
        """None where the built-in ones are enough."""
        if all(":" in rule.calendar for schedule in job.schedules for rule in schedule.calendars):
            return None
        if job.team_id not in self._read:
            self._read[job.team_id] = book_of(self._c, job.team_id)
        return self._read[job.team_id]


def plan(c: Connection, job: Job, after: datetime, *, now: datetime, books: Books | None = None) -> Run | None:
    """Write the first run of the job that is due later than `after`; None when nothing comes by itself.

    A job whose schedules have all ended is completed. One that waits for an end or for a call is not. One whose
    calendar does not know the year is held.
    """
    if job.state is not JobState.ACTIVE:
        return None
    book = (books or Books(c)).of(job)
    left = left_of(c, job)
    try:
        run = _add_next(c, job, left, after, book, now)
    except (NoData, Refusal) as unknown:
        _hold(c, job, unknown, now)
        return None
    if run is None and not any(schedule.kind in ("api", "fixed_delay") for schedule in left):
        if len(left) < len(job.schedules) and slots.count_starts(c, job.id, None)[1]:
            return None  # the last of its times has not begun; if it never does, there will be another
        _complete(c, job, now)
    return run


def plan_many(
    c: Connection, found: Sequence[tuple[Job, datetime]], *, now: datetime, books: Books | None = None
) -> None:
    """`plan` for many jobs at once, each with its own `after`: one statement for all of them, since a herd comes due
    in one second."""
    books = books or Books(c)
    foresight = Foresight()
    asked = [(job, after) for job, after in found if job.state is JobState.ACTIVE]
    rows = [
        following
        for job, after in asked
        if (following := foresight.next(job.id, job.schedules, job.policy, after, books.of(job))) is not None
    ]
    if herd.plan(c, rows, now) == len(rows) == len(asked):
        return
    planned = {run.job_id for run in runs.planned_of_many(c, [job.id for job, _ in asked])}
    for job, after in asked:
        if job.id not in planned:
            plan(c, job, after, now=now, books=books)


def plan_after_end(c: Connection, job: Job, ended_at: datetime, *, now: datetime) -> Run | None:
    """Write the next run of a job that runs again some time after each end; one that goes on will end, too."""
    if job.state is not JobState.ACTIVE or all(schedule.kind != "fixed_delay" for schedule in job.schedules):
        return None
    if runs.planned_of(c, job.id) is not None or slots.in_the_way(c, [job.id]):
        return None
    book, left = Books(c).of(job), left_of(c, job)
    try:
        due = [
            (max(at, now), schedule)
            for schedule in left
            if (at := schedules.after_end(schedule, ended_at, book)) is not None
        ]
    except (NoData, Refusal) as unknown:
        _hold(c, job, unknown, now)
        return None
    if not due:
        # The times of a delay are over only now, with an end; other schedules end where they are planned.
        return plan(c, job, now, now=now) if len(left) < len(job.schedules) else None
    at, schedule = min(due, key=lambda one: one[0])
    due_at = schedules.spread(schedule, job.id, at, None) if schedule.jitter_s else at
    return runs.add(c, planned_run(job, Slot(at, at), due_at=due_at, now=now))


def plan_first(c: Connection, job: Job, *, now: datetime) -> Run | None:
    """Write the first run of a job that was saved, edited or resumed now; nothing that has passed is made up."""
    return plan_after_end(c, job, now, now=now) or plan(c, job, now, now=now)


def left_of(c: Connection, job: Job) -> tuple[Schedule, ...]:
    """Its schedules, without those whose number of times is used up or may be by what has been admitted."""
    return tuple(
        schedule
        for schedule in job.schedules
        if schedule.times is None or sum(slots.count_starts(c, job.id, schedule.anchor_at)) < schedule.times
    )


def next_slot(job: Job, after: datetime, book: Book | None = None) -> Slot | None:
    """The earliest slot of any of the job's schedules; equal instants of several are one slot. Raises NoData, and
    Refusal where a search finds no end."""
    return schedules.union_next(job.schedules, after, book)


def spread_out(job: Job, slot: Slot, book: Book | None) -> datetime:
    """As `spread`, for a job."""
    return spread(job.id, job.schedules, slot, book)


def own_due_at(c: Connection, job: Job, run: Run) -> datetime:
    """When a planned run is due where nobody moved it."""
    return spread_out(job, Slot(came_at(run), run.slot_at), Books(c).of(job))


def planned_run(job: Job, slot: Slot, *, now: datetime, due_at: datetime | None = None) -> Run:
    """The row of a slot; its key makes it unique, whoever writes it and however often."""
    return Run(
        id=0,
        team_id=job.team_id,
        key=key_of(job, slot.at),
        app_id=job.app_id,
        job_id=job.id,
        job_version=job.version,
        name=job.name,
        channel_id=job.channel_id,
        owner_id=job.owner_id,
        cause=Cause.SCHEDULE,
        state=RunState.PLANNED,
        inputs=job.inputs,
        slot_at=slot.nominal_at,
        due_at=due_at or slot.at,
        priority=job.policy.priority,
        warn_over_s=job.policy.warn_over_s,
        timeout_s=job.timeout_s,
        created_at=now,
    )


def key_of(job: Job, at: datetime) -> str:
    """The key of the slot that comes then."""
    return slot_key(job.id, at)


def came_at(run: Run) -> datetime:
    """When the slot of a planned run comes, which its key tells: a calendar moves it from its nominal time, a person
    or a spread from there to where it is due."""
    return read_slot_key(run.key)


def plan_after(job: Job, run: Run) -> datetime:
    """As `after_due`, for a run of the job."""
    return after_due(job.schedules, run.key, run.due_at)


def _add_next(
    c: Connection, job: Job, left: Sequence[Schedule], after: datetime, book: Book | None, now: datetime
) -> Run | None:
    passed = 0
    while (slot := schedules.union_next(left, after, book)) is not None:
        run = runs.add(c, planned_run(job, slot, due_at=spread_out(job, slot, book), now=now))
        if run is not None:
            return run
        after, passed = slot.at, passed + 1
        if passed == MAX_TAKEN_SLOTS:  # the clock was set back, far behind what has run
            after = max(after, slots.last_slot_at(c, job.id) or after)
    return None


def _hold(c: Connection, job: Job, unknown: NoData | Refusal, now: datetime) -> None:
    """The job stands still until somebody mends its calendar or its schedule; its channel is told once."""
    if isinstance(unknown, NoData):
        reason = f"the calendar {unknown.calendar} has no {unknown.year}"
        what = (
            f"A newer release of Dify Ops will know {unknown.year} once it is published; with it"
            if ":" in unknown.calendar
            else f"Import the days of {unknown.year} with `/dify calendar import {unknown.calendar}`, then"
        )
        mend = f"{what} type `/dify resume #{job.id}`"
    else:
        reason = f"its next time cannot be told: {str(unknown).rstrip('.')}"
        mend = f"Give it another schedule with `/dify edit #{job.id}`"
    jobs.set_state(c, job.id, JobState.HELD, by=None, reason=reason)
    says = f"holds *{{name}}*, which does not run: {reason}. {mend}"
    tell(c, job, job.channel_id, says, occasion=f"held:{job.id}/{job.version}/{reason}", now=now)


def _complete(c: Connection, job: Job, now: datetime) -> None:
    """There is nothing more to come. Of a job that ran once its result has told enough."""
    jobs.set_state(c, job.id, JobState.COMPLETED, by=None, reason="its schedule has come to its end")
    if any(schedule.kind != "one_time" for schedule in job.schedules):
        says = f"completed *{{name}}*: its schedule has come to its end. `/dify edit #{job.id}` gives it a new one"
        tell(c, job, job.owner_id, says, occasion=f"completed:{job.id}/{job.version}", now=now)
