"""An engine of virtual time that loses wake-ups, doubles them, and tells other processes of rows late or never."""

import asyncio
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from bot.engine.embedded import Bell
from bot.engine.port import Handler

if TYPE_CHECKING:
    from tests.simulation.process import Process

LATEST_S = 2.0  # how late a doubled wake-up comes
# Slower than the real one: half of what an idle world costs is its beat, and a wake-up that is lost matters more.
BEAT_S = 10.0


class ShakyEngine:
    """One handler of a kind is at work at a time; only the beat is sure."""

    def __init__(self, process: "Process") -> None:
        self._process = process
        self._bells: dict[str, Bell] = {}
        self._alarms: dict[str, tuple[datetime, asyncio.TimerHandle]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._is_over = False

    async def start(self, handlers: Mapping[str, Handler]) -> None:
        for kind, handler in handlers.items():
            self._bells[kind] = Bell()
            self._bells[kind].ring()
            self._tasks.append(asyncio.create_task(self._work(kind, handler), name=f"engine {kind}"))
        self._tasks.append(asyncio.create_task(self._beat(), name="beat"))

    def wake(self, kind: str, ids: Collection[int] = (), *, at: datetime | None = None) -> None:
        dice, faults, loop = self._process.world.dice, self._process.world.faults, self._process.loop
        if kind not in self._bells or dice.random() < faults.drop:
            return
        if at is not None:
            self._set_alarm(kind, at)
            return
        if ids and (other := self._process.world.anybody()) is not None:
            other.hear(kind, ids)
        else:
            self._bells[kind].ring(ids)
        if dice.random() < faults.double:
            loop.call_later(dice.uniform(0, LATEST_S), self.ring, kind, ids)

    def ring(self, kind: str, ids: Collection[int] = ()) -> None:
        if not self._is_over and kind in self._bells:
            self._bells[kind].ring(ids)

    async def stop(self) -> None:
        self._is_over = True
        for bell in self._bells.values():
            bell.rung.set()
        self._tasks.pop().cancel()
        late = (await asyncio.wait(self._tasks, timeout=5))[1]
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    def _set_alarm(self, kind: str, at: datetime) -> None:
        known = self._alarms.get(kind)
        if known is not None:
            if known[0] == at:
                return
            known[1].cancel()
        wait_s = max(0.0, (at - self._process.now()).total_seconds())
        self._alarms[kind] = at, self._process.loop.call_later(wait_s, self._alarm, kind)

    def _alarm(self, kind: str) -> None:
        self._alarms.pop(kind, None)
        self.ring(kind)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT_S)
            for kind in self._bells:
                self.ring(kind)

    async def _work(self, kind: str, handler: Handler) -> None:
        bell = self._bells[kind]
        while True:
            await bell.rung.wait()
            if self._is_over:
                return
            try:
                await handler(bell.take())
            except Exception as error:  # noqa: BLE001 - it is tried again at the next beat
                self._process.world.note_error(error)
