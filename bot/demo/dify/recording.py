"""Recorded streams of real Dify servers, made ready to be replayed with fresh ids, clocks and inputs.

`streams/NAME.jsonl` holds one line `[seconds since the request, event]` for each event that Dify 1.16.1 sent (the
resumption after a form is from a later build). `[seconds, null]` is an end of the stream without a last word. Pings
are not kept: they come from the clock of the replay. Host names and model names are replaced.
"""

import gzip
import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

STREAMS = Path(__file__).parent / "streams"
INSIDE_LENGTH = 6  # shorter texts are replaced only where they are the whole value, so that ids stay whole
_COUNTS = ("prompt_tokens", "completion_tokens", "total_tokens")
_SECONDS = ("elapsed_time", "latency", "time_to_first_token", "time_to_generate")
_SECOND_MAPS = ("iteration_duration_map", "loop_duration_map")
_PRICES = ("prompt_price", "completion_price", "total_price")
_HOLES = re.compile(
    r'"@@(?P<block>\w+)@@"'
    r"|\{\{(?P<name>@?\w+)\}\}"
    r"|(?P<uuid>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"
    r'|(?P<clock>"(?:created_at|finished_at|expiration_time)":)(?P<time>\d{10})'
)


@dataclass(frozen=True, slots=True)
class Moment:
    """One event: when it was sent, its name, and its JSON with holes for what differs from run to run."""

    at: float
    event: str
    text: str
    node: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Recording:
    moments: tuple[Moment, ...]
    began: int
    workflow_id: str
    app_id: str
    run_id: str
    task_id: str
    end_at: float | None


@dataclass(slots=True)
class Filling:
    """What fills the holes for one run. Times count from `began`, now `began_now`, `pace` times as far.

    `blocks` are JSON texts, `words` plain values, `ids` maps old to new.
    """

    began: int
    began_now: int
    pace: float
    ids: dict[str, str]
    blocks: Mapping[str, str]
    words: Mapping[str, Any]


def fill(text: str, filling: Filling) -> str:
    """The event as it goes over the wire: compact JSON, raw UTF-8."""

    def put(hole: re.Match[str]) -> str:
        if old := hole["uuid"]:
            return filling.ids.setdefault(old, str(uuid.uuid4()))
        if clock := hole["clock"]:
            return f"{clock}{_move(clock, int(hole['time']), filling)}"
        if block := hole["block"]:
            return filling.blocks.get(block, "null")
        return _as_json_text(filling.words.get(hole["name"]))

    return _HOLES.sub(put, text)


def _move(clock: str, at: int, filling: Filling) -> int:
    since = at - filling.began
    return filling.began_now + (since if clock.startswith('"exp') else int(since * filling.pace))


def _as_json_text(value: object) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return json.dumps(text, ensure_ascii=False)[1:-1]


@cache
def load(name: str, says: tuple[tuple[str, str], ...] = (), times: int = 1, pace: float = 1.0) -> Recording:
    """Read a recording with the texts of `says`, tokens and prices `times` as many, durations `pace` as long."""
    lines = [json.loads(line) for line in _read(name).split("\n") if line]
    end_at = lines[-1][0] if lines[-1][1] is None else None
    events = [(at, _rewrite(event, _Changes(says, times, pace))) for at, event in lines if event is not None]
    _respeak([event for _, event in events])
    start = next(event for _, event in events if event["event"] == "workflow_started")
    ids = {
        "workflow_id": start["data"]["workflow_id"],
        "app_id": start["data"]["inputs"].get("sys.app_id", ""),
        "run_id": start["workflow_run_id"],
        "task_id": start["task_id"],
    }
    began = start["data"]["created_at"]
    for _, event in events:
        _make_holes(event)
    moments = tuple(_moment(at, event) for at, event in events)
    return Recording(moments=moments, began=began, end_at=end_at, **ids)


def _read(name: str) -> str:
    packed = STREAMS / f"{name}.jsonl.gz"
    if packed.exists():
        return gzip.decompress(packed.read_bytes()).decode()
    return (STREAMS / f"{name}.jsonl").read_text(encoding="utf-8")


def _moment(at: float, event: dict[str, Any]) -> Moment:
    data = event.get("data", {})
    text = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
    keep = ("id", "node_id", "node_type", "title", "status", "iteration_id", "loop_id")
    node = {key: data[key] for key in keep if key in data} if "node_id" in data else {}
    return Moment(at, event["event"], text, node)


@dataclass(frozen=True, slots=True)
class _Changes:
    says: tuple[tuple[str, str], ...]
    times: int
    pace: float


def _rewrite(value: Any, changes: _Changes) -> Any:
    if isinstance(value, str):
        return _resay(value, changes.says)
    if isinstance(value, list):
        return [_rewrite(item, changes) for item in value]
    if isinstance(value, dict):
        return {key: _multiply(key, _rewrite(item, changes), changes) for key, item in value.items()}
    return value


def _resay(text: str, says: tuple[tuple[str, str], ...]) -> str:
    for old, new in says:
        if text == old:
            return new
        if len(old) >= INSIDE_LENGTH and old in text:
            text = text.replace(old, new)
    return text


def _multiply(key: str, value: Any, changes: _Changes) -> Any:
    if key in _COUNTS and isinstance(value, int):
        return value * changes.times
    if key in _PRICES and isinstance(value, str):
        return str(Decimal(value) * changes.times)
    if key in _SECONDS and isinstance(value, float):
        return round(value * changes.pace, 6)
    if key in _SECOND_MAPS and isinstance(value, dict):
        return {index: round(seconds * changes.pace, 6) for index, seconds in value.items()}
    return value


def _respeak(events: list[dict[str, Any]]) -> None:
    """Cut a rewritten text into as many `text_chunk`s as the model had sent, so that they add up again."""
    spoken: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    outputs: dict[str, Mapping[str, Any]] = {}
    for event in events:
        data = event.get("data", {})
        if event["event"] == "text_chunk" and data["text"]:
            spoken.setdefault(tuple(data["from_variable_selector"]), []).append(data)
        elif event["event"] == "node_finished":
            outputs[data["node_id"]] = data["outputs"] or {}
    for (node_id, name), chunks in spoken.items():
        whole = outputs.get(node_id, {}).get(name)
        if isinstance(whole, str) and "".join(chunk["text"] for chunk in chunks) != whole:
            for chunk, piece in zip(chunks, _cut(whole, len(chunks)), strict=True):
                chunk["text"] = piece


def _cut(text: str, pieces: int) -> list[str]:
    """Cut between words, never inside a `{{hole}}`."""
    words = re.findall(r"\S*\s*", text)[:-1] or [text]
    size = -(-len(words) // pieces)
    return ["".join(words[i * size : (i + 1) * size]) for i in range(pieces)]


def _make_holes(event: dict[str, Any]) -> None:
    data = event.get("data", {})
    if event["event"] == "workflow_started":
        data["inputs"] = "@@inputs@@" if "sys.user_id" in data["inputs"] else "@@asked@@"
    elif event["event"] == "node_finished" and data["node_type"] == "start":
        data["inputs"] = data["outputs"] = "@@form@@"
    elif event["event"] == "workflow_finished" and data["created_by"]:
        data["created_by"]["user"] = "{{@user}}"
