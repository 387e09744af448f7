"""The lookout: what should never be so in a bot that is well is told to its operators."""

import time
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection

from bot.operations.alarm import alarm
from bot.operations.health import MAX_DUE_AGE_S
from bot.services import Services
from storage import claims, vitals
from storage.records import Job

# After an outage everything is long past due for a moment: only what then stays lies.
STAYS_S = 30.0
# Every job is looked at, which takes a while where there are very many.
JOBS_EVERY_S = 600.0


class Lookout:
    """Looks every few seconds at what is due, and now and then at each job."""

    def __init__(self, services: Services, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._services = services
        self._monotonic = monotonic
        self._lying: tuple[datetime, float] | None = None  # what is past due, and since when we see it
        self._told: datetime | None = None
        self._jobs_at = monotonic() + JOBS_EVERY_S

    async def once(self) -> None:
        """Owe the alarms for what is wrong. Nothing is where Slack has taken the token back: all then stands still on
        purpose."""
        if self._services.slack.cut_off is not None:
            return
        due_at = await self._services.store.read(claims.next_due_at)
        if due_at is not None and self._is_lying(due_at):
            await self._services.store.run(lambda c: self._tell_of_slot(c, due_at))
            self._told = due_at
        if self._monotonic() >= self._jobs_at:
            self._jobs_at = self._monotonic() + JOBS_EVERY_S
            idle = await self._services.store.read(vitals.jobs_without_next)
            if idle:
                await self._services.store.run(lambda c: self._tell_of_jobs(c, idle))

    def _is_lying(self, due_at: datetime) -> bool:
        """Whether the same slot stays the oldest, long past its time, and that is news."""
        if (self._services.now() - due_at).total_seconds() <= MAX_DUE_AGE_S or due_at == self._told:
            return False
        if self._lying is None or self._lying[0] != due_at:
            self._lying = (due_at, self._monotonic())
        return self._monotonic() - self._lying[1] >= STAYS_S

    def _tell_of_slot(self, c: Connection, due_at: datetime) -> None:
        says = (
            f"finds a run that was due at {due_at:%H:%M:%S} UTC and that nobody has taken: its clock stands still. "
            "Look into the log of the server, and restart it if that tells nothing"
        )
        self._alarm(c, says, f"lying:{due_at}")

    def _tell_of_jobs(self, c: Connection, idle: list[Job]) -> None:
        for job in idle:
            says = (
                f"finds that job #{job.id} is active and has no next time, which is a fault of ours. It runs again "
                f"after `/dify pause #{job.id}` and `/dify resume #{job.id}`"
            )
            self._alarm(c, says, f"idle:{job.id}/{job.version}")

    def _alarm(self, c: Connection, says: str, occasion: str) -> None:
        services = self._services
        alarm(c, services.team_id, services.settings.admins, says, occasion=occasion, now=services.now())
        services.engine.wake("courier")
