"""The forms: a job to be scheduled or changed, the inputs of one run."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.blocks import field as one_field
from bot.blocks.parts import (
    CHANNEL,
    INPUT_TEXT,
    SELECT_OPTIONS,
    VIEW_BLOCKS,
    Block,
    View,
    context,
    date,
    input_block,
    modal,
    say,
    section,
    select,
)
from bot.blocks.policy import POLICY_FIELDS, policy_blocks
from bot.blocks.reading import APP, BASE_URLS, CHANNEL_ID, KEY, NAME, ROUTING, TIMEOUT, WHEN, ZONE
from bot.blocks.reading import Typed as Typed
from bot.blocks.reading import kept_inputs as kept_inputs
from bot.blocks.reading import read_form as read_form
from bot.blocks.text import clean, escape, length, one_line, shorten
from storage.records import App, InputField

SCHEDULE = "schedule"
RUN_INPUTS = "run_inputs"
NAME_LENGTH = 150
FIXED_BLOCKS = 19  # all that a form holds beside the inputs of the workflow
FIELDS = VIEW_BLOCKS - FIXED_BLOCKS
PREVIEW_TIMES = 5
WORDS_OF_FIELDS = {
    APP: "Workflow",
    WHEN: "When",
    ZONE: "Time zone",
    CHANNEL_ID: "Channel",
    NAME: "Name",
    TIMEOUT: "Limit",
    **POLICY_FIELDS,
    BASE_URLS: "Address",
    ROUTING: "With several addresses",
    KEY: "API key",
}


def loading_view(title: str, private_metadata: str = "") -> View:
    """Opened at once while Dify is asked; replaced within seconds."""
    return modal(title, [say("Asking Dify…")], callback_id="loading", private_metadata=private_metadata)


def error_view(title: str, text: str, hint: str = "") -> View:
    blocks = [say(text), *([say(hint)] if hint.strip() else [])]
    return modal(title, blocks, callback_id="error")


def schedule_view(
    *,
    apps: Sequence[App],
    app: App | None,
    fields: Sequence[InputField],
    values: Mapping[str, Any],
    name: str = "",
    when: str = "",
    zone: str = "",
    channel_id: str | None = None,
    timeout_min: float | None = None,
    overlap: str = "skip",
    catch_up: str = "latest within 1h",
    retry: str = "2 after 30s",
    priority: str = "normal",
    warn: str = "",
    data_offset: str = "",
    preview: tuple[str, Sequence[datetime]] | None = None,
    problems: Mapping[str, str] | None = None,
    private_metadata: str = "",
    mode: str = "new",
) -> View:
    """The form of a job. `values` are inputs by variable; `mode` is `new` or `edit`.

    Block ids never change, so that what was typed survives when the view is updated.
    """
    title = "Edit job" if mode == "edit" else "New scheduled job"
    if not apps:
        return error_view(title, "No Dify app is connected yet.", "An admin can connect one with /dify connect.")
    blocks = [*problem_blocks(problems or {}), app_block(apps, app)]
    if app:
        blocks += field_blocks(fields, values)
        blocks.append(when_block(when))
        blocks += preview_blocks(preview)
        blocks += [zone_block(zone), channel_block(channel_id), name_block(name), timeout_block(timeout_min)]
        blocks += policy_blocks(overlap, catch_up, retry, priority, warn, data_offset)
    else:
        blocks.append(context("Choose a workflow; its inputs appear here."))
    submit = "Save" if app else "Next"
    return modal(
        title, blocks, callback_id=SCHEDULE, submit=submit, close="Cancel", private_metadata=private_metadata
    )


def run_view_form(
    app: App | None,
    fields: Sequence[InputField],
    values: Mapping[str, Any],
    problems: Mapping[str, str] | None = None,
    private_metadata: str = "",
    title: str = "Run now",
) -> View:
    """Asks for the inputs that a run still needs."""
    about = f"Inputs of {shorten(one_line(app.name), NAME_LENGTH)}" if app else "Inputs"
    blocks = [*problem_blocks(problems or {}), say(about), *field_blocks(fields, values)]
    return modal(
        title, blocks, callback_id=RUN_INPUTS, submit="Run", close="Cancel", private_metadata=private_metadata
    )


def problem_blocks(problems: Mapping[str, str]) -> list[Block]:
    """What has to be mended, above the fields: a view that is updated cannot mark the field itself."""
    if not problems:
        return []
    lines = [f"• {escape(_field_name(key))}: {escape(shorten(text, 400))}" for key, text in problems.items()]
    return [section("⚠️ *Please mend this first*\n" + "\n".join(lines))]


def _field_name(key: str) -> str:
    return WORDS_OF_FIELDS.get(key) or shorten(one_line(key.removeprefix("in:")), 100) or "Form"


def app_block(apps: Sequence[App], app: App | None) -> Block:
    options = [(one.name, str(one.id)) for one in apps]
    more = len(options) - SELECT_OPTIONS
    hint = f"{more} more apps are not shown; type /dify schedule NAME instead." if more > 0 else ""
    menu = select("schedule_app", options, str(app.id) if app else None, "Choose a workflow")
    return input_block(WORDS_OF_FIELDS[APP], menu, APP, hint, dispatch=True)


def field_blocks(fields: Sequence[InputField], values: Mapping[str, Any]) -> list[Block]:
    """One field for each input, each variable once."""
    unique = {one_field.block_id(one.variable): one for one in fields}
    shown = list(unique.values())[:FIELDS]
    blocks = [one_field.field_block(one, values.get(one.variable)) for one in shown]
    if len(unique) > len(shown):
        blocks.append(context(f"{len(unique) - len(shown)} more inputs are not shown; type them as key=value."))
    return blocks


def text_block(name: str, value: str, *, hint: str = "", optional: bool = False, most: int = INPUT_TEXT) -> Block:
    element: Block = {"type": "plain_text_input", "action_id": one_field.VALUE, "max_length": most}
    initial = clean(value)
    if initial and length(initial) <= most:
        element["initial_value"] = initial
    return input_block(WORDS_OF_FIELDS[name], element, name, hint, optional)


def when_block(when: str) -> Block:
    """Enter shows the next times at once."""
    block = text_block(
        WHEN, when, hint="every weekday at 9:00 · every 15 minutes · 0 9 * * 1-5; the next times appear below"
    )
    block["element"] |= {
        "action_id": "schedule_when",
        "dispatch_action_config": {"trigger_actions_on": ["on_enter_pressed", "on_character_entered"]},
    }
    return block | {"dispatch_action": True}


def preview_blocks(preview: tuple[str, Sequence[datetime]] | None) -> list[Block]:
    if preview is None:
        return []
    says, times = preview
    listed = [f"Next, on your clock: {' · '.join(date(at) for at in times[:PREVIEW_TIMES])}"] if times else []
    return [context(f"*{escape(shorten(one_line(says), 500))}*", *listed)]


def zone_block(zone: str) -> Block:
    return text_block(ZONE, zone, hint="An IANA name, such as Asia/Tokyo", most=100)


def channel_block(channel_id: str | None) -> Block:
    menu: Block = {
        "type": "conversations_select",
        "action_id": one_field.VALUE,
        "filter": {"include": ["public", "private", "im"], "exclude_bot_users": True},
    }
    if channel_id and CHANNEL.fullmatch(channel_id):
        menu["initial_conversation"] = channel_id
    else:
        menu["default_to_current_conversation"] = True
    return input_block(WORDS_OF_FIELDS[CHANNEL_ID], menu, CHANNEL_ID, "Results are posted here.")


def name_block(name: str) -> Block:
    return text_block(NAME, name, most=NAME_LENGTH, optional=True, hint="Empty: the name of the workflow")


def timeout_block(timeout_min: float | None) -> Block:
    menu: Block = {
        "type": "number_input",
        "action_id": one_field.VALUE,
        "is_decimal_allowed": True,
        "min_value": "0.1",
    }
    if timeout_min:
        menu["initial_value"] = f"{timeout_min:g}"
    return input_block("Limit in minutes", menu, TIMEOUT, "A run that takes longer is stopped.", optional=True)


def metadata(**ids: str | int | None) -> str:
    """Ids for `private_metadata`, as JSON."""
    return json.dumps({key: value for key, value in ids.items() if value is not None})
