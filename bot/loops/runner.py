"""The runner: ready runs are claimed, started at Dify, streamed, saved as they go, and finished."""

import asyncio
import logging
from collections.abc import Callable, Collection, Coroutine, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import Connection

from bot.loops.flight import Flight
from bot.loops.heading import Heading
from bot.loops.keep import keep_progress
from bot.loops.leave import Leave
from bot.loops.logbook import LIVE_AFTER
from bot.loops.reach import Reach
from bot.operations.again import OVERTAKEN, as_it_waited, is_overtaken
from bot.operations.finish import finish
from bot.operations.show import show, show_later
from bot.operations.turn import Turn, take_turns
from bot.rules.room import Limits
from bot.services import Services
from storage import apps, claims, gates, runs
from storage.errors import StorageError
from storage.line import Line
from storage.records import App, Run, RunState
from storage.runs import pack_trace
from storage.tag import tag_of

T = TypeVar("T")

log = logging.getLogger(__name__)

LEASE_S = 15  # how long a dead owner keeps a run from being joined again
BEAT_S = 1.5  # how much of a stream a crash may cost
# These keep the writer free for acks between two groups.
SAVES_PER_TRANSACTION = 20
RENEWALS_PER_TRANSACTION = 200  # of runs of which there is nothing to save
CLAIMS_PER_TRANSACTION = 100
BOARDS_AT_ONCE = 10  # the first steps of a hundred runs in one turn of the loop hold up every ack


