"""Run now: one run of a job or of an app that a person, a button or the command line asked for."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from bot.errors import Refusal
from bot.operations.draft import DEFAULT_TIMEOUT_S, take_draft
from bot.operations.fill import fill_draft, fill_inputs, fill_loose
from bot.operations.find import job_by_id, refuse_deleted, run_by_id
from bot.operations.line import lines_of, make_room
from bot.operations.note import note
from bot.operations.plan import planned_run
from bot.operations.show import refresh_messages, show
from bot.rules.access import SYSTEM, Action, Actor, Place, authorize
from bot.rules.admit import Admit, Close, meet
from bot.schedules.kind import Slot
from storage import jobs, runs
from storage.records import App, Cause, Job, Run, RunState


def launch_job(
    c: Connection,
    actor: Actor,
    job_id: int,
    inputs: Mapping[str, Any] | None,
    *,
    key: str,
    now: datetime,
    data_at: datetime | None = None,
    is_forced: bool = False,
) -> Run:
    """One run of a job now, also while it is paused. `inputs` None means the job's own, `data_at` is the time that
    they are about where that is not now. `is_forced` runs it beside whatever the job is at, for admins.

    `key` is the request's own: the same press or command twice is one run.
    """
    job = job_by_id(c, actor, Action.RUN, job_id)
    if is_forced and not actor.is_admin:
        raise Refusal(
            "Only a workspace admin may run a job whatever it is at.",
            f"`/dify run #{job.id}` runs it as its rule for busy times allows.",
            code="forbidden",
        )
    run = planned_run(job, Slot(now, now), now=now)
    cause = Cause.API if actor.user_id == SYSTEM else Cause.MANUAL
    run = replace(run, key=key, cause=cause, inputs=run.inputs if inputs is None else inputs)
    if data_at is not None:  # at its start nobody would know any more which time was chosen
        run = replace(run, inputs=fill_inputs(c, job, run, data_at=data_at))
    return _add_to_job(c, actor, job, run, now, is_forced=is_forced)


def launch_app(
    c: Connection,
    actor: Actor,
    app: App,
    channel_id: str,
    inputs: Mapping[str, Any],
    *,
    key: str,
    now: datetime,
    zone: str = "UTC",
    data_at: datetime | None = None,
) -> Run:
    """One run of an app without a job; its result is posted into the channel. Macros are told in the zone, about
    `data_at` where that is not now."""
    authorize(actor, Action.RUN, Place(team_id=actor.team_id, channel_id=channel_id))
    authorize(actor, Action.SEE, app)
    run = _loose_run(actor, app.id, app.name, channel_id, inputs, Cause.MANUAL, key, now)
    return _add(c, actor, replace(run, inputs=fill_loose(run, zone, data_at=data_at)), now)


def test_draft(c: Connection, actor: Actor, draft_id: str, *, now: datetime) -> Run:
    """Try a draft: one private run whose result goes to the person who asked; the job's record is not touched."""
    draft = take_draft(c, actor, draft_id, now=now)
    key = f"test:{draft.id}/{runs.count_keys(c, f'test:{draft.id}/')}"
    inputs = fill_draft(c, draft, now)
    run = _loose_run(actor, draft.app_id, draft.name, actor.user_id, inputs, Cause.TEST, key, now)
    return _add(c, actor, replace(run, timeout_s=draft.timeout_s), now)


