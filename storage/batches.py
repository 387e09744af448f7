"""Backfills: the runs that somebody asked for over past slots of a job, and how far they have come."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, select

from storage.columns import Utc
from storage.records import Run, RunState
from storage.tables import RUN, runs

_OF_BATCH = runs.c.batch == bindparam("batch")
_GOING = (RunState.READY, RunState.RUNNING, RunState.WAITING)
_COUNT = select(runs.c.state, func.count()).where(_OF_BATCH).group_by(runs.c.state)
_WAITING = (
    select(*RUN.columns)
    .where(_OF_BATCH, runs.c.state == RunState.QUEUED)
    .order_by(runs.c.slot_at, runs.c.id)
    .limit(bindparam("most"))
)
_ON_THEIR_WAY = select(*RUN.columns).where(_OF_BATCH, runs.c.state.in_(_GOING)).order_by(runs.c.id)
_LAST_OF_JOB = (
    select(runs.c.batch)
    .where(runs.c.job_id == bindparam("job"), runs.c.batch.is_not(None))
    .order_by(runs.c.id.desc())
    .limit(1)
)
_SLOTS = (
    select(runs.c.slot_at, runs.c.state)
    .where(
        runs.c.job_id == bindparam("job"),
        runs.c.slot_at >= bindparam("since", type_=Utc),
        runs.c.slot_at <= bindparam("until", type_=Utc),
    )
    .order_by(runs.c.id)
)


@dataclass(frozen=True, slots=True)
class Progress:
    """How many runs of a backfill are in which state."""

    counts: Counter[RunState]

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def waiting(self) -> int:
        return self.counts[RunState.QUEUED]

    @property
    def going(self) -> int:
        return sum(self.counts[state] for state in _GOING)

    @property
    def is_over(self) -> bool:
        return not self.waiting and not self.going


def progress(c: Connection, batch: str) -> Progress:
    return Progress(Counter({RunState(state): count for state, count in c.execute(_COUNT, {"batch": batch})}))


def waiting(c: Connection, batch: str, limit: int) -> list[Run]:
    """Those that have not begun, the oldest slot first."""
    return RUN.all(c.execute(_WAITING, {"batch": batch, "most": limit}))


def on_their_way(c: Connection, batch: str) -> list[Run]:
    """Those that have begun or are about to."""
    return RUN.all(c.execute(_ON_THEIR_WAY, {"batch": batch}))


def last_of(c: Connection, job_id: int) -> str | None:
    """The newest backfill of a job."""
    return c.execute(_LAST_OF_JOB, {"job": job_id}).scalar()


def states_of_slots(c: Connection, job_id: int, since: datetime, until: datetime) -> dict[datetime, list[RunState]]:
    """What became of each slot between two instants, in the order in which it was tried."""
    found: dict[datetime, list[RunState]] = {}
    for slot_at, state in c.execute(_SLOTS, {"job": job_id, "since": since, "until": until}):
        found.setdefault(slot_at, []).append(RunState(state))
    return found


def is_any(states: Collection[RunState], wanted: Collection[RunState]) -> bool:
    return any(state in wanted for state in states)
