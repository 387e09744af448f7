"""Counts what a bot asks of its database: transactions, statements, and by which loop."""

import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine, event

from storage.database import Store

# Files that only pass the work of others on.
PASSING = ("keep.py",)


class Ledger:
    """Stands before the store; from the moment on in which it is opened."""

    def __init__(self, store: Store) -> None:
        self._counts: Counter[str] = Counter()
        self._run, self._read = store.run, store.read
        store.run, store.read = self._count_run, self._count_read  # type: ignore[method-assign]
        event.listen(Engine, "before_cursor_execute", self._count_statement)

    def take(self) -> dict[str, int]:
        """How many of each since the last time: `write FILE`, `read FILE` and `statements`."""
        told, self._counts = dict(self._counts), Counter()
        return told

    async def _count_run(self, work: Callable[..., Any]) -> Any:
        self._counts[f"write {_who_asks()}"] += 1
        return await self._run(work)

    async def _count_read(self, work: Callable[..., Any]) -> Any:
        self._counts[f"read {_who_asks()}"] += 1
        return await self._read(work)

    def _count_statement(self, *_: Any) -> None:
        self._counts["statements"] += 1


def _who_asks() -> str:
    """The file that asked, which is that of the loop."""
    frame = sys._getframe(2)
    while frame.f_back is not None and frame.f_code.co_filename.endswith(PASSING):
        frame = frame.f_back
    return frame.f_code.co_filename.rpartition("/")[2].removesuffix(".py")
