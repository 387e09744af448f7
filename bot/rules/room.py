"""How much room there is for runs: in an app, at a host, in all. Pure."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """How many runs go on at most at a time; None is as many as there are."""

    per_app: int | None = None
    per_host: int | None = None
    in_all: int | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where the runs of an app go on, and its own limit. Where Dify has lately taken no more of them than `found`,
    one more may try (`may_try`) or none."""

    host: str
    max_running: int | None = None
    found: int | None = None
    may_try: bool = False


class Room:
    """What is left of the limits, given what goes on (app id → runs). An app that nobody knows has no host."""

    def __init__(self, limits: Limits, places: Mapping[int, Place], running: Mapping[int, int]) -> None:
        self._limits = limits
        self._places = places
        self._before = Counter(running)
        self._by_app = Counter(running)
        self._by_host: Counter[str] = Counter()
        for app_id, count in running.items():
            if app_id in places:
                self._by_host[places[app_id].host] += count
        self._all = sum(running.values())

    def has(self, app_id: int) -> bool:
        """Whether one more run of the app may begin."""
        place = self._places.get(app_id)
        of_app = self._limits.per_app if place is None or place.max_running is None else place.max_running
        if _is_full(of_app, self._by_app[app_id]) or _is_full(self._limits.in_all, self._all):
            return False
        if place is None:
            return True
        found = None if place.found is None else max(place.found, self._before[app_id]) + place.may_try
        return not _is_full(found, self._by_app[app_id]) and not _is_full(
            self._limits.per_host, self._by_host[place.host]
        )

    def tries(self) -> frozenset[int]:
        """The apps of which one more goes on than Dify has lately taken."""
        return frozenset(
            app_id
            for app_id, place in self._places.items()
            if place.found is not None and self._by_app[app_id] > max(place.found, self._before[app_id])
        )

    def take(self, app_id: int) -> bool:
        """One more run of the app begins; False where there is no room for it."""
        if not self.has(app_id):
            return False
        self._count(app_id, 1)
        return True

    def running(self, app_id: int) -> int:
        """How many runs of the app go on."""
        return self._by_app[app_id]

    def leave(self, app_id: int) -> None:
        """A run that took its place has not begun."""
        self._count(app_id, -1)

    def full(self) -> frozenset[int]:
        """The apps in which there is no room."""
        return frozenset(app_id for app_id in {*self._places, *self._by_app} if not self.has(app_id))

    def _count(self, app_id: int, runs: int) -> None:
        self._by_app[app_id] += runs
        self._all += runs
        if app_id in self._places:
            self._by_host[self._places[app_id].host] += runs


def _is_full(limit: int | None, count: int) -> bool:
    return limit is not None and count >= limit
