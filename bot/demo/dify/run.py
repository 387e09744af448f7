"""One run as the local Dify knows it: replayed by a task of its own, whoever listens and whoever leaves."""

import asyncio
import contextlib
import json
import math
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.demo.dify.recording import Filling, Moment, Recording, fill, load
from bot.demo.dify.world import DemoApp

PING = b"event: ping\n\n"
FEED_LENGTH = 1024  # Dify keeps this many events for one listener and then drops the oldest
ENDED = ("succeeded", "failed", "stopped", "partial-succeeded", "paused")

Feed = asyncio.Queue[bytes | None]
Note = Callable[..., None]


def frame(text: str) -> bytes:
    return b"data: " + text.encode() + b"\n\n"


@dataclass(eq=False, kw_only=True)
class DemoRun:
    """`status` is Dify's word. `inputs` are the user's. Times are seconds since the epoch.

    `stop_asked` tells that the stop call came. After a stop the run detail still says `running` for `settle_s`,
    that is until `readable_at`. `row_at` is when the log shows the run.
    """

    app: DemoApp
    app_id: str
    workflow_id: str
    user: str
    inputs: Mapping[str, Any]
    query: str = ""
    mode: str = "workflow"
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    task_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    message_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    conversation_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    form_token: str = field(default_factory=lambda: uuid.uuid4().hex[:22])
    form_answer: Mapping[str, Any] | None = None
    created_at: float = field(default_factory=time.time)
    finished_at: float | None = None
    readable_at: float = 0.0
    settle_s: float = 0.0
    row_at: float = 0.0
    status: str = "running"
    outputs: Mapping[str, Any] = field(default_factory=dict)
    error: str | None = None
    elapsed_s: float = 0.0
    tokens: int = 0
    steps: int = 0
    exceptions: int = 0
    has_row: bool = True
    stop_asked: asyncio.Event = field(default_factory=asyncio.Event, repr=False)
    ended: asyncio.Event = field(default_factory=asyncio.Event, repr=False)
    feeds: set[Feed] = field(default_factory=set, repr=False)
    sent: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list, repr=False)
    last: Mapping[str, Any] = field(default_factory=dict, repr=False)
    task: asyncio.Task[None] | None = field(default=None, repr=False)

    def subscribe(self) -> Feed:
        feed: Feed = asyncio.Queue(FEED_LENGTH)
        self.feeds.add(feed)
        return feed

    def publish(self, chunk: bytes | None) -> None:
        for feed in self.feeds:
            if feed.full():
                feed.get_nowait()
            feed.put_nowait(chunk)

    @property
    def sys_inputs(self) -> dict[str, Any]:
        chat = {"sys.dialogue_count": 1} if self.mode != "workflow" else {}
        query = {"sys.query": self.query} if self.mode != "workflow" else {}
        return {
            **query,
            "sys.files": [],
            "sys.user_id": self.user,
            **chat,
            "sys.app_id": self.app_id,
            "sys.workflow_id": self.workflow_id,
            "sys.workflow_run_id": self.id,
        }


async def play(run: DemoRun, speed: float, ping_s: float, note: Note) -> None:
    """Replay the app's stream to whoever listens. `speed` divides the recorded delays; pings keep real time."""
    name = run.app.choose(run.inputs) if run.app.choose else run.app.stream
    recording = load(name, tuple(run.app.says.items()), run.app.times, run.app.pace)
    clock = _Clock(run, run.app.pace / speed if not math.isinf(speed) else 0.0, math.inf if run.app.dies else ping_s)
    filling = fill_of(run, recording)
    try:
        await _replay(run, recording, filling, clock)
        if run.app.holds:
            await clock.wait_until(math.inf)
        if recording.end_at is not None:
            await clock.wait_until(recording.end_at)
    except Stopped:
        _finish_stopped(run)
    finally:
        note("end", run, status=run.status)
        run.ended.set()
        run.publish(None)


async def resume(run: DemoRun, speed: float, ping_s: float, note: Note) -> None:
    """Go on after a form was filled in, as later builds do (1.16.1 itself ends such a run as stopped)."""
    answer = run.form_answer or {}
    action, comment = answer.get("action", "approve"), answer.get("inputs", {}).get("comment", "")
    done = "approved" if action == "approve" else "rejected"
    says = {
        "approved: ship it": f"{done}: {comment}",
        "ship it": comment,
        "approve": action,
        "Approve": action.title(),
        "Approved": done.title(),
    }
    recording = load("human_input_resume_plain", tuple(says.items()))
    filling = fill_of(run, recording)
    clock = _Clock(run, 1 / speed if not math.isinf(speed) else 0.0, ping_s)
    try:
        await _replay(run, recording, filling, clock)
    except Stopped:
        _finish_stopped(run)
    finally:
        note("end", run, status=run.status)
        run.ended.set()
        run.publish(None)


