"""Delete: a job does not run again; its history stays."""

from datetime import datetime

from sqlalchemy import Connection

from bot.operations.announce import announce
from bot.operations.find import job_by_id
from bot.operations.line import serve_next
from bot.operations.note import note
from bot.operations.show import refresh_buttons
from bot.rules.access import Action, Actor
from storage import jobs, runs
from storage.records import Job, JobState


def remove(c: Connection, actor: Actor, job_id: int, *, now: datetime) -> Job:
    """A running run goes on to its end and is told."""
    job = job_by_id(c, actor, Action.DELETE, job_id)
    runs.drop_planned(c, job.id)
    deleted = jobs.set_state(c, job.id, JobState.DELETED, by=actor.user_id, reason=None)
    serve_next(c, deleted, now=now)
    note(c, actor, "delete", f"job:{job.id}", now=now, detail={"name": job.name})
    announce(c, job, actor, "deleted *{name}*; its history stays", now=now)
    refresh_buttons(c, job.id, "", now=now)
    return deleted
