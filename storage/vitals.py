"""How much waits and goes on, counted; and jobs that have been left without a next time."""

from datetime import datetime

from sqlalchemy import Connection, bindparam, func, select

from storage.columns import Utc
from storage.records import DeliveryKind, Job, JobState, Vitals
from storage.tables import DELIVERY_OWED, JOB, RUN_OPEN, RUN_READY, RUN_RUNNING, deliveries, jobs, runs

LOOKED_AT = 100  # the newest starts tell how late runs begin

_READY = select(func.count(), func.min(runs.c.due_at)).where(RUN_READY)
_RUNNING = select(func.count()).where(RUN_RUNNING)
_OWED = select(func.count(), func.min(deliveries.c.due_at)).where(
    DELIVERY_OWED, deliveries.c.due_at <= bindparam("now", type_=Utc)
)
# The message of a run is owed when the run is claimed, so the newest messages are those of the newest starts.
_STARTS = (
    select(runs.c.started_at, runs.c.due_at)
    .select_from(deliveries.join(runs, runs.c.id == deliveries.c.run_id))
    .where(deliveries.c.kind == DeliveryKind.RUN)
    .order_by(deliveries.c.id.desc())
    .limit(LOOKED_AT)
)
_IDLE = select(*JOB.columns).where(
    jobs.c.state == JobState.ACTIVE,
    ~select(runs.c.id).where(RUN_OPEN, runs.c.job_id == jobs.c.id).exists(),
)


def take_vitals(c: Connection, now: datetime) -> Vitals:
    ready, ready_since = c.execute(_READY).one()
    owed, owed_since = c.execute(_OWED, {"now": now}).one()
    starts = tuple((began, due) for began, due in c.execute(_STARTS) if began is not None)
    return Vitals(ready, ready_since, c.execute(_RUNNING).scalar_one(), owed, owed_since, starts)


def jobs_without_next(c: Connection) -> list[Job]:
    """Active jobs of which no run is open, although they have times."""
    return [job for job in JOB.all(c.execute(_IDLE)) if any(one.kind != "api" for one in job.schedules)]
