"""A stand-in for Dify that is cheap enough to feed hundreds of streams, and notes when each start arrives."""

import asyncio
import contextlib
import json
import random
import time
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks.rig.child import Line
from bot.process import raise_file_limit

# What a start does is chosen by the key of the app.
BRIEF, STEADY, FLOOD, IDLE = "app-brief", "app-steady", "app-flood", "app-idle"
KEYS = {"brief": BRIEF, "steady": STEADY, "flood": FLOOD, "idle": IDLE}

EVENT_BYTES = 3_000
EVENT_EVERY_S = 0.5
FLOOD_EVENTS = 4_000
PING_EVERY_S = 10.0  # as Dify does
WORDS = [
    "the",
    "model",
    "has",
    "read",
    "every",
    "page",
    "and",
    "found",
    "that",
    "nothing",
    "much",
    "was",
    "said",
    "about",
    "the",
    "price",
    "of",
    "coffee",
    "in",
    "March",
]

_SSE_HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
    b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
)
_END = b"0\r\n\r\n"


class StandIn:
    """The server. `arrivals` are (inputs, Unix seconds) of each start; `events` were sent in all."""

    def __init__(self) -> None:
        self.arrivals: list[tuple[Mapping[str, Any], float]] = []
        self.events = 0
        self._flood = [_chunk(event) for event in _run(str(uuid.uuid4()), FLOOD_EVENTS)]
        self._server: asyncio.Server | None = None

    async def start(self) -> str:
        """Listen; the base URL of the API."""
        raise_file_limit()
        self._server = await asyncio.start_server(self._talk, "127.0.0.1", 0, backlog=4096)
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1"

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            head = await reader.readuntil(b"\r\n\r\n")
            at = time.time()
            first, headers = _read_head(head)
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            if first.startswith("POST ") and "/workflows/run " in first:
                inputs = json.loads(body)["inputs"]
                self.arrivals.append((inputs, at))
                await self._stream(writer, headers.get("authorization", "").removeprefix("Bearer "), inputs)
            else:
                writer.write(_answer(first))
                await writer.drain()
        writer.close()

    async def _stream(self, writer: asyncio.StreamWriter, key: str, inputs: Mapping[str, Any]) -> None:
        writer.write(_SSE_HEAD)
        if key == FLOOD:
            self.events += FLOOD_EVENTS
            for chunk in self._flood:  # each by itself, as Dify flushes them
                writer.write(chunk)
                await writer.drain()
        elif key == IDLE:
            await self._idle(writer)
        else:
            count = int(inputs.get("events", 2)) if key == STEADY else 2
            await self._stream_in_time(writer, count)
        writer.write(_END)
        await writer.drain()

    async def _idle(self, writer: asyncio.StreamWriter) -> None:
        """One event, and then nothing but pings until whoever listens has gone."""
        writer.write(_chunk(next(_run(str(uuid.uuid4()), 2))))
        while not writer.is_closing():
            await writer.drain()
            await asyncio.sleep(PING_EVERY_S)
            writer.write(_chunk(b"event: ping\n\n"))

    async def _stream_in_time(self, writer: asyncio.StreamWriter, count: int) -> None:
        """The first event at once, the others at a steady beat that is not the other streams' beat."""
        loop = asyncio.get_running_loop()
        due = loop.time() + random.random() * EVENT_EVERY_S
        for index, event in enumerate(_run(str(uuid.uuid4()), count)):
            if index and count > 2:
                await asyncio.sleep(due - loop.time())
                due += EVENT_EVERY_S
            writer.write(_chunk(event))
            self.events += 1
            await writer.drain()


def _run(run_id: str, count: int) -> Iterator[bytes]:
    """The events of one run: a start, nodes that begin and end, an end; the nodes' events have 3 KB each."""
    yield _event("workflow_started", run_id, {"id": run_id, "workflow_id": "w", "inputs": {}, "created_at": 1})
    for index in range(count - 2):
        yield _event(*_node(run_id, index))
    figures = {"status": "succeeded", "outputs": {"answer": "done"}, "error": None, "elapsed_time": 1.5}
    figures |= {"total_tokens": 10, "total_steps": count, "created_at": 1, "finished_at": 2, "exceptions_count": 0}
    yield _event("workflow_finished", run_id, {"id": run_id, "workflow_id": "w", **figures})


def _node(run_id: str, index: int) -> tuple[str, str, dict[str, Any]]:
    number, ended = divmod(index, 2)
    data: dict[str, Any] = {
        "id": f"{run_id}-{number}",
        "node_id": f"node{number}",
        "node_type": "llm",
        "title": f"Step {number}",
        "index": number,
        "predecessor_node_id": None,
        "inputs": {"text": _words(2_450)},
        "created_at": 1,
        "extras": {},
        "iteration_id": None,
        "loop_id": None,
    }
    if not ended:
        return "node_started", run_id, data
    data["inputs"] = {"text": _words(1_000)}
    data |= {"outputs": {"text": _words(1_150)}, "status": "succeeded", "error": None, "elapsed_time": 0.5}
    usage = {"total_tokens": 7, "total_price": "0.001", "currency": "USD"}
    return "node_finished", run_id, data | {"execution_metadata": usage, "finished_at": 2, "process_data": {}}


def _words(chars: int) -> str:
    return " ".join(random.choices(WORDS, k=chars // 5))[:chars]


def _event(name: str, run_id: str, data: Mapping[str, Any]) -> bytes:
    body = {"event": name, "workflow_run_id": run_id, "task_id": "t", "data": data}
    return b"data: " + json.dumps(body, separators=(",", ":")).encode() + b"\n\n"


def _chunk(event: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(event), event)


def _read_head(head: bytes) -> tuple[str, Mapping[str, str]]:
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in lines if line)
    return first, {name.strip().lower(): value.strip() for name, _, value in pairs}


def _answer(first: str) -> bytes:
    info = {"name": "stand-in", "mode": "workflow", "description": "", "user_input_form": [], "result": "success"}
    body = json.dumps(info).encode()
    status = b"404 Not Found" if "/workflows/run/" in first else b"200 OK"
    return b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b" % (
        status,
        len(body),
        body,
    )


def recorded_run(events: int) -> bytes:
    """The bytes of a whole stream, as they come out of the HTTP layer."""
    return b"".join(_run(str(uuid.uuid4()), events))


async def run_dify(line: Line) -> None:
    """The child: says its base URL, then tells and forgets the arrivals when asked."""
    server = StandIn()

    async def arrivals() -> list[tuple[Mapping[str, Any], float]]:
        told, server.arrivals = server.arrivals, []
        return told

    async def events() -> int:
        return server.events

    line.say(await server.start())
    await line.serve(arrivals=arrivals, events=events)
