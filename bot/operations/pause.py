"""Pause: the future of a job is taken away, what runs goes on."""

from datetime import datetime

from sqlalchemy import Connection

from bot.errors import Refusal
from bot.operations.announce import announce
from bot.operations.find import job_by_id
from bot.operations.line import serve_next
from bot.operations.note import note
from bot.operations.show import refresh_buttons
from bot.rules.access import Action, Actor
from storage import jobs, runs
from storage.records import Job, JobState


def pause(
    c: Connection,
    actor: Actor,
    job_id: int,
    *,
    now: datetime,
    reason: str | None = None,
    until: datetime | None = None,
    pressed: str = "",
) -> Job:
    """Without `until` it stays paused until somebody resumes it; a pause that has an end keeps it.

    Pausing a paused job for nothing new changes nothing and is no error, so that a second click does no harm.
    """
    job = job_by_id(c, actor, Action.PAUSE, job_id)
    if job.state is JobState.PAUSED and (reason or job.state_reason, until or job.resume_at) == _kept(job):
        return job
    if job.state is JobState.COMPLETED:
        raise Refusal(
            f"“{job.name}” has run for the last time, so there is nothing to pause.",
            f"`/dify edit #{job.id}` gives it a new time.",
            code="completed",
        )
    if until is not None and until <= now:
        raise Refusal(
            "The pause would have ended already.", "Name a time to come: `until tomorrow 9:00`.", code="past"
        )
    runs.drop_planned(c, job.id)
    paused = jobs.set_state(c, job.id, JobState.PAUSED, by=actor.user_id, reason=reason, resume_at=until)
    serve_next(c, paused, now=now)
    detail = {"reason": reason, "until": until.isoformat() if until else None}
    note(c, actor, "pause", f"job:{job.id}", now=now, detail=detail)
    says = "paused *{name}*" + (" until {at0}" if until else "") + (f": {reason}" if reason else "")
    announce(c, job, actor, says, now=now, times=[until] if until else [])
    refresh_buttons(c, job.id, pressed, now=now)
    return paused


def _kept(job: Job) -> tuple[str | None, datetime | None]:
    return job.state_reason, job.resume_at
