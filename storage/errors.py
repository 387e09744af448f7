"""The errors of the store; each message is a whole sentence for people and never holds a secret.

StorageError
├── NoDatabase     cannot be found, reached or understood
│   └── Damaged    the file is damaged, or no database
├── SchemaBehind   the database is older than this program
├── SchemaAhead    the database is newer than this program
├── Served         another process serves this file
├── Busy           others hold the database; nothing was saved
├── NotSaved       the disk is full or read-only; nothing was saved
├── Unsure         the answer to a commit was lost; read again before doing it again
├── NameTaken      the name stands already
├── BadKeys        the keys that seal secrets are missing, weak or open to others
└── CannotOpen     a sealed secret cannot be opened
"""

from sqlalchemy.exc import SQLAlchemyError

# What a statement raises inside a transaction, before the store has made a StorageError of it.
StatementFailed = SQLAlchemyError


class StorageError(Exception):
    """The root of this tree. `message` says what and why."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NoDatabase(StorageError):
    """The database cannot be found, reached or understood."""


class Damaged(NoDatabase):
    """The file is damaged, or no database at all."""


class SchemaBehind(StorageError):
    """The database has an older schema than this program, or none yet."""


class SchemaAhead(StorageError):
    """The database was written by a newer program."""


class Served(StorageError):
    """Another process serves this database, which is for one server."""


class Busy(StorageError):
    """Others hold the database. Nothing was saved, so it may be tried again."""


class NotSaved(StorageError):
    """The disk is full or cannot be written. Nothing was saved."""


class Unsure(StorageError):
    """The connection broke while committing: it was saved wholly or not at all. Read before doing it again."""


class NameTaken(StorageError):
    """Another row already has this name."""


class BadKeys(StorageError):
    """The keys that seal secrets are missing, weak or readable by others."""


class CannotOpen(StorageError):
    """A sealed secret cannot be opened: wrong key, wrong row or changed bytes."""
