"""Pause: the future of a job is taken away, what runs goes on."""

from datetime import datetime

from sqlalchemy import Connection

from bot.errors import Refusal
from bot.operations.announce import announce
from bot.operations.find import job_by_id
from bot.operations.note import note
from bot.operations.show import refresh_buttons
from bot.rules.access import Action, Actor
from storage import jobs, runs
from storage.records import Job, JobState


def pause(
    c: Connection, actor: Actor, job_id: int, *, now: datetime, reason: str | None = None, pressed: str = ""
) -> Job:
    """Pausing a paused job changes nothing and is no error, so that a second click does no harm."""
    job = job_by_id(c, actor, Action.PAUSE, job_id)
    if job.state is JobState.PAUSED:
        return job
    if job.state is JobState.COMPLETED:
        raise Refusal(
            f"“{job.name}” has run for the last time, so there is nothing to pause.",
            f"`/dify edit #{job.id}` gives it a new time.",
            code="completed",
        )
    runs.drop_planned(c, job.id)
    paused = jobs.set_state(c, job.id, JobState.PAUSED, by=actor.user_id, reason=reason)
    note(c, actor, "pause", f"job:{job.id}", now=now, detail={"reason": reason})
    announce(c, job, actor, "paused *{name}*" + (f": {reason}" if reason else ""), now=now)
    refresh_buttons(c, job.id, pressed, now=now)
    return paused