def rerun(
    c: Connection, actor: Actor, run_id: int, *, generation: int | None, now: datetime, is_anew: bool = False
) -> Run:
    """The same slot and the same inputs again; `is_anew` with the inputs and the limits that its job has now.
    Pressing one rendered button twice is one run.

    `generation` is how many reruns the pressed button knew of; None takes the count as it stands.
    """
    was = run_by_id(c, actor, Action.RUN, run_id)
    key = f"rerun:{was.id}/{len(runs.reruns_of(c, was.id)) if generation is None else generation}"
    known = runs.by_key(c, key)
    if known is not None:
        return known
    if not was.state.has_ended:
        raise Refusal(
            f"Run {was.id} has not ended yet.",
            f"Wait for its result, or stop it with `/dify stop {was.id}`.",
            code="busy",
        )
    if was.cleared_at is not None and not is_anew:
        raise Refusal(
            f"The inputs of run {was.id} are not kept any more.",
            "Start the job anew, with the inputs that you want: `/dify run`.",
            code="cleared",
        )
    again = replace(
        _loose_run(actor, was.app_id, was.name, was.channel_id, was.inputs, Cause.RERUN, key, now),
        job_id=was.job_id,
        job_version=was.job_version,
        owner_id=was.owner_id,
        slot_at=was.slot_at,
        priority=was.priority,
        warn_over_s=was.warn_over_s,
        rerun_of=was.id,
        timeout_s=was.timeout_s,
    )
    job = job_by_id(c, actor, Action.RUN, was.job_id) if was.job_id and was.cause is not Cause.TEST else None
    if is_anew:
        again = _renew(c, job, again)
    elif job is not None and was.ready_at is None:
        again = _fill(c, job, again)  # a slot that was missed or skipped has never been filled in
    added = _add(c, actor, again, now) if job is None else _add_to_job(c, actor, job, again, now)
    refresh_messages(c, was.id, now=now)
    return added


def _renew(c: Connection, job: Job | None, run: Run) -> Run:
    if job is None:
        raise Refusal(
            "This run belongs to no job, so there is nothing newer to run it with.",
            f"`/dify rerun {run.rerun_of}` runs it as it was.",
            code="no_job",
        )
    fresh = replace(run, inputs=job.inputs, job_version=job.version, timeout_s=job.timeout_s, app_id=job.app_id)
    return _fill(c, job, fresh)


def _fill(c: Connection, job: Job, run: Run) -> Run:
    """With the inputs of a rerun that are filled in now. Raises Refusal."""
    return replace(run, inputs=fill_inputs(c, job, replace(run, cause=Cause.MANUAL)))


def _loose_run(
    actor: Actor,
    app_id: int,
    name: str,
    channel_id: str,
    inputs: Mapping[str, Any],
    cause: Cause,
    key: str,
    now: datetime,
) -> Run:
    return Run(
        id=0,
        team_id=actor.team_id,
        key=key,
        app_id=app_id,
        name=name,
        channel_id=channel_id,
        owner_id=actor.user_id,
        cause=cause,
        inputs=inputs,
        slot_at=now,
        due_at=now,
        timeout_s=DEFAULT_TIMEOUT_S,
        created_at=now,
    )


def _add_to_job(c: Connection, actor: Actor, job: Job, run: Run, now: datetime, *, is_forced: bool = False) -> Run:
    """The run of this request, whether it is new or was made already; refused where the job's overlap rule forbids
    it. Whoever decides for the job meanwhile is waited for."""
    job = jobs.lock_many(c, [job.id])[job.id]
    refuse_deleted(actor, job)
    known = runs.by_key(c, run.key)
    if known is not None:
        return known
    line = lines_of(c, [job.id])[job.id]
    decision = Admit() if is_forced else meet(job.policy, line.crowd)
    if isinstance(decision, Close):
        raise _busy(job, len(line.active))
    state = make_room(c, job, line, decision, now=now)
    if state is RunState.READY and run.rerun_of is None:
        run = replace(run, inputs=fill_inputs(c, job, run))
    return _add(c, actor, replace(run, state=state), now)


def _busy(job: Job, active: int) -> Refusal:
    often = "twice" if active < 2 else f"more than {active} times"
    return Refusal(
        f"“{job.name}” is running right now, and it does not run {often} at a time.",
        f"Wait for the result, or stop it: `/dify runs #{job.id}` shows its number.",
        code="busy",
    )


def _add(c: Connection, actor: Actor, run: Run, now: datetime) -> Run:
    state = RunState.READY if run.state is RunState.PLANNED else run.state
    ready_at = now if state is RunState.READY else None
    asked = replace(run, state=state, asked_by=actor.user_id, created_at=now, ready_at=ready_at)
    added = runs.add(c, asked)
    if added is None:
        known = runs.by_key(c, run.key)
        assert known is not None, "a key that is taken has its row"
        return known
    note(c, actor, str(run.cause), f"run:{added.id}", now=now, detail={"name": run.name})
    show(c, added, now=now, rank=1)
    return added
