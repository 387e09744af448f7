"""What the tests of faults share with those of the store; on SQLite, unless a test asks for more."""

import pytest

from tests.storage.conftest import empty_url, postgres_database, sqlite_template, store, url

__all__ = ("empty_url", "postgres_database", "sqlite_template", "store", "url")


@pytest.fixture
def engine() -> str:
    return "sqlite"
