"""A request on its way: it arrives whatever becomes of its sender, and so may its answer not."""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

from tests.simulation.timeline import Timeline

T = TypeVar("T")


class Sent(Generic[T]):
    """What was sent and may be answered. Made in the loop of who sends it."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()

    def arrive(self, after_s: float, take: Callable[[], T], back_s: float) -> None:
        """It is taken after a while, and the answer travels back."""

        def arrived() -> None:
            answer = take()
            self._timeline.after(back_s, lambda: self._give(answer))

        self._timeline.after(after_s, arrived)

    def vanish(self, after_s: float, take: Callable[[], object]) -> None:
        """It is taken, and nobody is told."""
        self._timeline.after(after_s, take)

    async def answer(self, patience_s: float) -> T:
        """Raises TimeoutError."""
        async with asyncio.timeout(patience_s):
            return await self._answer

    def _give(self, answer: T) -> None:
        if not self._answer.done():
            self._answer.set_result(answer)
