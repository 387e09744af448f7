"""The port of an engine: it may lose or double any wake-up, and nothing is lost or doubled by that."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Protocol, TypeAlias

Handler: TypeAlias = Callable[[], Awaitable[object]]


class Engine(Protocol):
    """Wakes handlers by their kind: now, at an instant, and by a slow beat as the safety net."""

    async def start(self, handlers: Mapping[str, Handler]) -> None:
        """Begin to wake; each handler is woken once at once."""

    def wake(self, kind: str, *, at: datetime | None = None) -> None:
        """Wake a handler now, or at an instant (UTC); an instant replaces the earlier one of that kind."""

    async def stop(self) -> None:
        """Wake nobody any more, and wait for the handlers that are at work."""
