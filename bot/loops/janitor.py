"""The janitor: runs whose owner died are joined again or declared lost; what has expired is thrown away; the end of a
calendar is foretold."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from bot.loops.ending import end_poisoned
from bot.loops.runner import LEASE_S, Runner
from bot.operations.calendar_end import warn_of_calendars
from bot.operations.finish import finish
from bot.services import Services
from storage import claims, drafts
from storage.records import Run

BATCH = 50
# A run that was in hand at the death of so many owners is what they die of.
MAX_DEATHS = 5


class Janitor:
    """Looks after rows that nobody holds any more."""

    def __init__(self, services: Services, runner: Runner) -> None:
        self._services = services
        self._runner = runner

    async def once(self) -> int:
        """Take over what is orphaned; how many runs."""
        services = self._services
        rescued = await services.store.run(self._rescue)
        services.engine.wake("runner")
        for run in rescued:
            self._runner.rejoin(run)
        return len(rescued)

    def _rescue(self, c: Connection) -> Sequence[Run]:
        services, now = self._services, self._services.now()
        drafts.prune(c, now)
        warn_of_calendars(c, services.team_id, now)
        orphans = [run for run in claims.orphans(c, now, BATCH) if not self._runner.holds(run.id)]
        taken = (claims.rescue_run(c, run.id, services.owner, now, LEASE_S) for run in orphans)
        return [run for run in taken if run is not None and not self._settle(c, run, now)]

    def _settle(self, c: Connection, run: Run, now: datetime) -> bool:
        """Whether nothing is to be followed: Dify has not heard of it, so it waits again, or its owners die of it."""
        if run.asked_at is None:
            claims.put_back(c, run)
        elif run.deaths >= MAX_DEATHS:
            finish(c, end_poisoned().apply(run, (), now), now=now)
        else:
            return False
        return True
