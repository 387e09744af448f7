"""A Dify in virtual time: it begins runs, streams them, logs them late, ends them, and keeps what was done to it.

True to Dify 1.16: a start is queued before it has a row, the queue sends one ping and then nothing, a stop is always
answered with success, run detail and the log know a run from its beginning on, and nothing is ever asked twice.
"""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any
from urllib.parse import parse_qs

import httpx

from tests.simulation.swarm import Faults
from tests.simulation.timeline import Timeline

PING_S = 10.0
# With the lag of the log less than the grace of a start in doubt: beyond that the bot promises nothing.
LONGEST_QUEUE_S = 50.0
STOP_S = 0.3
STEPS = 3
TOO_MANY = "Too many requests. Please try again later. The current maximum concurrent requests allowed for app is 2."
OPEN = "running"


@dataclass(eq=False)
class DifyRun:
    """A run as Dify knows it. `begins_at` is when a worker takes it; before that it has no row."""

    id: str
    task_id: str
    user: str
    inputs: Mapping[str, Any]
    asked_at: float
    begins_at: float
    ends_at: float
    outcome: str
    status: str = "queued"
    error: str | None = None
    lines: list["Line"] = field(default_factory=list)


class Line(httpx.AsyncByteStream):
    """The stream of a run to one listener."""

    def __init__(self, patience_s: float) -> None:
        self._patience_s = patience_s
        self._chunks: deque[bytes] = deque()
        self._end: Exception | bool = False
        self._news: asyncio.Future[None] | None = None

    def push(self, chunk: bytes) -> None:
        if not self._end:
            self._chunks.append(chunk)
            self._tell()

    def end(self, how: Exception | bool = True) -> None:
        """Cleanly, or as a cut."""
        self._end = self._end or how
        self._tell()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            while self._chunks:
                yield self._chunks.popleft()
            if isinstance(self._end, Exception):
                raise self._end
            if self._end:
                return
            self._news = asyncio.get_running_loop().create_future()
            try:
                async with asyncio.timeout(self._patience_s):
                    await self._news
            except TimeoutError:
                raise httpx.ReadTimeout("nothing came") from None

    async def aclose(self) -> None:
        self.end()

    def _tell(self) -> None:
        if self._news is not None and not self._news.done():
            self._news.set_result(None)


