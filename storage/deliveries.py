"""Messages owed: one row for each target, in which what is wanted and what was sent are counters."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, case, delete, exists, select

from storage.columns import Utc
from storage.records import Delivery, DeliveryKind, DeliveryState
from storage.rows import each_engine
from storage.tables import DELIVERY, DELIVERY_DEAD, DELIVERY_OWED, deliveries

_SELECT = select(*DELIVERY.columns)


def _owe(insert: Any) -> Any:
    statement = insert(deliveries)
    news: dict[str, Any] = {name: statement.excluded[name] for name in ("facts", "rank", "due_at")}
    return statement.on_conflict_do_update(
        index_elements=["key"],
        set_=news
        | {
            "wanted": deliveries.c.wanted + 1,
            "state": DeliveryState.OWED,
            "attempts": case((DELIVERY_OWED, deliveries.c.attempts), else_=0),
        },
    )


_OWE_MANY = each_engine(_owe)
_OWE = {name: statement.returning(*DELIVERY.columns) for name, statement in _OWE_MANY.items()}
_WITHDRAW = delete(deliveries).where(
    deliveries.c.key == bindparam("key"),
    DELIVERY_OWED,
    deliveries.c.sent == 0,
    deliveries.c.asked_at.is_(None),
    deliveries.c.lease_until.is_(None),
)
_GET = _SELECT.where(deliveries.c.team_id == bindparam("team"), deliveries.c.id == bindparam("delivery_id"))
_BY_KEY = _SELECT.where(deliveries.c.key == bindparam("key"))
_OF_RUN = _SELECT.where(deliveries.c.run_id == bindparam("run")).order_by(deliveries.c.id)
_OF_JOB = (
    _SELECT.where(deliveries.c.job_id == bindparam("job")).order_by(deliveries.c.id.desc()).limit(bindparam("most"))
)
_POSTED_OF_JOB = _OF_JOB.where(
    deliveries.c.kind.in_(bindparam("kinds", expanding=True)), deliveries.c.receipt.is_not(None)
)
_DEAD = (
    _SELECT.where(deliveries.c.team_id == bindparam("team"), DELIVERY_DEAD)
    .order_by(deliveries.c.id.desc())
    .limit(bindparam("most"))
)

_NEWER = deliveries.alias("newer")
_UNDELIVERED = _DEAD.where(
    deliveries.c.created_at >= bindparam("since", type_=Utc),
    deliveries.c.job_id.is_not(None),
    ~exists().where(
        _NEWER.c.job_id == deliveries.c.job_id,
        _NEWER.c.target == deliveries.c.target,
        _NEWER.c.id > deliveries.c.id,
        _NEWER.c.state == DeliveryState.SENT,
    ),
)


def owe(c: Connection, delivery: Delivery) -> Delivery:
    """A new message, or, where the key is there already: one more wanted, with the new facts, rank and due time."""
    return DELIVERY.read(c.execute(_OWE[c.dialect.name], DELIVERY.new(delivery)).one())


def owe_many(c: Connection, owed: Sequence[Delivery]) -> None:
    """As `owe`, each with a key of its own."""
    if owed:
        c.execute(_OWE_MANY[c.dialect.name], DELIVERY.news(owed))


def withdraw(c: Connection, key: str) -> None:
    """What was owed for later and never sent is owed no more."""
    c.execute(_WITHDRAW, {"key": key})


def get(c: Connection, team_id: str, delivery_id: int) -> Delivery | None:
    return DELIVERY.one(c.execute(_GET, {"team": team_id, "delivery_id": delivery_id}))


def by_key(c: Connection, key: str) -> Delivery | None:
    """For the house only: a key tells nothing of the team."""
    return DELIVERY.one(c.execute(_BY_KEY, {"key": key}))


def of_run(c: Connection, run_id: int) -> list[Delivery]:
    """In the order in which they were first owed."""
    return DELIVERY.all(c.execute(_OF_RUN, {"run": run_id}))


def of_job(c: Connection, job_id: int, limit: int) -> list[Delivery]:
    """The messages about a job and its runs, newest first."""
    return DELIVERY.all(c.execute(_OF_JOB, {"job": job_id, "most": limit}))


def posted_of_job(c: Connection, job_id: int, kinds: Sequence[DeliveryKind], limit: int) -> list[Delivery]:
    """Those of some kinds that stand somewhere already, newest first."""
    return DELIVERY.all(c.execute(_POSTED_OF_JOB, {"job": job_id, "kinds": list(kinds), "most": limit}))


def undelivered(c: Connection, team_id: str, since: datetime, limit: int = 50) -> list[Delivery]:
    """Those of jobs that no attempt can deliver, newest first, unless a later one has come to the same place."""
    return DELIVERY.all(c.execute(_UNDELIVERED, {"team": team_id, "since": since, "most": limit}))


def dead(c: Connection, team_id: str, limit: int = 50) -> list[Delivery]:
    """Those that no attempt can deliver, newest first."""
    return DELIVERY.all(c.execute(_DEAD, {"team": team_id, "most": limit}))
