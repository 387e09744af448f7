"""What has grown old: runs are looked through in the order of their numbers, and let go of by number."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import BindParameter, Connection, bindparam, delete, exists, select, update

from storage.columns import Utc
from storage.records import Aged, DeliveryState, Run
from storage.tables import DELIVERY_OWED, RUN, attempts, audit, deliveries, runs, traces

_AFTER: BindParameter[int] = bindparam("after")
_MOST: BindParameter[int] = bindparam("most")
_IDS: BindParameter[list[int]] = bindparam("ids", expanding=True)
_IS_OWED = exists().where(deliveries.c.run_id == runs.c.id, DELIVERY_OWED)
_HAS_TRACE = exists().where(traces.c.run_id == runs.c.id)
_WINDOW = (
    select(
        runs.c.id,
        runs.c.job_id,
        runs.c.state,
        runs.c.slot_at,
        runs.c.ended_at,
        runs.c.cleared_at,
        _HAS_TRACE.label("has_trace"),
        _IS_OWED.label("is_owed"),
    )
    .where(runs.c.id > _AFTER)
    .order_by(runs.c.id)
    .limit(_MOST)
)
_LOOSE = (
    select(deliveries.c.id, deliveries.c.created_at, deliveries.c.run_id, deliveries.c.state)
    .where(deliveries.c.id > _AFTER)
    .order_by(deliveries.c.id)
    .limit(_MOST)
)
_BY_IDS = select(*RUN.columns).where(runs.c.id.in_(_IDS)).order_by(runs.c.id)
# Whoever owes a message of a run locks its row; who has that lock first is seen by the other.
_SETTLED = select(runs.c.id).where(runs.c.id.in_(_IDS), ~_IS_OWED).order_by(runs.c.id).with_for_update()
_CLEAR = (
    update(runs).where(runs.c.id.in_(_IDS)).values(inputs={}, outputs=None, cleared_at=bindparam("now", type_=Utc))
)
_DROP_TRACES = delete(traces).where(traces.c.run_id.in_(_IDS))
_DROP_TOLD = delete(deliveries).where(deliveries.c.run_id.in_(_IDS))
_DROP_ATTEMPTS = delete(attempts).where(attempts.c.run_id.in_(_IDS))
_DROP_RUNS = delete(runs).where(runs.c.id.in_(_IDS))
_DROP_LOOSE = delete(deliveries).where(deliveries.c.id.in_(_IDS))
_OLDEST_AUDIT = select(audit.c.id, audit.c.at).order_by(audit.c.id).limit(_MOST)
_DROP_AUDIT = delete(audit).where(audit.c.id.in_(_IDS))


def window(c: Connection, after_id: int, limit: int) -> list[Aged]:
    """The next runs behind this number."""
    return [Aged(*row) for row in c.execute(_WINDOW, {"after": after_id, "most": limit})]


def by_ids(c: Connection, run_ids: Collection[int]) -> list[Run]:
    return RUN.all(c.execute(_BY_IDS, {"ids": list(run_ids)})) if run_ids else []


def settled(c: Connection, run_ids: Collection[int]) -> list[int]:
    """Those that are still there and of which no message is owed, held until we commit."""
    return list(c.execute(_SETTLED, {"ids": list(run_ids)}).scalars()) if run_ids else []


def drop_traces(c: Connection, run_ids: Collection[int]) -> None:
    if run_ids:
        c.execute(_DROP_TRACES, {"ids": list(run_ids)})


def clear(c: Connection, run_ids: Collection[int], now: datetime) -> None:
    """Takes inputs and outputs away, and the memory of what was told: a message that were edited now would lose its
    text."""
    if run_ids:
        c.execute(_CLEAR, {"ids": list(run_ids), "now": now})
        c.execute(_DROP_TOLD, {"ids": list(run_ids)})


def drop_runs(c: Connection, run_ids: Collection[int]) -> None:
    """Takes runs out, with all that hangs on them."""
    if run_ids:
        for statement in (_DROP_TRACES, _DROP_ATTEMPTS, _DROP_TOLD, _DROP_RUNS):
            c.execute(statement, {"ids": list(run_ids)})


def loose_deliveries(c: Connection, after_id: int, before: datetime, limit: int) -> tuple[list[int], int | None]:
    """Of the next messages behind this number those that belong to no run, are settled and older than that; and the
    last number that was looked at, None where there are no more."""
    seen = c.execute(_LOOSE, {"after": after_id, "most": limit}).all()
    old = [
        row.id
        for row in seen
        if row.run_id is None and row.state is not DeliveryState.OWED and row.created_at < before
    ]
    return old, seen[-1].id if seen else None


def drop_deliveries(c: Connection, delivery_ids: Collection[int]) -> None:
    if delivery_ids:
        c.execute(_DROP_LOOSE, {"ids": list(delivery_ids)})


def drop_audit(c: Connection, before: datetime, limit: int) -> int:
    """Takes the oldest entries out that are older than that; how many."""
    old = [row.id for row in c.execute(_OLDEST_AUDIT, {"most": limit}) if row.at < before]
    if old:
        c.execute(_DROP_AUDIT, {"ids": old})
    return len(old)
