"""Whether the inputs of a job fit what its workflow asks for, by the rules that Dify's own server applies."""

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from bot.errors import Refusal
from bot.rules import macros
from storage.records import InputField

TEXT_KINDS = frozenset({"text-input", "paragraph"})
TRUE_WORDS = frozenset({"true", "yes", "on", "1"})
FALSE_WORDS = frozenset({"false", "no", "off", "0", ""})
CITED = 50  # characters of a wrong value that a sentence repeats


def check(fields: Sequence[InputField], values: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs as they are kept and, once their macros are rendered, sent: typed, defaults filled in, empty
    optional ones left out.

    Raises the Refusal for the first input that does not fit; its `field` is the variable. An input that the
    workflow does not know is refused, since a typing error would otherwise be dropped by Dify in silence.
    How long a text with macros will be, and whether it will be one of the options, only Dify can tell at run time.
    """
    known = {field.variable: field for field in fields}
    for name in values:
        if name not in known:
            raise _unknown(name, known)
    checked: dict[str, Any] = {}
    for field in fields:
        given = values.get(field.variable, field.default)
        value = _read_literal(field, given) if _is_literal(field, given) else _read_given(field, given)
        if value is None and field.required:
            raise _refuse(field, "is required", f"Add `{field.variable}=…`.")
        if value is not None:
            checked[field.variable] = value
    macros.check(checked)
    return checked


def missing(fields: Sequence[InputField], values: Mapping[str, Any]) -> tuple[InputField, ...]:
    """The required inputs that have neither a value nor a default."""
    return tuple(
        field for field in fields if field.required and field.variable not in values and field.default in (None, "")
    )


def _is_literal(field: InputField, value: Any) -> bool:
    """Whether the braces in it are the workflow's own, and nobody here meant a macro by them."""
    return value == field.default or (field.kind == "select" and value in field.options)


def _read_literal(field: InputField, value: Any) -> Any:
    return macros.escape(_read(field, value))


def _read_given(field: InputField, value: Any) -> Any:
    if not isinstance(value, str) or not macros.has_macros(value):
        return _read(field, value)
    macros.check({field.variable: value})
    if field.kind == "number":
        return _write_number(field, value)
    if field.kind == "checkbox":
        raise _refuse(field, "is a checkbox and takes no macro", f"Write `{field.variable}=yes` or `=no`.")
    return _read_object(field, value) if field.kind == "json_object" else value


def _write_number(field: InputField, text: str) -> str:
    try:
        return macros.write_number(text)
    except Refusal as error:
        raise Refusal(
            f"Input “{field.label or field.variable}”: {error.message}",
            error.hint,
            code=error.code,
            field=field.variable,
        ) from None


def _read(field: InputField, value: Any) -> Any:
    if value is None or (value == "" and field.kind != "checkbox"):
        return None
    if field.kind == "number":
        return _read_number(field, value)
    if field.kind == "checkbox":
        return _read_truth(field, value)
    if field.kind == "select":
        return _read_option(field, value)
    if field.kind in TEXT_KINDS:
        return _read_text(field, value)
    if field.kind == "json_object":
        return _read_object(field, value)
    return value


def _read_number(field: InputField, value: Any) -> int | float:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    number = value if is_number else _parse_number(str(value))
    # NaN and infinity are numbers to Python, and nothing that JSON could carry to Dify.
    if number is None or not abs(number) <= sys.float_info.max:
        raise _refuse(field, f"must be a number, not “{str(value)[:CITED]}”", f"Write `{field.variable}=5`.")
    return number


def _parse_number(text: str) -> int | float | None:
    """A whole number keeps all its digits, which a float would round."""
    try:
        return int(text)
    except ValueError:
        pass
    try:
        number = float(text)
    except ValueError:
        return None
    return int(number) if number.is_integer() else number


def _read_truth(field: InputField, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word in TRUE_WORDS or word in FALSE_WORDS:
        return word in TRUE_WORDS
    raise _refuse(field, f"is a checkbox, not “{value}”", f"Write `{field.variable}=yes` or `{field.variable}=no`.")


def _read_option(field: InputField, value: Any) -> str:
    if str(value) in field.options:
        return str(value)
    raise _refuse(field, f"cannot be “{value}”", f"Choose one of: {', '.join(field.options)}.")


def _read_object(field: InputField, value: Any) -> Mapping[str, Any]:
    """The object, or the one that a text typed in a command or on a command line spells."""
    if isinstance(value, str):
        try:
            value = json.loads(value, parse_constant=_refuse_constant)
        except (ValueError, RecursionError):
            value = None
    if not isinstance(value, Mapping):
        raise _refuse(field, "must be a JSON object", 'Write it like {"name": "value"}.')
    return value


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)


def _read_text(field: InputField, value: Any) -> str:
    text = value if isinstance(value, str) else str(value)
    if field.max_length and len(text) > field.max_length:
        raise _refuse(field, f"has {len(text):,} characters, the workflow takes {field.max_length:,}", "Shorten it.")
    return text


def _refuse(field: InputField, what: str, hint: str) -> Refusal:
    return Refusal(f"Input “{field.label or field.variable}” {what}.", hint, code="bad_input", field=field.variable)


def _unknown(name: str, known: Mapping[str, InputField]) -> Refusal:
    hint = f"It takes: {', '.join(known)}." if known else "It takes no inputs."
    return Refusal(f"The workflow has no input “{name}”.", hint, code="bad_input", field=name)
