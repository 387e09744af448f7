"""A lost run whose end has become known: the row, the health of its job and all messages say so."""

from datetime import datetime

from sqlalchemy import Connection

from bot.operations.finish import judge_anew
from bot.operations.note import note
from bot.operations.show import refresh_messages, touch_batch
from bot.rules.access import system
from storage import jobs, lost
from storage.records import Run


def correct_lost(c: Connection, found: Run, *, now: datetime) -> Run | None:
    """`found` is the run with its end. None when it is not lost any more, and nothing was written."""
    job = jobs.lock_many(c, [found.job_id]).get(found.job_id) if found.job_id is not None else None
    run = lost.correct(c, found)
    if run is None:
        return None
    if job is not None and run.mark is None:  # what a person has said of it counts
        judge_anew(c, job, run, is_good=run.state.is_success, now=now)
    if run.batch is not None:
        touch_batch(c, run.batch, now=now)
    note(c, system(run.team_id), "correct", f"run:{run.id}", now=now, detail={"name": run.name, "state": run.state})
    refresh_messages(c, run.id, now=now)
    return run
