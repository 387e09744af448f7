"""Save: a draft becomes a job with its first planned run, or changes the job that it was made from."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from bot import schedules
from bot.errors import Refusal
from bot.operations.announce import announce
from bot.operations.calendar import book_of
from bot.operations.draft import MAX_JOBS_PER_CHANNEL, gone, take_draft
from bot.operations.find import job_by_id
from bot.operations.note import note
from bot.operations.plan import next_slot, plan_first
from bot.rules.access import Action, Actor, Place, authorize
from bot.schedules.kind import NoData
from storage import drafts, jobs, runs
from storage.errors import NameTaken
from storage.records import Draft, Job, JobState, Run, Schedule


@dataclass(frozen=True, slots=True)
class Saved:
    """A saved job and its first planned run, if it has one."""

    job: Job
    planned: Run | None
    is_new: bool


def schedule(c: Connection, actor: Actor, draft_id: str, *, now: datetime) -> Saved:
    """Save a draft. What counts from Save (`in 5 seconds`, the anchor of a rate) counts from `now`."""
    draft = take_draft(c, actor, draft_id, now=now)
    authorize(actor, Action.CREATE, Place(team_id=actor.team_id, channel_id=draft.channel_id))
    if not drafts.remove(c, actor.team_id, draft_id):
        raise gone()  # another finger pressed Save at the same moment
    read = schedules.read_all(draft.when, draft.zone, draft.created_at, book=book_of(c, actor.team_id))
    when = tuple(schedules.anchor(one, now) for one in read)
    job = _change_job(c, actor, draft, when) if draft.job_id else _add_job(c, actor, draft, when, now)
    planned = plan_first(c, job, now=now)
    if planned is None and _is_over(c, job, now):
        raise Refusal(
            f"“{draft.when}” has passed since the card was shown, so nothing was saved.",
            "Type the command again with a later time.",
            code="past",
        )
    action = "edit" if draft.job_id else "schedule"
    note(c, actor, action, f"job:{job.id}", now=now, detail={"name": job.name, "when": draft.when})
    if draft.job_id:
        says = "; ".join(one.says for one in when)
        announce(c, job, actor, f"changed *{{name}}*: it runs {says}", now=now)
    return Saved(job, planned, is_new=draft.job_id is None)


def _add_job(c: Connection, actor: Actor, draft: Draft, when: tuple[Schedule, ...], now: datetime) -> Job:
    if jobs.count_jobs(c, actor.team_id, channel_ids={draft.channel_id}) >= MAX_JOBS_PER_CHANNEL:
        raise Refusal(
            f"This channel already has {MAX_JOBS_PER_CHANNEL} jobs.",
            "Delete one, or use another channel.",
            code="too_many",
        )
    job = Job(
        id=0,
        team_id=draft.team_id,
        channel_id=draft.channel_id,
        name=draft.name,
        app_id=draft.app_id,
        inputs=draft.inputs,
        schedules=when,
        policy=draft.policy,
        owner_id=actor.user_id,
        timeout_s=draft.timeout_s,
        created_at=now,
    )
    try:
        return jobs.add(c, job)
    except NameTaken:
        raise _taken(draft) from None


def _change_job(c: Connection, actor: Actor, draft: Draft, when: tuple[Schedule, ...]) -> Job:
    """Takes effect at once: the planned slot goes and is planned anew from now."""
    assert draft.job_id is not None
    was = job_by_id(c, actor, Action.EDIT, draft.job_id)
    if was.version != draft.job_version:
        raise _conflict(was)
    jobs.lock_many(c, [was.id])  # or a tick that is under way would plan a slot of the old schedule behind our back
    runs.drop_planned(c, was.id)
    state = JobState.ACTIVE if was.state in (JobState.COMPLETED, JobState.HELD) else was.state
    changed = replace(
        was,
        channel_id=draft.channel_id,
        name=draft.name,
        app_id=draft.app_id,
        inputs=draft.inputs,
        schedules=tuple(_keep_anchor(was, one) for one in when),
        policy=draft.policy,
        timeout_s=draft.timeout_s,
        state=state,
    )
    try:
        saved = jobs.save(c, changed)
    except NameTaken:
        raise _taken(draft) from None
    if saved is None:
        raise _conflict(was)  # saved by another transaction since this one looked
    return saved


def _is_over(c: Connection, job: Job, now: datetime) -> bool:
    """Whether nothing of it will ever come, also once it is resumed."""
    fresh = jobs.get(c, job.team_id, job.id)
    if fresh is None or fresh.state is JobState.COMPLETED:
        return fresh is not None
    if fresh.state is not JobState.PAUSED or any(one.kind in ("api", "fixed_delay") for one in job.schedules):
        return False
    try:
        return next_slot(job, now, book_of(c, job.team_id)) is None
    except NoData:
        return False


def _keep_anchor(was: Job, when: Schedule) -> Schedule:
    """A fixed rate keeps its beat unless its period changed. One with a number of times is counted from its anchor,
    and so anew from each Save: else one that has come to its end could not be had again."""
    for before in was.schedules if when.times is None else ():
        if before.kind == when.kind == "fixed_rate" and before.spec == when.spec:
            return replace(when, anchor_at=before.anchor_at)
    return when


def _conflict(was: Job) -> Refusal:
    return Refusal(
        f"Somebody changed “{was.name}” while you had it open, so your change was not saved.",
        f"Look at it with `/dify show #{was.id}`, then edit it again.",
        code="conflict",
    )


def _taken(draft: Draft) -> Refusal:
    return Refusal(
        f"This channel already has a job “{draft.name}”.",
        'Give this one another name with `as "…"`, or edit that one.',
        code="taken",
        field="name",
    )
