"""The real bot as a child: built, started and asked for what only it can do or tell."""

import cProfile
import os
import pstats
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from benchmarks.rig.child import Child, Line, start
from benchmarks.rig.hooks import count_saves, note_first_events
from benchmarks.rig.ledger import Ledger
from benchmarks.rig.noise import Collections, Heart
from bot import process, schedules
from bot.app import Bot, build
from bot.log import set_up_log
from bot.memory import settle_memory
from bot.operations.connect import connect
from bot.operations.find import find_app
from bot.operations.launch import launch_app
from bot.operations.plan import plan_first, planned_run
from bot.rules.access import Actor, system
from bot.schedules.kind import Slot
from bot.settings import read
from storage import jobs, runs
from storage.records import Job, Schedule

OWNER = "U0ANA"
MINUTE_S = 60
SHOWN = 35


def start_bot(
    environ: Mapping[str, str], base_url: str, keys: Mapping[str, str]
) -> AbstractAsyncContextManager[Child]:
    """The bot as a child, on the event loop that `serve` has."""
    return start(run_bot, environ, base_url, keys, run=process.run)


async def run_bot(line: Line, environ: Mapping[str, str], base_url: str, keys: Mapping[str, str]) -> None:
    """The child: says the port of its web door, then does what it is asked."""
    settings = read(environ, None)
    set_up_log(settings)
    bot = await build(settings)
    measured = Measured(bot)
    await measured.connect(base_url, keys)
    await bot.start()
    settle_memory()
    line.say(bot.port)
    await line.serve(
        add_jobs=measured.add_jobs,
        add_one_time_jobs=measured.add_one_time_jobs,
        add_herd=measured.add_herd,
        add_steady_jobs=measured.add_steady_jobs,
        launch=measured.launch,
        first_events=measured.first_events,
        in_flight=measured.in_flight,
        memory=measured.memory,
        asked_of_database=measured.asked_of_database,
        start_watch=measured.start_watch,
        stop_watch=measured.stop_watch,
    )
    await bot.stop()


