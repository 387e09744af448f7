"""What was put off by a clock that was ahead: once the clock is right again, nothing waits until then."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, exists, select, update

from storage.columns import Utc
from storage.gates import FULL_LONGEST_S
from storage.tables import DELIVERY_OWED, RUN_READY, attempts, deliveries, gates, runs

# A clock that is corrected by less is let be: what it has put off waits for so much longer.
TOLERANCE = timedelta(minutes=1)
MOST = 200

_NOW, _AHEAD = bindparam("now", type_=Utc), bindparam("ahead", type_=Utc)
_FAILED_AHEAD = exists(
    select(attempts.c.id).where(attempts.c.run_id == runs.c.id, attempts.c.ended_at > _AHEAD).correlate(runs)
)
_RUNS = update(runs).where(RUN_READY, runs.c.try_at > _AHEAD, _FAILED_AHEAD).values(try_at=_NOW, ready_at=_NOW)
_GATES = update(gates).where(gates.c.shut_until > bindparam("longest", type_=Utc)).values(shut_until=_NOW)
_OWED_AHEAD = (
    select(deliveries.c.id, deliveries.c.created_at, deliveries.c.due_at)
    .where(DELIVERY_OWED, deliveries.c.due_at > _AHEAD, deliveries.c.created_at > _AHEAD)
    .order_by(deliveries.c.due_at)
    .limit(MOST)
)
_OWE = update(deliveries).where(deliveries.c.id == bindparam("delivery_id"))


def pull_in(c: Connection, now: datetime) -> None:
    """Runs whose last attempt has failed at a time that is yet to come are tried now; a gate that is shut for longer
    than any is may be tried; a message that was owed at such a time is due as long after now as it was after then."""
    ahead = now + TOLERANCE
    c.execute(_RUNS, {"now": now, "ahead": ahead})
    c.execute(_GATES, {"now": now, "longest": ahead + timedelta(seconds=FULL_LONGEST_S)})
    owed = c.execute(_OWED_AHEAD, {"ahead": ahead}).all()
    if owed:
        told = [
            {"delivery_id": row.id, "created_at": now, "due_at": now + (row.due_at - row.created_at)} for row in owed
        ]
        c.execute(_OWE, told)
