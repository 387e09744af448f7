"""Which schema a database has, and whether this program can work with it."""

from sqlalchemy import Connection, inspect, text

from storage.errors import SchemaAhead, SchemaBehind

# Oldest first; one that is not here was made by a newer program. Asking Alembic would cost its import at start.
REVISIONS = ("0001",)
HEAD = REVISIONS[-1]
VERSION_TABLE = "schema_version"


def current_revision(c: Connection) -> str | None:
    """The revision of the database, `None` for one that was never upgraded."""
    if not inspect(c).has_table(VERSION_TABLE):
        return None
    found = c.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()  # noqa: S608 - a constant
    return None if found is None else str(found)


def check_schema(c: Connection, shown: str) -> str:
    """The revision, which is the one that this program needs. Raises SchemaBehind, SchemaAhead."""
    current = current_revision(c)
    if current == HEAD:
        return HEAD
    if current is None or current in REVISIONS:
        raise SchemaBehind(
            f"The database {shown} has schema {current or 'none'} and this program needs {HEAD}: "
            "run `dify-ops db upgrade`."
        )
    raise SchemaAhead(
        f"The database {shown} has schema {current}, which is newer than this program ({HEAD}): "
        "start the newer program again, or restore a copy from before its upgrade."
    )
