"""Garbage collection that holds up no ack: small collections as always, a whole one only when little goes on."""

import gc
import logging
import time
from collections.abc import Callable

log = logging.getLogger(__name__)

# Objects that came to be since, and so many such rounds, before they are looked at.
YOUNG, ROUNDS = 5_000, 10
# With 2,000 streams, a whole collection in the midst of their opening takes 200 ms: it has its own time, below.
NEVER = 1_000_000
EVERY_S = 600.0  # cycles that live so long are few
AT_LEAST_EVERY_S = 3_600.0  # however much goes on
CALM = 50  # runs in flight; what a whole collection takes grows with them


def settle_memory() -> None:
    """What stands now stays: no collection need look at it any more. What comes is looked at while it is young."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, ROUNDS, NEVER)


class Memory:
    """Finds what only cycles still hold; `busy` tells how many runs are in flight."""

    def __init__(
        self,
        busy: Callable[[], int],
        *,
        monotonic: Callable[[], float] = time.monotonic,
        collect: Callable[[], int] = gc.collect,
    ) -> None:
        self._busy = busy
        self._monotonic = monotonic
        self._collect = collect
        self._tidied_at = monotonic()

    async def once(self) -> None:
        """A whole collection where it is time for one."""
        waited_s = self._monotonic() - self._tidied_at
        if waited_s < EVERY_S or (self._busy() > CALM and waited_s < AT_LEAST_EVERY_S):
            return
        self._tidied_at = self._monotonic()
        found = self._collect()
        log.debug("Garbage collection has found %s objects", found)
