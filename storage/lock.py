"""One server for one SQLite file: whoever serves it holds a lock beside it, which the system frees at its death."""

import fcntl
import json
import os
import socket
from datetime import datetime
from pathlib import Path
from typing import Any

from storage.address import read_address
from storage.errors import NoDatabase, Served

LOCK_END = ".lock"


class FileLock:
    """Held from `hold` to `free`. The file of the lock stays; what counts is the lock on it, not that it is there."""

    def __init__(self, database: Path) -> None:
        self._database = database
        # Two ways to one file are one file.
        self._path = database.resolve().with_name(database.resolve().name + LOCK_END)
        self._file: int | None = None

    def hold(self, now: datetime) -> None:
        """Raises Served, which names the holder, while another process holds it."""
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = _read_holder(file)
            os.close(file)
            raise Served(
                f"The database {self._database} is served already{holder}, and SQLite is for one server. Stop that "
                "one first, or set DATABASE_URL or DIFY_OPS_HOME to another place."
            ) from None
        told = {"host": socket.gethostname(), "pid": os.getpid(), "since": now.isoformat(timespec="seconds")}
        os.ftruncate(file, 0)
        os.pwrite(file, json.dumps(told).encode(), 0)
        self._file = file

    def free(self) -> None:
        """Nothing where it is not held."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def lock_database(url: str, now: datetime) -> FileLock | None:
    """The held lock of a SQLite file; None where several servers may share it. Raises Served and
    NoDatabase."""
    path = read_address(url).path
    if path is None:
        return None
    lock = FileLock(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock.hold(now)
    except OSError as error:
        raise NoDatabase(f"The database {path} cannot be served: {error.strerror or error}.") from None
    return lock


def _read_holder(file: int) -> str:
    try:
        told: Any = json.loads(os.pread(file, 4096, 0))
        return f" by process {int(told['pid'])} on {told['host']} since {told['since']}"
    except (ValueError, KeyError, TypeError):
        return ""
