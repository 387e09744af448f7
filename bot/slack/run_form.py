"""The form that asks for the inputs of one run."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from bot.blocks.form import error_view, loading_view, run_view_form
from bot.blocks.notice import needs_inputs
from bot.blocks.parts import Message
from bot.errors import Refusal
from bot.services import Services
from bot.slack.request import Asker, View
from bot.slack.schedule_form import fields_of, show_view
from storage.records import App, InputField


def missing_inputs(app: App, fields: Sequence[InputField], typed: Mapping[str, Any]) -> Message:
    """Names what is missing, with the button that opens the form."""
    wanted = [field.variable for field in fields if field.required and field.variable not in typed]
    return needs_inputs(app, wanted)


async def open_run_form(
    services: Services, asker: Asker, trigger_id: str, app: App, channel_id: str, values: Mapping[str, Any]
) -> None:
    """Open the form, filled from Dify when it has answered."""
    opened = await services.slack.open_view(trigger_id, loading_view("Run now"))
    kept = json.dumps({"app": app.id, "channel": channel_id})
    try:
        view = run_view_form(app, await fields_of(services, app), values, private_metadata=kept)
    except Refusal as error:
        view = error_view("Run now", error.message, error.hint)
    await show_view(services, opened.id, view)


def where_to_run(view: View) -> tuple[int, str]:
    """The app and the channel with which the form was opened; both are looked up and authorised again."""
    try:
        kept = json.loads(view.private_metadata)
        return int(kept["app"]), str(kept["channel"])
    except (ValueError, KeyError, TypeError):
        raise Refusal("This form is no longer good.", "Type the `/dify run` command again.", code="gone") from None