class Stopped(Exception):
    """The stop call came while the run was waiting for its next event."""


class _Clock:
    """Waits for recorded times, pings meanwhile, and wakes when the run is to stop."""

    def __init__(self, run: DemoRun, scale: float, ping_s: float) -> None:
        self.run = run
        self.scale = scale
        self.ping_s = ping_s
        self.began = time.monotonic()
        self.next_ping = self.began + ping_s

    async def wait_until(self, at: float) -> None:
        due = self.began + at * self.scale if at < math.inf else math.inf
        while not self.run.stop_asked.is_set():
            now = time.monotonic()
            if now >= due:
                return
            if now >= self.next_ping:
                self.next_ping += self.ping_s
                self.run.publish(PING)
            wake = min(due, self.next_ping)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(None if wake == math.inf else max(0.0, wake - now)):
                    await self.run.stop_asked.wait()
        if not self.run.app.dies:
            raise Stopped


async def _replay(run: DemoRun, recording: Recording, filling: Filling, clock: _Clock) -> None:
    for moment in recording.moments:
        await clock.wait_until(moment.at)
        text = fill(moment.text, filling)
        if moment.event in ("workflow_finished", "workflow_paused"):
            run.last = json.loads(text)
            _settle(run, run.last["data"])
        elif moment.node:
            run.sent.append((moment.event, _node(moment, filling)))
        run.publish(frame(text))


def _node(moment: Moment, filling: Filling) -> Mapping[str, Any]:
    node = dict(moment.node)
    node["id"] = filling.ids.get(node["id"], node["id"]) if "id" in node else node["node_id"]
    return node


def fill_of(run: DemoRun, recording: Recording) -> Filling:
    """What differs between the recorded run and this one."""
    ids = {
        recording.workflow_id: run.workflow_id,
        recording.app_id: run.app_id,
        recording.run_id: run.id,
        recording.task_id: run.task_id,
    }
    form = {**{next(iter(one.values()))["variable"]: None for one in run.app.form}, **run.inputs}
    blocks = {
        "inputs": json.dumps({**form, **run.sys_inputs}, ensure_ascii=False, separators=(",", ":")),
        "form": json.dumps(form, ensure_ascii=False, separators=(",", ":")),
        "asked": json.dumps(dict(run.inputs), ensure_ascii=False, separators=(",", ":")),
    }
    words = {**form, "@user": run.user, "@query": run.query, "@form_token": run.form_token}
    return Filling(
        began=recording.began,
        began_now=int(run.created_at),
        pace=run.app.pace,
        ids=ids,
        blocks=blocks,
        words=words,
    )


def _settle(run: DemoRun, data: Mapping[str, Any]) -> None:
    run.status = data["status"]
    run.outputs = data["outputs"] or {}
    run.error = data.get("error")
    run.tokens, run.steps = data["total_tokens"], data["total_steps"]
    run.exceptions = data.get("exceptions_count", 0)
    run.elapsed_s = data["elapsed_time"]
    run.finished_at = None if run.status == "paused" else time.time()
    run.has_row = data.get("created_by") != {}


def _finish_stopped(run: DemoRun) -> None:
    elapsed = round(time.time() - run.created_at, 6)
    data = {
        "id": run.id,
        "workflow_id": run.workflow_id,
        "status": "stopped",
        "outputs": {},
        "error": "Aborted: User requested stop",
        "elapsed_time": elapsed,
        "total_tokens": 0,
        "total_steps": sum(event == "node_started" for event, _ in run.sent),
        "created_by": {"id": end_user_id(run), "user": run.user},
        "created_at": int(run.created_at),
        "finished_at": int(time.time()),
        "exceptions_count": 0,
        "files": [],
    }
    event = {"event": "workflow_finished", "workflow_run_id": run.id, "task_id": run.task_id, "data": data}
    run.last = event
    run.readable_at = time.time() + run.settle_s
    _settle(run, data)
    run.publish(frame(json.dumps(event, ensure_ascii=False, separators=(",", ":"))))


def end_user_id(run: DemoRun) -> str:
    return str(uuid.uuid5(uuid.UUID(run.app_id), run.user))
