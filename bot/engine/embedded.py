"""The engine inside this process: APScheduler as an alarm clock, with no job record of its own."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic

from apscheduler.executors.asyncio import AsyncIOExecutor
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.date import DateTrigger
from apscheduler.triggers.interval import IntervalTrigger

from bot.engine.port import Handler
from storage.errors import StorageError

log = logging.getLogger(__name__)

# The safety net: what a lost wake-up can cost at most.
BEAT_S = 5
# How long the work in hand may take at the end; an ordinary turn of a loop takes milliseconds.
STOP_S = 5


@dataclass(slots=True)
class Bell:
    """What a handler is to look at when it is woken."""

    rung: asyncio.Event = field(default_factory=asyncio.Event)
    heard: asyncio.Event = field(default_factory=asyncio.Event)
    ids: set[int] = field(default_factory=set)
    is_sweep: bool = False

    def ring(self, ids: Collection[int] = ()) -> None:
        self.ids.update(ids)
        self.is_sweep = self.is_sweep or not ids
        self.heard.clear()
        self.rung.set()

    def take(self) -> Collection[int]:
        """The rows that are meant; none means all that are due."""
        ids = () if self.is_sweep else frozenset(self.ids)
        self.ids.clear()
        self.is_sweep = False
        self.rung.clear()
        return ids


def machine_time() -> datetime:
    return datetime.now(UTC)


class EmbeddedEngine:
    """One handler of a kind is at work at a time; being woken meanwhile means once more afterwards. The handlers come
    in the order in which work passes through them.

    `now` is the time by which instants are meant. It may be another than the machine's, by which APScheduler goes: an
    alarm that rang too early would be set again at once, and so on until its time has come.
    """

    def __init__(self, *, beat_s: float = BEAT_S, now: Callable[[], datetime] = machine_time) -> None:
        self._beat_s = beat_s
        self._now = now
        self._handlers: Mapping[str, Handler] = {}
        self._bells: dict[str, Bell] = {}
        self._workers: list[asyncio.Task[None]] = []
        self._alarms: dict[str, datetime] = {}
        self._scheduler: AsyncIOScheduler | None = None

    async def start(self, handlers: Mapping[str, Handler]) -> None:
        self._handlers = handlers
        self._scheduler = AsyncIOScheduler(timezone=UTC, executors={"default": AsyncIOExecutor()})
        for kind, handler in handlers.items():
            self._bells[kind] = Bell()
            self._bells[kind].ring()
            self._workers.append(asyncio.create_task(self._work(kind, handler), name=f"engine {kind}"))
        # Without this, APScheduler drops a beat that is over a second late.
        self._scheduler.add_job(
            self._beat, IntervalTrigger(seconds=self._beat_s), id="beat", misfire_grace_time=None, coalesce=True
        )
        self._scheduler.start()

    def wake(self, kind: str, ids: Collection[int] = (), *, at: datetime | None = None) -> None:
        if kind not in self._bells:
            return
        if at is None:
            self._bells[kind].ring(ids)
        elif self._scheduler is not None and self._alarms.get(kind) != at:
            self._alarms[kind] = at
            wait = at - self._now()
            self._scheduler.add_job(
                self._ring,
                DateTrigger(machine_time() + wait),
                args=(kind,),
                id=f"alarm {kind}",
                replace_existing=True,
                misfire_grace_time=None,
            )

    async def stop(self) -> None:
        if self._scheduler is None:
            return
        scheduler, self._scheduler = self._scheduler, None
        scheduler.pause()
        for bell in self._bells.values():
            bell.rung.set()  # whoever sleeps wakes up and sees that it is over
        # What is claimed and then cut off is in nobody's hands until its lease ends: let the work in hand end.
        late = (await asyncio.wait(self._workers, timeout=STOP_S))[1] if self._workers else set()
        for worker in late:
            worker.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        self._workers.clear()
        self._bells.clear()
        scheduler.shutdown(wait=False)  # a beat that it cut off would be logged as an error, with a stack trace

    async def _beat(self) -> None:
        """One kind after the other, so that what one lets in is found by the next in the same beat. Whoever takes
        long at his work is not waited for."""
        ends_at = monotonic() + self._beat_s / 2
        for bell in list(self._bells.values()):
            if self._scheduler is None:
                return
            bell.ring()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, ends_at - monotonic())):
                    await bell.heard.wait()

    async def _ring(self, kind: str) -> None:
        self._alarms.pop(kind, None)
        if kind in self._bells:
            self._bells[kind].ring()

    async def _work(self, kind: str, handler: Handler) -> None:
        bell = self._bells[kind]
        while True:
            if not bell.rung.is_set():
                bell.heard.set()
            await bell.rung.wait()
            if self._scheduler is None:
                bell.heard.set()
                return
            try:
                await handler(bell.take())
            except StorageError as error:
                log.warning("The %s waits for the database: %s", kind, error)
            except Exception:
                log.exception("The %s could not do its work; it will try again within %s s", kind, self._beat_s)
