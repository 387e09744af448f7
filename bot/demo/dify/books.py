"""What the local Dify knows: its apps and their keys, the runs, and a log of what happened."""

import asyncio
import json
import secrets
import time
import uuid
from collections.abc import Coroutine, Mapping, Sequence
from datetime import UTC, datetime
from io import TextIOBase
from pathlib import Path
from typing import Any

from bot.demo.dify.mischief import Mischief
from bot.demo.dify.run import DemoRun
from bot.demo.dify.world import WORLD, DemoApp

PING_S = 10.0  # what a Dify worker does
STOP_S = 0.2  # a stop call takes effect after about so long


class Books:
    """The memory of a Dify, without its door. What each field means is told by `LocalDify`."""

    def __init__(
        self,
        *,
        apps: Sequence[DemoApp] | None = None,
        speed: float = 1.0,
        log_file: Path | None = None,
        ping_s: float = PING_S,
        settle_s: float = 0.5,
    ) -> None:
        self.apps: Mapping[str, DemoApp] = {app.name: app for app in apps or WORLD}
        self.keys: Mapping[str, str] = {name: f"app-{secrets.token_hex(12)}" for name in self.apps}
        self.ids: Mapping[str, tuple[str, str]] = {name: (_uuid(), _uuid()) for name in self.apps}
        self.runs: dict[str, DemoRun] = {}
        self.tasks: dict[str, DemoRun] = {}
        self.log: list[dict[str, Any]] = []
        self.mischief = Mischief()
        self.speed = speed
        self.ping_s = ping_s
        self.settle_s = settle_s
        self.stop_s = min(STOP_S, STOP_S / speed)
        self.open_streams = 0
        self.nobody_listens = asyncio.Event()
        self.url = ""
        self._log_file = log_file
        self._log_stream: TextIOBase | None = None
        self._jobs: set[asyncio.Task[None]] = set()

    def key_owner(self, key: str) -> DemoApp | None:
        """The app of a key, unless the key is revoked."""
        for name, known in self.keys.items():
            if secrets.compare_digest(known.encode(), key.encode()) and name not in self.mischief.revoked:
                return self.apps[name]
        return None

    def starts(self, app: str | None = None) -> list[DemoRun]:
        """Every run that was really started, oldest first."""
        return [run for run in self.runs.values() if app in (None, run.app.name)]

    def note(self, what: str, run: DemoRun | None = None, **more: Any) -> None:
        """Write down what happened."""
        line: dict[str, Any] = {"at": datetime.now(UTC).isoformat(), "what": what}
        if run is not None:
            line |= {"app": run.app.name, "run": run.id, "task": run.task_id, "user": run.user}
        line |= more
        self.log.append(line)
        if self._log_stream is not None:
            self._log_stream.write(json.dumps(line, ensure_ascii=False) + "\n")

    def admit(self, run: DemoRun, work: Coroutine[Any, Any, None]) -> None:
        """A run exists from here on: it is played to its end whoever listens."""
        run.settle_s = self.settle_s
        run.row_at = time.time() + self.mischief.log_delay_s
        self.runs[run.id] = self.tasks[run.task_id] = run
        self.note("start", run, inputs=dict(run.inputs))
        self.spawn(run, work)

    def count_stream(self, change: int) -> None:
        """One listener more or less; `nobody_listens` is set when the last has gone."""
        self.open_streams += change
        if self.open_streams:
            self.nobody_listens.clear()
        else:
            self.nobody_listens.set()

    def spawn(self, run: DemoRun, work: Coroutine[Any, Any, None]) -> None:
        run.task = asyncio.create_task(work)
        self._jobs.add(run.task)
        run.task.add_done_callback(self._jobs.discard)


def _uuid() -> str:
    return str(uuid.uuid4())
