"""What was typed into a form, read back: the inverse of the fields that `form` builds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.blocks import field as one_field
from bot.blocks.text import clean
from storage.records import InputField

APP, WHEN, ZONE, CHANNEL_ID, NAME, TIMEOUT = "app", "when", "zone", "channel", "name", "timeout"
OVERLAP, CATCH_UP, DATA_OFFSET, RETRY, PRIORITY = "overlap", "catch_up", "data_offset", "retry", "priority"
WARN = "warn"
BASE_URLS, ROUTING, KEY = "base_urls", "routing", "key"


@dataclass(frozen=True)
class Typed:
    """What a form holds. Empty fields are None; `inputs` has only what was filled in.

    `problems` are sentences by block id, ready to be the `errors` of the answer to a submission.
    """

    inputs: dict[str, Any] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    app_id: int | None = None
    name: str | None = None
    when: str | None = None
    zone: str | None = None
    channel_id: str | None = None
    timeout_min: float | None = None
    overlap: str | None = None
    catch_up: str | None = None
    retry: str | None = None
    priority: str | None = None
    warn: str | None = None
    data_offset: str | None = None
    base_urls: str | None = None
    routing: str | None = None
    key: str | None = field(default=None, repr=False)


def read_form(view_state: Mapping[str, Any], fields: Sequence[InputField] = ()) -> Typed:
    """What a form of this file holds; `view_state` is `view["state"]` or its `values`."""
    state = view_state["values"] if set(view_state) == {"values"} else view_state
    inputs, problems = read_inputs(state, fields)
    timeout = None
    try:
        timeout = one_field.read_value(_number_field(), _only(state, TIMEOUT))
        if timeout is not None and timeout <= 0:
            problems[TIMEOUT] = "The limit must be more than zero minutes."
    except one_field.Unreadable as problem:
        problems[TIMEOUT] = str(problem)
    app = _chosen(state, APP)
    return Typed(
        inputs=inputs,
        problems=problems,
        app_id=int(app) if app and str(app).isdigit() else None,
        timeout_min=timeout,
        overlap=_chosen(state, OVERLAP),
        catch_up=_chosen(state, CATCH_UP),
        retry=_chosen(state, RETRY),
        priority=_chosen(state, PRIORITY),
        warn=_words(state, WARN),
        data_offset=_words(state, DATA_OFFSET),
        channel_id=_only(state, CHANNEL_ID).get("selected_conversation"),
        name=_words(state, NAME),
        when=_words(state, WHEN),
        zone=_words(state, ZONE),
        base_urls=_words(state, BASE_URLS),
        routing=_chosen(state, ROUTING),
        key=_words(state, KEY),
    )


def read_inputs(state: Mapping[str, Any], fields: Sequence[InputField]) -> tuple[dict[str, Any], dict[str, str]]:
    """The inputs that were filled in, by variable, and the problems by block id."""
    inputs: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for one in fields:
        block_id = one_field.block_id(one.variable)
        if block_id not in state:
            continue
        try:
            value = one_field.read_value(one, _only(state, block_id))
        except one_field.Unreadable as problem:
            problems[block_id] = str(problem)
        else:
            if value is not None:
                inputs[one.variable] = value
    return inputs, problems


def kept_inputs(old: Mapping[str, Any], fields: Sequence[InputField]) -> dict[str, Any]:
    """Those of the present inputs that the form could not show and therefore does not change."""
    shown = {one.variable for one in fields if one_field.can_show(one, old.get(one.variable))}
    return {variable: value for variable, value in old.items() if variable not in shown}


def _number_field() -> InputField:
    return InputField(variable=TIMEOUT, label=TIMEOUT, kind="number")


def _only(state: Mapping[str, Any], block_id: str) -> Mapping[str, Any]:
    """The one field of a block, whatever its action id."""
    return next(iter((state.get(block_id) or {}).values()), None) or {}


def _chosen(state: Mapping[str, Any], block_id: str) -> str | None:
    return (_only(state, block_id).get("selected_option") or {}).get("value")


def _words(state: Mapping[str, Any], block_id: str) -> str | None:
    return clean(str(_only(state, block_id).get("value") or "")).strip() or None