class SimulatedDify:
    """One server. `starts` is its effect log."""

    def __init__(self, timeline: Timeline, faults: Faults, seed: int) -> None:
        self.timeline = timeline
        self.faults = faults
        self.starts: list[DifyRun] = []
        self.dice = Random(f"{seed}/dify")
        self.is_quiet = False
        self.is_out = False
        self._by_id: dict[str, DifyRun] = {}
        self._by_task: dict[str, DifyRun] = {}

    def take(self, request: httpx.Request, line: Line) -> tuple[int, Mapping[str, Any]]:
        """Status and body; the body of a start that was taken is empty, and its events come by the line."""
        path = request.url.path.removeprefix("/v1/").split("/")
        match path:
            case ["workflows", "run"]:
                return self._start(json.loads(request.content), line)
            case ["workflows", "run", run_id]:
                return self._detail(run_id)
            case ["workflows", "logs"]:
                return self._logs(parse_qs(request.url.query.decode()))
            case ["workflows", "tasks", task_id, "stop"]:
                return self._stop(task_id)
        raise AssertionError(f"nobody asks for {request.url.path}")

    def chance(self, odds: float) -> bool:
        """Whether a fault happens; the dice are thrown whether or not there is quiet."""
        return self.dice.random() < odds and not self.is_quiet

    def _start(self, body: Mapping[str, Any], line: Line) -> tuple[int, Mapping[str, Any]]:
        now, faults, dice = self.timeline.now, self.faults, self.dice
        if self.chance(faults.dify_full):
            return 400, {"code": "invalid_param", "message": TOO_MANY, "status": 400}
        waits_s = dice.uniform(5, LONGEST_QUEUE_S) if self.chance(faults.dify_queue) else dice.uniform(0.01, 0.5)
        takes_s = dice.uniform(200, 900) if self.chance(faults.dify_long) else dice.uniform(0.2, 40)
        number = len(self.starts) + 1
        run = DifyRun(
            id=f"run-{number}",
            task_id=f"task-{number}",
            user=body["user"],
            inputs=body["inputs"],
            asked_at=now,
            begins_at=now + waits_s,
            ends_at=now + waits_s + takes_s,
            outcome="failed" if self.chance(faults.dify_fails) else "succeeded",
            lines=[line],
        )
        self.starts.append(run)
        self._by_id[run.id] = self._by_task[run.task_id] = run
        line.push(b"event: ping\n\n")
        self.timeline.after(waits_s, partial(self._begin, run))
        if self.chance(faults.dify_cut):
            cut = httpx.ReadError("cut") if dice.random() < 0.7 else True
            self.timeline.after(dice.uniform(0, waits_s + takes_s), partial(line.end, cut))
        return 200, {}

    def _begin(self, run: DifyRun) -> None:
        run.status = OPEN
        told = {"id": run.id, "workflow_id": "w1", "inputs": {}, "created_at": 1, "reason": "initial"}
        self._say(run, "workflow_started", told)
        takes_s = run.ends_at - run.begins_at
        for index in range(STEPS):
            self.timeline.after(takes_s * index / STEPS, partial(self._node, run, index, is_over=False))
            self.timeline.after(takes_s * (index + 0.9) / STEPS, partial(self._node, run, index, is_over=True))
        self.timeline.after(takes_s, partial(self._finish, run, run.outcome))
        self.timeline.after(PING_S, partial(self._ping, run))

    def _node(self, run: DifyRun, index: int, *, is_over: bool) -> None:
        if run.status != OPEN:
            return
        data: dict[str, Any] = {
            "id": f"x{index}",
            "node_id": f"n{index}",
            "node_type": "code",
            "title": f"Step {index}",
        }
        if not is_over:
            self._say(run, "node_started", data)
            return
        is_bad = run.outcome == "failed" and index == STEPS - 1
        data |= {"status": "failed", "error": "It broke"} if is_bad else {"status": "succeeded", "error": None}
        self._say(run, "node_finished", data | {"elapsed_time": 0.1, "outputs": {}, "execution_metadata": {}})

    def _ping(self, run: DifyRun) -> None:
        if run.status == OPEN and run.lines:
            for line in run.lines:
                line.push(b"event: ping\n\n")
            self.timeline.after(PING_S, partial(self._ping, run))

    def _finish(self, run: DifyRun, status: str, error: str | None = None) -> None:
        if run.status != OPEN:
            return
        run.status, run.ends_at = status, self.timeline.now
        run.error = error or ("It broke" if status == "failed" else None)
        self._say(run, "workflow_finished", self._told_end(run))
        for line in run.lines:
            line.end()

    def _told_end(self, run: DifyRun) -> dict[str, Any]:
        is_over = run.status != OPEN
        return {
            "id": run.id,
            "workflow_id": "w1",
            "status": run.status,
            "outputs": {"text": "done"} if run.status == "succeeded" else {},
            "error": run.error,
            "elapsed_time": run.ends_at - run.begins_at if is_over else 0.0,
            "total_tokens": 0,
            "total_steps": STEPS if is_over else 0,
            "created_at": 1,
            "finished_at": 2 if is_over else None,
        }

    def _say(self, run: DifyRun, event: str, data: Mapping[str, Any]) -> None:
        if any(not line._end for line in run.lines):
            told = {"event": event, "workflow_run_id": run.id, "task_id": run.task_id, "data": data}
            chunk = b"data: " + json.dumps(told).encode() + b"\n\n"
            for line in run.lines:
                line.push(chunk)

    def _detail(self, run_id: str) -> tuple[int, Mapping[str, Any]]:
        run = self._by_id.get(run_id)
        if run is None or run.status == "queued":
            return 404, {"code": "not_found", "message": "Workflow run not found.", "status": 404}
        return 200, self._told_end(run)

    def _logs(self, query: Mapping[str, list[str]]) -> tuple[int, Mapping[str, Any]]:
        (user,), now = query["created_by_end_user_session_id"], self.timeline.now
        shown = [
            {"workflow_run": self._told_end(run), "created_by_end_user": {"session_id": run.user}}
            for run in reversed(self.starts)
            if run.user == user and run.status != "queued" and run.begins_at + self.log_lag_s <= now
        ]
        return 200, {"data": shown}

    @property
    def log_lag_s(self) -> float:
        return self.faults.dify_log_lag_s

    def _stop(self, task_id: str) -> tuple[int, Mapping[str, Any]]:
        run = self._by_task.get(task_id)
        if run is not None:
            self.timeline.after(STOP_S, partial(self._finish, run, "stopped", "Aborted: User requested stop"))
        return 200, {"result": "success"}
