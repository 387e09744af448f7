"""The courier's circuit breaker: while Slack is away nothing is sent, and one cheap question tells when it is back.

What is owed stays as it is meanwhile, in its order, and uses up no attempts.
"""

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from bot.errors import DeliveryError

log = logging.getLogger(__name__)

# One message that Slack cannot take may be at fault itself; three different ones are not. Where Slack was not reached
# at all no message is: the alarm of what was put off rings here first, and who is cut off would take it again and
# again from those who are not.
FAILURES = 3
FIRST_REST_S = 1.0
LONGEST_REST_S = 30.0  # so late at most goes what waits when Slack is back

Now = Callable[[], datetime]
Question = Callable[[], Awaitable[object]]


class Breaker:
    """Counts failures of different messages without a success in between. `ask` raises a DeliveryError while Slack
    is away."""

    def __init__(self, now: Now, ask: Question) -> None:
        self._now = now
        self._ask = ask
        self._failed: set[int] = set()
        self._rest_s = FIRST_REST_S
        self._is_half_open = False
        self.rests_until: datetime | None = None

    async def allow(self, most: int) -> int:
        """How many messages may be on their way: none, one that tries, or `most`. Slack is asked once a rest is
        over."""
        if self.rests_until is not None:
            now = self._now()
            # A clock that was ahead is set right again: no rest is longer than the longest.
            self.rests_until = min(self.rests_until, now + timedelta(seconds=LONGEST_REST_S))
            if now < self.rests_until or not await self._is_back():
                return 0
            self.rests_until, self._is_half_open = None, True
        return min(1, most) if self._is_half_open else most

    def note_success(self) -> bool:
        """Slack took a message; whether it had been away."""
        was_away, self._is_half_open = self._is_half_open, False
        self._failed.clear()
        if was_away:
            self._rest_s = FIRST_REST_S
            log.warning("Slack takes messages again; what has waited is sent now")
        return was_away

    def note_failure(self, delivery_id: int, error: DeliveryError) -> bool:
        """A message was not taken; only a Slack that did not answer, or not with sense, counts. Whether this was the
        one by which Slack is known to be away."""
        if not error.is_in_doubt and error.code != "unreachable":
            return False
        self._failed.add(delivery_id)
        if self._is_half_open:
            self._rest()
        elif self.rests_until is None and (len(self._failed) >= FAILURES or error.code == "unreachable"):
            log.warning("Slack takes no messages now (%s); they wait until it does", error.code)
            self._rest()
            return True
        return False

    async def _is_back(self) -> bool:
        try:
            await self._ask()
        except DeliveryError:
            self._rest()
            return False
        return True

    def _rest(self) -> None:
        self._is_half_open = False
        self.rests_until = self._now() + timedelta(seconds=self._rest_s)
        self._rest_s = min(2 * self._rest_s, LONGEST_REST_S)
