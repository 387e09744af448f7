"""The attempts of a run before its last: written when the next one is owed, read as its history."""

from sqlalchemy import Connection, bindparam, insert, select

from storage.records import Attempt
from storage.tables import ATTEMPT, attempts

_ADD = insert(attempts)
_OF_RUN = select(*ATTEMPT.columns).where(attempts.c.run_id == bindparam("run")).order_by(attempts.c.id)


def append(c: Connection, attempt: Attempt) -> None:
    c.execute(_ADD, ATTEMPT.new(attempt))


def of_run(c: Connection, run_id: int) -> list[Attempt]:
    """In the order in which they were made."""
    return ATTEMPT.all(c.execute(_OF_RUN, {"run": run_id}))
