"""The courier: due deliveries are claimed, rendered as things now are, sent and settled."""

import asyncio
import logging
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from time import monotonic
from typing import Any

from bot.errors import DeliveryError
from bot.loops.render import render
from bot.operations.complain import complain
from bot.registry import leaves
from bot.services import Services
from storage import claims, deliveries
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
            notifier = leaves("bot.notifiers")[delivery.destination]
            receipt = await notifier.send(self._services, delivery, message, partial(self._ask_leave, delivery.id))
        except DeliveryError as error:
            if error.permanent:
                await self._give_up(delivery.id, error)
            else:
                await self._put_off(delivery.id, f"{error.code}: {error.message}", error)
            return
        if not await self._settle(delivery, receipt):
            await self._take_back(delivery, receipt)

    async def _ask_leave(self, delivery_id: int) -> bool:
        """Whether the message is still ours to send, noted on its row; asked again by whoever was held up since."""
        services = self._services
        while True:
            since, held = monotonic(), self._sending[delivery_id]
            mark = partial(claims.mark_sending, delivery=held, now=services.now(), lease_s=LEASE_S)
            has_leave = await services.store.run(mark)
            if has_leave and monotonic() - since < LEASE_S / 2:
                return True
            if not has_leave and not await self._is_ours_anew(held):
                return False

    async def _is_ours_anew(self, held: Delivery) -> bool:
        """Whether the lease has run out and the delivery was claimed again, by us."""
        services = self._services
        row = await services.store.read(lambda c: deliveries.get(c, held.team_id, held.id))
        if row is None or row.owner != services.owner or row.fence == held.fence:
            return False
        self._sending[held.id] = row
        return True

    async def _settle(self, delivery: Delivery, receipt: Mapping[str, Any]) -> bool:
        """Note what was sent, again if the lease ran out and the delivery became ours anew in the very meantime."""
        while True:
            held, now = self._sending[delivery.id], self._services.now()
            settle = partial(claims.settle, delivery=held, sent=delivery.wanted, receipt=receipt, now=now)
            if await self._services.store.run(settle):
                return True
            if not await self._is_ours_anew(held):
                return False

    async def _take_back(self, delivery: Delivery, receipt: Mapping[str, Any]) -> None:
        """Another has the delivery: what we posted is one too many, unless it is the very one that the row knows."""
        services = self._services
        row = await services.store.read(lambda c: deliveries.get(c, delivery.team_id, delivery.id))
        ours = receipt.get("ts")
        if ours in ((delivery.receipt or {}).get("ts"), (row.receipt or {}).get("ts") if row else None):
            return
        log.warning("Delivery %s was posted by another as well; ours is taken back", delivery.id)
        await leaves("bot.notifiers")[delivery.destination].take_back(services, receipt)

    async def _put_off(self, delivery_id: int, why: str, error: DeliveryError | None) -> None:
        held = self._sending[delivery_id]
        # What was in doubt before stays so: only an answer tells.
        is_in_doubt = error is None or error.is_in_doubt or held.asked_at is not None
        pause_s = (error.retry_after_s if error else None) or min(FIRST_PAUSE_S * 2**held.attempts, LONGEST_PAUSE_S)
        due_at = self._services.now() + timedelta(seconds=pause_s)
        await self._services.store.run(lambda c: claims.retry_delivery(c, held, due_at, why, is_in_doubt=is_in_doubt))

    async def _give_up(self, delivery_id: int, error: DeliveryError) -> None:
        """Nothing is thrown away: the row stays, and the owner is told where the message could not go."""
        held, now = self._sending[delivery_id], self._services.now()
        log.warning("Delivery %s to %s cannot be sent: %s", held.id, held.target, error.code)
        admins = self._services.settings.admins
        await self._services.store.run(lambda c: complain(c, held, error.code, admins=admins, now=now))
