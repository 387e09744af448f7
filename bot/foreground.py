"""What a person waits for goes before the runs of a herd: the same processor serves both, and an ack has no time."""

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

# Persons without a pause between them hold nothing up for longer; a start is no later than that.
PATIENCE_S = 0.2
# Whoever was held up takes his next step at once: fifty in one turn of the loop would hold up the next person.
LET_IN_AT_ONCE = 3


class Foreground:
    """Counts the persons that are being served by this process."""

    def __init__(self) -> None:
        self._served = 0
        self._held_up: deque[asyncio.Future[None]] = deque()

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Around whatever a person waits for."""
        self._served += 1
        try:
            yield
        finally:
            self._served -= 1
            self._let_in()

    async def give_way(self) -> None:
        """Before a step that can wait: return when nobody is being served, after `PATIENCE_S` at the latest."""
        if not self._served:
            return
        loop = asyncio.get_running_loop()
        held_up: asyncio.Future[None] = loop.create_future()
        self._held_up.append(held_up)
        timer = loop.call_later(PATIENCE_S, _go, held_up)
        try:
            await held_up
        finally:
            timer.cancel()

    def _let_in(self) -> None:
        if self._served or not self._held_up:
            return
        for _ in range(min(LET_IN_AT_ONCE, len(self._held_up))):
            _go(self._held_up.popleft())
        asyncio.get_running_loop().call_soon(self._let_in)


def _go(held_up: asyncio.Future[None]) -> None:
    if not held_up.done():
        held_up.set_result(None)
