"""The slots of a job: what is in the way of one, what stands in line, how many have started, how many were missed."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Connection, and_, bindparam, case, func, or_, select, update

from storage.columns import Utc
from storage.records import Cause, Run, RunState
from storage.rows import among
from storage.runs import newest_of_job
from storage.tables import RUN, RUN_OPEN, RUN_PLANNED, RUN_QUEUED, RUN_READY, runs

# What stands in line because it is made up for, and not because of the overlap rule, which so leaves it alone.
MADE_UP = "made up for"

_SELECT = select(*RUN.columns)
_WITH_ID = runs.c.id == bindparam("run_id")
_JOB: BindParameter[int] = bindparam("job")
_OF_JOB = runs.c.job_id == _JOB
_STANDS_IN_THE_WAY = {
    name: and_(
        RUN_OPEN,
        condition,
        runs.c.state.in_([RunState.QUEUED, RunState.READY, RunState.RUNNING]),
        runs.c.batch.is_(None),  # a backfill stands in a line of its own
    )
    for name, condition in among(runs.c.job_id, "jobs").items()
}
_IN_THE_WAY = {
    name: _SELECT.where(condition).order_by(runs.c.due_at, runs.c.id)
    for name, condition in _STANDS_IN_THE_WAY.items()
}
_BUSY = {name: select(runs.c.job_id).where(condition).distinct() for name, condition in _STANDS_IN_THE_WAY.items()}
_QUEUE = update(runs).where(_WITH_ID, RUN_PLANNED).values(state=RunState.QUEUED)
_START = (
    update(runs)
    .where(_WITH_ID, or_(RUN_PLANNED, RUN_QUEUED))
    .values(state=RunState.READY, reason=None, ready_at=bindparam("now", type_=Utc))
)
_HOLD = update(runs).where(_WITH_ID, or_(RUN_PLANNED, RUN_QUEUED, RUN_READY)).returning(*RUN.columns)
_MARK = update(runs).where(_WITH_ID, runs.c.ended_at.is_not(None)).returning(*RUN.columns)
_CLOSE = update(runs).where(_WITH_ID, or_(RUN_QUEUED, RUN_READY)).returning(*RUN.columns)
_HAS_STARTED = runs.c.started_at.is_not(None)
_MAY_START = and_(runs.c.started_at.is_(None), runs.c.state.in_([RunState.QUEUED, RunState.READY]))
_STARTS = select(
    func.coalesce(func.sum(case((_HAS_STARTED, 1), else_=0)), 0),
    func.coalesce(func.sum(case((_MAY_START, 1), else_=0)), 0),
).where(_OF_JOB, runs.c.cause == Cause.SCHEDULE)
_STARTS_SINCE = _STARTS.where(runs.c.slot_at >= bindparam("since", type_=Utc))
_BEFORE_MISSED = (
    newest_of_job(select(runs.c.id), _JOB)
    .where(runs.c.state.not_in([RunState.MISSED, RunState.PLANNED]))
    .limit(1)
    .scalar_subquery()
)
_SINCE_ANY_OTHER = (
    select(
        runs.c.id,
        runs.c.slot_at,
        runs.c.due_at,
        func.lag(runs.c.ended_at).over(order_by=runs.c.id).label("last_ended_at"),
    )
    .where(_OF_JOB, runs.c.state == RunState.MISSED, runs.c.id > func.coalesce(_BEFORE_MISSED, 0))
    .cte()
)
# Whoever closes missed slots goes on until nothing is due: one that came due only later begins another row of them.
_BEGINS_ANEW = (
    select(func.max(_SINCE_ANY_OTHER.c.id))
    .where(_SINCE_ANY_OTHER.c.due_at > _SINCE_ANY_OTHER.c.last_ended_at)
    .scalar_subquery()
)
_MISSED_IN_A_ROW = select(func.count(), func.min(_SINCE_ANY_OTHER.c.slot_at), func.max(_SINCE_ANY_OTHER.c.id)).where(
    _SINCE_ANY_OTHER.c.id >= func.coalesce(_BEGINS_ANEW, 0)
)
_BY_ID = _SELECT.where(_WITH_ID)
_NEWEST = (
    newest_of_job(_SELECT, _JOB)
    .where(runs.c.cause == Cause.SCHEDULE, runs.c.state != RunState.PLANNED)
    .limit(bindparam("most"))
)
_LAST_SLOT_AT = select(func.max(runs.c.slot_at)).where(_OF_JOB, runs.c.cause == Cause.SCHEDULE)


@dataclass(frozen=True, slots=True)
class Missed:
    """Slots of a job that were missed one after the other: how many, the first one's time, and the last one's row."""

    count: int
    since: datetime
    last: Run


def hold(c: Connection, run_id: int, by: str | None) -> Run | None:
    """A run that has not begun is held by somebody, or released (None). None comes back if it has begun."""
    return RUN.one(c.execute(_HOLD, {"run_id": run_id, "hold_by": by}))


def mark(c: Connection, run_id: int, mark: str, by: str, reason: str) -> Run | None:
    """What somebody says of the end of a run. None if it has not ended."""
    return RUN.one(c.execute(_MARK, {"run_id": run_id, "mark": mark, "mark_by": by, "mark_reason": reason}))


def in_the_way(c: Connection, job_ids: Collection[int]) -> list[Run]:
    """The queued, ready and running runs of these jobs, oldest first."""
    if not job_ids:
        return []
    return RUN.all(c.execute(_IN_THE_WAY[c.dialect.name], {"jobs": list(job_ids)}))


def busy_jobs(c: Connection, job_ids: Collection[int]) -> set[int]:
    """Those of the jobs that have a queued, ready or running run."""
    if not job_ids:
        return set()
    return set(c.execute(_BUSY[c.dialect.name], {"jobs": list(job_ids)}).scalars())


def queue(c: Connection, run_id: int, reason: str | None) -> None:
    """A planned run takes its place in line."""
    c.execute(_QUEUE, {"run_id": run_id, "reason": reason})


def start(c: Connection, run_id: int, inputs: Mapping[str, Any], now: datetime) -> None:
    """A planned or queued run becomes ready, with the inputs that it starts with."""
    c.execute(_START, {"run_id": run_id, "inputs": inputs, "now": now})


def close_unstarted(c: Connection, run_id: int, state: RunState, reason: str, now: datetime) -> Run | None:
    """A queued or ready run ends without having started. None if it is neither."""
    told = {"run_id": run_id, "state": state, "reason": reason, "ended_at": now}
    return RUN.one(c.execute(_CLOSE, told))


def count_starts(c: Connection, job_id: int, since: datetime | None) -> tuple[int, int]:
    """How many scheduled runs of the job (of slots from `since` on) have started, and how many may at any moment."""
    values: dict[str, Any] = {"job": job_id} if since is None else {"job": job_id, "since": since}
    started, may_start = c.execute(_STARTS if since is None else _STARTS_SINCE, values).one()
    return int(started), int(may_start)


def missed_in_a_row(c: Connection, job_id: int) -> Missed | None:
    """The slots that the job has missed since anything else happened to it, or nothing was due to it any more."""
    count, since, run_id = c.execute(_MISSED_IN_A_ROW, {"job": job_id}).one()
    last = RUN.one(c.execute(_BY_ID, {"run_id": run_id})) if count else None
    return None if last is None else Missed(count, since, last)


def newest(c: Connection, job_id: int, limit: int) -> list[Run]:
    """The slots of the job that have come due, the last written first."""
    return RUN.all(c.execute(_NEWEST, {"job": job_id, "most": limit}))


def last_slot_at(c: Connection, job_id: int) -> datetime | None:
    """The latest slot of the job that has a row."""
    return c.execute(_LAST_SLOT_AT, {"job": job_id}).scalar()
