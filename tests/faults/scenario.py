"""A day that meets everything once: three jobs come due, one is told, one fails, is tried again and alerted, one is
told while it goes on and then stopped. Whatever is done to its database or its calls, it must end the same."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Connection, select

from bot.loops.disk import Disk
from bot.operations.stop import stop
from bot.rules.access import system
from storage import check
from storage.database import Store
from storage.errors import StorageError
from storage.records import DeliveryState, Policy, RunState
from storage.tables import deliveries, runs
from tests.loops.house import ANA, OPS, TEAM, House
from tests.makers import an_actor, save_job

JOBS = {"News": "digest", "Trouble": "broken", "Watch": "never-ending"}
INPUTS = {"digest": {"topic": "Tea"}, "broken": {}, "never-ending": {}}
# What an engine does in five seconds is done each time that the hand has moved by so much.
BEAT = timedelta(seconds=5)
DAILY = "every day at 8:00"
STEP_S, TICK_S = 0.5, 0.004
PATIENCE_S = 60.0
ENDED = [state for state in RunState if state.has_ended]


@dataclass
class Scenario:
    """`eyes` is another store over the same rows, which meets no fault."""

    house: House
    eyes: Store
    slot_at: datetime = field(init=False)
    told: list[StorageError] = field(default_factory=list)
    _stop_wished: bool = False
    _disk: Disk = field(init=False)
    _beats_at: datetime = field(init=False)

    async def prepare(self, when: str = DAILY) -> None:
        """Everything that is there before the hour strikes. The next time is a day away: however long something real
        is waited for while the hand moves, it does not come due."""
        house, by = self.house, an_actor(ANA, channels={OPS})
        self._disk = Disk(house.services)
        for name, app_name in JOBS.items():
            told: dict[str, Any] = {"app": await house.app(app_name), "inputs": INPUTS[app_name], "channel_id": OPS}
            if name == "Trouble":
                told["policy"] = Policy(retries=1)
            await house.store.run(partial(save_job, when=when, by=by, name=name, **told))
        self.slot_at = self._beats_at = house.hand.turn(hours=1)

    async def live(self) -> None:
        """Do what the engine does until nothing is open and nothing is owed."""
        async with asyncio.timeout(PATIENCE_S):
            while not await self.beat_is_the_last():
                await asyncio.sleep(TICK_S)
                self.house.hand.turn(seconds=STEP_S)
            await self.house.services.tasks.idle()

    async def beat_is_the_last(self) -> bool:
        house, rung = self.house, set(self.house.bell.rung)
        house.bell.rung.clear()
        is_beat = house.hand.now >= self._beats_at
        if is_beat:
            self._beats_at = house.hand.now + BEAT
        loops: dict[str, Callable[[], Awaitable[object]]] = {
            "clock": house.clock.once,
            "runner": house.runner.once,
            "saver": house.runner.beat,
            "courier": house.courier.once,
            "janitor": house.janitor.once,
            "disk": self._disk.once,
        }
        for kind, once in loops.items():
            if is_beat or kind in rung:
                await self.as_an_engine_would(once)
        if is_beat and not self._stop_wished:
            await self.as_an_engine_would(self._stop_watch)
        return is_beat and self._stop_wished and not await self.eyes.read(self._count_unfinished)

    async def as_an_engine_would(self, once: Callable[[], Awaitable[object]]) -> None:
        """What the store cannot do is tried again at the next beat; every other error is a bug."""
        try:
            await once()
        except StorageError as error:
            self.told.append(error)

    async def _stop_watch(self) -> None:
        """Somebody stops the endless one that goes on at Dify and says so, and presses again after an error, unless
        it was of no account: the wish stands in the row."""
        house = self.house
        if await self.eyes.read(self._is_noted):
            self._stop_wished = True
            return
        is_told = any("*Watch*" in message.text for message in house.said())
        if not is_told or not any(run.status == "running" for run in house.dify.starts(JOBS["Watch"])):
            return
        run_id = await self.eyes.read(self._find_watch)
        if run_id is not None:
            await house.store.run(lambda c: stop(c, system(TEAM), run_id, now=house.hand.now))
            self._stop_wished = True

    def _find_watch(self, c: Connection) -> int | None:
        wanted = select(runs.c.id).where(runs.c.name == "Watch", runs.c.state == RunState.RUNNING)
        return c.execute(wanted).scalar()

    def _is_noted(self, c: Connection) -> bool:
        return (
            c.execute(select(runs.c.id).where(runs.c.name == "Watch", runs.c.stop_by.is_not(None))).first()
            is not None
        )

    def _count_unfinished(self, c: Connection) -> int:
        is_open = select(runs.c.id).where(runs.c.state.not_in([*ENDED, RunState.PLANNED]))
        is_due = select(runs.c.id).where(runs.c.state == RunState.PLANNED, runs.c.due_at <= self.slot_at)
        is_owed = select(deliveries.c.id).where(deliveries.c.state == DeliveryState.OWED)
        return sum(len(c.execute(query).all()) for query in (is_open, is_due, is_owed))

    async def judge(self) -> list[str]:
        """What went wrong, in words; nothing where all is well."""
        unconfirmed = await self.eyes.read(self._count_unconfirmed)
        return [*await self.eyes.read(self._judge_rows), *self._judge_dify(unconfirmed), *self._judge_slack()]

    def _count_unconfirmed(self, c: Connection) -> int:
        """A run that was found by its name has no task that Dify could be asked to stop: people are told so."""
        return len(c.execute(select(runs.c.id).where(runs.c.reason == "unconfirmed")).all())

    def _judge_rows(self, c: Connection) -> list[str]:
        rows = c.execute(select(runs.c.name, runs.c.slot_at, runs.c.state, runs.c.reason, runs.c.fault)).all()
        slots = Counter((row.name, row.slot_at) for row in rows)
        ends = {row.name: row.state for row in rows if row.slot_at == self.slot_at}
        wanted = {"News": RunState.SUCCEEDED, "Trouble": RunState.FAILED, "Watch": RunState.STOPPED}
        wrong = [f"{name} has {count} runs at {at}" for (name, at), count in slots.items() if count != 1]
        wrong += [f"{name} is {ends.get(name)}: {rows}" for name, end in wanted.items() if ends.get(name) != end]
        return wrong + check.check(c, "here")

    def _judge_dify(self, unconfirmed: int) -> list[str]:
        states = {name: Counter(run.status for run in self.house.dify.starts(app)) for name, app in JOBS.items()}
        is_right = {
            "News": states["News"]["succeeded"] == 1 and states["News"]["running"] == 0,
            "Trouble": 1 <= states["Trouble"]["failed"] <= 2 and states["Trouble"]["running"] == 0,
            "Watch": states["Watch"]["stopped"] + unconfirmed == 1 == states["Watch"].total(),
        }
        return [f"{name} at Dify: {dict(states[name])}" for name, right in is_right.items() if not right]

    def _judge_slack(self) -> list[str]:
        said = [message.text for message in self.house.said()]
        wanted = {"*News* finished": 1, "*Watch* was stopped": 1, "*Trouble*": 2, "*Watch*": 1, "*News*": 1}
        found = {words: sum(1 for text in said if words in text) for words in wanted}
        return [f"Slack: {said}"] if found != wanted else []
