"""LocalSlack: builds the parts, starts and stops the server; what tests and the demo hold in their hands."""

import asyncio
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from bot.demo.slack.door import Door, refuse_strangers
from bot.demo.slack.faults import Faults
from bot.demo.slack.log import EffectLog
from bot.demo.slack.manifest import Manifest, load_manifest
from bot.demo.slack.pace import Pace
from bot.demo.slack.people import Channel, Person, first_channels, first_people
from bot.demo.slack.respond import Responder
from bot.demo.slack.signed import SignedPosts
from bot.demo.slack.sockets import Sockets
from bot.demo.slack.upheavals import Upheavals
from bot.demo.slack.webapi import WebApi
from bot.demo.slack.wire import ACK_S, Wire
from bot.demo.slack.workspace import Workspace

_SHUTDOWN_S = 2.0
_LARGEST_BODY = 50 * 1024**2


class LocalSlack(Upheavals):
    """A Slack workspace with one app, on a loopback port.

    `clock` gives Unix seconds and may be turned by hand; only the 3 s for an ack are always real. `log_path` keeps
    the effect log as JSON lines. `people` and `channels` replace those that the workspace opens with.
    """

    def __init__(
        self,
        *,
        manifest: Mapping[str, Any],
        clock: Callable[[], float] = time.time,
        team_id: str = "T0DEMO",
        people: Iterable[Person] | None = None,
        channels: Iterable[Channel] | None = None,
        log_path: Path | None = None,
        ack_s: float = ACK_S,
    ) -> None:
        read = Manifest(manifest)
        self.log = EffectLog(log_path)
        self.workspace = Workspace(
            read,
            clock,
            team_id,
            first_people(read.bot_name) if people is None else people,
            first_channels() if channels is None else channels,
            self.log,
        )
        self.bot_token = f"xoxb-{secrets.randbelow(10**12)}-{secrets.token_urlsafe(18)}"
        self.app_token = f"xapp-1-A0DEMO-{secrets.token_hex(24)}"
        self.signing_secret = secrets.token_hex(16)
        self.limiter = Pace(clock)
        self.faults = Faults()
        self._closing = asyncio.Event()
        self.sockets = Sockets(self.workspace)
        self.wire = Wire(self.workspace, self.sockets)
        self.wire.ack_s = ack_s
        tokens = {self.bot_token: "bot", self.app_token: "app"}
        self.web_api = WebApi(self.workspace, self.limiter, self.faults, tokens, self._closing)
        self.workspace.on_event = lambda event: self.wire.spawn(self.wire.send_event(event))
        self._runner: web.AppRunner | None = None
        self._session: aiohttp.ClientSession | None = None

    load_manifest = staticmethod(load_manifest)

    @property
    def url(self) -> str:
        """The address of the page, http://127.0.0.1:PORT/."""
        return self.workspace.url

    @property
    def api_url(self) -> str:
        """The base of the Web API, to be given as SLACK_API_URL."""
        return f"{self.workspace.url}api/"

    @property
    def request_url(self) -> str | None:
        """HTTP mode: where commands, interactions and events are posted. None means Socket Mode."""
        return self.wire.request_url

    @request_url.setter
    def request_url(self, url: str | None) -> None:
        self.wire.request_url = url

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listens; port 0 takes any free one."""
        self._session = aiohttp.ClientSession()
        self.wire.posts = SignedPosts(self._session, self.signing_secret)
        self._runner = web.AppRunner(self._build_app(), access_log=None, shutdown_timeout=_SHUTDOWN_S)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        self.workspace.url = f"http://{host}:{self._runner.addresses[0][1]}/"

    async def stop(self) -> None:
        """Closes every connection and ends every task."""
        self._closing.set()
        self.faults.release()
        self.workspace.touch()
        await self.wire.close()
        await self.sockets.disconnect("drop")
        if self._runner is not None:
            await self._runner.cleanup()
        if self._session is not None:
            await self._session.close()
        self.log.close()

    async def __aenter__(self) -> "LocalSlack":
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def _build_app(self) -> web.Application:
        app = web.Application(middlewares=[refuse_strangers], client_max_size=_LARGEST_BODY)
        app.router.add_route("*", "/api/{method}", self.web_api.answer)
        app.router.add_get("/link/", self.sockets.accept)
        app.router.add_post("/respond/{pass_id}", Responder(self.workspace, self.limiter, self.faults).answer)
        app.router.add_post("/upload/v1/{ticket}", self._take_upload)
        Door(self, self._closing, self.bot_token).add_routes(app)
        return app

    async def _take_upload(self, request: web.Request) -> web.Response:
        """The bytes of a file, raw or as a form; each address takes one."""
        file_id = self.workspace.uploads.pop(request.match_info["ticket"], "")
        file = self.workspace.files.get(file_id)
        if file is None:
            raise web.HTTPNotFound(text="this upload address is not known")
        content = await _read_upload(request)
        if len(content) != file.length:
            raise web.HTTPBadRequest(text=f"{file.length} bytes were announced, {len(content)} came")
        file.content = content
        self.workspace.changed("file", id=file.id, name=file.name, length=file.length)
        return web.Response(text=f"OK - {len(content)}")


async def _read_upload(request: web.Request) -> bytes:
    if not request.content_type.startswith("multipart/"):
        return await request.read()
    form = await request.post()
    field = next((value for value in form.values() if isinstance(value, web.FileField)), None)
    return field.file.read() if field is not None else b""
