"""A store whose transactions are done at once, on one SQLite in memory, by whichever process asks."""

import asyncio
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.pool import StaticPool

from storage.columns import from_json, to_json_text
from storage.database import upgrade
from storage.errors import Busy, Unsure
from storage.line import Line

if TYPE_CHECKING:
    from tests.simulation.process import Process

# A transaction with more statements than this is rare.
MOST_STATEMENTS = 12

T = TypeVar("T")
Work = Callable[[Connection], T]


@cache
def _template() -> bytes:
    """A migrated database, made once."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "template.db"
        asyncio.run(upgrade(f"sqlite:///{path}"))
        file = sqlite3.connect(path)
        file.execute("PRAGMA journal_mode=DELETE")  # a database in memory keeps no write-ahead log
        try:
            return file.serialize()
        finally:
            file.close()


def open_memory() -> Connection:
    """A new database in memory."""
    raw = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    raw.deserialize(_template())
    raw.execute("PRAGMA foreign_keys=ON")
    engine = create_engine(
        "sqlite://",
        creator=lambda: raw,
        poolclass=StaticPool,
        json_serializer=to_json_text,
        json_deserializer=from_json,
    )
    connection = engine.connect()
    connection.begin()  # for SQLAlchemy one that never ends: a transaction of its own costs more than what is in it
    return connection


def transact(connection: Connection, work: Work[T]) -> T:
    """Do the work in one transaction."""
    raw = connection.connection.driver_connection
    assert raw is not None
    raw.execute("BEGIN")
    try:
        result = work(connection)
    except BaseException:
        raw.execute("ROLLBACK")
        raise
    raw.execute("COMMIT")
    return result


class _KilledError(Exception):
    """The process ends here; nobody may catch it but the store."""


class SimulatedStore:
    """The database as one process sees it, with all that can happen at the edge of a transaction."""

    dialect = "sqlite"
    schema_version = "simulated"
    unwritable: str | None = None
    is_read_only = False
    is_displaced = False

    def __init__(self, process: "Process", connection: Connection) -> None:
        self._process = process
        self._connection = connection

    async def check(self) -> None:
        """It is there."""

    async def run(self, work: Work[T], *, line: Line = Line.PEOPLE) -> T:
        process, dice, faults = self._process, self._process.world.dice, self._process.world.faults
        await asyncio.sleep(0)
        if dice.random() < faults.slow:
            await asyncio.sleep(dice.uniform(0.05, 3))
        fate = dice.random()
        if fate < faults.crash / 2:
            await process.die_here("before a transaction")
        if dice.random() < faults.refuse:
            raise Busy("Others hold the database; nothing was saved.")
        if dice.random() < faults.crash / 2:
            await self._die_inside(work)
        result = self._transact(work)
        process.world.note(process.name, "tx", getattr(work, "func", work).__qualname__)
        if faults.crash / 2 <= fate < faults.crash:
            await process.die_here("after a transaction")
        if dice.random() < faults.freeze:
            process.freeze()
        await asyncio.sleep(0)
        if dice.random() < faults.unsure:
            raise Unsure("The connection broke while saving; look before trying again.")
        return result

    async def read(self, work: Work[T]) -> T:
        await asyncio.sleep(0)
        return self._transact(work)

    async def time(self) -> datetime | None:
        """Of several processes the database has the time; one alone has its machine's."""
        world = self._process.world
        return None if world.swarm.is_alone else world.wall()

    async def close(self) -> None:
        """Others use it as well."""

    async def _die_inside(self, work: Work[T]) -> None:
        """The process is killed before one of the statements of the work, which is rolled back."""
        left = self._process.world.dice.randrange(1, MOST_STATEMENTS)

        def count(*_: object) -> None:
            nonlocal left
            left -= 1
            if not left:
                raise _KilledError

        event.listen(self._connection, "before_cursor_execute", count)
        try:
            self._transact(work)
        except _KilledError:
            pass
        finally:
            event.remove(self._connection, "before_cursor_execute", count)
        await self._process.die_here("inside a transaction" if not left else "after a transaction")

    def _transact(self, work: Work[T]) -> T:
        if not self._process.is_alive:  # what is torn down writes nothing
            raise Busy("The process is dead.")
        return transact(self._connection, work)


def close_memory(connection: Connection) -> None:
    """Forget the database."""
    with suppress(Exception):
        connection.close()
    connection.engine.dispose()
