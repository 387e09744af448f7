"""Runs of which nobody knew how they ended: found while there is hope, and written anew when Dify tells after all."""

from datetime import datetime

from sqlalchemy import Connection, bindparam, select, update

from storage.columns import Utc
from storage.records import Run
from storage.tables import RUN, RUN_LOST, runs

_TOLD = ("state", "fault", "reason", "dify_run_id", "outputs", "elapsed_s", "tokens", "steps")
_SINCE = (
    select(*RUN.columns)
    .where(RUN_LOST, runs.c.ended_at >= bindparam("since", type_=Utc))
    .order_by(runs.c.ended_at.desc(), runs.c.id)
    .limit(bindparam("most"))
)
_CORRECT = update(runs).where(runs.c.id == bindparam("run_id"), RUN_LOST).returning(*RUN.columns)


def lost_since(c: Connection, since: datetime, limit: int) -> list[Run]:
    """Lost runs that Dify may know, the last first."""
    return RUN.all(c.execute(_SINCE, {"since": since, "most": limit}))


def correct(c: Connection, run: Run) -> Run | None:
    """What is told of its end after all takes the place of not knowing. None if somebody else has written it."""
    values = RUN.values(run)
    return RUN.one(c.execute(_CORRECT, {"run_id": run.id} | {name: values[name] for name in _TOLD}))
