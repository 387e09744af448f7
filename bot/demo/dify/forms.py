"""The input rules of Dify: which values of a form a run accepts, and what it says about the others."""

from collections.abc import Mapping
from typing import Any

from bot.demo.dify.world import Form

FILE_KINDS = ("file", "file-list")


def check_inputs(
    form: Form, inputs: Mapping[str, Any], files: Mapping[str, str]
) -> tuple[dict[str, Any], str | None]:
    """The inputs that the run will have, and the first error in Dify's words. Unknown names are ignored.

    `files` are the uploads of this user: id to kind ("document", "image").
    """
    taken: dict[str, Any] = {}
    for one in form:
        for kind, rule in one.items():
            name = rule["variable"]
            value = inputs.get(name)
            value = rule.get("default") if value is None else value
            if value is None or value == "":
                if rule["required"]:
                    return taken, f"{name} is required in input form"
                taken[name] = None
                continue
            error = _complaint(kind, rule, value, files)
            if error:
                return taken, error
            taken[name] = _convert(kind, value)
    return taken, None


def _complaint(kind: str, rule: Mapping[str, Any], value: Any, files: Mapping[str, str]) -> str | None:
    name = rule["variable"]
    if kind in ("text-input", "paragraph", "select") and not isinstance(value, str):
        return f"(type '{kind}') {name} in input form must be a string"
    if kind == "select" and value not in rule["options"]:
        return f"{name} in input form must be one of the following: {rule['options']}"
    if kind in ("text-input", "paragraph") and len(value) > rule["max_length"]:
        return f"{name} in input form must be less than {rule['max_length']} characters"
    if kind == "number" and not _is_number(value):
        return f"{name} in input form must be a valid number"
    if kind == "checkbox" and str(value).lower() not in ("true", "false"):
        return f"{name} in input form must be a boolean value"
    if kind == "json_object" and not isinstance(value, dict):
        return f"{name} in input form must be a dict"
    if kind in FILE_KINDS:
        return _file_complaint(value if kind == "file-list" else [value], files)
    return None


def _file_complaint(values: Any, files: Mapping[str, str]) -> str | None:
    for value in values if isinstance(values, list) else [values]:
        if not isinstance(value, dict):
            return "Invalid upload file"
        if value.get("transfer_method") == "remote_url" and value.get("url"):
            continue
        if value.get("upload_file_id") not in files:
            return "Invalid upload file"
    return None


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return not isinstance(value, bool)


def _convert(kind: str, value: Any) -> Any:
    if kind == "number" and isinstance(value, str):
        return float(value) if "." in value else int(value)
    if kind == "checkbox":
        return str(value).lower() == "true"
    return value
