"""The local Dify: a real HTTP server on loopback that answers as Dify's Service API does."""

import asyncio
from collections.abc import Callable, Sequence
from io import TextIOBase
from pathlib import Path
from typing import cast

from aiohttp import web

from bot.demo.dify.answers import VERSION
from bot.demo.dify.books import PING_S, Books
from bot.demo.dify.routes import Routes
from bot.demo.dify.world import DemoApp

MAX_BODY = 20 * 1024 * 1024


class LocalDify(Books):
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
        super().__init__(apps=apps, speed=speed, log_file=log_file, ping_s=ping_s, settle_s=settle_s)
        self._runner: web.AppRunner | None = None
        self._serve: Callable[[], object] = _Slam
        self._door: asyncio.Server | None = None
        self._address = ("127.0.0.1", 0)

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
