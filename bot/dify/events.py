"""One event of a Dify stream: read from its payload, whatever the bytes; and the typed look at loose JSON."""

import json
import math
import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import orjson

MAX_ID_CHARS = 255
"""Dify's ids are UUIDs or short node ids; anything longer is no id."""

MAX_TEXT_CHARS = 64 * 1024
"""One error text or title that is kept. The longest seen are tracebacks of a few KB."""

MAX_DEPTH = 120
"""Levels of a value that is kept. The reader takes 1024 and the writer 254, and others put the value into more."""

MAX_WHOLE = 2**63 - 1

LONG_BYTES = 256 * 1024
MAX_VALUES = 250_000
"""Values of a long text of JSON: to read more of them at once would hold up every ack for over 50 ms."""

NOTHING: Final[Mapping[str, Any]] = {}

_NESTS = (dict, list)

_CHUNK_HEADS = (b'{"event":"text_', b'{"event":"reas', b'{"event": "text_', b'{"event": "reas')
_CHUNK = re.compile(
    rb'\{"event": ?"(text_chunk|reasoning_chunk)", ?'
    rb'"workflow_run_id": ?"([0-9A-Za-z_-]{1,255})", ?"task_id": ?"([0-9A-Za-z_-]{1,255})", ?"data": ?\{'
)


class Event(NamedTuple):
    """What Dify said. `data` is the body of a workflow event; `raw` the whole object (error and message are flat).

    The bodies of text_chunk and reasoning_chunk are not read: outputs must not be rebuilt from them.
    `size` is the length of the payload in bytes, an upper bound of every value in it.
    """

    name: str
    run_id: str | None
    task_id: str | None
    data: Mapping[str, Any]
    raw: Mapping[str, Any]
    size: int


UNREADABLE: Final = Event("", None, None, NOTHING, NOTHING, 0)
"""What is not a JSON object with an event name. It has no name, so that a trace counts it as ignored."""


def read(payload: bytes) -> Event:
    """The event, or `UNREADABLE`. Never raises, whatever the bytes."""
    if payload.startswith(_CHUNK_HEADS) and payload.endswith(b"}") and (chunk := _CHUNK.match(payload)):
        name, run_id, task_id = chunk.groups()
        return Event(name.decode(), run_id.decode(), task_id.decode(), NOTHING, NOTHING, len(payload))
    found = _load(payload)
    if type(found) is not dict:
        return UNREADABLE
    name = found.get("event")
    if type(name) is not str:
        return UNREADABLE
    data = found.get("data")
    return Event(
        name,
        ident(found.get("workflow_run_id")),
        ident(found.get("task_id")),
        data if type(data) is dict else NOTHING,
        found,
        len(payload),
    )


def shallow(value: Any) -> Any:
    """The value, or None where it is too deep to be written again as JSON."""
    level = [value] if type(value) in _NESTS else ()
    for _ in range(MAX_DEPTH):
        if not level:
            return value
        level = [
            inner for one in level for inner in (one.values() if type(one) is dict else one) if type(inner) in _NESTS
        ]
    return None


def ident(value: object) -> str | None:
    """An id, or None."""
    return value if type(value) is str and 0 < len(value) <= MAX_ID_CHARS else None


def text(value: object) -> str | None:
    """A text that says something, or None; a very long one is cut and says so."""
    if type(value) is not str or not value:
        return None
    return value if len(value) <= MAX_TEXT_CHARS else f"{value[:MAX_TEXT_CHARS]}… [cut: {len(value):,} characters]"


def number(value: object) -> float | None:
    """A finite number, or None; true and false are no numbers."""
    if type(value) is float:
        return value if math.isfinite(value) else None
    return value if type(value) is int else None


def whole(value: object) -> int | None:
    """A count or an index, never negative and no more than a row can hold, or None."""
    if type(value) is float and value.is_integer():
        value = int(value)
    return value if type(value) is int and 0 <= value <= MAX_WHOLE else None


def mapping(value: object) -> Mapping[str, Any]:
    """The object, or an empty one."""
    return value if type(value) is dict else NOTHING


def is_vast(payload: bytes) -> bool:
    """Holds more values than can be read at once."""
    return len(payload) > LONG_BYTES and payload.count(b",") > MAX_VALUES


def _load(payload: bytes) -> object:
    if is_vast(payload):
        return None
    try:
        return orjson.loads(payload)
    except orjson.JSONDecodeError:
        return _load_loosely(payload)


def _load_loosely(payload: bytes) -> object:
    """What the strict reader refuses and Python servers send: NaN, lone surrogates, broken UTF-8.

    That is slow, so a long one is not read. The second pass through the strict reader leaves only what every
    database and every JSON writer can take.
    """
    if len(payload) > LONG_BYTES:
        return None
    try:
        found = json.loads(payload.decode("utf-8", "replace"), parse_constant=lambda _: None)
        return orjson.loads(json.dumps(found, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
