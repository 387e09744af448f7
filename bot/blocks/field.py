"""One input of a workflow as one field of a form, and back: the text that was typed as the value it means."""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from bot.blocks.parts import IDENTIFIER, INPUT_TEXT, OPTION_VALUE, SELECT_OPTIONS, Block, input_block, select
from bot.blocks.text import clean, length, one_line, shorten
from storage.records import InputField

VALUE = "value"  # the action id of every field, so that typed text survives an update of the view
YES = "true"
FILE_KINDS = ("file", "file-list")
Option = tuple[str, str]


class Unreadable(ValueError):
    """What was typed cannot be the value; the message is for the person who typed it."""


def block_id(variable: str) -> str:
    """`in:<variable>`, steady; a very long name is shortened with its fingerprint."""
    name = f"in:{variable}"
    if len(name) <= IDENTIFIER:
        return name
    return f"{name[:200]}~{hashlib.sha256(variable.encode('utf-8', 'replace')).hexdigest()[:16]}"


def field_block(field: InputField, value: Any) -> Block:
    """The form's field. `value` is what it holds already, None for the default of the workflow."""
    value = field.default if value is None else value
    label = one_line(field.label) or one_line(field.variable) or "Input"
    element, hint, fits = _element(field, value)
    optional = not field.required or field.kind == "checkbox" or not fits
    return input_block(label, element, block_id(field.variable), hint, optional)


def can_show(field: InputField, value: Any) -> bool:
    """Whether the form can hold this value; what it cannot hold stays as it is."""
    return _element(field, value)[2]


def _element(field: InputField, value: Any) -> tuple[Block, str, bool]:
    match field.kind:
        case "select" if field.options:
            return _menu(field, value)
        case "checkbox":
            return _box(value), "", True
        case "number":
            return _number(value), "", True
        case "json_object":
            return _text(_json_text(value), multiline=True, hint='A JSON object, such as {"topic": "AI"}.')
        case "file":
            return _text(_addresses(value), hint="The address of the file, beginning with https://.")
        case "file-list":
            return _text(_addresses(value), multiline=True, hint="Addresses of files, one a line.")
        case _:
            return _text(_as_text(value), multiline=field.kind == "paragraph", most=field.max_length)


def _text(
    initial: str, *, multiline: bool = False, hint: str = "", most: int | None = None
) -> tuple[Block, str, bool]:
    """A text field. A value that Slack cannot show in a field is kept when the field stays empty."""
    element: Block = {"type": "plain_text_input", "action_id": VALUE, "multiline": multiline}
    if most and 0 < most <= INPUT_TEXT and length(initial) <= most:
        element["max_length"] = most
    if length(initial) > INPUT_TEXT:
        kept = f"The present value ({len(initial):,} characters) stays when you leave this empty."
        return element, f"{hint} {kept}".strip(), False
    if initial:
        element["initial_value"] = initial
    return element, hint, True


def _menu(field: InputField, value: Any) -> tuple[Block, str, bool]:
    options = [(text, option_value(text)) for text in field.options if text.strip()]
    more = len({text for _, text in options}) - SELECT_OPTIONS
    hint = (
        f"{more} more options are not shown; type them with /dify schedule … {field.variable}=…" if more > 0 else ""
    )
    if not options:
        return _text(_as_text(value))
    chosen = option_value(value) if isinstance(value, str) else None
    return select(VALUE, options, chosen, "Choose"), hint, True


def option_value(text: str) -> str:
    """What a menu sends for an option: its text, or its fingerprint when it is too long to be sent."""
    text = clean(text)
    return text if length(text) <= OPTION_VALUE else "#" + hashlib.sha256(text.encode()).hexdigest()


def _box(value: Any) -> Block:
    yes: Block = {"text": {"type": "plain_text", "text": "Yes"}, "value": YES}
    element: Block = {"type": "checkboxes", "action_id": VALUE, "options": [yes]}
    return element | {"initial_options": [yes]} if value is True or str(value).lower() in ("true", "1") else element


def _number(value: Any) -> Block:
    element: Block = {"type": "number_input", "action_id": VALUE, "is_decimal_allowed": True}
    try:
        number = _read_number("" if value is None or isinstance(value, bool) else str(value))
    except Unreadable:
        return element
    return element | {"initial_value": f"{Decimal(str(number)):f}"}


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    return clean(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str))


def _json_text(value: Any) -> str:
    if isinstance(value, str) or value is None:
        return clean(value or "")
    return clean(json.dumps(value, ensure_ascii=False, default=str, indent=2))


def _addresses(value: Any) -> str:
    """Addresses one a line, from texts or from the objects that Dify takes."""
    found = [
        str(one.get("url") or "") if isinstance(one, Mapping) else str(one or "")
        for one in (value if isinstance(value, Sequence) and not isinstance(value, str) else [value])
    ]
    return clean("\n".join(one for one in found if one))


def read_value(field: InputField, state: Mapping[str, Any] | None) -> Any:
    """The value that was typed; None when nothing was. Raises Unreadable with a sentence for the person."""
    state = state or {}
    if field.kind == "checkbox":
        return bool(state.get("selected_options"))
    if state.get("type") == "static_select" or "selected_option" in state:
        return _read_option(field, state.get("selected_option"))
    typed = clean(str(state.get("value") or "")).strip()
    if not typed:
        return None
    match field.kind:
        case "number":
            return _read_number(typed)
        case "json_object":
            return _read_json(typed)
        case "file":
            return _read_address(typed)
        case "file-list":
            return [_read_address(line) for line in typed.split()]
        case _:
            return _read_text(field, typed)


def _read_option(field: InputField, chosen: Mapping[str, Any] | None) -> str | None:
    if not chosen:
        return None
    sent = str(chosen.get("value"))
    found = next((text for text in field.options if option_value(text) == sent), None)
    if found is None:
        raise Unreadable("This option is not offered any more. Choose another one.")
    return found


def _read_text(field: InputField, typed: str) -> str:
    if field.max_length and 0 < field.max_length < len(typed):
        raise Unreadable(f"At most {field.max_length:,} characters; these are {len(typed):,}.")
    return typed


def _read_number(typed: str) -> int | float:
    try:
        number = float(typed)
        if not math.isfinite(number):
            raise ValueError
        return int(typed) if typed.lstrip("+-").isdigit() else number
    except ValueError:
        raise Unreadable(f"{shorten(typed, 40)} is not a number. Type one such as 7 or 0.5.") from None


def _read_json(typed: str) -> dict[str, Any]:
    try:
        value = json.loads(typed, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, character {error.colno}"
        raise Unreadable(f"This is not JSON: {error.msg} at {where}.") from None
    except (RecursionError, ValueError):
        raise Unreadable("This is not JSON that a workflow could take.") from None
    if not isinstance(value, dict):
        raise Unreadable('A JSON object is needed: it begins with { and ends with }, such as {"topic": "AI"}.')
    return value


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)


def _read_address(typed: str) -> str:
    if not typed.lower().startswith(("https://", "http://")) or len(typed.split()) != 1:
        raise Unreadable(f"{shorten(typed, 60)} is not an address. It must begin with https://.")
    return typed
