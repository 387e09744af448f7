"""The engine inside this process: APScheduler as an alarm clock, with no job record of its own."""

import asyncio
import logging
from collections.abc import Mapping
from datetime import UTC, datetime

from apscheduler.executors.asyncio import AsyncIOExecutor
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.date import DateTrigger
from apscheduler.triggers.interval import IntervalTrigger

from bot.engine.port import Handler

log = logging.getLogger(__name__)

# The safety net: what a lost wake-up can cost at most.
BEAT_S = 5
# How long the work in hand may take at the end; an ordinary turn of a loop takes milliseconds.
STOP_S = 5


class EmbeddedEngine:
    """One handler of a kind is at work at a time; being woken meanwhile means once more afterwards."""

    def __init__(self, *, beat_s: float = BEAT_S) -> None:
        self._beat_s = beat_s
        self._handlers: Mapping[str, Handler] = {}
        self._asked: dict[str, asyncio.Event] = {}
        self._workers: list[asyncio.Task[None]] = []
        self._alarms: dict[str, datetime] = {}
        self._scheduler: AsyncIOScheduler | None = None

    async def start(self, handlers: Mapping[str, Handler]) -> None:
        self._handlers = handlers
        self._scheduler = AsyncIOScheduler(timezone=UTC, executors={"default": AsyncIOExecutor()})
        for kind, handler in handlers.items():
            self._asked[kind] = asyncio.Event()
            self._asked[kind].set()
            self._workers.append(asyncio.create_task(self._work(kind, handler), name=f"engine {kind}"))
        # Without this, APScheduler drops a beat that is over a second late.
        self._scheduler.add_job(
            self._beat, IntervalTrigger(seconds=self._beat_s), id="beat", misfire_grace_time=None, coalesce=True
        )
        self._scheduler.start()

    def wake(self, kind: str, *, at: datetime | None = None) -> None:
        if kind not in self._asked:
            return
        if at is None:
            self._asked[kind].set()
        elif self._scheduler is not None and self._alarms.get(kind) != at:
            self._alarms[kind] = at
            self._scheduler.add_job(
                self._ring,
                DateTrigger(at),
                args=(kind,),
                id=f"alarm {kind}",
                replace_existing=True,
                misfire_grace_time=None,
            )

    async def stop(self) -> None:
        if self._scheduler is None:
            return
        self._scheduler.shutdown(wait=False)
        self._scheduler = None
        for asked in self._asked.values():
            asked.set()  # whoever sleeps wakes up and sees that it is over
        # What is claimed and then cut off is in nobody's hands until its lease ends: let the work in hand end.
        _, late = await asyncio.wait(self._workers, timeout=STOP_S)
        for worker in late:
            worker.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        self._workers.clear()
        self._asked.clear()

    async def _beat(self) -> None:
        for asked in self._asked.values():
            asked.set()

    async def _ring(self, kind: str) -> None:
        self._alarms.pop(kind, None)
        if kind in self._asked:
            self._asked[kind].set()

    async def _work(self, kind: str, handler: Handler) -> None:
        asked = self._asked[kind]
        while True:
            await asked.wait()
            if self._scheduler is None:
                return
            asked.clear()
            try:
                await handler()
            except Exception:
                log.exception("The %s could not do its work; it will try again within %s s", kind, self._beat_s)
