"""The clock: what has come due is handled, and the alarm is set for what comes due next."""

from datetime import datetime
from functools import partial

from sqlalchemy import Connection

from bot.operations.resume import resume_due
from bot.operations.tick import BATCH, tick
from bot.services import Services
from storage import claims, jobs


class Clock:
    """Turns due rows into ready ones."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def once(self) -> int:
        """Handle all that is due now; how many. Sets the alarm for the next due instant."""
        services, handled = self._services, 0
        while True:
            now = services.now()
            ticked = await services.store.run(partial(tick, now=now))
            handled += ticked.count
            if ticked.ready:
                services.engine.wake("runner", ticked.ready)
            if ticked.count == BATCH:
                continue
            run_at, resume_at = await services.store.read(_next_instants)
            resumed = 0
            if resume_at is not None and resume_at <= now:
                resumed = await services.store.run(partial(resume_due, now=now))
                handled += resumed
            if not (ticked.count or resumed) or not (_is_due(run_at, now) or _is_due(resume_at, now)):
                break
        if handled:
            services.engine.wake("courier")
        services.pulse.beat()
        due_at = min((at for at in (run_at, resume_at) if at is not None), default=None)
        if due_at is not None:
            services.engine.wake("clock", at=due_at)
        return handled


def _next_instants(c: Connection) -> tuple[datetime | None, datetime | None]:
    return claims.next_due_at(c), jobs.next_resume_at(c)


def _is_due(at: datetime | None, now: datetime) -> bool:
    return at is not None and at <= now
