"""The clock: due runs are admitted or closed with a reason, and the next slot is planned, in one transaction."""

from dataclasses import replace
from datetime import datetime
from functools import partial

from sqlalchemy import Connection

from bot.operations.finish import follow
from bot.operations.plan import plan_many
from bot.rules.admit import Admit, admit
from bot.services import Services
from storage import claims, jobs, runs
from storage.records import Run

# PERFORMANCE: 100 to 500 a transaction is the best rate that keeps the writer free for acks.
BATCH = 200


class Clock:
    """Turns due rows into ready ones."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def once(self) -> int:
        """Handle all that is due now; how many. Sets the alarm for the next due instant."""
        handled = 0
        while True:
            now = self._services.now()
            count = await self._services.store.run(partial(tick, now=now))
            handled += count
            if count:
                self._services.engine.wake("runner")
                self._services.engine.wake("courier")
            if count < BATCH:
                break
        self._services.pulse.beat()
        due_at = await self._services.store.read(claims.next_due_at)
        if due_at is not None:
            self._services.engine.wake("clock", at=due_at)
        return handled


def tick(c: Connection, now: datetime) -> int:
    """One batch of due runs: admitted or closed, and followed by the next slot of each job. How many there were."""
    due = claims.due_runs(c, now, BATCH)
    found = jobs.get_many(c, {run.job_id for run in due if run.job_id is not None})
    busy = runs.active_of(c, list(found))
    admitted: list[int] = []
    closed: list[Run] = []
    for run in due:
        job = found.get(run.job_id) if run.job_id is not None else None
        decision = admit(run, job, is_busy=run.job_id in busy, now=now)
        if isinstance(decision, Admit):
            admitted.append(run.id)
        else:
            claims.close_planned(c, run.id, decision.state, decision.reason, now)
            closed.append(replace(run, state=decision.state, reason=decision.reason, ended_at=now))
    if admitted:
        claims.admit(c, admitted)
    plan_many(c, list(found.values()), now, now=now)
    for run in closed:
        follow(c, run, now=now)
    return len(due)
