"""The janitor: runs whose owner died are joined again or declared lost; what has expired is thrown away; the end of a
calendar is foretold."""

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from sqlalchemy import Connection

from bot.hosts import host_of
from bot.loops.ending import end_poisoned
from bot.loops.hindsight import Hindsight
from bot.loops.lookout import Lookout
from bot.loops.runner import LEASE_S, Runner
from bot.operations.calendar_end import warn_of_calendars
from bot.operations.cut_off import erase_keys
from bot.operations.finish import finish
from bot.operations.prune import Sweep, let_go, look_for_old
from bot.operations.turn import expire_overdue
from bot.rules.retention import Retention
from bot.services import Services
from storage import ahead, claims, drafts, gates
from storage.records import Run

BATCH = 50
# A run that was in hand at the death of so many owners may be what they die of: it is joined alone, by an owner that
# has proved to live without it. When those die as well, it is what they die of.
SUSPECT_DEATHS = 3
PROVED_AFTER_S = 10.0
MAX_DEATHS = 5
# Nothing grows old within an hour, and a start has more to do than to tidy up.
FIRST_SWEEP_S, SWEEP_EVERY_S = 60.0, 3600.0
# Of each beat: one window would be 40 rows a second, and a database that gets more than that would grow for ever.
SWEEP_FOR_S = 0.1


class Janitor:
    """Looks after rows that nobody holds any more."""

    def __init__(
        self, services: Services, runner: Runner, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._services = services
        self._runner = runner
        self._monotonic = monotonic
        self._alive_since = monotonic()
        settings = services.settings
        self._retention = Retention(settings.keep_runs, settings.keep_values, settings.keep_traces)
        self._lookout = Lookout(services, monotonic=monotonic)
        self._hindsight = Hindsight(services, monotonic=monotonic)
        self._sweep, self._sweeps_at = Sweep(), monotonic() + FIRST_SWEEP_S

    async def once(self) -> int:
        """Take over what is orphaned; how many runs."""
        services = self._services
        rescued = await services.store.run(self._rescue)
        services.engine.wake("runner")
        for run in rescued:
            self._runner.rejoin(run, on_landed=partial(self._go_on, run.deaths))
        await self._prune()
        await self._lookout.once()
        self._hindsight.once()
        return len(rescued)

    def _go_on(self, deaths: int) -> None:
        """The next that is joined alone need not wait for a beat: there may be many of them."""
        if deaths >= SUSPECT_DEATHS:
            self._services.engine.wake("janitor")

    async def _prune(self) -> None:
        """Windows of old rows, for a moment; from the start again an hour after the end."""
        if self._sweep.is_over:
            if self._monotonic() < self._sweeps_at:
                return
            self._sweep, self._sweeps_at = Sweep(next_run=0, next_delivery=0), self._monotonic() + SWEEP_EVERY_S
        until = self._monotonic() + SWEEP_FOR_S
        await self._prune_window()
        while not self._sweep.is_over and self._monotonic() < until:
            await self._prune_window()

    async def _prune_window(self) -> None:
        store, now, before = self._services.store, self._services.now(), self._sweep
        self._sweep = await store.read(
            lambda c: look_for_old(
                c, self._retention, after_run=before.next_run, after_delivery=before.next_delivery, now=now
            )
        )
        if not self._sweep.is_idle:
            found = self._sweep
            await store.run(lambda c: let_go(c, found, now=now))

    def _rescue(self, c: Connection) -> Sequence[Run]:
        services, now = self._services, self._services.now()
        ahead.pull_in(c, now)
        drafts.prune(c, now)
        warn_of_calendars(c, services.team_id, now)
        gates.forget_full(c, now)
        erase_keys(c, services.team_id, now=now)
        within_s = services.settings.start_within_s
        expire_overdue(c, services.team_id, services.owner, LEASE_S, within_s=within_s, now=now)
        far = {host for host, until in self._runner.reach.shut(now).items() if until > now}
        orphans = [
            run
            for run in claims.orphans(c, now, BATCH)
            if host_of(run.base_url or "") not in far and not self._runner.holds(run.id)
        ]
        suspects = [run for run in orphans if SUSPECT_DEATHS <= run.deaths < MAX_DEATHS]
        orphans = [run for run in orphans if run not in suspects] + suspects[: self._may_join_suspect()]
        taken = (claims.rescue_run(c, run.id, services.owner, now, LEASE_S) for run in orphans)
        return [run for run in taken if run is not None and not self._settle(c, run, now)]

    def _may_join_suspect(self) -> bool:
        return self._monotonic() - self._alive_since >= PROVED_AFTER_S and not self._runner.holds_suspect(
            SUSPECT_DEATHS
        )

    def _settle(self, c: Connection, run: Run, now: datetime) -> bool:
        """Whether nothing is to be followed: Dify has not heard of it, so it waits again, or its owners die of it."""
        if run.asked_at is None:
            claims.put_back(c, run)
        elif run.deaths >= MAX_DEATHS:
            finish(c, end_poisoned().apply(run, (), now), now=now)
        else:
            return False
        return True
