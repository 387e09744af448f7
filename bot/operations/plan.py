"""The next slot of a job, written as a planned run."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from bot import schedules
from storage import jobs, runs
from storage.records import Cause, Job, JobState, Run, RunState

# A slot that already has a row is passed over; more than this many in a row means that time stands still.
MAX_TAKEN_SLOTS = 1000


def plan(c: Connection, job: Job, after: datetime, *, now: datetime) -> Run | None:
    """Write the first run of the job that is due later than `after`; None when nothing comes by itself.

    A job whose schedules have all ended is completed. One that waits for an end or for a call is not.
    """
    if job.state is not JobState.ACTIVE:
        return None
    for _ in range(MAX_TAKEN_SLOTS):
        slot_at = next_slot(job, after)
        if slot_at is None:
            break
        run = runs.add(c, planned_run(job, slot_at, now=now))
        if run is not None:
            return run
        after = slot_at
    if all(schedule.kind not in ("api", "fixed_delay") for schedule in job.schedules):
        jobs.set_state(c, job.id, JobState.COMPLETED, by=None, reason="its schedule has come to its end")
    return None


def plan_many(c: Connection, found: Sequence[Job], after: datetime, *, now: datetime) -> None:
    """`plan` for many jobs at once: one statement for all of them, since a herd comes due in one second."""
    slots = [(job, next_slot(job, after)) for job in found if job.state is JobState.ACTIVE]
    rows = [planned_run(job, slot, now=now) for job, slot in slots if slot is not None]
    if runs.add_many(c, rows) == len(rows) == len(slots):
        return
    planned = {run.job_id for run in runs.planned_of_many(c, [job.id for job, _ in slots])}
    for job, _ in slots:
        if job.id not in planned:
            plan(c, job, after, now=now)


def plan_after_end(c: Connection, job: Job, ended_at: datetime, *, now: datetime) -> Run | None:
    """Write the next run of a job that runs again some time after each end; one that goes on will end, too."""
    slots = [schedules.after_end(schedule, ended_at) for schedule in job.schedules]
    due = [slot for slot in slots if slot is not None]
    if not due or job.state is not JobState.ACTIVE:
        return None
    if runs.planned_of(c, job.id) is not None or job.id in runs.active_of(c, [job.id]):
        return None
    return runs.add(c, planned_run(job, max(min(due), now), now=now))


def plan_first(c: Connection, job: Job, *, now: datetime) -> Run | None:
    """Write the first run of a job that was saved, edited or resumed now; nothing that has passed is made up."""
    return plan_after_end(c, job, now, now=now) or plan(c, job, now, now=now)


def next_slot(job: Job, after: datetime) -> datetime | None:
    """The earliest slot of any of the job's schedules; equal instants of several are one slot."""
    slots = [schedules.next_after(schedule, after) for schedule in job.schedules]
    return min((slot for slot in slots if slot is not None), default=None)


def planned_run(job: Job, slot_at: datetime, *, now: datetime) -> Run:
    """The row of a slot; its key makes it unique, whoever writes it and however often."""
    return Run(
        id=0,
        team_id=job.team_id,
        key=f"job:{job.id}@{slot_at.isoformat()}",
        app_id=job.app_id,
        job_id=job.id,
        job_version=job.version,
        name=job.name,
        channel_id=job.channel_id,
        owner_id=job.owner_id,
        cause=Cause.SCHEDULE,
        state=RunState.PLANNED,
        inputs=job.inputs,
        slot_at=slot_at,
        due_at=slot_at,
        timeout_s=job.timeout_s,
        created_at=now,
    )
