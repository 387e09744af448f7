"""A served web door over a house; Slack's handler is one that says what it got."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from fastapi import Request, Response

from bot.web.server import SlackHandler, WebServer, build_web
from storage.database import Store
from tests.loops.house import House, open_house
from tests.storage.conftest import empty_url, postgres_database, sqlite_template, store, url

__all__ = ("empty_url", "engine", "house", "postgres_database", "sqlite_template", "store", "url")


@pytest.fixture
def engine() -> str:
    return "sqlite"


@pytest.fixture
async def house(store: Store, tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(store, tmp_path) as opened:
        yield opened


async def echo(request: Request) -> Response:
    return Response(f"{len(await request.body())} bytes", headers={"X-Slack-Said": "ok"})


@asynccontextmanager
async def serve(house: House, slack: SlackHandler | None = None) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the served door."""
    server = WebServer(build_web(house.services, slack), "127.0.0.1", 0)
    await server.start()
    try:
        url = f"http://127.0.0.1:{server.port}"
        async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=10) as client:
            yield client
    finally:
        await server.stop()
