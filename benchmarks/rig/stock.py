"""Stock Bolt as a child: an AsyncApp as its README shows it, with a listener that acks and does nothing else."""

import logging
from collections.abc import Mapping

from fastapi import FastAPI, Request, Response
from slack_bolt.adapter.fastapi.async_handler import AsyncSlackRequestHandler
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from benchmarks.rig.child import Line
from bot.web.server import WebServer


async def run_stock(line: Line, environ: Mapping[str, str]) -> None:
    """The child: says the port of its web door (HTTP mode) or None (Socket Mode), then waits for the end."""
    logging.disable(logging.CRITICAL)
    token = environ["SLACK_BOT_TOKEN"]
    client = AsyncWebClient(token=token, base_url=environ["SLACK_API_URL"])
    client.proxy = None
    app = AsyncApp(client=client, token=token, signing_secret=environ.get("SLACK_SIGNING_SECRET", "none"))

    @app.command("/dify")
    async def on_command(ack: AsyncAck) -> None:
        await ack()

    if "SLACK_APP_TOKEN" in environ:
        socket = AsyncSocketModeHandler(app, environ["SLACK_APP_TOKEN"])
        await socket.connect_async()
        line.say(None)
        await line.serve()
        await socket.close_async()
        return
    web = WebServer(_routes(app), "127.0.0.1", 0)
    await web.start()
    line.say(web.port)
    await line.serve()
    await web.stop()


def _routes(app: AsyncApp) -> FastAPI:
    """Nothing but Bolt's own adapter, under the same server with the same options as ours."""
    web, handler = FastAPI(docs_url=None, redoc_url=None), AsyncSlackRequestHandler(app)

    @web.post("/slack/events")
    async def events(request: Request) -> Response:
        return await handler.handle(request)

    return web
