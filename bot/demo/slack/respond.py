"""POST /respond/…: the response_url of a command or an interaction; five uses, thirty minutes."""

from collections.abc import Mapping
from typing import Any

import orjson
from aiohttp import web

from bot.demo.slack.acks import post_answer
from bot.demo.slack.check import check_message
from bot.demo.slack.faults import DROP, Faults
from bot.demo.slack.pace import Pace
from bot.demo.slack.passes import ResponsePass
from bot.demo.slack.problem import as_messages
from bot.demo.slack.shown import Message
from bot.demo.slack.workspace import Workspace

METHOD = "response_url"  # the name under which faults are ordered and the log is kept


class Responder:
    """Takes what the app posts to a response_url."""

    def __init__(self, workspace: Workspace, pace: Pace, faults: Faults) -> None:
        self._workspace, self._pace, self._faults = workspace, pace, faults

    async def answer(self, request: web.Request) -> web.Response:
        """ok, or {"ok": false, "error": …} with an HTTP status that is not 200."""
        fault = self._faults.take(METHOD, "")
        if fault is not None and fault.error == DROP and request.transport is not None:
            request.transport.abort()
            return web.Response()
        if fault is not None:
            return self._refuse(fault.error, fault.status or 500)
        pass_id = request.match_info["pass_id"]
        wait = self._pace.delay_response(pass_id)
        if wait:
            return self._refuse("ratelimited", 429, {"Retry-After": str(wait)})
        try:
            body = orjson.loads(await request.read())
        except orjson.JSONDecodeError:
            return self._refuse("invalid_payload", 400)
        used, error = self._workspace.passes.use_response(pass_id)
        if used is None:
            return self._refuse(error, 404)
        error = self._apply(used, body) if isinstance(body, dict) else "invalid_payload"
        if error:
            return self._refuse(error, 400)
        self._note(body, {"ok": True})
        return web.Response(text="ok")

    def _apply(self, used: ResponsePass, body: Mapping[str, Any]) -> str:
        """Does what the body asks; the name of Slack's error, or nothing."""
        if _wants(body, "delete_original"):
            original = self._original(used)
            if original is not None:
                self._workspace.remove(original)
            return ""
        problems = check_message(body)
        if problems:
            reasons = as_messages(problems)
            self._workspace.log.record(self._workspace.clock(), "refused", reason="response_url", problems=reasons)
            return "invalid_blocks"
        if not any(body.get(part) for part in ("text", "blocks", "attachments")):
            return "no_text"
        original = self._original(used) if _wants(body, "replace_original") else None
        if original is not None:
            fields = {"blocks": body.get("blocks") or [], "attachments": body.get("attachments") or []}
            self._workspace.edit(original, text=str(body.get("text") or ""), **fields)
            return ""
        in_channel = body.get("response_type") == "in_channel"
        post_answer(self._workspace, body, used.channel, None if in_channel else used.user)
        return ""

    def _original(self, used: ResponsePass) -> Message | None:
        """The clicked message, if it is still there. The invocation of a command is none."""
        if used.original is None:
            return None
        channel, ts, is_ephemeral = used.original
        if is_ephemeral:
            return self._workspace.find_ephemeral(used.user, ts)
        return self._workspace.find_message(channel, ts)

    def _refuse(self, error: str, status: int, headers: Mapping[str, str] | None = None) -> web.Response:
        body = {"ok": False, "error": error}
        self._note({}, body, status)
        return web.json_response(body, status=status, headers=headers)

    def _note(self, body: Mapping[str, Any], outcome: Mapping[str, Any], status: int = 200) -> None:
        args = {name: value for name, value in body.items() if name not in ("blocks", "attachments")}
        self._workspace.log.record(self._workspace.clock(), "api", method=METHOD, status=status, args=args, **outcome)


def _wants(body: Mapping[str, Any], name: str) -> bool:
    return str(body.get(name, "")).lower() == "true"
