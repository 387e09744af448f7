"""Facts kept for a little while, so that Slack is not asked the same thing twice a minute."""

from collections.abc import Callable
from typing import Generic, TypeVar

Key = TypeVar("Key")
Fact = TypeVar("Fact")

MOST_KEPT = 5_000  # a few MB; a workspace whose people all press at once asks again instead


class Shelf(Generic[Key, Fact]):
    """Each fact is good until its own time; when the shelf is full the oldest goes."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._facts: dict[Key, tuple[float, Fact]] = {}

    def get(self, key: Key) -> Fact | None:
        good_until, fact = self._facts.get(key, (0.0, None))
        return fact if good_until > self._monotonic() else None

    def put(self, key: Key, fact: Fact, keep_for_s: float) -> Fact:
        self._facts.pop(key, None)
        if len(self._facts) >= MOST_KEPT:
            del self._facts[next(iter(self._facts))]
        self._facts[key] = (self._monotonic() + keep_for_s, fact)
        return fact
