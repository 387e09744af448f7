"""A herd: slots that come due together, read and written with few columns and in few statements.

It holds what there is nothing to decide about but the next slot; whatever else has come due is for `claims.due_runs`.
"""

from collections.abc import Sequence
from dataclasses import MISSING, fields
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Text, bindparam, cast, literal, select
from sqlalchemy.dialects import postgresql, sqlite

from storage.columns import Utc
from storage.nested import read_policy, read_schedules
from storage.records import Cause, JobState, Policy, Run, Schedule
from storage.rows import Source, among, sources
from storage.tables import RUN_PLANNED, jobs, runs, turn_of


class Due(NamedTuple):
    """A planned run on time, of an active job, with the plan of that job. Its inputs hold nothing to be filled in."""

    run_id: int
    job_id: int
    key: str
    due_at: datetime
    schedules: tuple[Schedule, ...]
    policy: Policy


class Next(NamedTuple):
    """What is new of the next planned run of a job; all else is as the job has it."""

    job_id: int
    key: str
    slot_at: datetime
    due_at: datetime
    policy: Policy


_NOW = bindparam("now", type_=Utc)
_ON_TIME = (
    select(runs.c.id, runs.c.job_id, runs.c.key, runs.c.due_at)
    .where(
        RUN_PLANNED,
        runs.c.due_at <= _NOW,
        runs.c.due_at >= bindparam("since", type_=Utc),
        runs.c.cause == Cause.SCHEDULE,
        runs.c.attempts == 0,
        runs.c.hold_by.is_(None),
        cast(runs.c.inputs, Text).not_like("%{{%"),
    )
    .order_by(runs.c.due_at, runs.c.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
# Nobody is waited for: a job that somebody changes right now is looked at with those that take longer.
_ACTIVE = {
    name: select(jobs.c.id, cast(jobs.c.schedules, Text), cast(jobs.c.policy, Text))
    .where(condition, jobs.c.state == JobState.ACTIVE)
    .order_by(jobs.c.id)
    .with_for_update(skip_locked=True)
    for name, condition in among(jobs.c.id, "job_ids").items()
}
_OF_JOB = ("team_id", "app_id", "name", "channel_id", "owner_id", "inputs", "timeout_s")
_SOURCES = sources(
    [runs.c[name] for name in ("job_id", "key", "slot_at", "due_at", "turn_at", "priority", "warn_over_s")]
)


def _plan_from(insert: Any, given: Source) -> Any:
    """The planned runs of jobs, made where the jobs stand: nothing of them travels."""
    values = {**given.columns} | {name: jobs.c[name] for name in _OF_JOB}
    values |= {"job_version": jobs.c.version, "created_at": _NOW, "cause": literal(Cause.SCHEDULE, runs.c.cause.type)}
    for one in fields(Run):
        if one.name not in values and one.default is not MISSING and one.default is not None:
            values[one.name] = literal(one.default, runs.c[one.name].type)
    source = select(*values.values()).where(jobs.c.id == given.columns["job_id"])
    return insert(runs).from_select(list(values), source).on_conflict_do_nothing(index_elements=["key"])


_PLAN = {
    "sqlite": _plan_from(sqlite.insert, _SOURCES["sqlite"]),
    "postgresql": _plan_from(postgresql.insert, _SOURCES["postgresql"]),
}


def due(c: Connection, since: datetime, now: datetime, limit: int) -> list[Due]:
    """Slots that have come due from `since` on and about which there is little to decide, oldest first. On
    PostgreSQL others pass over them and over their jobs until we commit."""
    found = c.execute(_ON_TIME, {"since": since, "now": now, "most": limit}).all()
    if not found:
        return []
    job_ids = sorted({row.job_id for row in found})
    rules = {
        job_id: (read_schedules(schedules), read_policy(policy))
        for job_id, schedules, policy in c.execute(_ACTIVE[c.dialect.name], {"job_ids": job_ids}).all()
    }
    return [Due(*row, *rules[row.job_id]) for row in found if row.job_id in rules]


def plan(c: Connection, following: Sequence[Next], now: datetime) -> int:
    """Writes the next planned runs of jobs; how many. Those whose key is there already are passed over."""
    if not following:
        return 0
    rows = [
        (job_id, key, slot_at, due_at, turn_of(due_at, policy.priority), policy.priority, policy.warn_over_s)
        for job_id, key, slot_at, due_at, policy in following
    ]
    engine = c.dialect.name
    return c.execute(_PLAN[engine], _SOURCES[engine].bind(rows) | {"now": now}).rowcount
