"""Prune: what is too old is let go of, a window of runs at a time; what a day came to stays."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.rules.retention import Fate, Retention, fate
from storage import jobs, prune, rollups, runs
from storage.advisory import Lock, lock
from storage.records import JobState

# To let go of so many runs takes the writer of SQLite about 20 ms.
WINDOW = 200
AUDIT_DAYS = 400


@dataclass(frozen=True, slots=True)
class Sweep:
    """What is to go of one window, and where the next begins; None when the last run has been looked at."""

    traces: tuple[int, ...] = ()
    values: tuple[int, ...] = ()
    runs: tuple[int, ...] = ()
    loose: tuple[int, ...] = ()
    next_run: int | None = None
    next_delivery: int | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to look at."""
        return self.next_run is None and self.next_delivery is None

    @property
    def is_idle(self) -> bool:
        return not (self.traces or self.values or self.runs or self.loose)


def look_for_old(
    c: Connection, retention: Retention, *, after_run: int | None, after_delivery: int | None, now: datetime
) -> Sweep:
    """What has grown too old behind these numbers (None: nothing is left there to look at). Only reads, so that the
    one writer of SQLite is not held up."""
    seen = prune.window(c, after_run, WINDOW) if after_run is not None else []
    old = {one.id: fate(one, retention, is_needed=False, now=now) for one in seen}
    concerned = {one.job_id for one in seen if old[one.id] > Fate.TRACE and one.job_id is not None}
    needed, counted = _needed(c, concerned, now)
    for one in seen:
        if one.id in needed or one.job_id in counted:
            old[one.id] = fate(one, retention, is_needed=True, now=now)
    loose, next_delivery = (
        prune.loose_deliveries(c, after_delivery, now - timedelta(days=retention.runs), WINDOW)
        if after_delivery is not None and retention.runs is not None
        else ([], None)
    )
    return Sweep(
        traces=_with(old, Fate.TRACE),
        values=_with(old, Fate.VALUES),
        runs=_with(old, Fate.RUN),
        loose=tuple(loose),
        next_run=seen[-1].id if len(seen) == WINDOW else None,
        next_delivery=next_delivery,
    )


def let_go(c: Connection, sweep: Sweep, *, now: datetime) -> None:
    """Let go of what was found, one server at a time. Runs are added up as they go, so that each counts once."""
    lock(c, Lock.PRUNE)
    old, cleared = prune.settled(c, sweep.runs), prune.settled(c, sweep.values)
    prune.drop_traces(c, (*sweep.traces, *cleared))
    prune.clear(c, cleared, now)
    rollups.add_up(c, prune.by_ids(c, old))
    prune.drop_runs(c, old)
    prune.drop_deliveries(c, sweep.loose)
    prune.drop_audit(c, now - timedelta(days=AUDIT_DAYS), WINDOW)


def _with(old: dict[int, Fate], wanted: Fate) -> tuple[int, ...]:
    return tuple(run_id for run_id, found in old.items() if found is wanted)


def _needed(c: Connection, job_ids: set[int], now: datetime) -> tuple[set[int], set[int]]:
    """Runs that their jobs need: the last that ended, and the last success, which macros read; and jobs all runs of
    which are needed, for how often they have run is counted."""
    standing = [job for job in jobs.get_many(c, job_ids).values() if job.state is not JobState.DELETED]
    needed = {run.id for run in runs.last_ended_of_many(c, [job.id for job in standing])}
    successes = (runs.last_success_before(c, job.id, now) for job in standing)
    needed |= {run.id for run in successes if run is not None}
    return needed, {job.id for job in standing if any(schedule.times is not None for schedule in job.schedules)}
