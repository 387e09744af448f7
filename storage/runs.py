"""Runs: adding them once, reading them, and the traces that belong to them. Claiming is in `claims`."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam, delete, func, select
from sqlalchemy.dialects import postgresql

from storage.columns import Utc
from storage.records import Cause, Run, RunState
from storage.rows import arrays, each_engine, unnest
from storage.tables import RUN, RUN_HELD, RUN_OPEN, RUN_PLANNED, RUN_RAN, jobs, runs
from storage.trace import get_trace, pack_trace, put_trace, unpack_trace

__all__ = [
    "active_of",
    "add",
    "add_many",
    "by_key",
    "count_keys",
    "count_runs",
    "drop_planned",
    "get",
    "get_trace",
    "has_newer_success",
    "last_ended",
    "last_ended_of_many",
    "last_judged",
    "last_success_before",
    "list_runs",
    "newest_of_job",
    "next_runs",
    "pack_trace",
    "planned_of",
    "planned_of_many",
    "put_trace",
    "reruns_of",
    "running",
    "stop_wishes",
    "unpack_trace",
]

LAST_CHARACTER = "\U0010ffff"

_INSERT = each_engine(lambda insert: insert(runs).on_conflict_do_nothing(index_elements=["key"]))
_ADD = {name: statement.returning(runs.c.id) for name, statement in _INSERT.items()}
_SELECT = select(*RUN.columns)
_GET = _SELECT.where(runs.c.team_id == bindparam("team"), runs.c.id == bindparam("run_id"))
_BY_KEY = _SELECT.where(runs.c.key == bindparam("key"))

# The next slot of a job's schedule. A rerun is a person's wish, and a run that waits for another attempt has
# happened: neither is the schedule's to drop.
_OF_JOB = runs.c.job_id == bindparam("job")
_NEXT_SLOT: tuple[ColumnElement[bool], ...] = (
    _OF_JOB,
    RUN_OPEN,
    RUN_PLANNED,
    runs.c.cause == Cause.SCHEDULE,
    runs.c.attempts == 0,
)
_PLANNED_OF = _SELECT.where(*_NEXT_SLOT).order_by(runs.c.due_at, runs.c.id).limit(1)
_DROP_PLANNED = delete(runs).where(*_NEXT_SLOT)
_ACTIVE_OF = (
    select(runs.c.job_id)
    .distinct()
    .where(
        RUN_OPEN,
        runs.c.job_id.in_(bindparam("jobs", expanding=True)),
        runs.c.state.in_([RunState.READY, RunState.RUNNING]),
    )
)
_LAST_ENDED = (
    _SELECT.where(_OF_JOB, RUN_RAN, runs.c.ended_at.is_not(None))
    .order_by(runs.c.ended_at.desc(), runs.c.id.desc())
    .limit(1)
)
_PLANNED_OF_MANY = _SELECT.where(
    runs.c.job_id.in_(bindparam("jobs", expanding=True)),
    RUN_OPEN,
    RUN_PLANNED,
    runs.c.cause == Cause.SCHEDULE,
    runs.c.attempts == 0,
)
# For each job one look into its index; grouping would read its whole history.
_LAST_OF_EACH = (
    select(runs.c.id)
    .where(runs.c.job_id == jobs.c.id, RUN_RAN, runs.c.ended_at.is_not(None))
    .order_by(runs.c.ended_at.desc(), runs.c.id.desc())
    .limit(1)
    .scalar_subquery()
    .correlate(jobs)
)
_LAST_OF_MANY = _SELECT.where(
    runs.c.id.in_(select(_LAST_OF_EACH).where(jobs.c.id.in_(bindparam("jobs", expanding=True))))
)
_RERUNS_OF = _SELECT.where(runs.c.rerun_of == bindparam("run")).order_by(runs.c.id.desc())
_COUNT_OF = select(func.count()).select_from(runs).where(_OF_JOB)
# A range, for LIKE would read every run: keys are compared by their bytes on both engines.
_COUNT_KEYS = (
    select(func.count())
    .select_from(runs)
    .where(
        runs.c.key >= bindparam("prefix"),
        runs.c.key < bindparam("prefix_end"),
        runs.c.ended_at.is_not(None),
    )
)
_STOP_WISHES = select(runs.c.id, runs.c.stop_by).where(
    runs.c.id.in_(bindparam("ids", expanding=True)), runs.c.stop_by.is_not(None)
)
_LAST_ENDED_BEFORE = _LAST_ENDED.where(runs.c.ended_at < bindparam("before", type_=Utc))


def add(c: Connection, run: Run) -> Run | None:
    """None when a run with this key is there already."""
    run_id = c.execute(_ADD[c.dialect.name], RUN.new(run)).scalar()
    return None if run_id is None else replace(run, id=run_id)


def add_many(c: Connection, new: Sequence[Run]) -> int:
    """How many were added; those whose key is there already are passed over."""
    if not new:
        return 0
    rows = RUN.news(new)
    if c.dialect.name == "postgresql":
        names = tuple(rows[0])
        return len(c.execute(_add_arrays(names), arrays(names, rows)).all())
    return c.execute(_INSERT["sqlite"], rows).rowcount


@cache
def _add_arrays(names: tuple[str, ...]) -> Any:
    """The INSERT of many on PostgreSQL; one for each set of columns that is known of new runs, so very few."""
    source = unnest([runs.c[name] for name in names])
    return (
        postgresql.insert(runs)
        .from_select(names, select(*source.c))
        .on_conflict_do_nothing(index_elements=["key"])
        .returning(runs.c.id)
    )


def get(c: Connection, team_id: str, run_id: int) -> Run | None:
    return RUN.one(c.execute(_GET, {"team": team_id, "run_id": run_id}))


def by_key(c: Connection, key: str) -> Run | None:
    """For the house only: a key tells nothing of the team."""
    return RUN.one(c.execute(_BY_KEY, {"key": key}))


def list_runs(
    c: Connection,
    team_id: str,
    *,
    job_id: int | None = None,
    channel_ids: Collection[str] | None = None,
    states: Iterable[RunState] | None = None,
    limit: int = 50,
    offset: int = 0,
    before_id: int | None = None,
) -> list[Run]:
    """Newest first. `None` does not filter; no `channel_ids` at all means no runs.

    Pages are turned by `offset`, or by `before_id`, which costs the same on every page.
    """
    team = runs.c.team_id == team_id if job_id is None else _in_team(team_id)
    query = _seen(_SELECT, team, channel_ids)
    query = query.order_by(runs.c.id.desc()) if job_id is None else newest_of_job(query, job_id)
    if states is not None:
        query = query.where(runs.c.state.in_(list(states)))
    if before_id is not None:
        query = query.where(runs.c.id < before_id)
    return RUN.all(c.execute(query.limit(limit).offset(offset)))


def newest_of_job(query: Select[Any], job_id: Any) -> Select[Any]:
    """The job's rows, the last written first, read backwards from the index of the job and no further than asked.

    PostgreSQL would rather read the whole table backwards for a job that had many rows, be it years ago. So the order
    is that of the index, and its first column no constant, which would be dropped from it.
    """
    return query.where(runs.c.job_id.between(job_id, job_id)).order_by(runs.c.job_id.desc(), runs.c.id.desc())


def planned_of(c: Connection, job_id: int) -> Run | None:
    """The next slot of the job's schedule. Reruns and later attempts are not meant."""
    return RUN.one(c.execute(_PLANNED_OF, {"job": job_id}))


