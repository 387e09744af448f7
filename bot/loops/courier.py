"""The courier: due deliveries are claimed, rendered as things now are, sent and settled."""

import asyncio
import logging
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from bot.errors import DeliveryError
from bot.loops.render import render
from bot.operations.complain import complain
from bot.registry import leaves
from bot.services import Services
from storage import claims
from storage.records import Delivery

log = logging.getLogger(__name__)

MAX_SENDING = 50
MAX_SENDING_PER_TARGET = 3  # a channel takes a message a second; one busy channel must not hold up the others
LEASE_S = 60
FIRST_PAUSE_S = 1
LONGEST_PAUSE_S = 300


class Courier:
    """Sends what is owed, a bounded number at a time."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._sending: dict[int, Delivery] = {}

    async def once(self) -> int:
        """Claim what is due and begin to send it; how many. Sets the alarm for the next due delivery."""
        services = self._services
        free = MAX_SENDING - len(self._sending)
        if free <= 0:
            return 0
        crowded = self._crowded_targets()
        claimed = await services.store.run(
            lambda c: claims.claim_deliveries(c, services.now(), services.owner, free, LEASE_S, crowded)
        )
        for delivery in claimed:
            again = delivery.id in self._sending
            # The lease of one that waits for its turn ran out and it is ours again: keep the newer fence.
            self._sending[delivery.id] = delivery
            if not again:
                services.tasks.spawn(self._deliver(delivery.id), name=f"delivery {delivery.id}")
        # What is due to a crowded target would ring at once and for ever; the end of a sending wakes us for it.
        crowded = self._crowded_targets()
        due_at = await services.store.read(lambda c: claims.next_delivery_at(c, crowded))
        if due_at is not None:
            services.engine.wake("courier", at=due_at)
        return len(claimed)

    def _crowded_targets(self) -> list[str]:
        targets = [delivery.target for delivery in self._sending.values()]
        return [target for target in set(targets) if targets.count(target) >= MAX_SENDING_PER_TARGET]

    async def _deliver(self, delivery_id: int) -> None:
        delivery = self._sending[delivery_id]
        try:
            await self._send(delivery)
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("Delivery %s could not be sent", delivery_id)
            await self._put_off(delivery_id, "an error of our own; see the log", None)
        finally:
            del self._sending[delivery_id]
            self._services.engine.wake("courier")

    async def _send(self, delivery: Delivery) -> None:
        message = await render(self._services, delivery)
        if message is None:
            await self._services.store.run(lambda c: claims.bury(c, delivery, "what it tells of is gone"))
            return
        try:
            receipt = await leaves("bot.notifiers")[delivery.destination].send(self._services, delivery, message)
        except DeliveryError as error:
            if error.permanent:
                await self._give_up(delivery.id, error)
            else:
                await self._put_off(delivery.id, f"{error.code}: {error.message}", error.retry_after_s)
            return
        await self._settle(delivery, receipt)

    async def _settle(self, delivery: Delivery, receipt: Mapping[str, Any]) -> None:
        """Note what was sent, again if the lease ran out and the delivery became ours anew in the very meantime."""
        fence = -1
        while (held := self._sending[delivery.id]).fence != fence:
            fence, now = held.fence, self._services.now()
            settle = partial(claims.settle, delivery=held, sent=delivery.wanted, receipt=receipt, now=now)
            if await self._services.store.run(settle):
                return

    async def _put_off(self, delivery_id: int, why: str, retry_after_s: float | None) -> None:
        held = self._sending[delivery_id]
        pause_s = retry_after_s or min(FIRST_PAUSE_S * 2**held.attempts, LONGEST_PAUSE_S)
        due_at = self._services.now() + timedelta(seconds=pause_s)
        await self._services.store.run(lambda c: claims.retry_delivery(c, held, due_at, why))

    async def _give_up(self, delivery_id: int, error: DeliveryError) -> None:
        """Nothing is thrown away: the row stays, and the owner is told where the message could not go."""
        held, now = self._sending[delivery_id], self._services.now()
        log.warning("Delivery %s to %s cannot be sent: %s", held.id, held.target, error.code)
        await self._services.store.run(lambda c: complain(c, held, error.code, now=now))
