"""Adopt: somebody takes over a job, be it that its owner has left or that an admin decides so."""

from datetime import datetime

from sqlalchemy import Connection

from bot.errors import Refusal
from bot.operations.announce import announce
from bot.operations.find import job_by_id
from bot.operations.note import note
from bot.rules.access import Action, Actor, authorize
from storage import jobs
from storage.records import Job


def adopt(c: Connection, actor: Actor, job_id: int, *, left: str | None, now: datetime) -> Job:
    """The job is the actor's own. `left` is the owner of whom Slack says that they have left: then every member of
    the channel may, else only who may edit it. Adopting one's own job changes nothing."""
    job = job_by_id(c, actor, Action.SEE, job_id)
    authorize(actor, Action.ADOPT if job.owner_id == left else Action.EDIT, job)
    if job.owner_id == actor.user_id:
        return job
    adopted = jobs.set_owner(c, job, actor.user_id)
    if adopted is None:
        raise Refusal(f"Somebody else has just taken over “{job.name}”.", "Ask them for it.", code="taken")
    note(c, actor, "adopt", f"job:{job.id}", now=now, detail={"name": job.name, "from": job.owner_id})
    announce(c, job, actor, "took over *{name}*", now=now)
    return adopted
