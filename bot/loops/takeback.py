"""Taking back a message that another server has posted as well, once it is known that theirs is the one that
counts."""

import logging
from asyncio import sleep
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from bot.errors import DeliveryError
from bot.loops.keep import insist
from bot.registry import leaves
from bot.services import Services
from storage import deliveries
from storage.records import Delivery, DeliveryState

log = logging.getLogger(__name__)

# Whoever has it now is looking for it, or sending it: which of the two its row tells within so many looks.
LOOKS, LOOK_EVERY_S = 60, 1.0
TRIES = 5  # so often Slack is asked to take it away


async def take_back(services: Services, delivery: Delivery, receipt: Mapping[str, Any]) -> None:
    """`receipt` is of what we posted, and the row went to another meanwhile. They may have found ours in the history
    and be about to take it for theirs: it only goes away when the row knows another."""
    ours, before = receipt.get("ts"), (delivery.receipt or {}).get("ts")
    if ours == before:
        await draw_again(services, delivery)
        return
    for _ in range(LOOKS):
        row = await insist(services.store, delivery.id, lambda c: deliveries.get(c, delivery.team_id, delivery.id))
        known = (row.receipt or {}).get("ts") if row is not None else None
        if row is None or known == ours:
            return
        if known != before:
            await _delete(services, delivery, receipt)
            return
        if row.owner is None:
            return  # nobody has sent it: the next one looks for it first, and finds ours
        await sleep(LOOK_EVERY_S)


async def draw_again(services: Services, delivery: Delivery) -> None:
    """An edit of ours may have come after a newer one of its new owner, and hide it: the newest is owed once more."""

    def owe(c: Connection) -> None:
        row = deliveries.get(c, delivery.team_id, delivery.id)
        if row is not None and row.state is not DeliveryState.DEAD:
            deliveries.owe(c, replace(row, due_at=services.now()))

    log.warning("Delivery %s was edited by another as well; it is drawn again", delivery.id)
    await insist(services.store, delivery.id, owe)
    services.engine.wake("courier")


async def _delete(services: Services, delivery: Delivery, receipt: Mapping[str, Any]) -> None:
    log.warning("Delivery %s was posted by another as well; ours is taken back", delivery.id)
    for tried in range(TRIES):
        try:
            await leaves("bot.notifiers")[delivery.destination].take_back(services, receipt)
        except DeliveryError as error:
            if error.permanent or tried == TRIES - 1:
                log.warning("Delivery %s stands twice: %s", delivery.id, error.code)
                return
            await sleep(error.retry_after_s or 2.0**tried)
        else:
            return
