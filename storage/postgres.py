"""PostgreSQL: asyncpg under an AsyncEngine; transactions that lost a race or a connection are done again."""

import asyncio
import random
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any, TypeVar
from weakref import WeakSet

import asyncpg
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from storage.address import Address
from storage.columns import from_json, to_json_text
from storage.errors import Busy, NoDatabase, NotSaved, StorageError, Unsure
from storage.line import Line
from storage.revision import check_schema

T = TypeVar("T")
Work = Callable[[Connection], T]

TRIES = 5
POOL = 10
# So many of them are for bulk: a person waits behind no line of runs, and the server does more at a time no sooner.
BULK = 4
POOL_WAIT_S = 5.0
# What must not wait behind others has a connection of its own, so that a burst of work takes no lease from anybody.
RESERVED = 1
CONNECT_S = 10.0
# No statement of ours takes a tenth of this; a longer silence is a lost server or a stuck lock.
STATEMENT_S = 30.0
GOODBYE_S = 1.0
# Serialization failure, deadlock, lock not available; shutting down, crashed, starting up.
PASSING = frozenset({"40001", "40P01", "55P03", "57P01", "57P02", "57P03"})
# Disk full; an error of its files; a transaction that may only read (a stand-by, or a write inside `read`).
UNWRITABLE = frozenset({"53100", "58030", "25006"})
# Lost races; cancelled by a time limit that the server sets; it has no connection or no memory to spare.
BUSY = frozenset({"40001", "40P01", "55P03", "57014", "53200", "53300"})
TROUBLE = (DBAPIError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError, PoolTimeout)


def make_engine(
    address: Address, size: int = POOL, *, lines: WeakSet[asyncpg.Connection] | None = None
) -> AsyncEngine:
    """asyncpg reads the URL itself, so that everything PostgreSQL's own URLs allow is allowed (sslmode, sockets). Its
    connections are put into `lines`, where they are wanted."""

    async def connect() -> Any:
        try:
            line = await asyncpg.connect(address.dsn, timeout=CONNECT_S, command_timeout=STATEMENT_S)
        except asyncpg.ClientConfigurationError as error:
            raise NoDatabase(f"The PostgreSQL URL has a setting that cannot be used: {error}.") from None
        if lines is not None:
            lines.add(line)
        return line

    return create_async_engine(
        "postgresql+asyncpg://",
        async_creator=connect,
        json_serializer=to_json_text,
        json_deserializer=from_json,
        pool_size=size,
        max_overflow=0,
        pool_timeout=POOL_WAIT_S,
        hide_parameters=True,
    )


async def transact(address: Address, work: Work[T]) -> T:
    """One transaction on an engine of its own, for the command line. Raises StorageError."""
    engine = make_engine(address)
    try:
        async with engine.begin() as connection:
            return await connection.run_sync(work)
    except TROUBLE as error:
        raise explain(error, address) from None
    finally:
        await engine.dispose()


def _state(error: BaseException) -> str:
    return str(getattr(getattr(error, "orig", error), "sqlstate", None) or "")


def _is_lost(error: BaseException) -> bool:
    if isinstance(error, DBAPIError):
        return error.connection_invalidated
    return isinstance(error, OSError | asyncpg.InterfaceError) and not isinstance(error, PoolTimeout)


def is_passing(error: BaseException) -> bool:
    """Whether the same transaction may succeed if it is done again."""
    return _state(error) in PASSING or (_is_lost(error) and not isinstance(error, TimeoutError))