def planned_of_many(c: Connection, job_ids: Collection[int]) -> list[Run]:
    """The next slot of each of the jobs that has one."""
    if not job_ids:
        return []
    return RUN.all(c.execute(_PLANNED_OF_MANY, {"jobs": list(job_ids)}))


def drop_planned(c: Connection, job_id: int) -> int:
    """Takes the next slot of the job's schedule out; it can be planned again. Reruns and later attempts stay."""
    return c.execute(_DROP_PLANNED, {"job": job_id}).rowcount


def active_of(c: Connection, job_ids: Collection[int]) -> set[int]:
    """Those of the jobs that have a ready or running run."""
    if not job_ids:
        return set()
    return set(c.execute(_ACTIVE_OF, {"jobs": list(job_ids)}).scalars())


def last_ended(
    c: Connection, job_id: int, before: datetime | None = None, states: Iterable[RunState] | None = None
) -> Run | None:
    """The run of the job that ended last (before that instant, in one of those states). Slots that never started do
    not count."""
    query = _LAST_ENDED if before is None else _LAST_ENDED_BEFORE
    if states is not None:
        query = query.where(runs.c.state.in_(list(states)))
    return RUN.one(c.execute(query, {"job": job_id, "before": before} if before is not None else {"job": job_id}))


def last_ended_of_many(c: Connection, job_ids: Collection[int]) -> list[Run]:
    """The run that ended last, of each of the jobs that has one."""
    if not job_ids:
        return []
    return RUN.all(c.execute(_LAST_OF_MANY, {"jobs": list(job_ids)}))


