"""The form that asks for the inputs of one run."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from bot.blocks.form import loading_view, run_view_form
from bot.blocks.notice import needs_inputs
from bot.blocks.parts import Message
from bot.errors import Refusal
from bot.services import Services
from bot.slack.door import in_view
from bot.slack.request import Interaction, View
from bot.slack.schedule_form import fields_of, show_view
from storage.records import App, InputField

TITLE = "Run now"


def missing_inputs(app: App, fields: Sequence[InputField], typed: Mapping[str, Any]) -> Message:
    """Names what is missing, with the button that opens the form."""
    wanted = [field.variable for field in fields if field.required and field.variable not in typed]
    return needs_inputs(app, wanted)


async def open_run_form(services: Services, caller: Interaction, app: App) -> None:
    """Open the form, filled from Dify when it has answered."""
    opened = await services.slack.open_view(caller.trigger_id, loading_view(TITLE))
    await show_view(services, opened.id, await in_view(TITLE, _build(services, app, caller.channel_id)))


async def _build(services: Services, app: App, channel_id: str) -> dict[str, Any]:
    kept = json.dumps({"app": app.id, "channel": channel_id})
    return run_view_form(app, await fields_of(services, app), {}, private_metadata=kept)


def where_to_run(view: View) -> tuple[int, str]:
    """The app and the channel with which the form was opened; both are looked up and authorised again."""
    try:
        kept = json.loads(view.private_metadata)
        return int(kept["app"]), str(kept["channel"])
    except (ValueError, KeyError, TypeError):
        raise Refusal("This form is no longer good.", "Type the `/dify run` command again.", code="gone") from None
