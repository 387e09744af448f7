"""The way in for the page: /person/…, /control, the page's own files, and uploaded files."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import orjson
from aiohttp import web

from bot.demo.slack.answer import Answer
from bot.demo.slack.place import Where
from bot.demo.slack.scene import draw_commands, draw_scene, draw_shortcuts
from bot.demo.slack.upheavals import Upheavals

PAGE = Path(__file__).with_name("page")
_LOCAL_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})
_KEEP_ALIVE_S = 15.0
Deed = Callable[[dict[str, Any]], Awaitable[Answer]]

_NO_PAGE = "<!doctype html><title>Local Slack</title><p>The page is not part of this installation.</p>"


class Door:
    """Serves one LocalSlack to browsers. Everything stays on this machine: other host names are refused."""

    def __init__(self, slack: Upheavals, closing: asyncio.Event, bot_token: str) -> None:
        self._slack, self._closing, self._bot_token = slack, closing, bot_token
        self._deeds: dict[str, Deed] = {
            "type": self._type,
            "click": self._click,
            "submit": self._submit,
            "close": self._close,
            "home": self._home,
            "suggest": self._suggest,
            "shortcut": self._shortcut,
        }

    def add_routes(self, app: web.Application) -> None:
        """Adds all paths of a browser."""
        app.router.add_get("/", self._index)
        app.router.add_get("/archives/{tail:.*}", self._index)
        app.router.add_get("/page/{name}", self._asset)
        app.router.add_get("/person/state", self._state)
        app.router.add_get("/person/events", self._events)
        app.router.add_get("/person/commands", self._commands)
        app.router.add_post("/person/{deed}", self._do)
        app.router.add_post("/control", self._control)
        app.router.add_get("/files-pri/{file}/{name}", self._file)

    async def _index(self, request: web.Request) -> web.StreamResponse:
        index = PAGE / "index.html"
        if not index.is_file():
            return web.Response(text=_NO_PAGE, content_type="text/html")
        return web.FileResponse(index, headers={"Cache-Control": "no-cache"})

    async def _asset(self, request: web.Request) -> web.StreamResponse:
        path = PAGE / Path(request.match_info["name"]).name
        if not path.is_file():
            raise web.HTTPNotFound
        return web.FileResponse(path, headers={"Cache-Control": "no-cache"})

    async def _state(self, request: web.Request) -> web.Response:
        return _json(draw_scene(self._slack.workspace, self._read_user(request.query)))

    async def _commands(self, request: web.Request) -> web.Response:
        workspace = self._slack.workspace
        return _json({"commands": draw_commands(workspace), "shortcuts": draw_shortcuts(workspace)})

    async def _events(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events: {"rev": n} now and at each change."""
        self._read_user(request.query)
        response = web.StreamResponse(headers={"Cache-Control": "no-cache"})
        response.content_type = "text/event-stream"
        await response.prepare(request)
        told = -1
        try:
            while not self._closing.is_set():
                rev = self._slack.workspace.rev
                line = f'data: {{"rev": {rev}}}\n\n' if rev != told else ": still here\n\n"
                await response.write(line.encode())
                told = rev
                await self._wait_for_change(told)
        except ConnectionError:
            return response
        return response

    async def _wait_for_change(self, told: int) -> None:
        try:
            async with asyncio.timeout(_KEEP_ALIVE_S):
                while self._slack.workspace.rev == told and not self._closing.is_set():
                    await self._slack.workspace.next_change()
        except TimeoutError:
            return

    async def _do(self, request: web.Request) -> web.Response:
        """POST /person/DEED; always 200 with {ok, …}, unless the deed does not exist."""
        deed = self._deeds.get(request.match_info["deed"])
        if deed is None:
            raise web.HTTPNotFound
        body = await _read_json(request)
        try:
            self._read_user(body)
            answer = await deed(body)
        except (LookupError, ValueError, TypeError) as error:
            return _json({"ok": False, "error": "not_there", "notice": str(error)})
        return _json(answer.as_json())

    async def _type(self, body: dict[str, Any]) -> Answer:
        thread_ts = body.get("thread_ts")
        return await self._slack.type(body["user"], body["channel"], body["text"], thread_ts=thread_ts)

    async def _click(self, body: dict[str, Any]) -> Answer:
        """The page shows the confirm dialog itself, so that a click counts as confirmed unless it says otherwise."""
        ids = {"block_id": str(body.get("block_id") or ""), "confirmed": body.get("confirmed", True)}
        chosen = {name: value for name, value in body.items() if name.startswith("selected_")}
        value = next(iter(chosen.values())) if chosen else body.get("value")
        state = body.get("state")
        return await self._slack.click(body["user"], _read_where(body), body["action_id"], value, state=state, **ids)

    async def _submit(self, body: dict[str, Any]) -> Answer:
        return await self._slack.submit(body["user"], body["view_id"], body.get("values"))

    async def _close(self, body: dict[str, Any]) -> Answer:
        return await self._slack.close_view(body["user"], body["view_id"], everything=bool(body.get("all")))

    async def _home(self, body: dict[str, Any]) -> Answer:
        return await self._slack.open_home(body["user"], str(body.get("tab") or "home"))

    async def _suggest(self, body: dict[str, Any]) -> Answer:
        ids = {"block_id": str(body.get("block_id") or "")}
        return await self._slack.suggest(
            body["user"], _read_where(body), body["action_id"], str(body.get("value") or ""), **ids
        )

    async def _shortcut(self, body: dict[str, Any]) -> Answer:
        message = (body["channel"], body["ts"]) if body.get("ts") else None
        return await self._slack.shortcut(body["user"], body["callback_id"], message)

    async def _control(self, request: web.Request) -> web.Response:
        try:
            await self._slack.control(await _read_json(request))
        except ValueError as error:
            return _json({"ok": False, "error": str(error)}, 400)
        return _json({"ok": True})

    async def _file(self, request: web.Request) -> web.Response:
        """An uploaded file, for the bot's token or for a person (?user=) who sees a channel that it is in."""
        file_id = request.match_info["file"].rpartition("-")[2]
        file = self._slack.workspace.files.get(file_id)
        if file is None or file.content is None:
            raise web.HTTPNotFound
        if request.headers.get("Authorization") != f"Bearer {self._bot_token}":
            me = self._slack.workspace.people[self._read_user(request.query)]
            channels = [self._slack.workspace.channels.get(each) for each in file.channels]
            if not any(channel and channel.is_visible_to(me) for channel in channels):
                raise web.HTTPNotFound
        return web.Response(body=file.content, content_type=file.as_json("", "")["mimetype"])

    def _read_user(self, given: Mapping[str, Any]) -> str:
        """The person who acts; the first one when nobody is named. Raises 404 for a stranger."""
        user = str(given.get("user") or next(iter(self._slack.workspace.people)))
        if user not in self._slack.workspace.people:
            raise web.HTTPNotFound(text=f"there is no person {user}")
        return user


@web.middleware
async def refuse_strangers(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Refuses foreign host names, so that no web page elsewhere can reach this server through a rebound name."""
    if (request.host.rpartition(":")[0] or request.host) not in _LOCAL_NAMES:
        raise web.HTTPForbidden(text="this server answers to localhost only")
    return await handler(request)


def _read_where(body: Mapping[str, Any]) -> Where:
    source: Where = body["source"] if "source" in body else str(body["view_id"])
    return source


async def _read_json(request: web.Request) -> dict[str, Any]:
    """The body; only as application/json, which a foreign page cannot send without being asked first."""
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType(text="send application/json")
    try:
        body = orjson.loads(await request.read())
    except orjson.JSONDecodeError:
        raise web.HTTPBadRequest(text="this is not JSON") from None
    if not isinstance(body, dict):
        raise web.HTTPBadRequest(text="send a JSON object")
    return body


def _json(body: Any, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(body), status=status, content_type="application/json")
