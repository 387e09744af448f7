"""The one lock: what is due is claimed by compare-and-set and leased, and every later write is fenced.

`now` is always an argument. A fence only grows; who writes with an old one writes nothing.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Any

from sqlalchemy import Boolean, Connection, and_, bindparam, case, func, or_, select, update

from storage.columns import Utc
from storage.records import Delivery, DeliveryState, Run, RunState
from storage.rows import among, sources
from storage.tables import (
    DELIVERY,
    DELIVERY_LEASED,
    DELIVERY_OWED,
    RUN,
    RUN_HELD,
    RUN_OPEN,
    RUN_PLANNED,
    RUN_READY,
    RUN_RUNNING,
    RUN_WAITING,
    deliveries,
    runs,
)

# What a claim alone writes, and what people write beside the owner: a save must not put back what it read.
_OF_PEOPLE = frozenset({"owner_id", "stop_by", "hold_by", "mark", "mark_by", "mark_reason"})
_NOT_SAVED = _OF_PEOPLE | {"id", "key", "slot_at", "fence", "lease_until", "deaths"}
EDITS = "edits"  # the line of all edits, beside one for each target
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)

_WITH_ID = runs.c.id == bindparam("run_id")
_NOW = bindparam("now", type_=Utc)
_LEASE = bindparam("lease", type_=Utc)

_DUE = (
    select(*RUN_WAITING.columns)
    .where(RUN_PLANNED, runs.c.due_at <= _NOW)
    .order_by(runs.c.due_at, runs.c.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_NEXT_DUE = select(runs.c.due_at).where(RUN_PLANNED).order_by(runs.c.due_at).limit(1)
_ADMIT = {
    name: update(runs).where(condition, RUN_PLANNED).values(state=RunState.READY, ready_at=_NOW)
    for name, condition in among(runs.c.id, "run_ids").items()
}
_CLOSE = update(runs).where(_WITH_ID, RUN_PLANNED).values(ended_at=_NOW)
_READY = (
    select(runs.c.id, runs.c.app_id)
    .where(RUN_READY, runs.c.hold_by.is_(None), or_(runs.c.try_at.is_(None), runs.c.try_at <= _NOW))
    .order_by(runs.c.turn_at, runs.c.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_RUNNING = (
    select(runs.c.app_id, runs.c.base_url, func.count().label("running"))
    .where(RUN_RUNNING)
    .group_by(runs.c.app_id, runs.c.base_url)
)
_OVERDUE = (
    select(runs.c.id)
    .where(RUN_READY, runs.c.ready_at < bindparam("before", type_=Utc))
    .order_by(runs.c.turn_at, runs.c.id)
    .limit(bindparam("most"))
)
_NEXT_TRY = select(runs.c.try_at).where(RUN_READY, runs.c.try_at.is_not(None)).order_by(runs.c.try_at).limit(1)
_TAKE = {"fence": runs.c.fence + 1, "lease_until": _LEASE}
_CLAIMED: dict[str, Any] = _TAKE | {
    "state": RunState.RUNNING,
    "owner": bindparam("holder"),
    "attempts": runs.c.attempts + 1,
    "started_at": func.coalesce(runs.c.started_at, _NOW),
    "try_at": None,
    "asked_at": None,
    "heard_at": None,
}
_CLAIM = {
    name: update(runs).where(condition, RUN_READY).values(_CLAIMED).returning(*RUN.columns)
    for name, condition in among(runs.c.id, "run_ids").items()
}
_NAME = update(runs).where(_WITH_ID)
# Only what Dify has named can be what its owner died of; one that handed it over did not die, nor one whose run waits
# for a person, which is looked at whenever its lease ends.
_DIED = and_(RUN_RUNNING, runs.c.owner.is_not(None), runs.c.dify_run_id.is_not(None))
_RESCUE = (
    update(runs)
    .where(_WITH_ID, RUN_HELD, runs.c.lease_until < _NOW)
    .values(_TAKE | {"deaths": runs.c.deaths + case((_DIED, 1), else_=0)})
    .returning(*RUN.columns)
)
_ORPHANS = (
    select(*RUN.columns)
    .where(RUN_HELD, runs.c.lease_until < _NOW)
    .order_by(runs.c.lease_until, runs.c.id)
    .limit(bindparam("most"))
)
_RENEW = {
    name: update(runs)
    .where(condition, RUN_HELD, runs.c.owner == bindparam("holder"))
    .values(lease_until=_LEASE)
    .returning(runs.c.id, runs.c.fence)
    for name, condition in among(runs.c.id, "run_ids").items()
}
_MARK_ASKED = {
    name: update(runs)
    .where(condition, RUN_HELD, runs.c.owner == bindparam("holder"), runs.c.stop_by.is_(None))
    .values(lease_until=_LEASE, asked_at=_NOW)
    .returning(runs.c.id, runs.c.fence)
    for name, condition in among(runs.c.id, "run_ids").items()
}
_END_RUN_LEASES = update(runs).where(RUN_HELD, runs.c.lease_until.is_not(None)).values(lease_until=_LONG_AGO)
_END_DELIVERY_LEASES = update(deliveries).where(DELIVERY_LEASED).values(lease_until=_LONG_AGO)
_HAND_OVER = {
    name: update(runs)
    .where(condition, RUN_HELD, runs.c.owner == bindparam("holder"))
    .values(lease_until=_NOW, owner=None)
    for name, condition in among(runs.c.id, "run_ids").items()
}
_SAVE = (
    update(runs)
    .where(_WITH_ID, runs.c.fence == bindparam("held_fence"), RUN_OPEN)
    .values(lease_until=case((runs.c.lease_until > bindparam("floor", type_=Utc), runs.c.lease_until), else_=_LEASE))
    .returning(*RUN.columns)
)
_SAVE_WAITING = _SAVE.where(runs.c.state == bindparam("held_state"))
# What a stream tells of a run that goes on; all else of its row stays as its claim has made it.
_TOLD = ("dify_run_id", "task_id", "workflow_id", "nodes", "nodes_done", "current_node", "heard_at")
_OF_FLIGHT = ("id", "fence", "state", *_TOLD)
_FLIGHTS = sources([runs.c[name] for name in _OF_FLIGHT])
_SAVE_PROGRESS = {
    name: update(runs)
    .where(*(runs.c[column] == given.columns[column] for column in ("id", "fence", "state")))
    .values({column: given.columns[column] for column in _TOLD})
    .returning(runs.c.id)
    for name, given in _FLIGHTS.items()
}
_ASK_STOP = (
    update(runs)
    .where(_WITH_ID, RUN_OPEN)
    .values(
        stop_by=bindparam("by"),
        lease_until=case((runs.c.state == RunState.WAITING, _LONG_AGO), else_=runs.c.lease_until),
    )
)

# An edit waits in another line than a first message: Slack counts edits for the whole workspace.
_LINE = case((deliveries.c.receipt.is_not(None), EDITS), else_=deliveries.c.target)
_NEXT_FREE = (
    select(deliveries.c.due_at)
    .where(DELIVERY_OWED, deliveries.c.lease_until.is_(None))
    .order_by(deliveries.c.due_at)
    .limit(1)
)
# A lease that has ended does not make due what was owed by a clock that was ahead.
_FREE_AT = case((deliveries.c.lease_until > deliveries.c.due_at, deliveries.c.lease_until), else_=deliveries.c.due_at)
_NEXT_EXPIRY = select(func.min(_FREE_AT)).where(DELIVERY_OWED, DELIVERY_LEASED)
_CLAIMABLE = (
    select(deliveries.c.id, _LINE.label("line"))
    .where(
        DELIVERY_OWED,
        deliveries.c.due_at <= _NOW,
        or_(deliveries.c.lease_until.is_(None), deliveries.c.lease_until < _NOW),
    )
    .order_by(deliveries.c.rank, deliveries.c.id)  # what was put off keeps its place in the line
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_CLAIM_OWED = (
    update(deliveries)
    .where(deliveries.c.id.in_(bindparam("ids", expanding=True)))
    .values(fence=deliveries.c.fence + 1, lease_until=_LEASE)
    .returning(*DELIVERY.columns)
)
_HELD = update(deliveries).where(
    deliveries.c.id == bindparam("delivery_id"),
    deliveries.c.fence == bindparam("held_fence"),
    DELIVERY_OWED,
)
_LET_GO = _HELD.values(owner=None, lease_until=None)
_MARK_SENDING = _HELD.values(asked_at=func.coalesce(deliveries.c.asked_at, _NOW), lease_until=_LEASE)
_ALL_SENT = deliveries.c.wanted <= bindparam("sent_now")
_SETTLE = _LET_GO.values(
    attempts=0,
    asked_at=None,
    error=None,
    state=case((_ALL_SENT, DeliveryState.SENT), else_=DeliveryState.OWED),
    due_at=case((_ALL_SENT, deliveries.c.due_at), else_=_NOW),
)
_RETRY = _LET_GO.values(
    attempts=deliveries.c.attempts + 1,
    asked_at=case((bindparam("is_in_doubt", type_=Boolean), deliveries.c.asked_at), else_=None),
)
_HASTEN = (
    update(deliveries)
    .where(DELIVERY_OWED, deliveries.c.lease_until.is_(None), deliveries.c.attempts > 0)
    .values(due_at=deliveries.c.created_at)
)
_BURY = _LET_GO.values(state=DeliveryState.DEAD, attempts=deliveries.c.attempts + 1)


def due_runs(c: Connection, now: datetime, limit: int) -> list[Run]:
    """Planned runs whose time has come, oldest first. On PostgreSQL others pass over them until we commit."""
    return RUN_WAITING.all(c.execute(_DUE, {"now": now, "most": limit}))


def next_due_at(c: Connection) -> datetime | None:
    """When the next planned run is due, in any team."""
    return c.execute(_NEXT_DUE).scalar()


def admit(c: Connection, run_ids: Sequence[int], now: datetime) -> None:
    """Planned runs become ready; others stay as they are."""
    if run_ids:
        c.execute(_ADMIT[c.dialect.name], {"run_ids": list(run_ids), "now": now})


def close_planned(c: Connection, run_id: int, state: RunState, reason: str, now: datetime) -> bool:
    """A planned run ends without having started (skipped, missed, expired, blocked). False if it was not planned."""
    return c.execute(_CLOSE, {"run_id": run_id, "state": state, "reason": reason, "now": now}).rowcount == 1


def ready_runs(
    c: Connection,
    now: datetime,
    limit: int,
    *,
    but_apps: Collection[int] = (),
    of_apps: Collection[int] | None = None,
    only: Collection[int] = (),
) -> list[tuple[int, int]]:
    """Runs that wait for room and for nothing else, in their turn, each with its app; none of `but_apps`, and only
    those of `of_apps`, and of `only`, where that is said. On PostgreSQL others pass over them until we commit."""
    query = _READY.where(runs.c.app_id.not_in(sorted(but_apps))) if but_apps else _READY
    query = query if of_apps is None else query.where(runs.c.app_id.in_(sorted(of_apps)))
    query = query.where(runs.c.id.in_(sorted(only))) if only else query
    return [(run_id, app_id) for run_id, app_id in c.execute(query, {"now": now, "most": limit})]


def count_running(c: Connection) -> dict[tuple[int, str | None], int]:
    """How many runs of each app go on at each of its addresses. One that waits for a human takes up no room."""
    return {(row.app_id, row.base_url): int(row.running) for row in c.execute(_RUNNING)}


def overdue_runs(c: Connection, before: datetime, limit: int) -> list[int]:
    """Ids of runs that have waited for room since before that instant."""
    return list(c.execute(_OVERDUE, {"before": before, "most": limit}).scalars())


def next_try_at(c: Connection) -> datetime | None:
    """When the next ready run may be tried again."""
    return c.execute(_NEXT_TRY).scalar()


def claim_runs(c: Connection, run_ids: Sequence[int], owner: str, now: datetime, lease_s: float) -> list[Run]:
    """Ready becomes running, for one owner; those that are ours now, as they were asked for."""
    if not run_ids:
        return []
    told = {"run_ids": list(run_ids), "holder": owner, "now": now} | _lease(now, lease_s)
    claimed = {run.id: run for run in RUN.all(c.execute(_CLAIM[c.dialect.name], told))}
    return [claimed[run_id] for run_id in run_ids if run_id in claimed]


def name_attempts(c: Connection, claimed: Sequence[Run]) -> None:
    """Writes the `tag` of runs that were claimed in this transaction, and where they go."""
    if claimed:
        c.execute(_NAME, [{"run_id": run.id, "tag": run.tag, "base_url": run.base_url} for run in claimed])


def rescue_run(c: Connection, run_id: int, owner: str, now: datetime, lease_s: float) -> Run | None:
    """Takes over a running or waiting run whose lease has expired. None if it has an owner that lives."""
    return RUN.one(c.execute(_RESCUE, {"run_id": run_id, "owner": owner, "now": now} | _lease(now, lease_s)))


def orphans(c: Connection, now: datetime, limit: int) -> list[Run]:
    """Running or waiting runs whose lease has expired, longest first. A run without a lease is nobody's to rescue."""
    return RUN.all(c.execute(_ORPHANS, {"now": now, "most": limit}))


