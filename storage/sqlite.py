"""SQLite: one writer thread that commits in groups, and a few readers on the write-ahead log."""

import asyncio
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DatabaseError

from storage.address import can_write
from storage.columns import from_json, to_json_text
from storage.errors import Busy, Damaged, NoDatabase, NotSaved, StorageError
from storage.line import Line
from storage.revision import check_schema
from storage.writer import Writer

T = TypeVar("T")
Work = Callable[[Connection], T]

# How long SQLite waits inside one try for another process that holds the file; the writer tries again.
BUSY_MS = 250
# Another upgrade of the same file may be under way.
UPGRADE_PATIENCE_S = 30.0
READERS = 4
OLDEST = (3, 35)  # the first with RETURNING


def make_engine(path: Path, *, writes: bool) -> Engine:
    """An engine whose connections have our pragmas; `begin` takes the write lock at once, or forbids writing."""
    if sqlite3.sqlite_version_info < OLDEST:
        raise NoDatabase(f"SQLite {sqlite3.sqlite_version} is too old; 3.35 or newer is needed.")
    engine = create_engine(
        _url_of(path),
        json_serializer=to_json_text,
        json_deserializer=from_json,
        pool_size=1 if writes else READERS,
        pool_use_lifo=True,  # the last used connection has its pages and statements still at hand
        max_overflow=0,
        hide_parameters=True,
    )
    begin = "BEGIN IMMEDIATE" if writes else "BEGIN"

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves; the driver would do it late and deferred
        connection.execute(f"PRAGMA busy_timeout={BUSY_MS}")
        if writes:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA foreign_keys=ON")
        else:
            connection.execute("PRAGMA query_only=ON")

    @event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _url_of(path: Path) -> URL:
    """A file that nobody here may change is opened as one that does not change: SQLite would else look for its
    companions, which it cannot make. Where they are there, they hold what was saved last."""
    wal = path.with_name(f"{path.name}-wal")
    if not path.is_file() or can_write(path) or (wal.is_file() and wal.stat().st_size):
        return URL.create("sqlite", database=str(path))
    frozen = {"mode": "ro", "immutable": "1", "uri": "true"}
    return URL.create("sqlite", database=f"file:{quote(str(path))}", query=frozen)


def is_there(path: Path) -> bool:
    """Raises NoDatabase where something else than a file is."""
    if path.exists() and not path.is_file():
        raise NoDatabase(f"{path} is a folder or a device, and a database is a file; name one inside.")
    return path.is_file()


def is_busy(error: BaseException) -> bool:
    code = getattr(getattr(error, "orig", None), "sqlite_errorcode", 0)
    return code & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def explain(error: BaseException, path: Path) -> BaseException:
    """The error as a sentence, where it is about the file rather than about what was asked."""
    code = getattr(getattr(error, "orig", None), "sqlite_errorcode", 0) & 0xFF
    match code:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return Busy(f"Another process holds the database {path}; nothing was saved. Please try again.")
        case sqlite3.SQLITE_FULL | sqlite3.SQLITE_IOERR:
            return NotSaved(f"The disk of the database {path} is full or failing; nothing was saved.")
        case sqlite3.SQLITE_READONLY:
            return _read_only(path)
        case sqlite3.SQLITE_CANTOPEN:
            return NoDatabase(f"The database file {path} cannot be opened; check that its folder exists.")
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return Damaged(f"The file {path} is damaged or no database; restore it from a good copy.")
        case _:
            return error


def _identify(path: Path) -> tuple[int, int] | None:
    """The file itself, whatever its name; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _read_only(path: Path) -> NotSaved:
    return NotSaved(f"The database {path} cannot be written; nothing was saved.")


def _displaced(path: Path) -> NotSaved:
    return NotSaved(
        f"The database file {path} was moved, deleted or replaced while it was served; nothing was saved."
    )


def transact(path: Path, work: Work[T], *, writes: bool = True) -> T:
    """One transaction on an engine of its own, for upgrades. Waits for others. Raises StorageError.

    To open a file for writing turns it to the write-ahead log.
    """
    engine = make_engine(path, writes=writes)
    gives_up_at = time.monotonic() + UPGRADE_PATIENCE_S
    try:
        while True:
            try:
                with engine.begin() as connection:
                    return work(connection)
            except DatabaseError as error:
                if not is_busy(error) or time.monotonic() > gives_up_at:
                    raise explain(error, path) from None
                time.sleep(BUSY_MS / 1000)  # turning to the write-ahead log does not wait by itself
    finally:
        engine.dispose()


class SqliteStore:
    """A SQLite file. Made by `database.open_store`."""

    dialect = "sqlite"

    def __init__(self, path: Path) -> None:
        self._path = path
        self.is_read_only = path.is_file() and not can_write(path)
        self.unwritable: str | None = _read_only(path).message if self.is_read_only else None
        self._opened: tuple[int, int] | None = None
        self._writer: Writer | None = None
        self._reading = make_engine(path, writes=False)
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="sqlite-reader")
        self._checked = False
        self._closed = False
        self.schema_version: str | None = None

    @property
    def is_displaced(self) -> bool:
        return self._opened is not None and _identify(self._path) != self._opened

    async def check(self) -> None:
        if not is_there(self._path):
            raise NoDatabase(f"There is no database at {self._path} yet; `dify-ops db upgrade` makes it.")
        self._opened = _identify(self._path)
        self.schema_version = await self._read(lambda c: check_schema(c, str(self._path)))
        self._checked = True

    async def run(self, work: Work[T], *, line: Line = Line.PEOPLE) -> T:
        if not self._checked:
            await self.check()
        self._refuse_when_closed()
        try:
            self._refuse_unwritable()
            if self._writer is None:
                self._writer = self._start_writer()
            return await asyncio.wrap_future(self._writer.submit(work, is_bulk=line is not Line.PEOPLE))
        except NotSaved as error:
            self.unwritable = error.message
            raise

    async def read(self, work: Work[T]) -> T:
        if not self._checked:
            await self.check()
        return await self._read(work)

    async def time(self) -> None:
        """The file has no clock of its own."""

    async def close(self) -> None:
        """Waits for what was asked before. Afterwards nothing can be asked."""
        self._closed = True
        if self._writer is not None:
            await asyncio.to_thread(self._writer.stop)
        await asyncio.to_thread(self._readers.shutdown)
        self._reading.dispose()

    async def _read(self, work: Work[T]) -> T:
        self._refuse_when_closed()
        return await asyncio.wrap_future(self._readers.submit(self._read_once, work))

    def _start_writer(self) -> Writer:
        engine = make_engine(self._path, writes=True)
        return Writer(engine, is_busy=is_busy, explain=lambda error: explain(error, self._path))

    def _read_once(self, work: Work[T]) -> T:
        try:
            with self._reading.connect() as connection, connection.begin():
                return work(connection)
        except DatabaseError as error:
            raise explain(error, self._path) from error

    def _refuse_unwritable(self) -> None:
        if self.is_read_only:
            raise _read_only(self._path)
        if self.is_displaced:
            raise _displaced(self._path)

    def _refuse_when_closed(self) -> None:
        if self._closed:
            raise StorageError("The store is closed.")
