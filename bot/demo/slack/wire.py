"""The way out to the app, whichever transport it uses: one payload, one ack, retries for events."""

import asyncio
import secrets
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from bot.demo.slack.people import APP_ID, BOT_USER
from bot.demo.slack.workspace import Workspace

ACK_S = 3.0
RETRY_DELAYS_S = (0.0, 60.0, 300.0)  # Slack: at once, after a minute, after five
_REASONS = {"timeout": "http_timeout", "refused": "http_error", "unreachable": "connection_failed"}
COMMANDS, INTERACTIVE, EVENTS = "slash_commands", "interactive", "events_api"


@dataclass(frozen=True, slots=True)
class Ack:
    """What the app answered. `state` is ok, timeout, refused (an error status) or unreachable."""

    state: str
    body: Any = None
    no_retry: bool = False

    @property
    def ok(self) -> bool:
        return self.state == "ok"

    @property
    def error(self) -> str:
        """The word that a person reads in Slack's own complaint."""
        words = {"timeout": "operation_timeout", "refused": "http_service_error"}
        return words.get(self.state, "dispatch_failed")


class _SocketMode(Protocol):
    async def deliver(self, kind: str, payload: Any, within_s: float, **retry: Any) -> Ack: ...


class _HttpMode(Protocol):
    async def deliver(self, url: str, kind: str, payload: Any, within_s: float, **retry: Any) -> Ack: ...


class Wire:
    """Sends to `request_url` when it is set, else over Socket Mode."""

    def __init__(self, workspace: Workspace, sockets: _SocketMode) -> None:
        self._workspace = workspace
        self._sockets = sockets
        self._tasks: set[asyncio.Task[Any]] = set()
        self.posts: _HttpMode | None = None
        self.request_url: str | None = None
        self.ack_s = ACK_S
        self.retry_delays_s = RETRY_DELAYS_S

    async def send(self, kind: str, payload: Mapping[str, Any], **retry: Any) -> Ack:
        """One payload to the app; waits for its ack, three seconds at most."""
        self._note("sent", payload_kind=kind, **_summarise(payload), **retry)
        if self.request_url and self.posts:
            ack = await self.posts.deliver(self.request_url, kind, payload, self.ack_s, **retry)
        else:
            ack = await self._sockets.deliver(kind, payload, self.ack_s, **retry)
        self._note("answered", payload_kind=kind, state=ack.state, body=ack.body, **_summarise(payload))
        return ack

    async def send_event(self, event: Mapping[str, Any]) -> Ack:
        """The first attempt of an event; failing that, the retries go on by themselves."""
        payload = self._envelop(event)
        ack = await self.send(EVENTS, payload)
        if not ack.ok and not ack.no_retry:
            self.spawn(self._retry(payload, ack))
        return ack

    async def _retry(self, payload: Mapping[str, Any], ack: Ack) -> None:
        for number, delay_s in enumerate(self.retry_delays_s, start=1):
            await asyncio.sleep(delay_s)
            reason = _REASONS[ack.state]
            ack = await self.send(EVENTS, payload, retry_attempt=number, retry_reason=reason)
            if ack.ok or ack.no_retry:
                return

    def spawn(self, deed: Coroutine[Any, Any, Any]) -> None:
        """Runs a deed beside the caller; close() ends it."""
        task = asyncio.get_running_loop().create_task(deed)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Ends what is still under way."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _envelop(self, event: Mapping[str, Any]) -> dict[str, Any]:
        team = self._workspace.team_id
        who = {"enterprise_id": None, "team_id": team, "user_id": BOT_USER, "is_bot": True}
        return {
            "token": "legacy",
            "team_id": team,
            "api_app_id": APP_ID,
            "event": dict(event),
            "type": "event_callback",
            "event_id": f"Ev{secrets.token_hex(5).upper()}",
            "event_time": int(self._workspace.clock()),
            "authorizations": [{**who, "is_enterprise_install": False}],
            "is_ext_shared_channel": False,
        }

    def _note(self, kind: str, **detail: Any) -> None:
        self._workspace.log.record(self._workspace.clock(), kind, **detail)


def _summarise(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Who did what, without the values that a person typed into a form."""
    event = payload.get("event", {})
    user = payload.get("user", {})
    found = {
        "type": event.get("type") or payload.get("type") or "command",
        "user": user.get("id") if user else payload.get("user_id") or event.get("user"),
        "command": payload.get("command"),
        "text": payload.get("text"),
        "channel": payload.get("channel_id") or event.get("channel"),
        "event_id": payload.get("event_id"),
        "callback_id": payload.get("callback_id") or payload.get("view", {}).get("callback_id"),
        "actions": [each.get("action_id") for each in payload.get("actions", [])],
    }
    return {name: value for name, value in found.items() if value}
