"""One at a time on PostgreSQL: locks that have no row, and end with the transaction. SQLite has one writer anyway."""

from enum import IntEnum

from sqlalchemy import Connection, func, select


class Lock(IntEnum):
    """What is done by one at a time. Any numbers will do, as long as nobody else of this database locks them."""

    UPGRADE = 4_217_731
    ROOM = 7_205_759_403
    PRUNE = 7_205_759_404


def lock(c: Connection, what: Lock) -> None:
    """Nobody else does this until we commit."""
    if c.dialect.name == "postgresql":
        c.execute(select(func.pg_advisory_xact_lock(int(what))))
