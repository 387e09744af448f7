"""Streams for the tests: the recorded ones, and those put together by hand after the contract of Dify."""

import gzip
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from bot.dify.events import read
from bot.dify.sse import Splitter
from bot.dify.trace import Trace

RECORDINGS = Path(__file__).parent.parent / "recordings"
RUN, TASK = "run-1", "task-1"

SMALL = sorted(RECORDINGS.glob("*/streams/*.sse"))
ALL = [*SMALL, *sorted(RECORDINGS.glob("*/streams/*.sse.gz"))]


def name_of(path: Path) -> str:
    return f"{path.parent.parent.name}/{path.name.removesuffix('.gz').removesuffix('.sse')}"


def load(path: Path) -> bytes:
    found = path.read_bytes()
    return gzip.decompress(found) if path.suffix == ".gz" else found


def recorded(name: str) -> bytes:
    version, _, stem = name.partition("/")
    return (RECORDINGS / version / "streams" / f"{stem}.sse").read_bytes()


def trace_of(chunks: bytes | Iterable[bytes], **options: Any) -> Trace:
    splitter, trace = Splitter(), Trace(**options)
    for chunk in [chunks] if isinstance(chunks, bytes) else chunks:
        for payload in splitter.feed(chunk):
            trace.fold(read(payload))
    trace.close()
    return trace


def folded(*events: dict[str, Any], closed: bool = True, **options: Any) -> Trace:
    trace = Trace(**options)
    for event in events:
        trace.fold(read(json.dumps(event, ensure_ascii=False).encode()))
    if closed:
        trace.close()
    return trace


def wire(*events: dict[str, Any]) -> bytes:
    return b"".join(b"data: " + json.dumps(event, ensure_ascii=False).encode() + b"\n\n" for event in events)


def flat(nodes: list[dict[str, Any]], parent: dict[str, Any] | None = None) -> Iterator[tuple[dict[str, Any], Any]]:
    for node in nodes:
        yield node, parent
        yield from flat(node["children"], node)


def event(name: str, **data: Any) -> dict[str, Any]:
    return {"event": name, "workflow_run_id": RUN, "task_id": TASK, "data": data}


def started(execution: str, node_id: str, kind: str = "code", **more: Any) -> dict[str, Any]:
    body = {"id": execution, "node_id": node_id, "node_type": kind, "title": node_id.title(), "inputs": None}
    return event("node_started", **{**body, "iteration_id": None, "loop_id": None, **more})


def finished(
    execution: str, node_id: str, kind: str = "code", *, meta: dict[str, Any] | None = None, **more: Any
) -> dict[str, Any]:
    body = {"id": execution, "node_id": node_id, "node_type": kind, "title": node_id.title(), "inputs": {}}
    body |= {"outputs": {}, "status": "succeeded", "error": None, "elapsed_time": 0.5, "execution_metadata": meta}
    ids = {f"{kind}_id": (meta or {}).get(f"{kind}_id") for kind in ("iteration", "loop")}
    return event("node_finished", **{**body, **ids, **more})


def retried(execution: str, node_id: str, index: int, **more: Any) -> dict[str, Any]:
    body = finished(execution, node_id, status="retry", error=f"try {index}", **more)["data"]
    return event("node_retry", **body, retry_index=index)


def box(name: str, node_id: str, **more: Any) -> dict[str, Any]:
    kind = name.partition("_")[0]
    return event(name, id=node_id, node_id=node_id, node_type=kind, title=node_id.title(), **more)


def closed(kind: str, node_id: str, **more: Any) -> dict[str, Any]:
    body = {"status": "succeeded", "error": None, "elapsed_time": 1.0, "outputs": {}, "execution_metadata": {}}
    return box(f"{kind}_completed", node_id, **{**body, **more})


def ended(status: str = "succeeded", **more: Any) -> dict[str, Any]:
    body = {"id": RUN, "workflow_id": "w", "status": status, "outputs": {}, "error": None, "elapsed_time": 2.0}
    return event("workflow_finished", **{**body, "total_tokens": 0, "total_steps": 3, **more})


def began(reason: str = "initial") -> dict[str, Any]:
    return event("workflow_started", id=RUN, workflow_id="w", inputs={}, reason=reason)


def shape(trace: Trace) -> list[tuple[str, str | None, int | None, str]]:
    """Each node as (id, id of its container, round, state)."""
    return [(span.id, span.parent, span.round, span.state) for span in trace.spans()]
