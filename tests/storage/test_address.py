"""Reading a database URL: two engines, any driver, and never the password."""

from pathlib import Path

import pytest

from storage.address import read_address
from storage.database import open_store
from storage.errors import NoDatabase


def test_three_slashes_are_relative_and_four_absolute() -> None:
    assert read_address("sqlite:///data/ops.db").path == Path("data/ops.db")
    assert read_address("sqlite:////var/lib/ops.db").path == Path("/var/lib/ops.db")
    assert read_address("sqlite:///~/ops.db").path == Path("~/ops.db").expanduser()
    assert read_address("sqlite:///with%20space.db").path == Path("with space.db")


@pytest.mark.parametrize("scheme", ["sqlite", "sqlite+aiosqlite", "SQLite+pysqlite"])
def test_any_sqlite_driver_is_ours(scheme: str) -> None:
    assert read_address(f"{scheme}:///x.db").dialect == "sqlite"


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+asyncpg", "postgresql+psycopg2"])
def test_any_postgresql_driver_is_ours(scheme: str) -> None:
    address = read_address(f"{scheme}://bot:hunter2@db:5433/ops?sslmode=require")
    assert address.dialect == "postgresql"
    assert address.dsn == "postgresql://bot:hunter2@db:5433/ops?sslmode=require"
    assert address.shown == "postgresql://db:5433/ops"
    assert "hunter2" not in repr(address)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "mysql://bot:hunter2@db/ops",
        "bot:hunter2@db/ops",
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite://bot:hunter2@/x",
        "postgresql://bot:hunter2@[::1/ops",
    ],
)
def test_another_url_is_refused_in_a_sentence_without_its_password(url: str) -> None:
    with pytest.raises(NoDatabase, match=r"Use sqlite:///") as caught:
        open_store(url)
    assert "hunter2" not in str(caught.value)
