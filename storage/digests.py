"""Digests: the results that one message tells together. A delivery that is told so points to that of the message."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, and_, bindparam, case, func, or_, select, update

from storage.columns import Utc
from storage.records import Cause, Delivery, DeliveryKind, DeliveryState, Run, RunState
from storage.rows import among
from storage.tables import DELIVERY, DELIVERY_OWED, RUN, deliveries, runs

# Outputs are not told in a digest, and may be large.
_RUN = RUN.known("outputs")
# What failed stands first, then what has warnings.
_LATENESS = {RunState.SUCCEEDED: 2, RunState.PARTIAL: 1}
_ENDED = [state for state in RunState if state.has_ended]
# Whoever asked for a run waits for its message; what belongs to a backfill stands in its thread.
_BY_ITSELF = (Cause.SCHEDULE, Cause.API)
_NOW = bindparam("now", type_=Utc)
_OF_DIGEST = deliveries.c.digest_id == bindparam("digest")
_TO_TARGET = deliveries.c.target == bindparam("to")
# Never tried, or tried and known not to stand there: a message of its own that may exist is left to itself.
_UNSENT = and_(
    DELIVERY_OWED,
    deliveries.c.sent == 0,
    deliveries.c.receipt.is_(None),
    deliveries.c.asked_at.is_(None),
    deliveries.c.lease_until.is_(None),
)
_IS_RUN = deliveries.c.kind == DeliveryKind.RUN
_FIRST_TOLD = (
    select(deliveries.c.id, deliveries.c.run_id)
    .where(_UNSENT, _TO_TARGET, _IS_RUN, deliveries.c.digest_id.is_(None), deliveries.c.due_at <= _NOW)
    .order_by(deliveries.c.rank, deliveries.c.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_HAVE_ENDED = {
    name: select(runs.c.id).where(
        condition, runs.c.cause.in_(_BY_ITSELF), runs.c.state.in_(_ENDED), runs.c.batch.is_(None)
    )
    for name, condition in among(runs.c.id, "run_ids").items()
}
_WAITING = (
    select(*DELIVERY.columns)
    .where(_UNSENT, _TO_TARGET, deliveries.c.kind == DeliveryKind.DIGEST, deliveries.c.due_at > _NOW)
    .where(deliveries.c.digest_id.is_(None))
    .order_by(deliveries.c.rank, deliveries.c.id)
    .limit(1)
    .with_for_update(skip_locked=True)
)
_ABSORB = {
    name: update(deliveries)
    .where(condition)
    .values(digest_id=bindparam("digest"), state=DeliveryState.SENT, sent=deliveries.c.wanted, error=None, attempts=0)
    for name, condition in among(deliveries.c.id, "ids").items()
}
_LATE = case(*((runs.c.state == state, late) for state, late in _LATENESS.items()), else_=0)
_TOLD = (
    select(runs.c.state, func.count())
    .join(deliveries, deliveries.c.run_id == runs.c.id)
    .where(_OF_DIGEST, _IS_RUN)
    .group_by(runs.c.state)
)
_PAGE = (
    select(*_RUN.columns)
    .join(deliveries, deliveries.c.run_id == runs.c.id)
    .where(_OF_DIGEST, _IS_RUN)
    .order_by(_LATE, deliveries.c.id)
    .limit(bindparam("most"))
    .offset(bindparam("before"))
)
_BEFORE = (
    select(func.count())
    .select_from(deliveries.join(runs, runs.c.id == deliveries.c.run_id))
    .where(
        _OF_DIGEST,
        _IS_RUN,
        or_(
            bindparam("late") > _LATE,
            and_(bindparam("late") == _LATE, deliveries.c.id < bindparam("delivery")),
        ),
    )
)
_JOBS = select(deliveries.c.job_id).where(_OF_DIGEST, _IS_RUN, deliveries.c.job_id.is_not(None)).distinct()


def results_for(c: Connection, target: str, now: datetime, limit: int) -> list[int]:
    """Ids of the due first messages to this target about runs that have ended and that nobody asked for, oldest
    first. On PostgreSQL others pass over them until we commit."""
    first = {run_id: owed for owed, run_id in c.execute(_FIRST_TOLD, {"to": target, "now": now, "most": limit})}
    ended = set(c.execute(_HAVE_ENDED[c.dialect.name], {"run_ids": list(first)}).scalars()) if first else set()
    return [delivery_id for run_id, delivery_id in first.items() if run_id in ended]


def waiting_for(c: Connection, target: str, now: datetime) -> Delivery | None:
    """The digest for this target that more may still join."""
    return DELIVERY.one(c.execute(_WAITING, {"to": target, "now": now}))


def absorb(c: Connection, digest_id: int, delivery_ids: Sequence[int]) -> None:
    """These are told in the digest from now on, and owed no more."""
    if delivery_ids:
        c.execute(_ABSORB[c.dialect.name], {"digest": digest_id, "ids": list(delivery_ids)})


def told(c: Connection, digest_id: int) -> Counter[RunState]:
    """How many runs the digest tells of, by their state."""
    return Counter({state: int(count) for state, count in c.execute(_TOLD, {"digest": digest_id})})


def page(c: Connection, digest_id: int, before: int, limit: int) -> list[Run]:
    """Its runs behind the first so many: what failed, what has warnings, the rest. Without their outputs."""
    return _RUN.all(c.execute(_PAGE, {"digest": digest_id, "before": before, "most": limit}))


def place_of(c: Connection, delivery: Delivery, run: Run) -> int:
    """How many stand before this one in its digest."""
    told = {"digest": delivery.digest_id, "delivery": delivery.id, "late": _LATENESS.get(run.state, 0)}
    return int(c.execute(_BEFORE, told).scalar_one())


def jobs_of(c: Connection, digest_id: int) -> list[int]:
    """The jobs whose runs it tells of."""
    return sorted(c.execute(_JOBS, {"digest": digest_id}).scalars())