def last_judged(
    c: Connection, job_id: int, states: Collection[RunState], but_causes: Collection[Cause]
) -> Run | None:
    """The run of the job that ended last, of those in these states and of no such cause, started or not."""
    told = {"job": job_id, "states": list(states), "causes": list(but_causes)}
    seen = RUN.all(c.execute(_JUDGED, told))
    return max(seen, key=lambda run: (run.ended_at or run.due_at, run.id), default=None)


def reruns_of(c: Connection, run_id: int) -> list[Run]:
    """The runs that were started again from this one, newest first."""
    return RUN.all(c.execute(_RERUNS_OF, {"run": run_id}))


def count_runs(c: Connection, job_id: int) -> int:
    """How many runs the job has, in whatever state."""
    return int(c.execute(_COUNT_OF, {"job": job_id}).scalar_one())


def count_keys(c: Connection, prefix: str) -> int:
    """How many ended runs have a key that begins so."""
    return int(c.execute(_COUNT_KEYS, {"prefix": prefix, "prefix_end": prefix + LAST_CHARACTER}).scalar_one())


def stop_wishes(c: Connection, run_ids: Collection[int]) -> dict[int, str]:
    """Who wants which of these runs to end."""
    if not run_ids:
        return {}
    return {row.id: row.stop_by for row in c.execute(_STOP_WISHES, {"ids": list(run_ids)})}


def next_runs(c: Connection, team_id: str, channel_ids: Collection[str] | None = None, limit: int = 10) -> list[Run]:
    """Planned runs, soonest first."""
    query = _seen(_SELECT, _in_team(team_id), channel_ids).where(RUN_PLANNED)
    return RUN.all(c.execute(query.order_by(runs.c.due_at, runs.c.id).limit(limit)))


def running(c: Connection, team_id: str, channel_ids: Collection[str] | None = None) -> list[Run]:
    """Runs that Dify has now, also those that wait for a human; oldest first."""
    query = _seen(_SELECT, _in_team(team_id), channel_ids).where(RUN_HELD)
    return RUN.all(c.execute(query.order_by(runs.c.started_at, runs.c.id)))


def _in_team(team_id: str) -> ColumnElement[bool]:
    """The team as a condition that chooses no index: SQLite would else prefer the index of the team, and read all
    its runs, to an index that leads to the few that are meant."""
    return runs.c.team_id.concat("") == team_id


def _seen(query: Select[Any], team: ColumnElement[bool], channel_ids: Collection[str] | None) -> Select[Any]:
    query = query.where(team)
    if channel_ids is None:
        return query
    return query.where(runs.c.channel_id.in_(list(channel_ids)))


_NEWER_SUCCESS = (
    select(runs.c.id)
    .where(
        _OF_JOB,
        RUN_RAN,
        runs.c.state.in_([RunState.SUCCEEDED, RunState.PARTIAL]),
        runs.c.slot_at > bindparam("slot", type_=Utc),
        runs.c.ended_at > bindparam("slot", type_=Utc),
    )
    .limit(1)
)


def has_newer_success(c: Connection, job_id: int, slot_at: datetime) -> bool:
    """Whether a later slot of the job has succeeded. What ended before the slot cannot be later."""
    return c.execute(_NEWER_SUCCESS, {"job": job_id, "slot": slot_at}).first() is not None


# Of how many that ended last the newest slot is taken: a rerun of an old slot may end after it.
_SUCCESSES_SEEN = 50
_SUCCESSES = (
    select(runs.c.id, runs.c.slot_at)
    .where(
        _OF_JOB,
        RUN_RAN,
        runs.c.ended_at.is_not(None),
        runs.c.state.in_([RunState.SUCCEEDED, RunState.PARTIAL]),
        runs.c.slot_at < bindparam("slot", type_=Utc),
    )
    .order_by(runs.c.ended_at.desc(), runs.c.id.desc())
    .limit(_SUCCESSES_SEEN)
)
_BY_ID = _SELECT.where(runs.c.id == bindparam("run_id"))

# Of how many that were written last the one that ended last is taken: runs of a job may overtake one another.
_JUDGED_SEEN = 50
_JUDGED = (
    newest_of_job(_SELECT, bindparam("job"))
    .where(
        runs.c.ended_at.is_not(None),
        runs.c.state.in_(bindparam("states", expanding=True)),
        runs.c.cause.not_in(bindparam("causes", expanding=True)),
    )
    .limit(_JUDGED_SEEN)
)


def last_success_before(c: Connection, job_id: int, slot_at: datetime) -> Run | None:
    """The success of the job with the newest slot earlier than this one."""
    seen = c.execute(_SUCCESSES, {"job": job_id, "slot": slot_at}).all()
    if not seen:
        return None
    newest = max(seen, key=lambda row: (row.slot_at, row.id))
    return RUN.one(c.execute(_BY_ID, {"run_id": newest.id}))
