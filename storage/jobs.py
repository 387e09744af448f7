"""Jobs: rows with a version, found by number or name, never taken out of the table."""

import re
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from storage.columns import Utc
from storage.errors import NameTaken
from storage.records import Job, JobState
from storage.tables import JOB, JOB_STANDS, RUN_OPEN, fold, jobs, runs

_NUMBER = re.compile(r"(?:#|j-)?(\d{1,18})", re.IGNORECASE | re.ASCII)
_NOT_SAVED = ("id", "team_id", "created_at", "version")

_ADD = insert(jobs).returning(jobs.c.id)
_GET = select(*JOB.columns).where(jobs.c.team_id == bindparam("team"), jobs.c.id == bindparam("job_id"))
_SAVE = (
    update(jobs)
    .where(
        jobs.c.team_id == bindparam("team"),
        jobs.c.id == bindparam("job_id"),
        jobs.c.version == bindparam("old_version"),
    )
    .values(version=jobs.c.version + 1)
    .returning(*JOB.columns)
)
_GET_MANY = select(*JOB.columns).where(jobs.c.id.in_(bindparam("ids", expanding=True)))
# In the order of their ids, so that two transactions never wait for each other in a circle.
_LOCK_MANY = _GET_MANY.order_by(jobs.c.id).with_for_update()
_DUE_RESUMES = (
    select(*JOB.columns)
    .where(jobs.c.resume_at.is_not(None), jobs.c.resume_at <= bindparam("now", type_=Utc))
    .order_by(jobs.c.resume_at, jobs.c.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_NEXT_RESUME = select(jobs.c.resume_at).where(jobs.c.resume_at.is_not(None)).order_by(jobs.c.resume_at).limit(1)
_STANDING = select(*JOB.columns).where(jobs.c.team_id == bindparam("team"), JOB_STANDS).order_by(jobs.c.id)
_BY_NUMBER = _STANDING.where(jobs.c.id == bindparam("number"))
_BY_NAME = _STANDING.where(jobs.c.name_folded == bindparam("name"))
_BY_BEGINNING = _STANDING.where(func.substr(jobs.c.name_folded, 1, bindparam("chars")) == bindparam("name"))
_SET_STATE = update(jobs).where(jobs.c.id == bindparam("job_id")).returning(*JOB.columns)
_OWN = _SET_STATE.where(jobs.c.owner_id == bindparam("old_owner"))
_OWN_RUNS = update(runs).where(RUN_OPEN, runs.c.job_id == bindparam("of_job"))
_MARK_HEALTH = update(jobs).where(jobs.c.id == bindparam("job_id"))


def add(c: Connection, job: Job) -> Job:
    """Raises NameTaken when a job of this name (in any case) stands in the channel."""
    try:
        return replace(job, id=c.execute(_ADD, JOB.new(job)).scalar_one())
    except IntegrityError:
        raise _taken(job) from None


def get(c: Connection, team_id: str, job_id: int) -> Job | None:
    """Deleted ones too."""
    return JOB.one(c.execute(_GET, {"team": team_id, "job_id": job_id}))


def save(c: Connection, job: Job) -> Job | None:
    """Writes the job if it still stands at `job.version`, and counts the version up. None when another was first.

    Raises NameTaken.
    """
    values = {name: value for name, value in JOB.values(job).items() if name not in _NOT_SAVED}
    values |= {"team": job.team_id, "job_id": job.id, "old_version": job.version}
    try:
        return JOB.one(c.execute(_SAVE, values))
    except IntegrityError:
        raise _taken(job) from None


def get_many(c: Connection, job_ids: Collection[int]) -> dict[int, Job]:
    """By id, for the house only: it tells nothing of the team."""
    if not job_ids:
        return {}
    found = JOB.all(c.execute(_GET_MANY, {"ids": list(job_ids)}))
    return {job.id: job for job in found}


def lock_many(c: Connection, job_ids: Collection[int]) -> dict[int, Job]:
    """As `get_many`; on PostgreSQL nobody else decides for these jobs until we commit. SQLite has one writer."""
    if not job_ids:
        return {}
    found = JOB.all(c.execute(_LOCK_MANY, {"ids": list(job_ids)}))
    return {job.id: job for job in found}


def due_resumes(c: Connection, now: datetime, limit: int) -> list[Job]:
    """Jobs whose pause has come to its end, oldest first. On PostgreSQL others pass over them until we commit."""
    return JOB.all(c.execute(_DUE_RESUMES, {"now": now, "most": limit}))


def next_resume_at(c: Connection) -> datetime | None:
    """When the next pause comes to its end, in any team."""
    return c.execute(_NEXT_RESUME).scalar()


def set_state(
    c: Connection,
    job_id: int,
    state: JobState,
    *,
    by: str | None,
    reason: str | None,
    resume_at: datetime | None = None,
) -> Job:
    """Who changed it, why, and when a pause ends. The version stays: it counts what a person wrote into the form."""
    values = {"job_id": job_id, "state": state, "state_by": by, "state_reason": reason, "resume_at": resume_at}
    return JOB.read(c.execute(_SET_STATE, values).one())


def set_owner(c: Connection, job: Job, owner_id: str) -> Job | None:
    """With it go the runs that have not ended; who owned those that have is history. None when another was first."""
    changed = JOB.one(c.execute(_OWN, {"job_id": job.id, "old_owner": job.owner_id, "owner_id": owner_id}))
    if changed is not None:
        c.execute(_OWN_RUNS, {"of_job": job.id, "owner_id": owner_id})
    return changed


def mark_health(c: Connection, job_id: int, failing_since: datetime | None, failures: int) -> None:
    """Since when, and how often in a row, its runs have failed."""
    c.execute(_MARK_HEALTH, {"job_id": job_id, "failing_since": failing_since, "failures": failures})


def find(c: Connection, team_id: str, text: str, channel_ids: Collection[str] | None = None) -> list[Job]:
    """The standing jobs that somebody may mean: by number (`#12`, `J-12`, `12`), else by exact name, else by the
    beginning of the name. More than one means that the words are not enough."""
    name = fold(text)
    words = {"team": team_id, "name": name, "chars": len(name)}
    number = _NUMBER.fullmatch(text.strip())
    asked = [(_BY_NUMBER, {"team": team_id, "number": int(number[1])})] if number else []
    asked += [(statement, words) for statement in (_BY_NAME, _BY_BEGINNING) if name]
    for statement, values in asked:
        if channel_ids is not None:
            statement = statement.where(jobs.c.channel_id.in_(list(channel_ids)))
        if found := JOB.all(c.execute(statement, values)):
            return found
    return []


def list_jobs(
    c: Connection,
    team_id: str,
    *,
    channel_ids: Collection[str] | None = None,
    owner_id: str | None = None,
    app_id: int | None = None,
    states: Iterable[JobState] | None = None,
    failing: bool | None = None,
    limit: int = 100,
    offset: int = 0,
) -> list[Job]:
    """In the order of their names. `None` does not filter; no `channel_ids` at all means no jobs.

    Without `states`, all but the deleted ones.
    """
    query = _filtered(select(*JOB.columns), team_id, channel_ids, owner_id, app_id, states, failing)
    return JOB.all(c.execute(query.order_by(jobs.c.name_folded, jobs.c.id).limit(limit).offset(offset)))


def count_jobs(
    c: Connection,
    team_id: str,
    *,
    channel_ids: Collection[str] | None = None,
    owner_id: str | None = None,
    app_id: int | None = None,
    states: Iterable[JobState] | None = None,
    failing: bool | None = None,
) -> int:
    """How many `list_jobs` would give without a limit."""
    query = select(func.count()).select_from(jobs)
    return int(c.scalar(_filtered(query, team_id, channel_ids, owner_id, app_id, states, failing)))


def _filtered(
    query: Select[Any],
    team_id: str,
    channel_ids: Collection[str] | None = None,
    owner_id: str | None = None,
    app_id: int | None = None,
    states: Iterable[JobState] | None = None,
    failing: bool | None = None,
) -> Select[Any]:
    query = query.where(jobs.c.team_id == team_id)
    query = query.where(JOB_STANDS if states is None else jobs.c.state.in_(list(states)))
    if channel_ids is not None:
        query = query.where(jobs.c.channel_id.in_(list(channel_ids)))
    if owner_id is not None:
        query = query.where(jobs.c.owner_id == owner_id)
    if app_id is not None:
        query = query.where(jobs.c.app_id == app_id)
    if failing is not None:
        query = query.where(jobs.c.failing_since.is_not(None) if failing else jobs.c.failing_since.is_(None))
    return query


def _taken(job: Job) -> NameTaken:
    return NameTaken(f"There is already a job called {job.name} in this channel.")