def renew(c: Connection, owner: str, fences: Mapping[int, int], now: datetime, lease_s: float) -> set[int]:
    """Renews the leases of many runs (id → fence) at once; gives back the ids that are still held with that fence."""
    if not fences:
        return set()
    run_ids = sorted(fences)  # always in one order, so that two owners never wait for each other in a circle
    held = c.execute(_RENEW[c.dialect.name], {"holder": owner, "run_ids": run_ids} | _lease(now, lease_s))
    return {run_id for run_id, fence in held if fences[run_id] == fence}


def mark_asked(c: Connection, owner: str, fences: Mapping[int, int], now: datetime, lease_s: float) -> set[int]:
    """Notes of many runs (id → fence) that the request to Dify is about to leave, and renews their leases; gives
    back the ids that are still held with that fence and that nobody wants to end. No others may leave."""
    if not fences:
        return set()
    told = {"holder": owner, "run_ids": sorted(fences), "now": now} | _lease(now, lease_s)
    return {run_id for run_id, fence in c.execute(_MARK_ASKED[c.dialect.name], told) if fences[run_id] == fence}


def put_back(c: Connection, run: Run) -> Run | None:
    """A run that Dify has not heard of waits again as if nobody had claimed it. None when the fence was lost."""
    attempts = run.attempts - 1
    started_at = run.started_at if attempts else None
    waiting = replace(run, state=RunState.READY, attempts=attempts, started_at=started_at, tag=None, base_url=None)
    return save_run(c, waiting)


