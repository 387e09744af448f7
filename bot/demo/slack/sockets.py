"""Socket Mode: connections of the app, envelopes to any one of them, acks from any of them."""

import asyncio
import secrets
from typing import Any

import orjson
from aiohttp import WSCloseCode, WSMsgType, web

from bot.demo.slack.people import APP_ID
from bot.demo.slack.wire import Ack
from bot.demo.slack.workspace import Workspace

MOST_CONNECTIONS = 10
TICKET_S = 30.0
_LIFE_S = 3600


class Sockets:
    """Holds the open connections; each envelope goes to the next of them in turn."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._open: list[web.WebSocketResponse] = []
        self._waiting: dict[str, asyncio.Future[Any]] = {}
        self._turn = 0

    @property
    def count(self) -> int:
        """How many connections are open."""
        return len(self._open)

    async def accept(self, request: web.Request) -> web.StreamResponse:
        """GET /link/?ticket=…: one connection, until either side ends it."""
        issued_at = self._workspace.tickets.pop(request.query.get("ticket", ""), None)
        if issued_at is None or self._workspace.clock() - issued_at > TICKET_S:
            raise web.HTTPUnauthorized(text="this address has been used or has expired")
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        refusal = self._refuse()
        if refusal:
            await self._say(socket, {"type": "disconnect", "reason": refusal})
            await socket.close()
            return socket
        self._open.append(socket)
        self._note("opened")
        try:
            await self._say(socket, self._hello())
            await self._listen(socket)
        finally:
            self._forget(socket)
        return socket

    async def deliver(self, kind: str, payload: Any, within_s: float, **retry: Any) -> Ack:
        """Sends one envelope and waits for its ack."""
        if not self._open:
            return Ack("unreachable")
        envelope_id = secrets.token_hex(16)
        envelope = {
            "envelope_id": envelope_id,
            "type": kind,
            "payload": payload,
            "accepts_response_payload": kind != "events_api",
            **retry,
        }
        waiting = self._waiting[envelope_id] = asyncio.get_running_loop().create_future()
        self._turn += 1
        try:
            await self._say(self._open[self._turn % len(self._open)], envelope)
            return Ack("ok", await asyncio.wait_for(waiting, within_s))
        except TimeoutError:
            return Ack("timeout")
        finally:
            self._waiting.pop(envelope_id, None)

    async def disconnect(self, reason: str = "refresh_requested") -> None:
        """Says goodbye on every connection and closes it.

        `warning` only announces it; `drop` breaks the connection without a word.
        """
        for socket in list(self._open):
            if reason != "drop":
                await self._say(socket, {"type": "disconnect", "reason": reason, "debug_info": {"host": "local"}})
            if reason != "warning":
                self._forget(socket)
                await socket.close(code=WSCloseCode.GOING_AWAY, drain=False)

    def _refuse(self) -> str:
        if not self._workspace.manifest.socket_mode:
            return "link_disabled"
        return "too_many_websockets" if self.count >= MOST_CONNECTIONS else ""

    def _hello(self) -> dict[str, Any]:
        return {
            "type": "hello",
            "num_connections": self.count,
            "connection_info": {"app_id": APP_ID},
            "debug_info": {"host": "local", "approximate_connection_time": _LIFE_S},
        }

    async def _listen(self, socket: web.WebSocketResponse) -> None:
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                continue
            try:
                said = orjson.loads(message.data)
            except orjson.JSONDecodeError:
                continue  # the SDK also sends bare pings as text
            waiting = self._waiting.get(said.get("envelope_id", "")) if isinstance(said, dict) else None
            if waiting is not None and not waiting.done():
                waiting.set_result(said.get("payload"))

    async def _say(self, socket: web.WebSocketResponse, words: dict[str, Any]) -> None:
        if not socket.closed:
            try:
                await socket.send_str(orjson.dumps(words).decode())
            except ConnectionError:
                self._forget(socket)

    def _forget(self, socket: web.WebSocketResponse) -> None:
        if socket in self._open:
            self._open.remove(socket)
            self._note("closed")

    def _note(self, how: str) -> None:
        self._workspace.changed("socket", how=how, open=self.count)
