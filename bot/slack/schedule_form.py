"""The form of a job: opened at once, filled from Dify, kept alive while somebody types, saved when it fits."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from bot import schedules
from bot.blocks.form import error_view, loading_view, schedule_view
from bot.blocks.reading import Typed, read_form
from bot.errors import DeliveryError, DifyError, Refusal
from bot.operations.endpoint import open_endpoints
from bot.rules.access import Action, authorize
from bot.rules.policy import (
    READERS,
    read_policy,
    write_catch_up,
    write_overlap,
    write_priority,
    write_retry,
    write_warn,
)
from bot.services import Services
from bot.slack.door import gather_actor, in_view
from bot.slack.request import Asker, Interaction, Press, View
from bot.slack.seek import reader_zone
from bot.slack.when import read_when, write_text
from storage import apps
from storage.records import App, Draft, InputField, Job, Policy

CHOICES_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What the form holds. `job_id` and `job_version` are set when it is an edit."""

    channel_id: str = ""
    app_id: int | None = None
    name: str = ""
    when: str = ""
    zone: str = ""
    timeout_min: float | None = None
    policy: Policy = field(default_factory=Policy)
    inputs: Mapping[str, Any] = field(default_factory=dict)
    job_id: int | None = None
    job_version: int | None = None

    def metadata(self) -> str:
        """Ids only, for `private_metadata`. The channel has no field of its own until an app is chosen."""
        kept = {"app": self.app_id, "job": self.job_id, "version": self.job_version, "channel": self.channel_id}
        return json.dumps({name: value for name, value in kept.items() if value})


def form_of_job(job: Job) -> Form:
    """The form that edits a job."""
    when, zone = write_text(job.schedules) if job.schedules else ("on api", "UTC")
    return Form(
        channel_id=job.channel_id,
        app_id=job.app_id,
        name=job.name,
        when=when,
        zone=zone,
        timeout_min=job.timeout_s / 60,
        policy=job.policy,
        inputs=job.inputs,
        job_id=job.id,
        job_version=job.version,
    )


def form_of_draft(draft: Draft) -> Form:
    """The form that edits what a card shows."""
    kept = {
        name: getattr(draft, name) for name in ("channel_id", "app_id", "name", "when", "zone", "inputs", "policy")
    }
    return Form(**kept, timeout_min=draft.timeout_s / 60, job_id=draft.job_id, job_version=draft.job_version)


async def open_form(services: Services, caller: Interaction, form: Form) -> None:
    """Open the form: a loading view at once, the real one when Dify has answered."""
    title = "Edit job" if form.job_id else "New scheduled job"
    opened = await services.slack.open_view(caller.trigger_id, loading_view(title))
    if not form.zone:
        form = replace(form, zone=await reader_zone(services, caller.user_id) or "UTC")
    await show_view(services, opened.id, await in_view(title, build_form(services, caller, form)))


async def build_form(
    services: Services, asker: Asker, form: Form, problems: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """The view of a form as it now stands."""
    actor = await gather_actor(services, asker)
    authorize(actor, Action.SEE, None)
    found = await services.store.read(lambda c: apps.list_apps(c, actor.team_id))
    app = next((app for app in found if app.id == form.app_id), found[0] if len(found) == 1 else None)
    fields = await fields_of(services, app) if app else ()
    form = replace(form, app_id=app.id if app else None)
    return schedule_view(
        apps=found,
        app=app,
        fields=fields,
        values=form.inputs,
        name=form.name,
        when=form.when,
        zone=form.zone,
        channel_id=form.channel_id or None,
        timeout_min=form.timeout_min,
        overlap=write_overlap(form.policy),
        catch_up=write_catch_up(form.policy),
        retry=write_retry(form.policy),
        priority=write_priority(form.policy),
        warn=write_warn(form.policy),
        data_offset=form.policy.data_offset,
        preview=await preview(services, asker, form.when, form.zone),
        problems=problems,
        private_metadata=form.metadata(),
        mode="edit" if form.job_id else "new",
    )


async def fields_of(services: Services, app: App) -> tuple[InputField, ...]:
    """What the workflow asks for; a Refusal in words when Dify does not tell."""
    try:
        return await services.parameters.ask(app.id, open_endpoints(services.vault, app))
    except DifyError as error:
        raise Refusal(f"Dify did not tell what “{app.name}” asks for: {error.message}", code=error.code) from error


async def preview(services: Services, asker: Asker, when: str, zone: str) -> tuple[str, Sequence[datetime]] | None:
    """The reading of what was typed so far with its zone and its next times, or the reason why it cannot be read."""
    if not when.strip():
        return None
    try:
        read = await read_when(services, asker, when, schedules.read_zone(zone or "UTC"))
    except Refusal as error:
        return " ".join((str(error), *(f"“{choice}”" for choice in error.choices[:CHOICES_SHOWN]))), ()
    says = f"{read.says} ({schedules.label_zone(read.zone)})"
    told = " · ".join(part for part in (says, read.also, *read.warnings) if part)
    return told, read.times


async def show_view(services: Services, view_id: str, view: dict[str, Any]) -> None:
    """Update an open view; one that was closed meanwhile is nobody's loss."""
    try:
        await services.slack.update_view(view_id, view)
    except DeliveryError as error:
        if error.code not in ("not_found", "hash_conflict"):
            raise


def read_metadata(view: View) -> dict[str, Any]:
    """The ids that the form was opened with; a proof of nothing."""
    try:
        kept = json.loads(view.private_metadata or "{}")
    except ValueError:
        return {}
    return kept if isinstance(kept, dict) else {}


async def rebuild(services: Services, press: Press) -> None:
    """The open form again, around what was typed so far; nothing that still has a field is lost."""
    if press.view is None:
        return
    known, typed = read_metadata(press.view), read_form(press.view.state)
    form = Form(
        channel_id=typed.channel_id or known.get("channel") or "",
        app_id=typed.app_id,
        name=typed.name or "",
        when=typed.when or "",
        zone=typed.zone or await reader_zone(services, press.user_id) or "UTC",
        timeout_min=typed.timeout_min,
        policy=_policy_so_far(typed),
        job_id=known.get("job"),
        job_version=known.get("version"),
    )
    try:
        view = await build_form(services, press, form)
    except Refusal as error:
        view = error_view("New scheduled job", error.message, error.hint)
    await show_view(services, press.view.id, view)


def _policy_so_far(typed: Typed) -> Policy:
    """What the form says now; what cannot be read yet is told when it is saved."""
    try:
        return policy_of(typed)
    except Refusal:
        return Policy()


def policy_of(typed: Typed) -> Policy:
    """What a form says of busy and missed times, and of failures. Raises Refusal."""
    return read_policy({name: getattr(typed, name) for name in READERS})
