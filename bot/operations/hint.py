"""Advice to an owner whose job keeps getting in its own way."""

from datetime import datetime

from sqlalchemy import Connection

from bot.operations.tell import tell
from bot.rules.admit import STILL_GOING
from storage import slots
from storage.records import Job, Run, RunState

IN_A_ROW = 3


def hint_busy(c: Connection, job: Job, *, now: datetime) -> None:
    """Tell the owner at the third slot in a row that was skipped because the job was busy, and not at the next."""
    seen = [_was_busy(run) for run in slots.newest(c, job.id, IN_A_ROW + 1)]
    if seen not in ([True] * IN_A_ROW, [True] * IN_A_ROW + [False]):
        return
    says = (
        f"skipped *{{name}}* {IN_A_ROW} times in a row, because the run before it was still going. Let it run less "
        f"often, or let the new run wait: `/dify edit #{job.id}`"
    )
    tell(c, job, job.owner_id, says, occasion=f"busy:{job.id}/{now.isoformat()}", now=now)


def _was_busy(run: Run) -> bool:
    return run.state is RunState.SKIPPED and (run.reason or "").endswith(STILL_GOING)