class Measured:
    """The deeds that a measurement needs, done as the house does them: plain operations in one transaction."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._heart = Heart()
        self._collections = Collections()
        self._profile: cProfile.Profile | None = None
        self._cpu_s = 0.0
        self._saves = count_saves()
        self._ledger: Ledger | None = None
        self._named = note_first_events()
        self._launched = 0.0
        self._began = 0.0

    @property
    def _actor(self) -> Actor:
        return system(self._bot.services.team_id)

    async def connect(self, base_url: str, keys: Mapping[str, str]) -> None:
        services = self._bot.services
        for name, key in keys.items():
            join = partial(
                connect,
                actor=self._actor,
                vault=services.vault,
                name=name,
                base_urls=(base_url,),
                key=key,
                mode="workflow",
                description="",
                now=services.now(),
            )
            await services.store.run(join)

    async def add_jobs(self, names: Sequence[str], channel_id: str, app: str) -> None:
        """Active jobs that come due every morning."""
        when = schedules.read("every day at 9", "Etc/UTC", self._bot.services.now())
        await self._bot.services.store.run(
            lambda c: self._add(c, [(name, when, {}) for name in names], channel_id, app)
        )

    async def add_one_time_jobs(
        self, first_in_s: float, every_s: float, count: int, channel_id: str, app: str
    ) -> None:
        """Jobs that run once, at instants that the inputs of their runs name (Unix seconds)."""
        first = datetime.now(UTC) + timedelta(seconds=first_in_s)
        slots = [first + timedelta(seconds=every_s * index) for index in range(count)]
        model = schedules.read("in 5 minutes", "Etc/UTC", self._bot.services.now())
        wanted = [
            (
                f"once {number}: {slot.timestamp()}",
                replace(model, text="once", spec=slot.isoformat()),
                {"slot": slot.timestamp()},
            )
            for number, slot in enumerate(slots)
        ]
        await self._bot.services.store.run(lambda c: self._add(c, wanted, channel_id, app))
        self._bot.services.engine.wake("clock")

    async def add_herd(self, first_in_s: float, count: int, channel_id: str, app: str) -> None:
        """Daily jobs whose next slots come due in one instant."""
        self._launched = time.perf_counter() + first_in_s
        due_at, services = datetime.now(UTC) + timedelta(seconds=first_in_s), self._bot.services
        when = schedules.read("every day at 9", "Europe/Berlin", services.now())

        def add(c: Connection) -> None:
            found, now = find_app(c, self._actor, app), services.now()
            model = Job(
                id=0,
                team_id=services.team_id,
                channel_id=channel_id,
                name="",
                app_id=found.id,
                inputs={"topic": "AI news"},
                schedules=(when,),
                owner_id=OWNER,
                created_at=now,
            )
            added = [jobs.add(c, replace(model, name=f"herd {number}")) for number in range(count)]
            runs.add_many(c, [planned_run(job, Slot(due_at, due_at), now=now) for job in added])

        await services.store.run(add)
        services.engine.wake("clock")

    async def add_steady_jobs(
        self, per_s: int, channels: Sequence[str], app: str, inputs: Sequence[Mapping[str, Any]]
    ) -> None:
        """Jobs that come due once a minute, so many in each second of it; channels and inputs take turns."""
        services = self._bot.services
        seconds = [schedules.read(f"{second} * * * * ?", "Etc/UTC", services.now()) for second in range(MINUTE_S)]

        def add(c: Connection) -> None:
            for number in range(per_s * MINUTE_S):
                wanted = (f"steady {number}", seconds[number % MINUTE_S], inputs[number % len(inputs)])
                self._add(c, [wanted], channels[number % len(channels)], app)

        await services.store.run(add)
        services.engine.wake("clock")

    async def launch(self, count: int, channels: Sequence[str], inputs: Mapping[str, Any], app: str) -> None:
        """Runs that are ready now, in all of the channels in turn."""
        now, actor = self._bot.services.now(), self._actor

        def add(c: Connection) -> None:
            found = find_app(c, actor, app)
            person = replace(actor, user_id=OWNER, member_of=frozenset(channels))
            for index in range(count):
                channel = channels[index % len(channels)]
                launch_app(c, person, found, channel, inputs, key=f"load:{now.isoformat()}/{index}", now=now)

        self._named.clear()
        await self._bot.services.store.run(add)
        self._launched = time.perf_counter()
        self._bot.services.engine.wake("runner")

    async def first_events(self) -> list[float]:
        """Of each run of the last launch or herd whose first event was folded: seconds since it was due."""
        return [at - self._launched for at in self._named]

    async def in_flight(self) -> int:
        return self._bot.services.settings.max_streams - self._bot.services.dify._streams._value

    async def memory(self) -> int:
        """Bytes that this process has in memory now."""
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    async def asked_of_database(self) -> dict[str, int]:
        """Transactions by who asked, and statements, since the last time that this was asked."""
        if self._ledger is None:
            self._ledger = Ledger(self._bot.services.store)
        return self._ledger.take()

    async def start_watch(self, profile: bool = False) -> None:
        """Begin to count stalls, CPU seconds and saves; with `profile` also what the event loop spends time on."""
        self._heart.start()
        self._saves.clear()
        self._collections.longest_ms()
        self._began, self._cpu_s = time.perf_counter(), time.process_time()
        if profile:
            self._profile = cProfile.Profile(time.thread_time)  # what others do on the machine is no cost of ours
            self._profile.enable()

    async def stop_watch(self) -> dict[str, Any]:
        told: dict[str, Any] = {"top": ""}
        if self._profile is not None:
            self._profile.disable()
            text = StringIO()
            pstats.Stats(self._profile, stream=text).sort_stats("tottime").print_stats(SHOWN)
            told["top"] = text.getvalue()
            self._profile = None
        passed_s = time.perf_counter() - self._began
        told |= {"stall": self._heart.stop(), "saves_per_s": sum(self._saves) / passed_s}
        told["gc_ms"] = self._collections.longest_ms()
        return told | {"cpu": (time.process_time() - self._cpu_s) / passed_s}

    def _add(
        self, c: Connection, wanted: Sequence[tuple[str, Schedule, Mapping[str, Any]]], channel_id: str, app: str
    ) -> None:
        now, found = self._bot.services.now(), find_app(c, self._actor, app)
        for name, when, inputs in wanted:
            job = Job(
                id=0,
                team_id=self._bot.services.team_id,
                channel_id=channel_id,
                name=name,
                app_id=found.id,
                inputs=inputs,
                schedules=(when,),
                owner_id=OWNER,
                created_at=now,
            )
            plan_first(c, jobs.add(c, job), now=now)
