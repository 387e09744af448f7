"""Move: the next run of a job is due at another time; its slot, which the inputs are told, stays."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from bot.blocks.words import local
from bot.errors import Refusal
from bot.operations.announce import announce
from bot.operations.coming import slot_after
from bot.operations.find import job_by_id
from bot.operations.note import note
from bot.operations.plan import came_at, own_due_at
from bot.operations.skip import next_planned
from bot.rules.access import Action, Actor
from storage import agenda
from storage.records import Job, Run


@dataclass(frozen=True, slots=True)
class Moved:
    """The planned run as it now is, and when it was due before."""

    job: Job
    planned: Run
    was_due_at: datetime


def move(c: Connection, actor: Actor, job_id: int, to: datetime | None, *, now: datetime) -> Moved:
    """The next run is due at `to`; None moves it back to its own time. It stays before the slot after it.

    Moving it where it is already changes nothing and is no error.
    """
    job = job_by_id(c, actor, Action.MOVE, job_id)
    planned = next_planned(c, job, "moved")
    due_at = to if to is not None else own_due_at(c, job, planned)
    if due_at == planned.due_at:
        return Moved(job, planned, planned.due_at)
    _refuse_impossible(c, job, planned, due_at, now, is_back=to is None)
    if not agenda.move(c, planned, due_at):
        raise Refusal(f"“{job.name}” has just started, so it was not moved.", code="gone")
    detail = {"slot": came_at(planned).isoformat(), "from": planned.due_at.isoformat(), "to": due_at.isoformat()}
    note(c, actor, "move", f"job:{job.id}", now=now, detail=detail)
    says = "moved the next run of *{name}* from {at0} to {at1}"
    announce(c, job, actor, says, now=now, times=[planned.due_at, due_at])
    return Moved(job, replace(planned, due_at=due_at), planned.due_at)


def _refuse_impossible(
    c: Connection, job: Job, planned: Run, due_at: datetime, now: datetime, *, is_back: bool
) -> None:
    following = slot_after(c, job, came_at(planned))
    if due_at > now and (following is None or due_at < following):
        return
    zone = job.schedules[0].zone if job.schedules else "UTC"
    problem = (
        f"{local(due_at, zone, now=now)} has passed" if due_at <= now else _too_late(due_at, following, zone, now)
    )
    until = f" until just before {local(following, zone, now=now)}" if following else ""
    raise Refusal(
        f"“{job.name}” cannot be moved {'back' if is_back else 'there'}: {problem}.",
        f"Any time from now{until} is possible; `/dify run #{job.id}` runs it now.",
        code="past" if due_at <= now else "too_late",
    )


def _too_late(due_at: datetime, following: datetime | None, zone: str, now: datetime) -> str:
    if following is None or due_at == following:
        return "that is the time of the run after it"
    return f"the run after it comes at {local(following, zone, now=now)}"
