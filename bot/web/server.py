"""The web door: health, and Slack's requests in HTTP mode."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, TypeAlias

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.services import Services
from bot.web.health import check_health

SlackHandler: TypeAlias = Callable[[Request], Awaitable[Response]]

# Slack's largest payloads (a modal with 100 blocks) stay under 300 KB.
MAX_BODY = 1_000_000
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def build_web(services: Services, slack: SlackHandler | None) -> FastAPI:
    """The routes. `slack` handles a raw request in HTTP mode; without it the path does not exist."""
    web = FastAPI(title="Dify Ops", docs_url=None, redoc_url=None)
    web.add_middleware(_Guard)

    @web.get("/healthz", summary="Whether the clock beats and nothing due is left lying")
    async def healthz() -> JSONResponse:
        health = await check_health(services)
        return JSONResponse(health.as_json(), status_code=200 if health.is_well else 503)

    if slack is not None:
        # A plain route: an ack waits for everything that stands before it.
        web.add_route("/slack/events", slack, methods=["POST"], include_in_schema=False)
    return web


class _Guard:
    """Refuses large bodies and puts our headers on every answer.

    Plain ASGI: a middleware that is a function runs in tasks and streams of its own, half a millisecond each time.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        received = 0

        async def receive_little() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > MAX_BODY:
                raise _TooLarge
            return message

        try:
            if scope["type"] == "http" and int(Headers(scope=scope).get("content-length") or 0) > MAX_BODY:
                raise _TooLarge
            await self._app(scope, receive_little, send_with_headers)
        except _TooLarge:
            refusal = JSONResponse({"error": "The request is larger than 1 MB."}, status_code=413)
            await refusal(scope, receive, send_with_headers)


class _TooLarge(Exception):
    """The body is longer than `MAX_BODY`, whatever it had announced."""


class WebServer:
    """Serves the routes inside the bot's own event loop."""

    def __init__(self, web: FastAPI, host: str, port: int) -> None:
        config = uvicorn.Config(
            web, host=host, port=port, log_config=None, access_log=False, server_header=False, lifespan="off"
        )
        self._server = _QuietServer(config)
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Listen; an address that is taken raises OSError."""
        self._task = asyncio.create_task(self._server.serve(), name="web door")
        while not self._server.started:
            if self._task.done():
                await self._task
                raise OSError(f"nothing can listen on {self._server.config.host}:{self._server.config.port}")
            await asyncio.sleep(0.005)

    @property
    def port(self) -> int:
        """The port that is listened on, also where 0 was asked for."""
        port: int = self._server.servers[0].sockets[0].getsockname()[1]
        return port

    async def stop(self) -> None:
        """Finish what is being answered, then close."""
        self._server.should_exit = True
        if self._task is not None:
            await self._task


class _QuietServer(uvicorn.Server):
    """The bot owns the signals; a taken address is an error of ours to word, not an exit."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: Any = None) -> None:
        try:
            await super().startup(sockets)
        except SystemExit as error:
            raise OSError(f"nothing can listen on {self.config.host}:{self.config.port}") from error
