"""A house with its Slack, for what speaks to people."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

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
