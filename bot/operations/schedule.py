"""Save: a draft becomes a job with its first planned run, or changes the job that it was made from."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from bot import schedules
from bot.errors import Refusal
from bot.operations.announce import announce
from bot.operations.draft import gone, take_draft
from bot.operations.find import job_by_id
from bot.operations.note import note
from bot.operations.plan import next_slot, plan_first
from bot.rules.access import Action, Actor, Place, authorize
from storage import drafts, jobs, runs
from storage.errors import NameTaken
from storage.records import Draft, Job, JobState, Run, Schedule

MAX_JOBS_PER_CHANNEL = 500


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
    when = schedules.anchor(schedules.read(draft.when, draft.zone, draft.created_at), now)
    job = _change_job(c, actor, draft, when) if draft.job_id else _add_job(c, actor, draft, when, now)
    planned = plan_first(c, job, now=now)
    if planned is None and next_slot(job, now) is None and when.kind not in ("api", "fixed_delay"):
        raise Refusal(
            f"“{draft.when}” has passed since the card was shown, so nothing was saved.",
            "Type the command again with a later time.",
            code="past",
        )
    action = "edit" if draft.job_id else "schedule"
    note(c, actor, action, f"job:{job.id}", now=now, detail={"name": job.name, "when": when.text})
    if draft.job_id:
        announce(c, job, actor, f"changed *{{name}}*: it runs {when.says}", now=now)
    return Saved(job, planned, is_new=draft.job_id is None)


def _add_job(c: Connection, actor: Actor, draft: Draft, when: Schedule, now: datetime) -> Job:
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
        schedules=(when,),
        owner_id=actor.user_id,
        timeout_s=draft.timeout_s,
        created_at=now,
    )
    try:
        return jobs.add(c, job)
    except NameTaken:
        raise _taken(draft) from None


def _change_job(c: Connection, actor: Actor, draft: Draft, when: Schedule) -> Job:
    """Takes effect at once: the planned slot goes and is planned anew from now."""
    assert draft.job_id is not None
    was = job_by_id(c, actor, Action.EDIT, draft.job_id)
    if was.version != draft.job_version:
        raise _conflict(was)
    runs.drop_planned(c, was.id)
    state = JobState.ACTIVE if was.state is JobState.COMPLETED else was.state
    changed = replace(
        was,
        channel_id=draft.channel_id,
        name=draft.name,
        app_id=draft.app_id,
        inputs=draft.inputs,
        schedules=(_keep_anchor(was, when),),
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


def _keep_anchor(was: Job, when: Schedule) -> Schedule:
    """A fixed rate keeps its beat unless its period changed."""
    for before in was.schedules:
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
