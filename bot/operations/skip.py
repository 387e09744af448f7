"""Skip: the coming slots of a job become rows that say who skipped them; those still to come can be brought back."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from bot.errors import Refusal
from bot.operations.announce import announce
from bot.operations.find import job_by_id
from bot.operations.note import note
from bot.operations.plan import came_at, key_of, own_due_at, plan, plan_after_end, plan_first
from bot.rules.access import Action, Actor
from storage import agenda, claims, jobs, runs
from storage.records import Job, JobState, Run, RunState

MOST_AT_ONCE = 50
BY_HAND = "skipped by "  # how the reason of a slot begins that a person skipped
TOLD_ONE_BY_ONE = 3


@dataclass(frozen=True, slots=True)
class Skipped:
    """The slots that were skipped or brought back, soonest first, and the run that is planned now."""

    job: Job
    runs: tuple[Run, ...]
    planned: Run | None


def skip(
    c: Connection,
    actor: Actor,
    job_id: int,
    count: int,
    *,
    now: datetime,
    name: str = "",
    slot_at: datetime | None = None,
) -> Skipped:
    """Skip the next `count` slots (1 to 50). `name` is who is named in their reason.

    `slot_at` is the one slot that a button shows: pressed twice, or too late, it does not skip another.
    """
    job = job_by_id(c, actor, Action.SKIP, job_id)
    if not 1 <= count <= MOST_AT_ONCE:
        raise Refusal(
            f"I can skip 1 to {MOST_AT_ONCE} times, not {count:,}.",
            f"To stop it for longer, type `/dify pause #{job.id} until …`.",
            code="bad_count",
        )
    known = runs.by_key(c, key_of(job, slot_at)) if slot_at else None
    if known is not None and is_by_hand(known):
        return Skipped(job, (known,), runs.planned_of(c, job.id))
    next_planned(c, job, "skipped")
    reason = f"{BY_HAND}{' '.join(name.split()) or actor.user_id}"
    skipped: list[Run] = []
    while len(skipped) < count and (planned := runs.planned_of(c, job.id)) is not None:
        if slot_at is not None and came_at(planned) != slot_at:
            raise _gone(job)
        skipped.append(_close(c, job, planned, reason, now))
    fresh, planned = jobs.get(c, job.team_id, job.id) or job, runs.planned_of(c, job.id)
    times = [came_at(run) for run in skipped]
    note(c, actor, "skip", f"job:{job.id}", now=now, detail={"slots": [at.isoformat() for at in times]})
    says, told = _tell(times, planned)
    announce(c, job, actor, says, now=now, times=told)
    return Skipped(fresh, tuple(skipped), planned)


def unskip(c: Connection, actor: Actor, job_id: int, *, now: datetime) -> Skipped:
    """Bring back what people skipped and what still lies ahead. Nothing to bring back is a Refusal."""
    job = job_by_id(c, actor, Action.SKIP, job_id)
    back = [run for run in agenda.skipped_after(c, job.id, now) if is_by_hand(run) and came_at(run) > now]
    if not back:
        raise Refusal(
            f"No skipped time of “{job.name}” lies ahead, so there is nothing to bring back.",
            "What has passed is not made up; `/dify run` runs it now.",
            code="nothing",
        )
    back.sort(key=came_at)
    agenda.drop_skipped(c, [run.id for run in back])
    if job.state is JobState.COMPLETED:
        job = jobs.set_state(c, job.id, JobState.ACTIVE, by=actor.user_id, reason=None)
    if job.state is JobState.ACTIVE:
        runs.drop_planned(c, job.id)
        _plan_back(c, job, back[0], now)
    times = [came_at(run) for run in back]
    note(c, actor, "unskip", f"job:{job.id}", now=now, detail={"slots": [at.isoformat() for at in times]})
    planned = runs.planned_of(c, job.id)
    told = [planned.due_at] if planned else []
    says = f"brought back {_count(len(back))} of *{{name}}*" + ("; next {at0}" if planned else "")
    announce(c, job, actor, says, now=now, times=told)
    return Skipped(job, tuple(back), planned)


def is_by_hand(run: Run) -> bool:
    """Whether a person skipped this slot."""
    return run.state is RunState.SKIPPED and (run.reason or "").startswith(BY_HAND)


def next_planned(c: Connection, job: Job, deed: str) -> Run:
    """The planned run of a job that is at work. `deed` is what cannot be done to a job without one."""
    if job.state is JobState.PAUSED:
        raise Refusal(
            f"“{job.name}” is paused, so no time of it can be {deed}.",
            f"`/dify resume #{job.id}` starts it again.",
            code="paused",
        )
    planned = runs.planned_of(c, job.id)
    if planned is None:
        raise Refusal(
            f"Nothing of “{job.name}” is planned right now, so no time of it can be {deed}.",
            f"`/dify show #{job.id}` tells how it stands.",
            code="unplanned",
        )
    return planned


def _close(c: Connection, job: Job, planned: Run, reason: str, now: datetime) -> Run:
    if not claims.close_planned(c, planned.id, RunState.SKIPPED, reason, now):
        raise _gone(job)
    at = came_at(planned)
    if plan(c, job, at, now=now) is None:
        plan_after_end(c, job, at, now=now)
    return replace(planned, state=RunState.SKIPPED, reason=reason, ended_at=now)


def _plan_back(c: Connection, job: Job, first: Run, now: datetime) -> None:
    """The first of the slots again, as it was; where the job was changed meanwhile, what its schedule says now."""
    due_at = own_due_at(c, job, first)
    again = replace(first, id=0, state=RunState.PLANNED, reason=None, ended_at=None, due_at=due_at, created_at=now)
    if first.job_version != job.version or runs.add(c, again) is None:
        plan_first(c, job, now=now)


def _gone(job: Job) -> Refusal:
    return Refusal(
        f"That time of “{job.name}” is not the next one any more, so nothing was skipped.",
        f"`/dify next #{job.id}` shows what comes.",
        code="gone",
    )


def _tell(times: list[datetime], planned: Run | None) -> tuple[str, list[datetime]]:
    """The line for the channel, and the times in it."""
    many = len(times) > TOLD_ONE_BY_ONE
    told = [times[0], times[-1]] if many else list(times)
    which = "{at0} to {at1}" if many else ", ".join(f"{{at{at}}}" for at in range(len(told)))
    says = f"skipped {_count(len(times))} of *{{name}}*: {which}"
    if planned is None:
        return f"{says}; nothing comes after that", told
    return f"{says}; next {{at{len(told)}}}", [*told, planned.due_at]


def _count(count: int) -> str:
    return "one time" if count == 1 else f"{count} times"
