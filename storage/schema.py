"""Bringing a database up to date, and asking how far it is."""

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, inspect

from storage import postgres, sqlite
from storage.address import Address, read_address
from storage.advisory import Lock, lock
from storage.errors import NoDatabase
from storage.revision import HEAD, REVISIONS, check_schema, current_revision

T = TypeVar("T")

MIGRATIONS = Path(__file__).parent / "migrations"


async def upgrade(url: str) -> None:
    """Brings the database to the newest schema in one transaction, in a thread. Raises StorageError.

    A SQLite file (and its folder) is made when missing, and must be ours when it has tables; a PostgreSQL database
    must exist.
    """
    address = read_address(url)
    if address.path is not None:
        await asyncio.to_thread(_make_file, address.path)
        await asyncio.to_thread(
            sqlite.transact, address.path, partial(_refuse_foreign, path=address.path), writes=False
        )
    await asyncio.to_thread(_on_connection, address, lambda c: _upgrade(c, address))


async def status(url: str) -> tuple[str | None, str]:
    """(revision of the database or None, revision that this program needs). Raises StorageError."""
    address = read_address(url)
    if address.path is not None:
        if not await asyncio.to_thread(sqlite.is_there, address.path):
            return None, HEAD
        return await asyncio.to_thread(sqlite.transact, address.path, current_revision, writes=False), HEAD
    return await asyncio.to_thread(_on_connection, address, current_revision), HEAD


def _make_file(path: Path) -> None:
    """Only its owner may read the file; SQLite gives its companions (-wal, -shm) the same rights."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600, exist_ok=True)
    except OSError as error:
        raise NoDatabase(f"The database file {path} cannot be made: {error.strerror}.") from None


def _refuse_foreign(c: Connection, path: Path) -> None:
    if current_revision(c) is None and inspect(c).get_table_names():
        raise NoDatabase(f"{path} is the database of another program; name another file, which is made when missing.")


def _upgrade(c: Connection, address: Address) -> None:
    from alembic import command
    from alembic.config import Config

    lock(c, Lock.UPGRADE)
    if current_revision(c) not in (None, *REVISIONS):
        check_schema(c, address.shown)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = c
    command.upgrade(config, "head")


def _on_connection(address: Address, work: Callable[[Connection], T]) -> T:
    """Does work in one transaction of its own engine; called in a thread, where no event loop runs."""
    if address.path is not None:
        return sqlite.transact(address.path, work)
    return asyncio.run(postgres.transact(address, work))