def hand_over(c: Connection, owner: str, run_ids: Sequence[int], now: datetime) -> None:
    """Gives runs that are in flight up, so that the next owner joins them at once."""
    if run_ids:
        c.execute(_HAND_OVER[c.dialect.name], {"holder": owner, "run_ids": sorted(run_ids), "now": now})


def save_run(c: Connection, run: Run) -> Run | None:
    """Writes what its owner knows of a run that has not ended; None when the fence was lost.

    Never written: key, slot_at, fence and stop_by (read it in what comes back). A lease is only made longer, and
    ends with the run, or when it goes back to planned or ready (a later attempt), or if it waits without a lease.
    """
    return _save(c, _SAVE, run)


def save_waiting(c: Connection, run: Run) -> Run | None:
    """As `save_run`, for one that waits for a person before and after; None also when it does so no more."""
    return _save(c, _SAVE_WAITING, run, held_state=run.state)


def save_progress(c: Connection, flights: Sequence[Run]) -> set[int]:
    """Writes what Dify calls runs that go on, and how far they are; the ids of those that are still held with their
    fence, in their state.

    A snapshot is written some milliseconds after it was taken: by then the run may wait for a person, and the
    snapshot would set it running again, with nobody to end it.
    """
    if not flights:
        return set()
    engine = c.dialect.name
    look = attrgetter(*_OF_FLIGHT)
    told = _FLIGHTS[engine].bind([look(run) for run in sorted(flights, key=lambda run: run.id)])
    return set(c.execute(_SAVE_PROGRESS[engine], told).scalars())


