"""Resume: the next slot is planned from now; nothing that passed is made up."""

from datetime import datetime

from sqlalchemy import Connection

from bot.errors import Refusal
from bot.operations.announce import announce
from bot.operations.find import job_by_id
from bot.operations.note import note
from bot.operations.plan import plan_first
from bot.operations.show import refresh_buttons
from bot.rules.access import Action, Actor
from storage import jobs
from storage.records import Job, JobState


def resume(c: Connection, actor: Actor, job_id: int, *, now: datetime, pressed: str = "") -> Job:
    """Resuming an active job changes nothing and is no error. A one-time job whose time has passed is completed."""
    job = job_by_id(c, actor, Action.PAUSE, job_id)
    if job.state is JobState.ACTIVE:
        return job
    if job.state is JobState.COMPLETED:
        raise Refusal(
            f"“{job.name}” has run for the last time.",
            f"`/dify edit #{job.id}` gives it a new time.",
            code="completed",
        )
    active = jobs.set_state(c, job.id, JobState.ACTIVE, by=actor.user_id, reason=None)
    plan_first(c, active, now=now)
    note(c, actor, "resume", f"job:{job.id}", now=now)
    announce(c, job, actor, "resumed *{name}*", now=now)
    refresh_buttons(c, job.id, pressed, now=now)
    resumed = jobs.get(c, job.team_id, job.id)
    assert resumed is not None
    return resumed
