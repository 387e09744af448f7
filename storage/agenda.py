"""The agenda of a job: slots that people skip, bring back and move, and what became of the latest ones."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BindParameter, Connection, bindparam, delete, or_, select, update

from storage.columns import Utc
from storage.records import Cause, Run, RunState
from storage.runs import newest_of_job
from storage.tables import RUN, RUN_OPEN, RUN_PLANNED, runs, turn_of

# Rows that were written lately have the highest numbers: no need to read the history of years.
NEWEST = 1_000

_AFTER = bindparam("after", type_=Utc)
_JOB: BindParameter[int] = bindparam("job")
_GOING = select(*RUN.columns).where(
    runs.c.job_id == _JOB, RUN_OPEN, runs.c.state.in_([RunState.READY, RunState.RUNNING, RunState.WAITING])
)
_LATEST = (
    newest_of_job(select(runs.c.id, runs.c.state, runs.c.slot_at, runs.c.due_at), _JOB)
    .where(runs.c.cause == Cause.SCHEDULE)
    .limit(bindparam("most"))
    .subquery()
)
# Judged among the latest, for else PostgreSQL seeks every skipped slot of every job.
_SKIPPED_LATELY = select(_LATEST.c.id).where(
    _LATEST.c.state == RunState.SKIPPED, or_(_LATEST.c.slot_at > _AFTER, _LATEST.c.due_at > _AFTER)
)
_SKIPPED_AFTER = select(*RUN.columns).where(runs.c.id.in_(_SKIPPED_LATELY)).order_by(runs.c.slot_at)
_DROP_SKIPPED = delete(runs).where(runs.c.id.in_(bindparam("ids", expanding=True)), runs.c.state == RunState.SKIPPED)
_MOVE = update(runs).where(runs.c.id == bindparam("run_id"), RUN_PLANNED)
_FEW_COLUMNS = (runs.c.key, runs.c.slot_at, runs.c.due_at, runs.c.state, runs.c.reason)
_NEWEST = newest_of_job(select(*_FEW_COLUMNS), _JOB).where(runs.c.cause == Cause.SCHEDULE).limit(bindparam("most"))


@dataclass(frozen=True, slots=True)
class SlotRow:
    """What became of one slot, without what its run brought."""

    key: str
    slot_at: datetime
    due_at: datetime
    state: RunState
    reason: str | None


def going_of(c: Connection, job_id: int) -> list[Run]:
    """The runs of the job that have begun and not ended."""
    return RUN.all(c.execute(_GOING, {"job": job_id}))


def skipped_after(c: Connection, job_id: int, after: datetime) -> list[Run]:
    """Skipped slots of the job whose time lies after this, soonest first, for whatever reason."""
    return RUN.all(c.execute(_SKIPPED_AFTER, {"job": job_id, "after": after, "most": NEWEST}))


def drop_skipped(c: Connection, run_ids: Collection[int]) -> int:
    """Takes skipped slots out, so that they can be planned again. How many there were."""
    return c.execute(_DROP_SKIPPED, {"ids": list(run_ids)}).rowcount if run_ids else 0


def move(c: Connection, run: Run, due_at: datetime) -> bool:
    """A planned run is due at another time; its slot stays. False if it is not planned any more."""
    moved = {"run_id": run.id, "due_at": due_at, "turn_at": turn_of(due_at, run.priority)}
    return c.execute(_MOVE, moved).rowcount == 1


def latest(c: Connection, job_id: int, most: int) -> list[SlotRow]:
    """The slots of the job whose rows were written last, newest first."""
    return [SlotRow(*row) for row in c.execute(_NEWEST, {"job": job_id, "most": most})]