def explain(error: BaseException, address: Address) -> BaseException:
    """The error as a sentence, where it is about the server rather than about what was asked."""
    state = _state(error)
    if state in BUSY or isinstance(error, PoolTimeout | TimeoutError):
        return Busy(f"The database {address.shown} is busy; nothing was saved. Please try again.")
    if state in UNWRITABLE:
        return NotSaved(f"The database {address.shown} cannot be written; nothing was saved.")
    if state.startswith("28"):
        return NoDatabase(f"The database {address.shown} refuses this user or password.")
    if state == "3D000":
        return NoDatabase(f"There is no database {address.shown}; make it with `createdb`.")
    if state in PASSING or _is_lost(error) or isinstance(error, asyncpg.PostgresConnectionError):
        return NoDatabase(f"The database {address.shown} cannot be reached; nothing was saved.")
    return error


def _tell_time(c: Connection) -> datetime:
    told: datetime = c.execute(select(func.clock_timestamp())).scalar_one()
    return told.astimezone(UTC)


class PostgresStore:
    """A PostgreSQL database. Made by `database.open_store`; belongs to the event loop that first uses it."""

    dialect = "postgresql"

    def __init__(self, address: Address) -> None:
        self._address = address
        self._lines: WeakSet[asyncpg.Connection] = WeakSet()
        self._writing = make_engine(address, lines=self._lines)
        self._reserved = make_engine(address, RESERVED, lines=self._lines)
        # One snapshot for the whole of a read, as on SQLite.
        self._reading = self._writing.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        self.is_read_only = False
        self.is_displaced = False
        self.unwritable: str | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._bulk = asyncio.Semaphore(BULK)
        self._checked = False
        self._closed = False
        self.schema_version: str | None = None

    async def check(self) -> None:
        self.schema_version = await self._finish(
            self._transact(self._reading, lambda c: check_schema(c, self._address.shown))
        )
        self._checked = True

    async def run(self, work: Work[T], *, line: Line = Line.PEOPLE) -> T:
        if not self._checked:
            await self.check()
        try:
            if line is Line.BULK:
                async with self._bulk:
                    return await self._finish(self._transact(self._writing, work))
            return await self._finish(self._transact(self._reserved if line is Line.LEASES else self._writing, work))
        except NotSaved as error:
            self.unwritable = error.message
            raise

    async def read(self, work: Work[T]) -> T:
        if not self._checked:
            await self.check()
        return await self._finish(self._transact(self._reading, work))

    async def time(self) -> datetime:
        return await self.read(_tell_time)

    async def close(self) -> None:
        """Waits for what was asked before. Afterwards nothing can be asked."""
        self._closed = True
        await asyncio.gather(*self._tasks, return_exceptions=True)
        # All at once and not for long: the pool would wait for each that is deaf, one after the other.
        open_ones = [line for line in self._lines if not line.is_closed()]
        await asyncio.gather(*(line.close(timeout=GOODBYE_S) for line in open_ones), return_exceptions=True)
        await self._writing.dispose(close=False)
        await self._reserved.dispose(close=False)

    async def _finish(self, transaction: Coroutine[Any, Any, T]) -> T:
        """Waits for a transaction in a task of its own: who is cancelled while waiting does not break it."""
        if self._closed:
            transaction.close()
            raise StorageError("The store is closed.")
        task = asyncio.create_task(transaction)
        self._tasks.add(task)
        task.add_done_callback(self._forget)
        return await asyncio.shield(task)

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # looked at, so that nobody complains when the one who asked has gone

    async def _transact(self, engine: AsyncEngine, work: Work[T]) -> T:
        attempt = 0
        while True:
            attempt += 1
            try:
                return await self._once(engine, work)
            except TROUBLE as error:
                if attempt == TRIES or not is_passing(error):
                    raise explain(error, self._address) from error
            await asyncio.sleep(0.02 * 2**attempt * random.random())

    async def _once(self, engine: AsyncEngine, work: Work[T]) -> T:
        async with engine.connect() as connection, connection.begin() as transaction:
            result = await connection.run_sync(work)
            try:
                await transaction.commit()
            except TROUBLE as error:
                if _is_lost(error):
                    raise Unsure(
                        f"The connection to {self._address.shown} broke while saving; look before trying again."
                    ) from error
                raise
            return result
