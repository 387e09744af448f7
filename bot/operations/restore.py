"""Restore: a SQLite database is put back from a copy, by whoever holds its file."""

from datetime import datetime
from pathlib import Path

from storage import backup


def restore(url: str, copy: Path, *, now: datetime) -> Path | None:
    """Where the database before is kept, if there was one. Raises StorageError; nothing is replaced then."""
    return backup.restore(url, copy, now)
