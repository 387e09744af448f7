"""The one door to the database: `await store.run(f)`, where f is a plain function of an open sync Connection."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol, TypeVar

from sqlalchemy import Connection

from storage.address import can_write, read_address
from storage.line import Line
from storage.schema import status, upgrade

__all__ = ["Store", "is_read_only", "open_store", "status", "upgrade"]

T = TypeVar("T")


class Store(Protocol):
    """An open database. `dialect` is sqlite or postgresql; `schema_version` is known after the first use.

    `is_read_only` where nothing can ever be saved through this store, `is_displaced` while its file is not where it
    was opened, so that whatever is saved would be lost; `unwritable` tells why a write found no room or
    no leave, until whoever has saved something of some size takes it back.
    """

    dialect: str
    schema_version: str | None
    is_read_only: bool
    unwritable: str | None

    @property
    def is_displaced(self) -> bool: ...

    async def check(self) -> None:
        """Proves that the database is there and has this program's schema; `run` and `read` do it at first.

        Raises NoDatabase, SchemaBehind, SchemaAhead.
        """

    async def run(self, work: Callable[[Connection], T], *, line: Line = Line.PEOPLE) -> T:
        """Does `work` in one write transaction and gives its result once that is committed.

        Any exception rolls back and comes out as it is; trouble with the database itself comes out as a
        StorageError. After a lost race `work` is called again, so it may change nothing but rows, and it must not
        swallow an error of the database. If the caller is cancelled, all of it happens or nothing. In the
        wrong `line` a person would wait for thousands of runs.
        """

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Does `work` on one snapshot, in which nothing can be written. Never waits for a writer."""

    async def time(self) -> datetime | None:
        """The time of the server that the database runs on; None where that is this machine."""

    async def close(self) -> None:
        """Waits for what was asked before. Afterwards nothing can be asked."""


def is_read_only(url: str) -> bool:
    """Whether the file is there and this process may not change it; a server is asked, not looked at."""
    path = read_address(url).path
    return path is not None and path.is_file() and not can_write(path)


def open_store(url: str) -> Store:
    """A store for `sqlite:///path` or `postgresql://…`; nothing is touched before its first use.

    Raises NoDatabase when the URL cannot be read.
    """
    address = read_address(url)
    if address.path is not None:
        from storage.sqlite import SqliteStore

        return SqliteStore(address.path)
    from storage.postgres import PostgresStore

    return PostgresStore(address)
