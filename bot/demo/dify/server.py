"""The local Dify: a real HTTP server on loopback that answers as Dify's Service API does."""

import asyncio
import json
import secrets
import time
import uuid
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import UTC, datetime
from io import TextIOBase
from pathlib import Path
from typing import Any, cast

from aiohttp import web

from bot.demo.dify.answers import VERSION
from bot.demo.dify.mischief import Mischief
from bot.demo.dify.routes import Routes
from bot.demo.dify.run import DemoRun
from bot.demo.dify.world import WORLD, DemoApp

PING_S = 10.0  # what a Dify worker does
STOP_S = 0.2  # a stop call takes effect after about so long
MAX_BODY = 20 * 1024 * 1024


class LocalDify:
    """A Dify that lives here. `speed` divides the recorded delays; `inf` replays without any.

    `keys` maps an app's name to its key, `runs` a run's id to the run as Dify knows it. `log` holds what happened
    (`start`, `refused`, `stop`, `end`, `resume`), newest last; `log_file` gets the same as JSON lines.
    `settle_s` is how long a stopped run still reads as running.
    """

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
        self.keys: Mapping[str, str] = {name: f"app-{secrets.token_urlsafe(18)}" for name in self.apps}
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
        self._runner: web.AppRunner | None = None
        self._serve: Callable[[], object] = _Slam
        self._door: asyncio.Server | None = None
        self._address = ("127.0.0.1", 0)

    def key_owner(self, key: str) -> DemoApp | None:
        """The app of a key, unless the key is revoked."""
        for name, known in self.keys.items():
            if secrets.compare_digest(known.encode(), key.encode()) and name not in self.mischief.revoked:
                return self.apps[name]
        return None

    def starts(self, app: str | None = None) -> list[DemoRun]:
        """Every run that was really started, oldest first."""
        return [run for run in self.runs.values() if app in (None, run.app.name)]

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen; `url` is known afterwards. Port 0 takes a free one."""
        if self._log_file is not None:
            self._log_stream = cast(TextIOBase, self._log_file.open("a", encoding="utf-8", buffering=1))
        self._runner = web.AppRunner(
            self._application(), handler_cancellation=True, access_log=None, shutdown_timeout=0.1
        )
        await self._runner.setup()
        if self._runner.server is not None:
            self._serve = self._runner.server
        self._address = (host, port)
        await self.open_door()
        self.url = f"http://{host}:{self._address[1]}/v1"

    async def stop(self) -> None:
        """Drop everything: listeners, streams and runs."""
        self.close_door()
        for run in self.runs.values():
            run.publish(None)
        for job in tuple(self._jobs):
            job.cancel()
        await asyncio.gather(*self._jobs, return_exceptions=True)
        if self._runner is not None:
            await self._runner.cleanup()
        if self._log_stream is not None:
            self._log_stream.close()
            self._log_stream = None

    async def open_door(self) -> None:
        """Listen again on the same port after `close_door`."""
        host, port = self._address
        loop = asyncio.get_running_loop()
        self._door = await loop.create_server(self._greet, host, port, backlog=4096, reuse_address=True)
        self._address = (host, self._door.sockets[0].getsockname()[1])

    def close_door(self) -> None:
        """New connections are refused by the system from now on; open streams live on."""
        if self._door is not None:
            self._door.close()
            self._door = None

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

    def _greet(self) -> asyncio.Protocol:
        """What serves a new connection."""
        if self.mischief.connections_to_refuse > 0:
            self.mischief.connections_to_refuse -= 1
            return _Slam()
        return cast(asyncio.Protocol, self._serve())

    def _application(self) -> web.Application:
        application = web.Application(client_max_size=MAX_BODY)
        application.on_response_prepare.append(_sign)
        Routes(self).add_to(application)
        application.router.add_get("/control/log", self._read_log)
        application.router.add_post("/control", self._control)
        return application

    async def _read_log(self, request: web.Request) -> web.Response:
        since = int(request.query.get("since", "0"))
        return web.json_response({"log": self.log[since:], "open_streams": self.open_streams})

    async def _control(self, request: web.Request) -> web.Response:
        order = await request.json()
        try:
            self.mischief.perform(dict(order))
        except (KeyError, TypeError) as error:
            return web.json_response({"error": f"not understood: {error}"}, status=400)
        return web.json_response({"result": "success"})


class _Slam(asyncio.Protocol):
    """Drops the line as soon as it is there."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast(asyncio.Transport, transport).abort()


async def _sign(_: web.Request, response: web.StreamResponse) -> None:
    response.headers["X-Version"] = VERSION
    response.headers["X-Env"] = "PRODUCTION"


def _uuid() -> str:
    return str(uuid.uuid4())
