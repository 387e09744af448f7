"""The courier: due deliveries are claimed, rendered as things now are, sent and settled."""

import asyncio
import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial
from time import monotonic
from typing import Any

from sqlalchemy import Connection

from bot.errors import DeliveryError
from bot.loops.breaker import Breaker
from bot.loops.render import render
from bot.loops.takeback import draw_again, take_back, take_back_unheard
from bot.operations.complain import complain
from bot.operations.cut_off import note_cut_off
from bot.operations.digest import GATHER_S, gather, retell
from bot.registry import leaves
from bot.services import Services
from storage import claims, deliveries
from storage.line import Line
from storage.records import Delivery, DeliveryKind

log = logging.getLogger(__name__)

MAX_SENDING = 50
# A channel takes a message a second, the workspace an edit in 1.3 s: the rest waits as rows, where what matters more
# can still pass it, and a busy channel holds up no other.
MAX_SENDING_PER_LINE = 3
LEASE_S = 60
FIRST_PAUSE_S = 1
LONGEST_PAUSE_S = 30  # so late at most goes what waits when the destination is back
LONGEST_OWN_PAUSE_S = 300  # an error of our own does not go by itself


class Courier:
    """Sends what is owed, a bounded number at a time."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._sending: dict[int, Delivery] = {}
        self._breaker = Breaker(services.now, services.slack.check)
        self._is_disordered = False  # what was put off because Slack was away has lost its place by that
        self._gathering: dict[str, datetime] = {}  # by target: until when its digest can be joined

    async def once(self) -> int:
        """Claim what is due and begin to send it; how many. Sets the alarm for the next due delivery."""
        if self._services.slack.cut_off is not None:
            await self._note_cut_off(self._services.slack.cut_off)
            return 0
        free = await self._breaker.allow(MAX_SENDING) - len(self._sending)
        if self._breaker.rests_until is not None:
            self._services.engine.wake("courier", at=self._breaker.rests_until)
        if free <= 0:
            return 0
        claimed = await self._services.store.run(
            partial(self._claim, now=self._services.now(), free=free), line=Line.BULK
        )
        for delivery in claimed:
            again = delivery.id in self._sending
            # The lease of one that waits for its turn ran out and it is ours again: keep the newer fence.
            self._sending[delivery.id] = delivery
            if not again:
                self._services.tasks.spawn(self._deliver(delivery.id), name=f"delivery {delivery.id}")
        # What is due to a crowded line would ring at once and for ever; the end of a sending wakes us for it.
        crowded = self._crowded_lines()
        due_at = await self._services.store.read(lambda c: claims.next_delivery_at(c, crowded))
        if due_at is not None:
            self._services.engine.wake("courier", at=due_at)
        return len(claimed)

    def _claim(self, c: Connection, now: datetime, free: int) -> list[Delivery]:
        """What long lines of results hold is gathered into digests, before and after some are taken from them."""
        services, crowded = self._services, self._crowded_lines()
        over = services.settings.digest_over
        if self._is_disordered:
            claims.hasten(c)
            self._is_disordered = False
        latest = now + timedelta(seconds=GATHER_S)  # but what a clock that was ahead has noted
        gathering = {target: until for target, until in self._gathering.items() if now < until <= latest}
        lines = {*crowded, *gathering} - {claims.EDITS}
        if over is not None and lines:
            gathering |= gather(c, services.team_id, lines, over=over, now=now)
        claimed = claims.claim_deliveries(c, now, services.owner, free, LEASE_S, crowded, MAX_SENDING_PER_LINE)
        filled = _crowded(claimed) - lines - {claims.EDITS}
        if over is not None and filled:
            gathering |= gather(c, services.team_id, filled, over=over, now=now)
        self._gathering = gathering
        return claimed

    def _crowded_lines(self) -> list[str]:
        return sorted(_crowded(self._sending.values()))

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
        if delivery.kind is DeliveryKind.RUN and delivery.digest_id is not None:
            await self._services.store.run(partial(retell, delivery=delivery, now=self._services.now()))
            return
        try:
            message = await render(self._services, delivery)
            if message is None:
                await self._services.store.run(lambda c: claims.bury(c, delivery, "what it tells of is gone"))
                return
            notifier = leaves("bot.notifiers")[delivery.destination]
            receipt = await notifier.send(self._services, delivery, message, partial(self._ask_leave, delivery))
        except DeliveryError as error:
            self._is_disordered |= self._breaker.note_failure(delivery.id, error)
            if error.permanent and self._services.slack.cut_off is None:
                await self._give_up(delivery.id, error)
            else:
                await self._put_off(delivery.id, f"{error.code}: {error.message}", error)
            return
        self._is_disordered |= self._breaker.note_success()
        if not await self._settle(delivery, receipt):
            await take_back(self._services, delivery, receipt)

    async def _ask_leave(self, delivery: Delivery) -> bool:
        """Whether the message is still ours to send, noted on its row; asked again by whoever was held up since.

        What is ours anew may have been posted by another between: then it is drawn anew as well.
        """
        services = self._services
        while True:
            since, held = monotonic(), self._sending[delivery.id]
            if (held.receipt, held.asked_at) != (delivery.receipt, delivery.asked_at):
                return False
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
        """Note what was sent, again if the lease ran out and the delivery became ours anew in the very meantime; but
        where another has posted it between, theirs is the one that counts."""
        while True:
            held, now = self._sending[delivery.id], self._services.now()
            if held.receipt not in (delivery.receipt, receipt):
                return False
            settle = partial(claims.settle, delivery=held, sent=delivery.wanted, receipt=receipt, now=now)
            if await self._services.store.run(settle):
                return True
            if not await self._is_ours_anew(held):
                return False

    async def _put_off(self, delivery_id: int, why: str, error: DeliveryError | None) -> None:
        held = self._sending[delivery_id]
        # What was in doubt before stays so: only an answer tells.
        is_in_doubt = error is None or error.is_in_doubt or held.asked_at is not None
        longest_s = LONGEST_PAUSE_S if error else LONGEST_OWN_PAUSE_S
        pause_s = (error.retry_after_s if error else None) or min(FIRST_PAUSE_S * 2**held.attempts, longest_s)
        due_at = self._services.now() + timedelta(seconds=pause_s)
        retry = partial(claims.retry_delivery, delivery=held, due_at=due_at, error=why, is_in_doubt=is_in_doubt)
        is_ours = await self._services.store.run(retry)
        if is_ours or not is_in_doubt:
            return
        if (held.receipt or {}).get("ts"):
            await draw_again(self._services, held)
        else:
            await take_back_unheard(self._services, held)

    async def _give_up(self, delivery_id: int, error: DeliveryError) -> None:
        """Nothing is thrown away: the row stays, and the owner is told where the message could not go."""
        held, now = self._sending[delivery_id], self._services.now()
        log.warning("Delivery %s to %s cannot be sent: %s", held.id, held.target, error.code)
        admins = self._services.settings.admins
        await self._services.store.run(lambda c: complain(c, held, error.code, admins=admins, now=now))

    async def _note_cut_off(self, code: str) -> None:
        services = self._services
        if await services.store.run(lambda c: note_cut_off(c, services.team_id, code, now=services.now())):
            log.error(
                "Slack has taken the bot token back (%s): nothing runs and nothing is posted. "
                "Set a good SLACK_BOT_TOKEN and start again.",
                code,
            )


def _crowded(sending: Iterable[Delivery]) -> set[str]:
    lines = Counter(claims.line_of(delivery) for delivery in sending)
    return {line for line, count in lines.items() if count >= MAX_SENDING_PER_LINE}
