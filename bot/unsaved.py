"""What has ended while the database was away, and is saved as soon as it is back."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class Unsaved:
    """Knows who is trying to save an end, so that whoever decides by the rows can wait for it."""

    def __init__(self) -> None:
        self._fresh: set[asyncio.Future[None]] = set()

    def __bool__(self) -> bool:
        """Whether there is something that nobody has waited for."""
        return bool(self._fresh)

    @contextmanager
    def trying(self) -> Iterator[None]:
        """From the first try that failed until it is saved or given up."""
        saved: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._fresh.add(saved)
        try:
            yield
        finally:
            self._fresh.discard(saved)
            saved.set_result(None)

    async def settle(self, within_s: float) -> None:
        """Return when all of it is saved, or after that time; what was waited for once is never waited for again."""
        waiting, self._fresh = self._fresh, set()
        if waiting:
            await asyncio.wait(waiting, timeout=within_s)
