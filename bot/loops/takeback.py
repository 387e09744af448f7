"""Taking back a message that another server has posted as well, once it is known that theirs is the one that
counts."""

import logging
from asyncio import sleep
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from sqlalchemy import Connection

from bot.errors import DeliveryError
from bot.loops.keep import insist
from bot.registry import leaves
from bot.services import Services
from storage import deliveries
from storage.records import Delivery, DeliveryState

T = TypeVar("T")

log = logging.getLogger(__name__)

# Whoever has it now is looking for it, or sending it: which of the two its row tells in the end, and that may take as
# long as Slack does not answer them either. The looks become rarer; all together are half an hour.
LOOKS, LOOK_EVERY_S, LONGEST_LOOK_S = 60, 1.0, 30.0
LATE_S = (0.0, 2.0, 5.0)  # when we look for what may still come to stand
TRIES = 5  # so often Slack is asked to take it away


async def take_back(services: Services, delivery: Delivery, receipt: Mapping[str, Any]) -> None:
    """`receipt` is of what we posted, and the row went to another meanwhile. They may have found ours in the history
    and be about to take it for theirs: it only goes away when the row knows another."""
    ours = receipt.get("ts")
    if ours == (delivery.receipt or {}).get("ts"):
        await draw_again(services, delivery)
    elif await _know_other(services, delivery) not in (None, ours):
        await _insist(delivery, lambda: leaves("bot.notifiers")[delivery.destination].take_back(services, receipt))


async def take_back_unheard(services: Services, delivery: Delivery) -> None:
    """As `take_back`, where Slack has not answered whether ours was posted: it may come to stand a little later."""
    known = await _know_other(services, delivery)
    if known is None:
        return
    seek = leaves("bot.notifiers")[delivery.destination].take_back_unheard
    thread_ts = await insist(services, f"message {delivery.id}", lambda c: _thread_of(c, delivery))
    for pause_s in LATE_S:
        await sleep(pause_s)
        if await _insist(delivery, lambda: seek(services, delivery, known, thread_ts)):
            return


async def _know_other(services: Services, delivery: Delivery) -> str | None:
    """The message that the row knows by now and did not know when we had it; None where nobody has sent another."""
    before = (delivery.receipt or {}).get("ts")
    for look in range(LOOKS):
        row = await insist(
            services, f"message {delivery.id}", lambda c: deliveries.get(c, delivery.team_id, delivery.id)
        )
        known = (row.receipt or {}).get("ts") if row is not None else None
        if known != before:
            return str(known)
        if row is None or row.state is DeliveryState.DEAD:
            return None
        await sleep(min(LOOK_EVERY_S * 2**look, LONGEST_LOOK_S))
    return None


def _thread_of(c: Connection, delivery: Delivery) -> str | None:
    root = deliveries.by_key(c, delivery.facts["thread"]) if "thread" in delivery.facts else None
    return (root.receipt or {}).get("ts") if root is not None else None


async def draw_again(services: Services, delivery: Delivery) -> None:
    """An edit of ours may have come after a newer one of its new owner, and hide it: the newest is owed once more."""

    def owe(c: Connection) -> None:
        row = deliveries.get(c, delivery.team_id, delivery.id)
        if row is not None and row.state is not DeliveryState.DEAD:
            deliveries.owe(c, replace(row, due_at=services.now()))

    log.warning("Delivery %s was edited by another as well; it is drawn again", delivery.id)
    await insist(services, f"message {delivery.id}", owe)
    services.engine.wake("courier")


async def _insist(delivery: Delivery, deed: Callable[[], Awaitable[T]]) -> T | None:
    log.warning("Delivery %s was posted by another as well; ours is taken back", delivery.id)
    for tried in range(TRIES):
        try:
            return await deed()
        except DeliveryError as error:
            if error.permanent or tried == TRIES - 1:
                log.warning("Delivery %s may stand twice: %s", delivery.id, error.code)
                return None
            await sleep(error.retry_after_s or 2.0**tried)
    return None
