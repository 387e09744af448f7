"""The form of a job was submitted: it is saved at once, or what does not fit is said beside its field."""

import asyncio
from dataclasses import dataclass, replace
from typing import Any

from bot import schedules
from bot.blocks.parts import modal
from bot.blocks.reading import WHEN, Typed, kept_inputs, read_form
from bot.errors import Refusal
from bot.operations.draft import DEFAULT_TIMEOUT_S, draft
from bot.operations.schedule import Saved, schedule
from bot.rules import inputs
from bot.rules.access import Actor
from bot.services import Services
from bot.slack.cards import card_of_saved
from bot.slack.door import gather_actor
from bot.slack.request import Submission
from bot.slack.schedule_form import Form, build_form, fields_of, policy_of, read_metadata
from bot.slack.seek import reader_zone
from bot.slack.when import read_when
from storage import apps, jobs
from storage.records import App, InputField, Job

LONGEST_LIMIT_MIN = 24 * 60  # Dify itself ends a workflow after 20 minutes, unless its operator allows more
DIFY_PATIENCE_S = 1.5  # the ack must be out within 3 s; the fields are nearly always remembered from the opening


@dataclass(frozen=True, slots=True)
class _Edited:
    app: App | None
    job: Job | None


async def submit(submission: Submission, services: Services) -> dict[str, Any] | None:
    """Save, and show in the same modal what was saved."""
    state, known = submission.view.state, read_metadata(submission.view)
    job_id, version = int(known.get("job") or 0), int(known.get("version") or 0)
    edited = await _read_rows(services, submission, read_form(state).app_id or 0, job_id, version)
    if edited.app is None:
        raise Refusal("Choose a workflow first.", code="no_app", field="app")
    if WHEN not in state:
        # "Next" was pressed before the choice of the workflow had brought its fields.
        zone = await reader_zone(services, submission.user_id) or "UTC"
        form = Form(app_id=edited.app.id, zone=zone, channel_id=known.get("channel") or "")
        return {"response_action": "update", "view": await build_form(services, submission, form)}
    fields = await _ask_fields(services, edited.app)
    typed = read_form(state, fields)
    if typed.problems:
        return {"response_action": "errors", "errors": typed.problems}
    channel_id = typed.channel_id or ""
    channels = {channel_id} | ({edited.job.channel_id} if edited.job else set())
    actor = await gather_actor(services, submission, channels=channels)
    values = _inputs(fields, typed, edited.job)
    stored = await _save(services, submission, actor, typed, edited, values)
    services.engine.wake("clock")
    services.engine.wake("courier")
    card = await card_of_saved(services, stored.job, edited.app, actor.user_id)
    blocks = [block for block in card.blocks if block["type"] != "actions"]
    return {"response_action": "update", "view": modal("Saved", blocks, callback_id="saved")}


async def _read_rows(services: Services, submission: Submission, app_id: int, job_id: int, version: int) -> _Edited:
    team = submission.team_id
    app, job = await services.store.read(
        lambda c: (apps.get(c, team, app_id), jobs.get(c, team, job_id) if job_id else None)
    )
    if job_id and job is None:
        raise Refusal(
            "This job is not there any more.", "Close this form; `/dify list` shows the jobs.", code="unknown"
        )
    # As the form knew it, so that a change that was saved meanwhile is not overwritten unseen.
    return _Edited(app, replace(job, version=version) if job else None)


async def _ask_fields(services: Services, app: App) -> tuple[InputField, ...]:
    try:
        return await asyncio.wait_for(fields_of(services, app), DIFY_PATIENCE_S)
    except TimeoutError:
        raise Refusal(
            "Dify did not answer in time, so nothing was saved.", "Press Save once more.", code="slow", field="app"
        ) from None


def _inputs(fields: tuple[InputField, ...], typed: Typed, job: Job | None) -> dict[str, Any]:
    """What was typed over what the form could not show."""
    names = {field.variable for field in fields}
    kept = {name: value for name, value in kept_inputs(job.inputs if job else {}, fields).items() if name in names}
    return inputs.check(fields, {**kept, **typed.inputs})


async def _save(
    services: Services,
    submission: Submission,
    actor: Actor,
    typed: Typed,
    edited: _Edited,
    values: dict[str, Any],
) -> Saved:
    now, app = services.now(), edited.app
    assert app is not None
    zone = _in_field("zone", lambda: schedules.read_zone(typed.zone or "UTC"))
    try:
        when = await read_when(services, submission, typed.when or "", zone)
    except Refusal as error:
        meant = " or ".join(f"“{choice}”" for choice in error.choices[:3])
        hint = f"Type {meant}." if meant else error.hint
        raise Refusal(error.message, hint, code=error.code, field="when") from None
    timeout_s, policy = _read_limit(typed.timeout_min), policy_of(typed)

    def save(c: Any) -> Saved:
        kept = draft(
            c,
            actor,
            app=app,
            channel_id=typed.channel_id or "",
            name=typed.name or (edited.job.name if edited.job else None),
            when=when.text,
            zone=when.zone,
            inputs=values,
            timeout_s=timeout_s,
            policy=policy,
            job=edited.job,
            now=now,
        )
        return schedule(c, actor, kept.id, now=now)

    return await services.store.run(save)


def _read_limit(minutes: float | None) -> int:
    if minutes is not None and minutes > LONGEST_LIMIT_MIN:
        raise Refusal("A run may take a day at most.", "Type up to 1440 minutes.", code="too_long", field="timeout")
    return max(1, round(minutes * 60)) if minutes else DEFAULT_TIMEOUT_S


def _in_field(name: str, read: Any) -> Any:
    try:
        return read()
    except Refusal as error:
        raise Refusal(error.message, error.hint, code=error.code, field=name) from None
