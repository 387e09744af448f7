"""Run now: one run of a job or of an app that a person, a button or the command line asked for."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from bot.errors import Refusal
from bot.operations.draft import DEFAULT_TIMEOUT_S, take_draft
from bot.operations.find import job_by_id, run_by_id
from bot.operations.note import note
from bot.operations.plan import planned_run
from bot.operations.show import refresh_messages, show
from bot.rules.access import SYSTEM, Action, Actor, Place, authorize
from storage import runs
from storage.records import App, Cause, Job, Run, RunState


def launch_job(
    c: Connection, actor: Actor, job_id: int, inputs: Mapping[str, Any] | None, *, key: str, now: datetime
) -> Run:
    """One run of a job now, also while it is paused. `inputs` None means the job's own.

    `key` is the request's own: the same press or command twice is one run.
    """
    job = job_by_id(c, actor, Action.RUN, job_id)
    known = find_same(c, job, key)
    if known is not None:
        return known
    run = planned_run(job, now, now=now)
    if inputs is not None:
        run = replace(run, inputs=inputs)
    cause = Cause.API if actor.user_id == SYSTEM else Cause.MANUAL
    return _add(c, actor, replace(run, key=key, cause=cause), now)


def launch_app(
    c: Connection, actor: Actor, app: App, channel_id: str, inputs: Mapping[str, Any], *, key: str, now: datetime
) -> Run:
    """One run of an app without a job; its result is posted into the channel."""
    authorize(actor, Action.RUN, Place(team_id=actor.team_id, channel_id=channel_id))
    authorize(actor, Action.SEE, app)
    return _add(c, actor, _loose_run(actor, app.id, app.name, channel_id, inputs, Cause.MANUAL, key, now), now)


def test_draft(c: Connection, actor: Actor, draft_id: str, *, now: datetime) -> Run:
    """Try a draft: one private run whose result goes to the person who asked; the job's record is not touched."""
    draft = take_draft(c, actor, draft_id, now=now)
    key = f"test:{draft.id}/{runs.count_keys(c, f'test:{draft.id}/')}"
    run = _loose_run(actor, draft.app_id, draft.name, actor.user_id, draft.inputs, Cause.TEST, key, now)
    return _add(c, actor, replace(run, timeout_s=draft.timeout_s), now)


def rerun(c: Connection, actor: Actor, run_id: int, *, generation: int | None, now: datetime) -> Run:
    """The same slot and the same inputs again. Pressing one rendered button twice is one run.

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
    if was.job_id is not None and was.cause is not Cause.TEST:
        known = find_same(c, job_by_id(c, actor, Action.RUN, was.job_id), key)
        if known is not None:
            return known
    again = replace(
        _loose_run(actor, was.app_id, was.name, was.channel_id, was.inputs, Cause.RERUN, key, now),
        job_id=was.job_id,
        job_version=was.job_version,
        owner_id=was.owner_id,
        slot_at=was.slot_at,
        rerun_of=was.id,
        timeout_s=was.timeout_s,
    )
    added = _add(c, actor, again, now)
    refresh_messages(c, was.id, now=now)
    return added


def find_same(c: Connection, job: Job, key: str) -> Run | None:
    """The run that this request made already; else refuse what the overlap rule of the job would not let start.

    The key is looked for last: the same request may be saved by another transaction between the two looks.
    """
    is_busy = job.policy.overlap == "skip" and job.id in runs.active_of(c, [job.id])
    known = runs.by_key(c, key)
    if known is None and is_busy:
        raise Refusal(
            f"“{job.name}” is running right now, and it does not run twice at a time.",
            f"Wait for the result, or stop it: `/dify runs #{job.id}` shows its number.",
            code="busy",
        )
    return known


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


def _add(c: Connection, actor: Actor, run: Run, now: datetime) -> Run:
    asked = replace(run, state=RunState.READY, asked_by=actor.user_id, created_at=now)
    added = runs.add(c, asked)
    if added is None:
        known = runs.by_key(c, run.key)
        assert known is not None, "a key that is taken has its row"
        return known
    note(c, actor, str(run.cause), f"run:{added.id}", now=now, detail={"name": run.name})
    show(c, added, now=now, rank=1)
    return added
