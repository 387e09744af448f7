"""One fault at one position among all that is said to the database: a statement, or the commit of a transaction."""

import sqlite3
import threading
from collections.abc import Callable
from typing import Any

import asyncpg

from storage.database import Store

# `before`: it fails, nothing has happened. `lost`: a commit has happened, and its answer is lost. `busy`: others hold
# the database. `full`: no room; SQLite gives up the whole transaction by itself.
FAULTS = ("before", "lost", "busy", "full")

_SQLITE = {
    "before": ("disk I/O error", sqlite3.SQLITE_IOERR),
    "lost": ("disk I/O error", sqlite3.SQLITE_IOERR),
    "busy": ("database is locked", sqlite3.SQLITE_BUSY),
    "full": ("database or disk is full", sqlite3.SQLITE_FULL),
}
_POSTGRESQL: dict[str, Callable[[], Exception]] = {
    "before": lambda: asyncpg.QueryCanceledError("canceling statement"),
    "lost": lambda: ConnectionResetError("the line broke"),
    "busy": lambda: asyncpg.SerializationError("could not serialize access"),
    "full": lambda: asyncpg.DiskFullError("no space left on device"),
}


class Statements:
    """Counts positions once it is armed, and lets the `position`-th fail. `lost` counts commits alone."""

    def __init__(self, fault: str) -> None:
        self._fault = fault
        self._left: int | None = None
        self._lock = threading.Lock()
        self.seen = 0
        self.has_struck = False

    def arm(self, position: int) -> None:
        self._left = position

    def lie_on(self, store: Store) -> None:
        """Wrap what the engines of a store say; it has been used before, so that they are there."""
        inside: Any = store
        is_file = store.dialect == "sqlite"
        for engine in [inside._reading, inside._writer._engine] if is_file else [inside._writing]:
            self._wrap(engine.dialect)

    def _wrap(self, dialect: Any) -> None:
        execute, executemany, commit = dialect.do_execute, dialect.do_executemany, dialect.do_commit

        def do_execute(cursor: Any, *told: Any) -> Any:
            self._pass(dialect.name, cursor.connection if dialect.name == "sqlite" else None)
            return execute(cursor, *told)

        def do_executemany(cursor: Any, *told: Any) -> Any:
            self._pass(dialect.name, cursor.connection if dialect.name == "sqlite" else None)
            return executemany(cursor, *told)

        def do_commit(connection: Any) -> None:
            if self._fault != "lost":
                self._pass(dialect.name, connection)
                commit(connection)
                return
            commit(connection)
            if self._is_here():
                raise _error(self._fault, dialect.name)

        dialect.do_execute, dialect.do_executemany, dialect.do_commit = do_execute, do_executemany, do_commit

    def _pass(self, dialect: str, connection: Any) -> None:
        if self._fault == "lost" or not self._is_here():
            return
        if self._fault == "full" and connection is not None:
            connection.rollback()
        raise _error(self._fault, dialect)

    def _is_here(self) -> bool:
        with self._lock:
            if self._left is None:
                return False
            self.seen += 1
            self._left -= 1
            self.has_struck = self.has_struck or self._left == 0
            return self._left == 0


def _error(fault: str, dialect: str) -> Exception:
    if dialect == "postgresql":
        return _POSTGRESQL[fault]()
    words, code = _SQLITE[fault]
    error = sqlite3.OperationalError(words)
    error.sqlite_errorcode = code
    return error
