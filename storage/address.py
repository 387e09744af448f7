"""Reading a database URL: which engine, where, and how to name it to people without its password."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from storage.errors import NoDatabase

FORMS = "Use sqlite:///path/to/file.db or postgresql://user:password@host:5432/name."


@dataclass(frozen=True, slots=True)
class Address:
    """`dialect` is sqlite or postgresql; `path` is set for the first, `dsn` (with its password) for the second.

    `shown` is safe to print.
    """

    dialect: str
    shown: str
    path: Path | None = None
    dsn: str = field(default="", repr=False)


def read_address(url: str) -> Address:
    """Drivers in the scheme (`+asyncpg`, `+aiosqlite` …) are passed over. Raises NoDatabase."""
    scheme, mark, rest = url.strip().partition("://")
    family = scheme.lower().partition("+")[0]
    if mark and family == "sqlite":
        return _sqlite(rest)
    if mark and family in ("postgresql", "postgres"):
        return _postgresql(f"postgresql://{rest}")
    raise NoDatabase(f"The database URL is not one of the two kinds that are supported. {FORMS}")


def can_write(path: Path) -> bool:
    """Whether this process may change the database in this file: SQLite keeps two more beside it."""
    return os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)


def _sqlite(rest: str) -> Address:
    name = unquote(rest.partition("?")[0])
    if not name.startswith("/") or name in ("/", "/:memory:"):
        raise NoDatabase(f"The SQLite URL names no file; a database in memory cannot be shared. {FORMS}")
    path = Path(name[1:]).expanduser()
    return Address("sqlite", str(path), path=path)


def _postgresql(dsn: str) -> Address:
    try:
        parts = urlsplit(dsn)
        _ = parts.port  # what is no port is found only when it is asked for
    except ValueError:
        raise NoDatabase(f"The PostgreSQL URL cannot be read. {FORMS}") from None
    where = parts.netloc.rpartition("@")[2] or "local socket"
    return Address("postgresql", f"postgresql://{where}{parts.path}", dsn=dsn)
