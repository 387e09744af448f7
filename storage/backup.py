"""Copies of a SQLite database: made beside a running server, proved before they count, and put back."""

import os
import sqlite3
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.exc import DatabaseError

from storage import meta, sqlite
from storage.address import Address, read_address
from storage.errors import NoDatabase, NotSaved
from storage.lock import LOCK_END, lock_database
from storage.revision import check_schema

RESTORED_AT = "restored_at"
COMPANIONS = ("-wal", "-shm")


def back_up(url: str, target: Path) -> None:
    """A whole and checked copy of the database at this moment, in a file that is there at the end or not at all.

    It never takes the place of a file that is there, nor of one that belongs to the database. Raises NoDatabase,
    NotSaved.
    """
    source = _path_of(url)
    if target.exists() or target.is_symlink() or _belongs_to(source, target):
        raise NotSaved(f"There is a file at {target} already, and a copy takes the place of none; name another file.")
    part = target.with_name(f"{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _copy(source, part)
        prove(part)
        part.replace(target)
        _sync(target.parent)
    except (OSError, sqlite3.Error, DatabaseError) as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise NotSaved(f"The copy {target} could not be made: {getattr(error, 'orig', error)}.") from None


def restore(url: str, copy: Path, now: datetime) -> Path | None:
    """Put a copy in the place of the database, which is kept aside under the name that comes back; None where there
    was none. What came due since the copy was made is looked for at Dify before it is started again.

    Raises Served while a server holds the database, NoDatabase where the copy is damaged or of a newer program.
    """
    target = _path_of(url, must_exist=False)
    if _belongs_to(target, copy):
        raise NotSaved(f"{copy} is the database itself, not a copy of it; nothing was changed. Name a copy.")
    prove(copy)
    lock = lock_database(url, now)
    assert lock is not None
    try:
        part = target.with_name(f"{target.name}.part")
        _copy(copy, part)
        aside = _put_aside(target, now)
        part.replace(target)
        _sync(target.parent)
        sqlite.transact(target, lambda c: meta.put(c, RESTORED_AT, now.isoformat()))
        return aside
    except (OSError, sqlite3.Error, DatabaseError) as error:
        raise NotSaved(f"The copy {copy} could not be put back: {getattr(error, 'orig', error)}.") from None
    finally:
        lock.free()


def restored_at(c: Connection) -> datetime | None:
    """When this database was last put back from a copy: what was due before may have run already."""
    told = meta.get(c, RESTORED_AT)
    return datetime.fromisoformat(told) if told else None


def prove(copy: Path) -> None:
    """The file is a whole database of this program. Raises NoDatabase, SchemaAhead, SchemaBehind."""
    if not copy.is_file() or copy.stat().st_size == 0:
        raise NoDatabase(f"There is no database in {copy}.")
    engine = sqlite.make_engine(copy, writes=False)
    try:
        with engine.connect() as connection:
            found = connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar()
            if found != "ok":
                raise NoDatabase(f"The file {copy} is damaged: {found}.")
            check_schema(connection, str(copy))
    except DatabaseError as error:
        raise sqlite.explain(error, copy) from None
    finally:
        engine.dispose()


def _path_of(url: str, *, must_exist: bool = True) -> Path:
    address = read_address(url)
    if address.path is None:
        raise NoDatabase(_by_its_own_tool(address))
    if must_exist and not address.path.is_file():
        raise NoDatabase(f"There is no database at {address.path}.")
    return address.path


def _belongs_to(database: Path, file: Path) -> bool:
    """Whether the file is the database, by whatever name, or one that stands beside it for its sake."""
    real = Path(os.path.realpath(database))
    own = {real.with_name(real.name + end) for end in ("", *COMPANIONS, LOCK_END)}
    return Path(os.path.realpath(file)) in own or (file.exists() and real.exists() and file.samefile(real))


def _copy(source: Path, part: Path) -> None:
    """With what stands in the log beside the source alone, into a file that only we may read."""
    part.unlink(missing_ok=True)
    os.close(os.open(part, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600))
    engine = sqlite.make_engine(source, writes=False)
    try:
        with closing(sqlite3.connect(part)) as here, engine.connect() as connection:
            there = connection.connection.driver_connection
            assert isinstance(there, sqlite3.Connection)
            there.backup(here)
    finally:
        engine.dispose()
    _sync(part)


def _by_its_own_tool(address: Address) -> str:
    return (
        f"{address.shown} is kept by PostgreSQL's own tools: `pg_dump -Fc -f dify-ops.dump` makes a copy, and "
        "`pg_restore --clean -d` puts it back."
    )


def _put_aside(target: Path, now: datetime) -> Path | None:
    """The old file with its companions, which belong to it and would spoil the new one."""
    if not target.exists():
        return None
    aside = target.with_name(f"{target.name}.replaced-{now:%Y%m%dT%H%M%SZ}")
    for companion in ("", *COMPANIONS):
        old = target.with_name(target.name + companion)
        if old.exists():
            old.rename(aside.with_name(aside.name + companion))
    return aside


def _sync(path: Path) -> None:
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
