"""A terminal in an empty folder, and one whose database belongs to a workspace."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import Connection

from bot.demo.dify import LocalDify
from bot.opening import TEAM_KEY
from storage import meta
from storage.database import open_store, upgrade
from tests.cli.terminal import Terminal
from tests.makers import TEAM

T = TypeVar("T")


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path)


def write(terminal: Terminal, work: Callable[[Connection], T]) -> T:
    """Change rows as another process would."""

    async def once() -> T:
        store = open_store(terminal.database_url)
        try:
            return await store.run(work)
        finally:
            await store.close()

    return asyncio.run(once())


@pytest.fixture
def owned(terminal: Terminal) -> Terminal:
    """A terminal over a database that knows its workspace."""
    asyncio.run(upgrade(terminal.database_url))
    write(terminal, lambda c: meta.put(c, TEAM_KEY, TEAM))
    return terminal


@pytest.fixture
async def dify() -> AsyncIterator[LocalDify]:
    local = LocalDify(speed=float("inf"), settle_s=0.0)
    await local.start()
    yield local
    await local.stop()
