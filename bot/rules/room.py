"""How much room there is for runs, in an app, at a host, in all; and where a run that finds room goes. Pure."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from bot.rules.route import FIRST, ROUND, in_turn


@dataclass(frozen=True, slots=True)
class Limits:
    """How many runs go on at most at a time; None is as many as there are."""

    per_app: int | None = None
    per_host: int | None = None
    in_all: int | None = None


@dataclass(frozen=True, slots=True)
class Way:
    """An address and its host; `is_try` where the run is the one that tries whether the host answers again."""

    base_url: str
    host: str
    is_try: bool = False


NOWHERE = Way("", "")  # the way of an app that has been removed


@dataclass(frozen=True, slots=True)
class Place:
    """Where the runs of an app go on (address → host, in order, and as App says), and its own limit. Where Dify has
    lately taken no more of them than `found`, one more may try (`may_try`) or none."""

    hosts: Mapping[str, str]
    routing: str = FIRST
    last_url: str | None = None
    max_running: int | None = None
    found: int | None = None
    may_try: bool = False


class Room:
    """What is left of the limits, given what goes on (app id and host → runs), the hosts that nobody asks now
    (`shut`) and those that one run may try. An app that nobody knows has no host."""

    def __init__(
        self,
        limits: Limits,
        places: Mapping[int, Place],
        running: Mapping[tuple[int, str], int],
        *,
        shut: Collection[str] = (),
        to_try: Collection[str] = (),
    ) -> None:
        self._limits = limits
        self._places = places
        self._by_app: Counter[int] = Counter()
        self._by_host: Counter[str] = Counter()
        for (app_id, host), count in running.items():
            self._by_app[app_id] += count
            self._by_host[host] += count
        self._before = Counter(self._by_app)
        self._all = self._by_app.total()
        self._shut = set(shut)
        self._to_try = set(to_try)
        self._last = {app_id: place.last_url for app_id, place in places.items()}

    def has(self, app_id: int) -> bool:
        """Whether one more run of the app may begin."""
        return self._find(app_id) is not None

    def take(self, app_id: int) -> Way | None:
        """One more run of the app begins, and where; None where there is no room for it."""
        way = self._find(app_id)
        if way is None:
            return None
        self._count(app_id, way, 1)
        if app_id in self._last:
            self._last[app_id] = way.base_url
        if way.host not in self._to_try:
            return way
        self._to_try.remove(way.host)
        self._shut.add(way.host)
        return replace(way, is_try=True)

    def leave(self, app_id: int, way: Way) -> None:
        """A run that took its place has not begun."""
        self._count(app_id, way, -1)

    def tries(self) -> frozenset[int]:
        """The apps of which one more goes on than Dify has lately taken."""
        return frozenset(
            app_id
            for app_id, place in self._places.items()
            if place.found is not None and self._by_app[app_id] > max(place.found, self._before[app_id])
        )

    def turned(self) -> dict[int, str]:
        """The apps for which it matters where their last run went, and that it went elsewhere than the one before."""
        return {
            app_id: url
            for app_id, url in sorted(self._last.items())
            if url is not None and url != self._places[app_id].last_url and _has_turns(self._places[app_id])
        }

    def running(self, app_id: int) -> int:
        """How many runs of the app go on."""
        return self._by_app[app_id]

    def full(self) -> frozenset[int]:
        """The apps in which there is no room."""
        return frozenset(app_id for app_id in {*self._places, *self._by_app} if not self.has(app_id))

    def _find(self, app_id: int) -> Way | None:
        place = self._places.get(app_id)
        of_app = self._limits.per_app if place is None or place.max_running is None else place.max_running
        if _is_full(of_app, self._by_app[app_id]) or _is_full(self._limits.in_all, self._all):
            return None
        if place is None:
            return NOWHERE
        found = None if place.found is None else max(place.found, self._before[app_id]) + place.may_try
        return None if _is_full(found, self._by_app[app_id]) else self._choose(place, self._last[app_id])

    def _choose(self, place: Place, last_url: str | None) -> Way | None:
        """The first in turn that can be reached. A full one is waited for, but by those that take turns anyway."""
        for url in in_turn(tuple(place.hosts), place.routing, last_url):
            host = place.hosts[url]
            if host in self._shut:
                continue
            if not _is_full(self._limits.per_host, self._by_host[host]):
                return Way(url, host)
            if place.routing != ROUND:
                return None
        return None

    def _count(self, app_id: int, way: Way, runs: int) -> None:
        self._by_app[app_id] += runs
        self._by_host[way.host] += runs
        self._all += runs


def _has_turns(place: Place) -> bool:
    return place.routing != FIRST and len(place.hosts) > 1


def _is_full(limit: int | None, count: int) -> bool:
    return limit is not None and count >= limit
