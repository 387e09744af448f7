"""POST /api/METHOD: from the bytes of a request to Slack's answer, with headers, limits and faults."""

import asyncio
import secrets
from collections.abc import Mapping
from typing import Any

import orjson
from aiohttp import web

from bot.demo.slack import faults as fault_words
from bot.demo.slack.access import need_scope
from bot.demo.slack.call import ApiError, Args, Method, Reply
from bot.demo.slack.faults import Fault, Faults
from bot.demo.slack.pace import Pace
from bot.demo.slack.workspace import Workspace
from bot.registry import leaves

_BULKY = ("blocks", "view", "attachments", "files", "message")  # kept out of the line of a call in the log


def find_methods() -> dict[str, Method]:
    """Every method of the folder api/, by name."""
    found: dict[str, Method] = {}
    for family in leaves("bot.demo.slack.api").values():
        found |= family.METHODS
    return found


class WebApi:
    """Answers calls. `revoked` makes every token void, as after an uninstall."""

    def __init__(
        self, workspace: Workspace, pace: Pace, faults: Faults, tokens: Mapping[str, str], closing: asyncio.Event
    ) -> None:
        self._workspace, self._pace, self._faults = workspace, pace, faults
        self._tokens = tokens  # token -> bot | app
        self._closing = closing
        self._methods = find_methods()
        self.revoked = False

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """The whole way of one call."""
        name = request.match_info["method"]
        try:
            raw = await _read_arguments(request)
        except ValueError:
            return self._respond(name, {}, {"ok": False, "error": "invalid_json"})
        args = Args(raw)
        fault = self._faults.take(name, args.text("channel"))
        if fault is not None:
            self._workspace.log.record(
                self._workspace.clock(), "fault", method=name, error=fault.error, delay_s=fault.delay_s
            )
            await (self._faults.let_go.wait() if fault.is_held else self._pause(fault.delay_s))
            if fault.error and not fault.strikes_after:
                return self._strike(request, name, args, fault)
        body, wait = self._run(name, args, _read_token(request, raw))
        response = self._respond(name, args.raw, body, retry_after=wait)
        if fault is not None and fault.error == fault_words.TIMEOUT_AFTER_ACCEPT:
            await self._closing.wait()
        if fault is not None and fault.error == fault_words.DROP_AFTER_ACCEPT:
            _hang_up(request)
        return response

    def _run(self, name: str, args: Args, token: str) -> tuple[Reply, int]:
        """(body, seconds to wait): the effect of the call, or Slack's refusal."""
        try:
            method = self._methods.get(name)
            if method is None:
                raise ApiError("unknown_method", req_method=name)
            self._need_token(method, token)
            wait = self._pace.delay(name, method.tier, args.text("channel"))
            if wait:
                return {"ok": False, "error": "ratelimited"}, wait
            need_scope(self._workspace, *method.scopes)
            return {"ok": True, **method.run(self._workspace, args)}, 0
        except ApiError as refusal:
            return refusal.body, 0

    def _need_token(self, method: Method, token: str) -> None:
        if method.token == "none":  # noqa: S105
            return
        if not token:
            raise ApiError("not_authed")
        kind = self._tokens.get(token)
        if kind is None:
            raise ApiError("invalid_auth")
        if self.revoked:
            raise ApiError("token_revoked")
        if kind != method.token:
            raise ApiError("not_allowed_token_type")

    def _strike(self, request: web.Request, name: str, args: Args, fault: Fault) -> web.Response:
        if fault.error == fault_words.DROP:
            _hang_up(request)
            return web.Response()
        if fault.status:
            self._note(name, args.raw, {"ok": False, "error": fault.error}, fault.status)
            return web.Response(status=fault.status, text="<html>upstream failed</html>", content_type="text/html")
        wait = fault.retry_after_s if fault.error == fault_words.RATE_LIMITED else 0
        return self._respond(name, args.raw, {"ok": False, "error": fault.error}, retry_after=wait)

    def _respond(self, name: str, raw: Mapping[str, Any], body: Reply, retry_after: int = 0) -> web.Response:
        status = 429 if retry_after else 200
        self._note(name, raw, body, status)
        headers = {
            "X-Slack-Req-Id": secrets.token_hex(16),
            "X-OAuth-Scopes": ",".join(self._workspace.manifest.scopes),
            "Cache-Control": "private, no-cache, no-store, must-revalidate",
        }
        method = self._methods.get(name)
        if method is not None and method.scopes:
            headers["X-Accepted-OAuth-Scopes"] = ",".join(method.scopes)
        if retry_after:
            headers["Retry-After"] = str(retry_after)
        return web.Response(
            body=orjson.dumps(body),
            status=status,
            headers=headers,
            content_type="application/json",
            charset="utf-8",
        )

    def _note(self, name: str, raw: Mapping[str, Any], body: Reply, status: int) -> None:
        args = {key: value for key, value in raw.items() if key not in _BULKY}
        outcome = {key: body[key] for key in ("ok", "error", "ts", "channel", "response_metadata") if key in body}
        self._workspace.log.record(self._workspace.clock(), "api", method=name, status=status, args=args, **outcome)

    async def _pause(self, seconds: float) -> None:
        if seconds > 0:
            try:
                await asyncio.wait_for(self._closing.wait(), seconds)
            except TimeoutError:
                return


def _hang_up(request: web.Request) -> None:
    """Breaks the connection without a word."""
    if request.transport is not None:
        request.transport.abort()


async def _read_arguments(request: web.Request) -> dict[str, Any]:
    """Query, form or JSON; raises ValueError when the JSON cannot be read."""
    raw: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        body = await request.read()
        given = orjson.loads(body) if body else {}
        if not isinstance(given, dict):
            raise ValueError("not an object")
        return raw | given
    raw.update(await request.post())
    return raw


def _read_token(request: web.Request, raw: Mapping[str, Any]) -> str:
    header = request.headers.get("Authorization", "")
    return header.removeprefix("Bearer ").strip() or str(raw.get("token") or "")
