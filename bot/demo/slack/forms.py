"""The values of input elements: what a view holds, what a person fills in, and what Slack makes of it."""

import secrets
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from bot.demo.slack.check import all_blocks, elements_of

State = dict[str, dict[str, dict[str, Any]]]

# element type -> (name of its value in the state, name of its initial value, whether it holds a list)
VALUES: dict[str, tuple[str, str, bool]] = {
    "plain_text_input": ("value", "initial_value", False),
    "email_text_input": ("value", "initial_value", False),
    "url_text_input": ("value", "initial_value", False),
    "number_input": ("value", "initial_value", False),
    "rich_text_input": ("rich_text_value", "initial_value", False),
    "static_select": ("selected_option", "initial_option", False),
    "external_select": ("selected_option", "initial_option", False),
    "radio_buttons": ("selected_option", "initial_option", False),
    "multi_static_select": ("selected_options", "initial_options", True),
    "multi_external_select": ("selected_options", "initial_options", True),
    "checkboxes": ("selected_options", "initial_options", True),
    "users_select": ("selected_user", "initial_user", False),
    "multi_users_select": ("selected_users", "initial_users", True),
    "channels_select": ("selected_channel", "initial_channel", False),
    "multi_channels_select": ("selected_channels", "initial_channels", True),
    "conversations_select": ("selected_conversation", "initial_conversation", False),
    "multi_conversations_select": ("selected_conversations", "initial_conversations", True),
    "datepicker": ("selected_date", "initial_date", False),
    "timepicker": ("selected_time", "initial_time", False),
    "datetimepicker": ("selected_date_time", "initial_date_time", False),
    "file_input": ("files", "", True),
}
_OPTION_KINDS = ("selected_option", "selected_options")


def dress_blocks(blocks: list[Any]) -> list[dict[str, Any]]:
    """A copy as Slack keeps it: ids filled in where the app gave none."""
    dressed: list[dict[str, Any]] = deepcopy(blocks)
    for _, block in all_blocks(dressed):
        if not block.get("block_id"):
            block["block_id"] = secrets.token_urlsafe(4)[:5]
        for _, element in elements_of(block):
            if element.get("type") in VALUES or element.get("type") in ("button", "overflow", "icon_button"):
                element.setdefault("action_id", secrets.token_urlsafe(4)[:5])
    return dressed


def fields_of(blocks: list[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """(block, element) of every interactive element, containers opened."""
    for _, block in all_blocks(blocks):
        for _, element in elements_of(block):
            if "action_id" in element:
                yield block, element


def empty_state(element: Mapping[str, Any]) -> dict[str, Any]:
    """The state of an element that nobody has touched: its initial value, or nothing."""
    name, initial, many = VALUES[element["type"]]
    return {"type": element["type"], name: deepcopy(element.get(initial, [] if many else None))}


def read_state(blocks: list[dict[str, Any]], kept: State | None = None) -> State:
    """The state of all fields; values of `kept` stay where block_id, action_id and type are the same."""
    state: State = {}
    for block, element in fields_of(blocks):
        if element["type"] not in VALUES:
            continue
        block_id, action_id = block["block_id"], element["action_id"]
        old = (kept or {}).get(block_id, {}).get(action_id)
        same = old is not None and old["type"] == element["type"]
        state.setdefault(block_id, {})[action_id] = old if same and old else empty_state(element)
    return state


def options_of(element: Mapping[str, Any]) -> list[dict[str, Any]]:
    """All options of a select, groups opened."""
    groups: list[dict[str, Any]] = element.get("option_groups", [])
    return [*element.get("options", []), *(option for group in groups for option in group["options"])]


def find_option(options: list[dict[str, Any]], wanted: Any) -> dict[str, Any]:
    """The option with this value, or else this label. Raises LookupError with the choices."""
    if isinstance(wanted, dict):
        wanted = wanted.get("value", wanted.get("text", {}).get("text"))
    for option in options:
        if option.get("value") == wanted:
            return option
    for option in options:
        if option["text"]["text"] == wanted:
            return option
    names = [f"{option.get('value')} ({option['text']['text']})" for option in options]
    raise LookupError(f"no option {wanted!r}; there are: {', '.join(names)}")


def fill_element(element: Mapping[str, Any], value: Any, options: list[dict[str, Any]]) -> dict[str, Any]:
    """The state of an element once a person has put `value` in: a plain value or a state object as Slack's."""
    name, _, many = VALUES[element["type"]]
    if isinstance(value, dict) and name in value:
        value = value[name]
    if value is None or value == "":
        return {"type": element["type"], name: [] if many else None}
    if name in _OPTION_KINDS:
        chosen = [find_option(options, each) for each in _as_list(value, many)]
        return {"type": element["type"], name: chosen if many else chosen[0]}
    if many:
        return {"type": element["type"], name: _as_list(value, many)}
    plain = value if name in ("selected_date_time", "rich_text_value") else str(value)
    return {"type": element["type"], name: plain}


def _as_list(value: Any, many: bool) -> list[Any]:
    return list(value) if many and isinstance(value, list | tuple | set) else [value]


def find_complaints(blocks: list[dict[str, Any]], state: State) -> dict[str, str]:
    """{block_id: sentence} that a Slack client shows by itself, before anything is sent."""
    complaints: dict[str, str] = {}
    for block, element in fields_of(blocks):
        if block["type"] != "input" or element["type"] not in VALUES:
            continue
        name = VALUES[element["type"]][0]
        value = state[block["block_id"]][element["action_id"]][name]
        sentence = _complain(element, value, bool(block.get("optional")))
        if sentence:
            complaints[block["block_id"]] = sentence
    return complaints


def _complain(element: Mapping[str, Any], value: Any, optional: bool) -> str:
    if not value:
        return "" if optional else "Please complete this required field."
    if element["type"] == "plain_text_input":
        low, high = element.get("min_length", 0), element.get("max_length", 3000)
        return "" if low <= len(value) <= high else f"Please enter {low} to {high} characters."
    if element["type"] == "number_input":
        return _complain_about_number(element, value)
    if element["type"] == "email_text_input" and "@" not in value:
        return "Please enter a valid email address."
    if element["type"] == "url_text_input" and "://" not in value:
        return "Please enter a valid URL."
    return ""


def _complain_about_number(element: Mapping[str, Any], value: str) -> str:
    try:
        number = float(value)
    except ValueError:
        return "Please enter a valid number."
    if not element["is_decimal_allowed"] and not number.is_integer():
        return "Please enter a whole number."
    low, high = element.get("min_value"), element.get("max_value")
    if (low is not None and number < float(low)) or (high is not None and number > float(high)):
        return f"Please enter a number between {low or '…'} and {high or '…'}."
    return ""
