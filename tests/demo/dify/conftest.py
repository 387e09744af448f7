"""A local Dify that replays without delay, and a client that knows its keys."""

import asyncio
import json
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from bot.demo.dify import LocalDify

INPUTS: dict[str, dict[str, Any]] = {
    "daily-report": {"city": "Basel"},
    "digest": {"topic": "Tea"},
    "branch": {"n": 42},
    "approval": {"draft": "Prices rise on Monday"},
    "forms": {"name": "Ada", "lang": "ja"},
    "partial": {"k": "Basel"},
    "no-model": {"q": "Why?"},
}


@dataclass
class Caller:
    dify: LocalDify
    http: httpx.AsyncClient

    def headers(self, app: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.dify.keys[app]}"}

    async def get(self, app: str, path: str, **params: Any) -> httpx.Response:
        return await self.http.get(self.dify.url + path, headers=self.headers(app), params=params or None)

    async def post(self, app: str, path: str, body: object) -> httpx.Response:
        return await self.http.post(self.dify.url + path, headers=self.headers(app), json=body)

    def body(self, app: str, **more: Any) -> dict[str, Any]:
        told = {"inputs": INPUTS.get(app, {}), "user": "u1", "response_mode": "streaming"}
        return {**told, **({"query": "When do you open?"} if app == "chat" else {}), **more}

    def path(self, app: str) -> str:
        return "/chat-messages" if app == "chat" else "/workflows/run"

    async def run(self, app: str, **more: Any) -> httpx.Response:
        return await self.post(app, self.path(app), self.body(app, **more))

    def open(self, app: str, **more: Any) -> Any:
        url, headers = self.dify.url + self.path(app), self.headers(app)
        return self.http.stream("POST", url, headers=headers, json=self.body(app, **more))


def events(response: httpx.Response) -> list[dict[str, Any]]:
    return [json.loads(line[6:]) for line in response.text.split("\n") if line.startswith("data: ")]


async def until(stream: AsyncIterator[bytes], part: bytes) -> bytes:
    """Read until `part` has come."""
    seen = b""
    async with asyncio.timeout(10):
        async for chunk in stream:
            seen += chunk
            if part in seen:
                return seen
    raise AssertionError(f"the stream ended before {part!r}")


@asynccontextmanager
async def make_caller(**settings: Any) -> AsyncIterator[Caller]:
    dify = LocalDify(**{"speed": math.inf, "ping_s": 0.02, "settle_s": 0.0, **settings})
    await dify.start()
    async with httpx.AsyncClient(trust_env=False, timeout=10) as http:
        try:
            yield Caller(dify, http)
        finally:
            await dify.stop()


@pytest.fixture
async def caller() -> AsyncIterator[Caller]:
    async with make_caller() as one:
        yield one
