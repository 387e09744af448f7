"""Dify's short answers, read whatever the version: an app, its inputs, a run, the log of runs."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from bot.dify.events import ident, mapping, number, text, whole
from storage.records import InputField

MAX_FIELDS = 200
"""More inputs than any form can ask for are not a form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppInfo:
    """`mode` is Dify's word; `version` the server's, empty when it does not say."""

    name: str
    mode: str
    description: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDetail:
    """A run as Dify keeps it. `status` is Dify's word; figures mean nothing while it is `running`."""

    run_id: str
    status: str
    workflow_id: str | None = None
    outputs: Mapping[str, Any] | None = None
    error: str | None = None
    elapsed_s: float | None = None
    tokens: int | None = None
    steps: int | None = None
    created_at: datetime | None = None
    finished_at: datetime | None = None


def read_app(body: Mapping[str, Any], version: str) -> AppInfo:
    return AppInfo(
        name=text(body.get("name")) or "",
        mode=text(body.get("mode")) or "",
        description=text(body.get("description")) or "",
        version=version,
    )


def read_fields(body: Mapping[str, Any], *, is_chat: bool) -> tuple[InputField, ...]:
    """The inputs of a form. A chat app's message comes first, under a name that the form does not use."""
    form = body.get("user_input_form")
    found = [
        _read_field(kind, mapping(rule))
        for one in (form[:MAX_FIELDS] if isinstance(form, list) else ())
        for kind, rule in mapping(one).items()
        if text(mapping(rule).get("variable"))
    ]
    if is_chat:
        name = "sys.query" if any(one.variable == "query" for one in found) else "query"
        found.insert(0, InputField(variable=name, label="Message", kind="paragraph", required=True))
    return tuple(found)


def _read_field(kind: str, rule: Mapping[str, Any]) -> InputField:
    variable = str(rule["variable"])
    options = rule.get("options")
    return InputField(
        variable=variable,
        label=text(rule.get("label")) or variable,
        kind=kind,
        required=rule.get("required") is True,
        max_length=whole(rule.get("max_length")) or None,
        options=tuple(str(option) for option in options) if isinstance(options, list) else (),
        default=rule.get("default"),
    )


def read_detail(body: Mapping[str, Any]) -> RunDetail | None:
    """Servers up to 1.13.0 answer an unknown run with nulls, and up to 1.12 they write outputs as JSON text."""
    run_id, status = ident(body.get("id")), text(body.get("status"))
    if run_id is None or status is None:
        return None
    return RunDetail(
        run_id=run_id,
        status=status,
        workflow_id=ident(body.get("workflow_id")),
        outputs=_read_outputs(body.get("outputs")),
        error=text(body.get("error")),
        elapsed_s=number(body.get("elapsed_time")),
        tokens=whole(body.get("total_tokens")),
        steps=whole(body.get("total_steps")),
        created_at=_read_time(body.get("created_at")),
        finished_at=_read_time(body.get("finished_at")),
    )


def read_log(body: Mapping[str, Any], user: str) -> tuple[RunDetail, ...]:
    """The runs of one user. Old servers ignore the filter, so it is applied here once more."""
    rows = body.get("data")
    found = (
        read_detail(mapping(row.get("workflow_run")))
        for row in (mapping(one) for one in (rows if isinstance(rows, list) else ()))
        if mapping(row.get("created_by_end_user")).get("session_id") == user
    )
    return tuple(run for run in found if run is not None)


def _read_outputs(value: object) -> Mapping[str, Any] | None:
    if isinstance(value, str):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            return None
    return value if isinstance(value, dict) else None


def _read_time(value: object) -> datetime | None:
    seconds = number(value)
    if seconds is None or not 0 < seconds < 253_402_300_800:  # the year 10,000
        return None
    return datetime.fromtimestamp(seconds, UTC)