def _save(c: Connection, statement: Any, run: Run, **more: Any) -> Run | None:
    values = {name: value for name, value in RUN.values(run).items() if name not in _NOT_SAVED} | more
    if run.state not in (RunState.RUNNING, RunState.WAITING):
        lease, floor = None, None
        if not run.state.has_ended:
            values["owner"] = None
    elif run.state is RunState.WAITING and run.lease_until is None:
        lease, floor = None, None
    else:
        lease = floor = run.lease_until or _LONG_AGO
    values |= {"run_id": run.id, "held_fence": run.fence, "lease": lease, "floor": floor}
    return RUN.one(c.execute(statement, values))


def ask_stop(c: Connection, run_id: int, by: str) -> bool:
    """Notes who wants the run to end; its owner sees that at its next save, or at once where it waits for a person.
    False if it has ended already."""
    return c.execute(_ASK_STOP, {"run_id": run_id, "by": by}).rowcount == 1


def line_of(delivery: Delivery) -> str:
    """The line in which a message waits: that of its target, or, where it stands already, that of all edits."""
    return delivery.target if delivery.receipt is None else EDITS


def next_delivery_at(c: Connection, crowded: Sequence[str] = ()) -> datetime | None:
    """When the next owed message can be claimed: when it is due, or when the lease on it ends.

    Those in the `crowded` lines are passed over, as in `claim_deliveries`: they are due, and cannot be claimed.
    """
    queries = [_NEXT_FREE, _NEXT_EXPIRY]
    if crowded:
        queries = [query.where(_LINE.not_in(crowded)) for query in queries]
    return min((at for query in queries if (at := c.execute(query).scalar()) is not None), default=None)


