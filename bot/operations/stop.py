"""Stop: the wish is written on the row; the owner of the run sees it and asks Dify. What only waits ends at once."""

from datetime import datetime

from sqlalchemy import Connection

from bot.errors import Refusal
from bot.operations.find import run_by_id
from bot.operations.finish import follow
from bot.operations.line import why_unstarted
from bot.operations.note import note
from bot.rules.access import Action, Actor
from storage import claims, jobs, runs, slots
from storage.records import Run, RunState


def stop(c: Connection, actor: Actor, run_id: int, *, now: datetime) -> Run:
    """Asking twice is asking once. A run that has ended is refused in words."""
    run = run_by_id(c, actor, Action.STOP, run_id)
    if run.state.has_ended:
        raise Refusal(f"Run {run.id} has already ended ({run.state.replace('_', ' ')}).", code="ended")
    if run.job_id is not None:
        jobs.lock_many(c, [run.job_id])  # before the run, as everybody who decides for a job
    if run.stop_by is None:
        claims.ask_stop(c, run.id, actor.user_id)
        note(c, actor, "stop", f"run:{run.id}", now=now, detail={"name": run.name})
    asked = _fresh(c, run)
    # Nobody has it in hand. Its owner may have given it back only just now.
    closed = slots.close_unstarted(c, run.id, RunState.STOPPED, why_unstarted(asked), now)
    if closed is None:
        return asked
    follow(c, closed, now=now)
    return _fresh(c, run)


def _fresh(c: Connection, run: Run) -> Run:
    found = runs.get(c, run.team_id, run.id)
    assert found is not None
    return found
