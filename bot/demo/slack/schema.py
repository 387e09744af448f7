"""The JSON Schema of Block Kit and the tables of limits, compiled once into plain functions.

A choice between objects is made by their `type`, so that one block costs one walk and a mistake is reported where
it stands, not as "matches none of thirty".
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from bot.demo.slack.limits import bounds, read_data
from bot.demo.slack.problem import Findings, Path

Check = Callable[[Any, Path, Findings], None]

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list, tuple),
    "object": (dict,),
}


@cache
def definitions() -> dict[str, Any]:
    """The definitions of the types with those of the documentation laid over them."""
    merged: dict[str, Any] = dict(read_data("slack-types.schema.json")["definitions"])
    overlay = read_data("docs.schema.json")
    merged.update(overlay["definitions"])
    for name, extra in overlay["properties"].items():
        merged[name] = {**merged[name], "properties": {**merged[name]["properties"], **extra}}
    known = [*merged["KnownBlock"]["anyOf"], *({"$ref": f"#/definitions/{n}"} for n in overlay["blocks"])]
    merged["KnownBlock"] = {"anyOf": known}
    return merged


@cache
def check_for(name: str) -> Check:
    """The check of one named definition, such as `KnownBlock`, `ModalView` or `MessageMetadata`."""
    return _compile(definitions()[name], bounds().get(name, {}))


def _refer(name: str) -> Check:
    """A check that is compiled at its first use: definitions refer to each other."""

    def check(value: Any, path: Path, found: Findings) -> None:
        check_for(name)(value, path, found)

    return check


def _compile(rule: Mapping[str, Any], limits: Mapping[str, Mapping[str, int]]) -> Check:
    if "$ref" in rule:
        return _refer(rule["$ref"].rsplit("/", 1)[1])
    if "anyOf" in rule:
        return _compile_choice(rule["anyOf"], limits)
    if rule.get("type") == "object":
        return _compile_object(rule, limits)
    if rule.get("type") == "array":
        return _compile_array(rule)
    return _compile_scalar(rule)


def _compile_scalar(rule: Mapping[str, Any]) -> Check:
    kinds = rule.get("type", [])
    names = [kinds] if isinstance(kinds, str) else list(kinds)
    allowed = tuple(t for name in names for t in _TYPES[name])
    values = [rule["const"]] if "const" in rule else rule.get("enum")

    def check(value: Any, path: Path, found: Findings) -> None:
        wrong_bool = isinstance(value, bool) and "boolean" not in names
        if allowed and (wrong_bool or not isinstance(value, allowed)):
            found.add(path, "wrong_type", f"must provide a {' or '.join(names)}", names)
        elif values is not None and value not in values:
            found.add(path, "not_allowed", f"must be one of: {', '.join(map(str, values))}", values)

    return check


def _compile_array(rule: Mapping[str, Any]) -> Check:
    item = _compile(rule["items"], {})

    def check(value: Any, path: Path, found: Findings) -> None:
        if not isinstance(value, list):
            found.add(path, "wrong_type", "must provide an array", "array")
            return
        for index, each in enumerate(value):
            item(each, (*path, index), found)

    return check


def _compile_object(rule: Mapping[str, Any], limits: Mapping[str, Mapping[str, int]]) -> Check:
    props = {name: _compile(sub, {}) for name, sub in rule.get("properties", {}).items()}
    checks = {name: _bounded(each, limits[name]) if name in limits else each for name, each in props.items()}
    required = rule.get("required", [])
    extra = rule.get("additionalProperties", True)
    other = _compile(extra, {}) if isinstance(extra, dict) and extra else None

    def check(value: Any, path: Path, found: Findings) -> None:
        if not isinstance(value, dict):
            found.add(path, "wrong_type", "must provide an object", "object")
            return
        for name in required:
            if name not in value:
                found.add(path, "missing_field", f"missing required field: {name}", name)
        for name, each in value.items():
            if name in checks:
                checks[name](each, (*path, name), found)
            elif other is not None:
                other(each, (*path, name), found)
            elif extra is False:
                found.add((*path, name), "unknown_field", f"invalid additional property: {name}", name)

    return check


def _bounded(inner: Check, bound: Mapping[str, int]) -> Check:
    def check(value: Any, path: Path, found: Findings) -> None:
        before = len(found.problems)
        inner(value, path, found)
        if len(found.problems) > before:
            return
        if isinstance(value, str):
            _check_length(value, path, bound.get("minLength"), bound.get("maxLength"), found)
        elif isinstance(value, dict) and isinstance(value.get("text"), str):
            _check_length(value["text"], (*path, "text"), bound.get("minText"), bound.get("maxText"), found)
        elif isinstance(value, list):
            _check_items(value, path, bound, found)

    return check


def _check_length(text: str, path: Path, low: int | None, high: int | None, found: Findings) -> None:
    if high is not None and len(text) > high:
        found.too_long(path, high)
    if low is not None and len(text) < low:
        found.add(path, "too_short", f"must be more than {low - 1} characters", low)


def _check_items(items: list[Any], path: Path, bound: Mapping[str, int], found: Findings) -> None:
    if len(items) > bound.get("maxItems", len(items)):
        found.too_many(path, bound["maxItems"])
    if len(items) < bound.get("minItems", 0):
        found.too_few(path, bound["minItems"])
    if "itemMaxText" in bound:
        for index, item in enumerate(items):
            _check_length(item.get("text", ""), (*path, index, "text"), None, bound["itemMaxText"], found)


def _flatten(choices: list[Any]) -> list[tuple[Mapping[str, Any], Mapping[str, Mapping[str, int]]]]:
    """The alternatives of an anyOf, with references to other choices opened; each beside its limits."""
    flat: list[tuple[Mapping[str, Any], Mapping[str, Mapping[str, int]]]] = []
    for choice in choices:
        name = choice["$ref"].rsplit("/", 1)[1] if "$ref" in choice else None
        rule = definitions()[name] if name else choice
        if name and "anyOf" in rule:
            limits = bounds().get(name, {})
            flat.extend((sub, {**limits, **own}) for sub, own in _flatten(rule["anyOf"]))
        else:
            flat.append((rule, bounds().get(name, {}) if name else {}))
    return flat


def _compile_choice(choices: list[Any], limits: Mapping[str, Mapping[str, int]]) -> Check:
    by_type: dict[str | None, list[Check]] = {}
    for rule, own in _flatten(choices):
        kind = rule.get("properties", {}).get("type", {}).get("const")
        by_type.setdefault(kind, []).append(_compile(rule, {**limits, **own}))
    if None in by_type:
        return _first_that_fits([check for checks in by_type.values() for check in checks])
    fits = {kind: _first_that_fits(checks) for kind, checks in by_type.items()}

    def check(value: Any, path: Path, found: Findings) -> None:
        if not isinstance(value, dict):
            found.add(path, "wrong_type", "must provide an object", "object")
        elif "type" not in value:
            found.add(path, "missing_field", "missing required field: type", "type")
        elif not isinstance(value["type"], str) or value["type"] not in fits:
            allowed = sorted(str(kind) for kind in fits)
            found.add((*path, "type"), "unsupported_type", f"unsupported type: {value['type']}", allowed)
        else:
            fits[value["type"]](value, path, found)

    return check


def _first_that_fits(checks: list[Check]) -> Check:
    """Accepts what any of the checks accepts; else reports the problems of the one that came closest."""
    if len(checks) == 1:
        return checks[0]

    def check(value: Any, path: Path, found: Findings) -> None:
        best: Findings | None = None
        for each in checks:
            trial = Findings()
            each(value, path, trial)
            if not trial.problems:
                return
            if best is None or len(trial.problems) < len(best.problems):
                best = trial
        if best is not None:
            found.problems.extend(best.problems)

    return check
