"""The clock: what has come due is handled, and the alarm is set for what comes due next."""

import asyncio
import logging
from datetime import datetime
from functools import partial
from time import monotonic

from sqlalchemy import Connection

from bot.loops.keep import LONGEST_PAUSE_S
from bot.operations.resume import resume_due
from bot.operations.tick import Ticked, decide_apart, tick
from bot.services import Services
from storage import claims, jobs
from storage.errors import StorageError
from storage.line import Line

log = logging.getLogger(__name__)

# How many batches of a herd are handled side by side: PostgreSQL writes one while the next is decided about, and
# passes over what another has in hand. SQLite has one writer.
LANES = {"sqlite": 1, "postgresql": 2}
# A herd is let in before its first runs begin, for these would take the database and the processor from the others;
# but nobody waits for longer than this.
HERD_FIRST_S = 1.0
# When the database is back, what has ended meanwhile is ended in it first: its jobs would seem busy and skip. That
# takes as long as the longest pause between two tries to write an end.
ENDS_FIRST_S = LONGEST_PAUSE_S + 1


class Clock:
    """Turns due rows into ready ones."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def once(self) -> int:
        """Handle all that is due now; how many. Sets the alarm for the next due instant."""
        services, handled, lanes = self._services, 0, 1
        if services.slack.cut_off is not None:
            # As if nobody were here: what is missed meanwhile is walked over at the next start.
            services.pulse.beat()
            return 0
        if services.unsaved:
            await services.store.read(_next_instants)  # waits with everything else while the database is away
            await services.unsaved.settle(ENDS_FIRST_S)
        ready: list[int] = []
        told_at = monotonic()
        while True:
            now = services.now()
            ticked = await asyncio.gather(*(self._tick(now) for _ in range(lanes)))
            count = sum(one.count for one in ticked)
            handled += count
            services.pulse.beat()
            ready += [run_id for one in ticked for run_id in one.ready]
            is_full = any(one.is_full for one in ticked)
            if ready and (not is_full or monotonic() - told_at > HERD_FIRST_S):
                services.engine.wake("runner", ready)
                ready, told_at = [], monotonic()
            if is_full:
                lanes = LANES[services.store.dialect]
                continue
            lanes = 1
            run_at, resume_at = await services.store.read(_next_instants)
            resumed = 0
            if resume_at is not None and resume_at <= now:
                resumed = await services.store.run(partial(resume_due, now=now))
                handled += resumed
            if not (count or resumed) or not (_is_due(run_at, now) or _is_due(resume_at, now)):
                break
        if handled:
            services.engine.wake("courier")
        due_at = min((at for at in (run_at, resume_at) if at is not None), default=None)
        if (
            due_at is not None and due_at > now
        ):  # what is due and is left is in other hands, or waits for the next beat
            services.engine.wake("clock", at=due_at)
        return handled

    async def _tick(self, now: datetime) -> Ticked:
        store = self._services.store
        try:
            return await store.run(partial(tick, now=now), line=Line.BULK)
        except StorageError:
            raise
        except Exception:  # noqa: BLE001 - found again below, and logged with the run that it is about
            apart = await store.run(partial(decide_apart, now=now), line=Line.BULK)
        for run, error in apart.failed:
            log.error("Run %s of job %s cannot be decided about and waits", run.id, run.job_id, exc_info=error)
        return apart.ticked


def _next_instants(c: Connection) -> tuple[datetime | None, datetime | None]:
    return claims.next_due_at(c), jobs.next_resume_at(c)


def _is_due(at: datetime | None, now: datetime) -> bool:
    return at is not None and at <= now