def end_leases(c: Connection) -> None:
    """Whoever held anything is dead: all of it can be taken over at once, whatever the clock has done meanwhile. Only
    for whoever is known to be alone with this database."""
    c.execute(_END_RUN_LEASES)
    c.execute(_END_DELIVERY_LEASES)


def claim_deliveries(
    c: Connection,
    now: datetime,
    owner: str,
    limit: int,
    lease_s: float,
    crowded: Sequence[str] = (),
    each: int | None = None,
) -> list[Delivery]:
    """Owed messages whose time has come and that nobody holds, by rank, then oldest first; at most `limit`, and
    `each` of one line.

    Those in the `crowded` lines stay where they are.
    """
    query = _CLAIMABLE.where(_LINE.not_in(crowded)) if crowded else _CLAIMABLE
    ids: list[int] = []
    taken: Counter[str] = Counter()
    for delivery_id, line in c.execute(query, {"now": now, "most": limit}):
        if each is None or taken[line] < each:
            taken[line] += 1
            ids.append(delivery_id)
    if not ids:
        return []
    claim = {"ids": ids, "owner": owner} | _lease(now, lease_s)
    return sorted(DELIVERY.all(c.execute(_CLAIM_OWED, claim)), key=lambda owed: (owed.rank, owed.id))


def hasten(c: Connection) -> None:
    """What was put off while its destination was away is due again, in the order in which it was first owed."""
    c.execute(_HASTEN)


def mark_sending(c: Connection, delivery: Delivery, now: datetime, lease_s: float) -> bool:
    """Notes that a first message is about to leave, and renews the lease. False when the fence was lost: then it may
    not leave."""
    return _held(c, _MARK_SENDING, delivery, now=now, **_lease(now, lease_s))


def settle(c: Connection, delivery: Delivery, sent: int, receipt: Any, now: datetime) -> bool:
    """Notes what was sent and what the destination answered; what was wanted meanwhile is due now.

    False when the fence was lost: another has it.
    """
    return _held(c, _SETTLE, delivery, sent=sent, sent_now=sent, receipt=receipt, now=now)


def retry_delivery(
    c: Connection, delivery: Delivery, due_at: datetime, error: str, *, is_in_doubt: bool = False
) -> bool:
    """Another attempt later; `is_in_doubt` where the message may stand there already. False when the fence was
    lost."""
    return _held(c, _RETRY, delivery, due_at=due_at, error=error, is_in_doubt=is_in_doubt)


def bury(c: Connection, delivery: Delivery, error: str) -> bool:
    """No attempt can succeed. False when the fence was lost."""
    return _held(c, _BURY, delivery, error=error)


def _held(c: Connection, statement: Any, delivery: Delivery, **values: Any) -> bool:
    values |= {"delivery_id": delivery.id, "held_fence": delivery.fence}
    return c.execute(statement, values).rowcount == 1


def _lease(now: datetime, lease_s: float) -> dict[str, Any]:
    return {"lease": now + timedelta(seconds=lease_s)}
