"""The port of an engine: it may lose or double any wake-up, and nothing is lost or doubled by that."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import datetime
from typing import Protocol, TypeAlias

Handler: TypeAlias = Callable[[Collection[int]], Awaitable[object]]
"""Is told which rows are meant; none means all that are due."""


class Engine(Protocol):
    """Wakes handlers by their kind: now, at an instant, and by a slow beat as the safety net."""

    async def start(self, handlers: Mapping[str, Handler]) -> None:
        """Begin to wake; each handler is woken once at once. They come in the order in which work passes through
        them: the beat goes from one to the next."""

    def wake(self, kind: str, ids: Collection[int] = (), *, at: datetime | None = None) -> None:
        """Wake a handler now, or at an instant (UTC); an instant replaces the earlier one of that kind. Rows that are
        named are for whoever has a hand free, in whatever process."""

    async def stop(self) -> None:
        """Wake nobody any more, and wait for the handlers that are at work."""
