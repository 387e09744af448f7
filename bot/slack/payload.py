"""Values out of Slack's JSON, whatever its shape: nothing here raises, the missing is empty. Pure."""

from collections.abc import Mapping
from typing import Any


def read_fields(values: Mapping[str, Any]) -> dict[str, Any]:
    """One value a block; a block with several elements gives those by their action_id as well."""
    fields: dict[str, Any] = {}
    for block_id, elements in values.items():
        if not isinstance(elements, Mapping):
            continue
        read = {action_id: read_value(element) for action_id, element in elements.items()}
        fields[block_id] = next(iter(read.values()), None)
        if len(read) > 1:
            fields |= read
    return fields


def read_value(element: Any) -> Any:
    """The value of an element, whatever Slack calls it for its type; None when it is empty."""
    if not isinstance(element, Mapping):
        return None
    if "selected_options" in element:
        options = element["selected_options"]
        return tuple(take_text(option, "value") for option in options) if isinstance(options, list) else ()
    if "selected_option" in element:
        return take_text(element, "selected_option", "value") or None
    for name, value in element.items():
        if name == "value" or name.startswith("selected_"):
            return tuple(value) if isinstance(value, list) else value
    return None


def take_map(payload: Any, *path: str) -> Mapping[str, Any]:
    for name in path:
        payload = payload.get(name) if isinstance(payload, Mapping) else None
    return payload if isinstance(payload, Mapping) else {}


def take_text(payload: Any, *path: str) -> str:
    value = take_map(payload, *path[:-1]).get(path[-1])
    return value if isinstance(value, str) else ""


def take_first(items: Any) -> Mapping[str, Any]:
    return items[0] if isinstance(items, list) and items and isinstance(items[0], Mapping) else {}
