"""A digest: results that would wait in a long line for one channel are told together, in one message and its thread.

All of it is rows. In one transaction the digest is owed and each result points to it and is owed no more, so that
whoever dies at any time leaves every result owed in one place.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from storage import claims, deliveries, digests, runs
from storage.records import Delivery, DeliveryKind, DeliveryState

# Whoever joins would have stood longer in a line of more than 20 at a message a second.
GATHER_S = 15
# The runs of one message: with names and reasons at their longest they stay below the 12,000 characters of a message.
PAGE = 40
# So many rows change in about 5 ms; the rest joins at the next look.
MOST_AT_ONCE = 500
# The message above has its place in Slack by then.
THREAD_AFTER_S = 5


def gather(c: Connection, team_id: str, targets: Collection[str], *, over: int, now: datetime) -> dict[str, datetime]:
    """Gather what waits for these targets: where more than `over` results wait, or a digest already does. Until when
    others may join the digest of each target."""
    waiting: dict[str, datetime] = {}
    for target in sorted(targets):  # always in one order, so that two couriers never wait for each other in a circle
        digest = digests.waiting_for(c, target, now)
        found = digests.results_for(c, target, now, MOST_AT_ONCE)
        if digest is None and len(found) > over:
            digest = deliveries.owe(c, _digest(team_id, target, f"digest:{found[0]}>{target}", now))
        if digest is not None:
            waiting[target] = digest.due_at
            _join(c, digest, found, now)
    return waiting


def retell(c: Connection, delivery: Delivery, *, now: datetime) -> bool:
    """Something has changed about a run that a digest tells of: the change is told there, and this delivery owes
    nothing of its own. False when the claim was lost."""
    if not claims.settle(c, delivery, delivery.wanted, None, now):
        return False
    assert delivery.digest_id is not None
    assert delivery.run_id is not None
    digest = deliveries.get(c, delivery.team_id, delivery.digest_id)
    run = runs.get(c, delivery.team_id, delivery.run_id)
    if digest is None or run is None:
        return True
    if digest.state is DeliveryState.DEAD:
        deliveries.owe(c, replace(digest, due_at=now))
        _owe_pages(c, digest, digest.facts["runs"], now, now)
        return True
    number = digests.place_of(c, delivery, run) // PAGE
    told = deliveries.by_key(c, _page_key(digest, number)) if number else digest
    # What nobody has in hand yet is drawn from the rows once it is sent.
    if told is not None and (told.sent or told.lease_until is not None):
        deliveries.owe(c, replace(told, due_at=now, rank=1))
    return True


def _join(c: Connection, digest: Delivery, delivery_ids: Sequence[int], now: datetime) -> None:
    if not delivery_ids:
        return
    digests.absorb(c, digest.id, delivery_ids)
    count = digests.told(c, digest.id).total()
    deliveries.owe(c, replace(digest, facts={"runs": count}))
    _owe_pages(c, digest, count, digest.due_at, now)


def _owe_pages(c: Connection, digest: Delivery, count: int, due_at: datetime, now: datetime) -> None:
    """What does not fit into one message goes on in its thread, behind all that people wait for."""
    after = due_at + timedelta(seconds=THREAD_AFTER_S)
    for number in range(1, -(-count // PAGE)):
        facts = {"page": number, "thread": digest.key}
        page = _digest(digest.team_id, digest.target, _page_key(digest, number), now)
        deliveries.owe(c, replace(page, facts=facts, digest_id=digest.id, rank=2, due_at=after))


def _page_key(digest: Delivery, number: int) -> str:
    return f"{digest.key}/{number}"


def _digest(team_id: str, target: str, key: str, now: datetime) -> Delivery:
    return Delivery(
        id=0,
        team_id=team_id,
        key=key,
        kind=DeliveryKind.DIGEST,
        target=target,
        due_at=now + timedelta(seconds=GATHER_S),
        created_at=now,
    )
