"""The herd: slots on time, of jobs that are free, about which there is nothing to decide but when the next one comes.

At nine o'clock that is almost all of them, so they are read with few columns and written with few statements.
Whatever is late, busy, counted, held or to be filled in is left to the rest of the tick.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.operations.foresight import Foresight, after_due
from bot.operations.plan import plan
from bot.rules.admit import GRACE
from storage import claims, herd, jobs, runs, slots

# PERFORMANCE: 100 to 500 a transaction is the best rate that keeps the writer free for acks.
BATCH = 500


@dataclass(frozen=True, slots=True)
class Herd:
    """The runs that are ready now, and whether there may be more like them."""

    ready: tuple[int, ...]
    is_full: bool


def let_in_herd(c: Connection, *, now: datetime) -> Herd:
    """One batch of them becomes ready, and the next slot of each job is planned."""
    found = herd.due(c, now - GRACE, now, BATCH)
    if not found:
        return Herd((), is_full=False)
    busy, foresight = slots.busy_jobs(c, {due.job_id for due in found}), Foresight()
    ready: list[int] = []
    following: list[herd.Next] = []
    for due in found:
        if due.job_id in busy or any(_is_own(rule.calendar) for one in due.schedules for rule in one.calendars):
            continue
        after = after_due(due.schedules, due.key, due.due_at)
        coming = foresight.next(due.job_id, due.schedules, due.policy, after, None)
        if coming is not None:
            busy.add(due.job_id)  # a second slot of it finds the first in its way
            ready.append(due.run_id)
            following.append(coming)
    claims.admit(c, ready, now)
    if herd.plan(c, following, now) < len(following):
        _plan_left_out(c, following, now)
    return Herd(tuple(ready), is_full=len(found) == len(ready) == BATCH)


def _is_own(calendar: str) -> bool:
    """Whether a calendar is the team's own, and so to be read from its rows."""
    return ":" not in calendar


def _plan_left_out(c: Connection, following: list[herd.Next], now: datetime) -> None:
    """Slots that had a row already: their jobs go on from there."""
    planned = {run.job_id for run in runs.planned_of_many(c, [one.job_id for one in following])}
    left = {one.job_id: one for one in following if one.job_id not in planned}
    for job in jobs.lock_many(c, left).values():
        plan(c, job, left[job.id].slot_at, now=now)
