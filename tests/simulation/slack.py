"""A Slack in virtual time: it takes messages, edits and deletions, tells its history, and keeps what was done to it.

It stands in the place of the session of the Web API client, so that Slack's SDK and all of ours above it are real.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Any, cast

import aiohttp

from tests.simulation.swarm import Faults
from tests.simulation.timeline import BEGINNING_S, Timeline
from tests.simulation.wire import Sent

LATENCY_S = (0.02, 0.3)
PAGE = 200


@dataclass(slots=True)
class Posted:
    """A message that stands, or was taken away."""

    ts: str
    at: float
    channel: str
    text: str
    metadata: Mapping[str, Any]
    thread_ts: str | None = None
    is_deleted: bool = False

    @property
    def token(self) -> str:
        return str((self.metadata.get("event_payload") or {}).get("delivery"))


class SimulatedSlack:
    """One workspace. `posts` is its effect log: nothing is ever taken out of it."""

    def __init__(self, timeline: Timeline, faults: Faults, begins_at: datetime, seed: int) -> None:
        self.timeline = timeline
        self.faults = faults
        self.posts: list[Posted] = []
        self.dice = Random(f"{seed}/slack")
        self.is_quiet = False
        self.is_out = False
        self._begins_at = begins_at

    def chance(self, odds: float) -> bool:
        return self.dice.random() < odds and not self.is_quiet

    def take(self, method: str, told: Mapping[str, Any]) -> Mapping[str, Any]:
        """What Slack does and answers."""
        match method:
            case "chat.postMessage":
                return self._post(told)
            case "chat.update":
                return self._update(told)
            case "chat.delete":
                return self._delete(told)
            case "conversations.history" | "conversations.replies":
                return self._history(told)
            case "conversations.open":
                return {"ok": True, "channel": {"id": f"D{told['users']}"}}
            case "auth.test":
                return {"ok": True, "team_id": "T1", "team": "Team", "user_id": "U0BOT", "bot_id": "B0BOT"}
            case "users.info":
                return {"ok": True, "user": {"id": told["user"], "name": "ana", "team_id": "T1"}}
        raise AssertionError(f"nobody asks for {method}")

    def _post(self, told: Mapping[str, Any]) -> Mapping[str, Any]:
        at = self._begins_at + timedelta(seconds=self.timeline.now - BEGINNING_S)
        ts = f"{int(at.timestamp())}.{len(self.posts):06d}"
        channel = told["channel"]
        channel = f"D{channel}" if channel.startswith("U") else channel
        metadata = told.get("metadata") or {}
        self.posts.append(Posted(ts, self.timeline.now, channel, told["text"], metadata, told.get("thread_ts")))
        return {"ok": True, "channel": channel, "ts": ts}

    def _update(self, told: Mapping[str, Any]) -> Mapping[str, Any]:
        found = self._find(told)
        if found is None:
            return {"ok": False, "error": "message_not_found"}
        found.text, found.metadata = told["text"], told.get("metadata") or found.metadata
        return {"ok": True, "channel": found.channel, "ts": found.ts}

    def _delete(self, told: Mapping[str, Any]) -> Mapping[str, Any]:
        found = self._find(told)
        if found is None:
            return {"ok": False, "error": "message_not_found"}
        found.is_deleted = True
        return {"ok": True}

    def _history(self, told: Mapping[str, Any]) -> Mapping[str, Any]:
        oldest, skipped = float(told.get("oldest") or 0), int(told.get("cursor") or 0)
        found = [
            {"ts": post.ts, "text": post.text, "metadata": post.metadata}
            for post in reversed(self.posts)
            if post.channel == told["channel"] and float(post.ts) >= oldest and not post.is_deleted
        ]
        page = int(told.get("limit") or PAGE)
        cursor = str(skipped + page) if len(found) > skipped + page else ""
        return {"ok": True, "messages": found[skipped : skipped + page], "response_metadata": {"next_cursor": cursor}}

    def _find(self, told: Mapping[str, Any]) -> Posted | None:
        for post in self.posts:
            if post.ts == told["ts"] and post.channel == told["channel"] and not post.is_deleted:
                return post
        return None


class _Answer:
    """What the SDK looks at of an answer."""

    content_type = "application/json"

    def __init__(self, status: int, body: Mapping[str, Any], headers: Mapping[str, str]) -> None:
        self.status = status
        self.headers = headers
        self._body = body

    async def json(self) -> Mapping[str, Any]:
        return self._body

    async def text(self) -> str:
        return json.dumps(self._body)


class SlackWire:
    """The session of one process, with all that happens on the way. Only what the SDK uses of a session is here."""

    closed = False

    def __init__(self, slack: SimulatedSlack, patience_s: float) -> None:
        self._slack = slack
        self._patience_s = patience_s

    @asynccontextmanager
    async def request(self, verb: str, url: str, **told: Any):  # type: ignore[no-untyped-def]
        yield await self._ask(
            url.rpartition("/")[2], told.get("json") or told.get("data") or told.get("params") or {}
        )

    async def close(self) -> None:
        """There is nothing to close."""

    async def _ask(self, method: str, told: Mapping[str, Any]) -> _Answer:
        slack, faults, dice = self._slack, self._slack.faults, self._slack.dice
        there_s, back_s = dice.uniform(*LATENCY_S), dice.uniform(*LATENCY_S)
        sent, take = Sent[Mapping[str, Any]](slack.timeline), partial(slack.take, method, told)
        if slack.is_out or slack.chance(faults.slack_refused):
            await asyncio.sleep(there_s)
            raise aiohttp.ClientConnectorError(cast(Any, None), OSError("refused"))
        if slack.chance(faults.slack_429):
            await asyncio.sleep(there_s + back_s)
            return _Answer(429, {"ok": False, "error": "ratelimited"}, {"retry-after": str(dice.choice((1, 5, 30)))})
        if slack.chance(faults.slack_lost_before):
            await self._lose(there_s)
        if slack.chance(faults.slack_lost_after):
            sent.vanish(there_s, take)
            await self._lose(there_s)
        if slack.chance(faults.slack_error_before):
            await asyncio.sleep(there_s + back_s)
            return _fail(dice)
        if slack.chance(faults.slack_error_after):
            sent.vanish(there_s, take)
            await asyncio.sleep(there_s + back_s)
            return _fail(dice)
        sent.arrive(there_s, take, back_s)
        return _Answer(200, await sent.answer(self._patience_s), {})

    async def _lose(self, there_s: float) -> None:
        if self._slack.dice.random() < 0.7:
            await asyncio.sleep(there_s)
            raise aiohttp.ServerDisconnectedError
        await asyncio.sleep(self._patience_s)
        raise TimeoutError


def _fail(dice: Random) -> _Answer:
    if dice.random() < 0.5:
        return _Answer(200, {"ok": False, "error": "internal_error"}, {})
    return _Answer(503, {"ok": False, "error": "service_unavailable"}, {})


def session_of(slack: SimulatedSlack) -> Callable[..., aiohttp.ClientSession]:
    """What opens the session of a process."""
    return lambda *, timeout: cast(aiohttp.ClientSession, SlackWire(slack, timeout.total))