class Runner:
    """Holds the runs in flight of this process."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._flights: dict[int, Flight] = {}
        self._is_closed = False
        self._saving = asyncio.Lock()
        settings = services.settings
        self._limits = Limits(settings.max_per_app, settings.max_per_host, settings.max_running)
        self._leave = Leave(services, LEASE_S)
        self.reach = Reach(is_alone=not settings.is_shared)

    async def once(self, ids: Collection[int] = ()) -> int:
        """Claim ready runs, of these or of all, as many as there are free slots or as one transaction takes, and
        start them; how many."""
        await self._services.foreground.give_way()
        free = min(self._services.settings.max_streams - len(self._flights), CLAIMS_PER_TRANSACTION)
        if free <= 0 or self._is_closed:
            return 0
        claimed, opens_at, found = await self._services.store.run(lambda c: self._claim(c, free, ids), line=Line.BULK)
        for index, run in enumerate(claimed, 1):
            flight = self._make_flight(run)
            self._board(flight, flight.fly(found[run.app_id]))
            if index % BOARDS_AT_ONCE == 0:
                await asyncio.sleep(0)
        if len(claimed) == CLAIMS_PER_TRANSACTION:
            self._services.engine.wake("runner")
            return len(claimed)
        try_at = await self._services.store.read(claims.next_try_at)
        later = [at for at in (try_at, opens_at) if at is not None and at > self._services.now()]
        if later:
            self._services.engine.wake("runner", at=min(later))
        return len(claimed)

    def rejoin(self, run: Run, *, on_landed: Callable[[], None]) -> None:
        """Follow a run that another process started, as far as it can still be followed."""
        if not self._is_closed:
            flight = self._make_flight(run)
            self._board(flight, flight.rejoin()).add_done_callback(lambda _: on_landed())

    def count(self) -> int:
        """How many runs are in flight here."""
        return len(self._flights)

    def holds(self, run_id: int) -> bool:
        """Whether the run is in flight here."""
        return run_id in self._flights

    def holds_suspect(self, deaths: int) -> bool:
        """Whether a run is in flight here with which so many owners have died."""
        return any(flight.run.deaths >= deaths for flight in self._flights.values())

    async def beat(self, ids: Collection[int] = ()) -> None:
        """For all runs: save what has changed, renew leases, learn of wishes. For these: keep what Dify calls them.
        Never twice at once."""
        async with self._saving:
            if ids:
                await self._keep_names([self._flights[run_id] for run_id in ids if run_id in self._flights])
                return
            flights, now = list(self._flights.values()), self._services.now()
            await self._keep_names(flights)
            changed = [flight for flight in flights if flight.logbook.has_news(now)]
            unchanged = [flight for flight in flights if not flight.logbook.has_news(now)]
            for group in (*_groups(changed), *_groups(unchanged, RENEWALS_PER_TRANSACTION)):
                await self._save(group)

    async def idle(self) -> None:
        """Return when nothing is in flight any more."""
        await self._services.tasks.idle()

    async def close(self) -> None:
        """Hand over: claim nothing more, save, and give the leases back so that the next owner joins at once.

        What Dify has not heard of yet goes back to the runs that wait: nothing is in doubt about it.
        """
        self._is_closed = True
        async with self._saving:
            flights = [flight for flight in self._flights.values() if flight.is_flying]
            for flight in flights:
                flight.abandon()
            unasked = [flight.run for flight in flights if not flight.has_asked]
            if unasked:
                await self._services.store.run(lambda c: [claims.put_back(c, run) for run in unasked])
            for group in _groups([flight for flight in flights if flight.has_asked]):
                await self._save(group, is_handover=True)

    def _claim(
        self, c: Connection, free: int, ids: Collection[int]
    ) -> tuple[list[Run], datetime | None, dict[int, App | None]]:
        """The runs that are ours now, when a gate before others can be tried, and the apps of those runs."""
        services, now = self._services, self._services.now()
        claim = partial(self._claim_all, c, now)
        own = self.reach.shut(now)
        claimed, opens_at = take_turns(c, services.team_id, self._limits, free, claim, only=ids, now=now, own=own)
        found = {app_id: apps.get(c, services.team_id, app_id) for app_id in {run.app_id for run in claimed}}
        return claimed, opens_at, found

    def _claim_all(self, c: Connection, now: datetime, turns: Sequence[Turn]) -> list[Run]:
        services, ways = self._services, {turn.run_id: turn.way for turn in turns}
        begun = []
        for run in claims.claim_runs(c, list(ways), services.owner, now, LEASE_S):
            reason = "before it began" if run.stop_by is not None else OVERTAKEN if is_overtaken(c, run) else None
            if reason is not None:
                finish(c, replace(as_it_waited(run), state=RunState.STOPPED, reason=reason, ended_at=now), now=now)
                continue
            way = ways[run.id]
            if way.is_try:
                gates.begin_probe(c, way.host, now)
                self.reach.begin_try(way.host, now)
            tag = tag_of(services.installation, run.key, run.attempts)
            begun.append(replace(run, tag=tag, base_url=way.base_url or None))
        claims.name_attempts(c, begun)
        show_later(c, begun, now=now, due_at=now + LIVE_AFTER)
        return begun

    def _make_flight(self, run: Run) -> Flight:
        return Flight(
            self._services,
            run,
            on_started=partial(self._wake_saver, run.id),
            leave=self._leave.ask,
            head=partial(Heading, services=self._services, limits=self._limits, reach=self.reach),
        )

    def _board(self, flight: Flight, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        self._flights[flight.run.id] = flight
        task = self._services.tasks.spawn(work, name=f"run {flight.run.id}")
        task.add_done_callback(lambda _: self._land(flight))
        return task

    def _land(self, flight: Flight) -> None:
        # Its next attempt may have been claimed before this one was over.
        if self._flights.get(flight.run.id) is flight:
            del self._flights[flight.run.id]
        self._services.engine.wake("runner")

    def _wake_saver(self, run_id: int) -> None:
        """Its name is kept at once, for without it a heir would have to search; all else waits for the beat."""
        self._services.engine.wake("saver", (run_id,))

    async def _keep_names(self, flights: Sequence[Flight]) -> None:
        owing = [flight.logbook for flight in flights if flight.is_flying and flight.logbook.is_name_owed]
        for group in _groups(owing, CLAIMS_PER_TRANSACTION):
            named = [book.first_words() for book in group]
            try:
                await self._services.store.run(partial(claims.save_progress, flights=named), line=Line.LEASES)
            except StorageError:
                for book in group:
                    book.is_name_owed = True
                raise

    async def _save(self, group: Sequence[Flight], *, is_handover: bool = False) -> None:
        services, now = self._services, self._services.now()
        changed = [
            flight.logbook for flight in group if (flight.is_flying or is_handover) and flight.logbook.has_news(now)
        ]
        snapshots = [book.snapshot() for book in changed]
        shown = {book.run.id: book.run for book in changed if book.begin_showing(now)}
        blobs = await asyncio.to_thread(lambda: [pack_trace(shot.spans) for shot in snapshots])

        def write(c: Connection) -> tuple[set[int], dict[int, str]]:
            for run_id in keep_progress(c, snapshots, blobs) & shown.keys():
                show(c, shown[run_id], now=now, rank=2)
            if is_handover:
                claims.hand_over(c, services.owner, [flight.run.id for flight in group], now)
                return set(), {}
            fences = {flight.run.id: flight.run.fence for flight in group if flight.is_flying}
            return claims.renew(c, services.owner, fences, now, LEASE_S), runs.stop_wishes(c, list(fences))

        try:
            held, wishes = await services.store.run(write, line=Line.LEASES)
        except StorageError:
            for book in changed:
                book.is_changed = True
            raise
        for flight in group:
            if not flight.is_flying:
                continue
            if flight.run.id not in held:
                log.warning("Run %s was taken over by another process", flight.run.id)
                flight.lose()
            elif flight.run.id in wishes:
                flight.wish_stop(wishes[flight.run.id])
        if shown:
            services.engine.wake("courier")


def _groups(all_of_them: Sequence[T], size: int = SAVES_PER_TRANSACTION) -> list[Sequence[T]]:
    return [all_of_them[start : start + size] for start in range(0, len(all_of_them), size)]
