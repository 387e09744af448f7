"""The loops in a house of their own: a real store, a Dify and a Slack on loopback, and a bell instead of an engine.

Nothing happens by itself here but the flights that were begun: a test calls `once()` and turns the time.
"""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from bot.demo.dify import LocalDify
from bot.demo.slack import LocalSlack, Message
from bot.dify.client import Dify
from bot.dify.parameters import Parameters
from bot.egress import AllowedHosts
from bot.engine.port import Handler
from bot.loops.clock import Clock
from bot.loops.courier import Courier
from bot.loops.janitor import Janitor
from bot.loops.runner import LEASE_S, Runner
from bot.pulse import Pulse
from bot.services import Services
from bot.settings import Settings
from bot.slack.client import Slack
from bot.tasks import Tasks
from storage import claims, deliveries, meta, runs
from storage.database import Store
from storage.records import App, Delivery, NodeSpan, Run, RunState
from storage.runs import unpack_trace
from storage.tag import tag_of
from storage.vault import Secret
from tests.makers import NOW, Hand, a_vault, claim_run, connected
from tests.storage.examples import a_run

TEAM, OPS, ANA, BEN = "T1", "C0OPS", "U0ANA", "U0BEN"
PATIENCE_S = 10.0
INPUTS: Mapping[str, Mapping[str, Any]] = {
    "daily-report": {"city": "Basel", "tone": "short"},
    "digest": {"topic": "Tea"},
    "branch": {"n": 42},
    "approval": {"draft": "Prices rise on Monday"},
    "chat": {"query": "When do you open?"},
    "partial": {"k": "Basel"},
    "no-model": {"q": "Why?"},
    "quota": {"q": "Why?"},
}


class Bell:
    """An engine that wakes nobody: it remembers who was to be woken, and tells a test that waits for it."""

    def __init__(self) -> None:
        self.rung: list[str] = []
        self.alarms: dict[str, datetime] = {}
        self._heard: dict[str, asyncio.Event] = {}

    async def start(self, handlers: Mapping[str, Handler]) -> None:
        raise AssertionError("nothing is started here")

    def wake(self, kind: str, ids: Collection[int] = (), *, at: datetime | None = None) -> None:
        if at is not None:
            self.alarms[kind] = at
            return
        self.rung.append(kind)
        self._heard.setdefault(kind, asyncio.Event()).set()

    async def stop(self) -> None:
        """Nothing to stop."""

    async def hear(self, kind: str) -> None:
        """Return when that kind is rung the next time."""
        heard = self._heard[kind] = asyncio.Event()
        async with asyncio.timeout(PATIENCE_S):
            await heard.wait()


class QuietTime:
    """The time of the Slack client: the hand's, and it moves when the client waits, so that nobody waits really."""

    def __init__(self, hand: Hand) -> None:
        self._hand = hand
        self._waited_s = 0.0

    def __call__(self) -> float:
        return self._hand.now.timestamp() + self._waited_s

    async def pause(self, seconds: float) -> None:
        await asyncio.sleep(0)
        self._waited_s += seconds


class OneTime:
    """The time of the client, of Slack and of the rows in one: the hand's, which whoever waits turns."""

    def __init__(self, hand: Hand) -> None:
        self._hand = hand

    def __call__(self) -> float:
        return self._hand.now.timestamp()

    async def pause(self, seconds: float) -> None:
        await asyncio.sleep(0)
        self._hand.turn(seconds=seconds)


@dataclass
class House:
    services: Services
    bell: Bell
    hand: Hand
    slack: LocalSlack
    dify: LocalDify
    runner: Runner
    clock: Clock
    courier: Courier
    janitor: Janitor
    apps: dict[str, App] = field(default_factory=dict)

    @property
    def store(self) -> Store:
        return self.services.store

    async def app(self, name: str) -> App:
        """An app of the local Dify, connected."""
        if name not in self.apps:
            told = {"name": name, "base_urls": (self.dify.url,), "mode": self.dify.apps[name].mode}
            key = self.dify.keys[name]
            self.apps[name] = await self.store.run(lambda c: connected(c, self.services.vault, key=key, **told))
        return self.apps[name]

    async def ready(self, name: str, **fields: Any) -> Run:
        """A run of an app that waits to be started."""
        app = await self.app(name)
        told: dict[str, Any] = {
            "app_id": app.id,
            "name": name,
            "inputs": INPUTS.get(name, {}),
            "state": RunState.READY,
            "channel_id": OPS,
            "owner_id": ANA,
            "due_at": self.hand.now,
            "ready_at": self.hand.now,
        }
        run = await self.store.run(lambda c: runs.add(c, a_run(**told | fields)))
        assert run is not None
        return run

    async def fly(self, name: str, **fields: Any) -> Run:
        """One run from its claim to its end."""
        run = await self.ready(name, **fields)
        await self.runner.once()
        return await self.landed(run)

    async def claimed(self, name: str, *, asked: bool = True, **fields: Any) -> Run:
        """A run whose owner died before Dify had named it, be it before or after it was sent."""
        run = await self.ready(name, **{"base_url": self.dify.url} | fields)
        tag = tag_of(self.services.installation, run.key, 1)

        def claim(c: Connection) -> Run:
            mine = claim_run(c, run.id, "dead", self.hand.now, LEASE_S)
            assert mine is not None
            kept = claims.save_run(c, replace(mine, tag=tag, asked_at=self.hand.now if asked else None))
            assert kept is not None
            return kept

        kept = await self.store.run(claim)
        self.hand.turn(seconds=LEASE_S + 1)
        return kept

    async def takeoff(self, name: str, **fields: Any) -> Run:
        """A run that Dify has started and that goes on."""
        run = await self.ready(name, **fields)
        starting = asyncio.create_task(self.bell.hear("saver"))
        await asyncio.sleep(0)
        await self.runner.once()
        await starting
        return await self.run(run)

    async def landed(self, run: Run) -> Run:
        """The run when nothing is in flight any more."""
        async with asyncio.timeout(PATIENCE_S):
            await self.services.tasks.idle()
        return await self.run(run)

    async def run(self, run: Run) -> Run:
        """The row as it is now."""
        found = await self.store.read(lambda c: runs.get(c, run.team_id, run.id))
        assert found is not None
        return found

    async def spans(self, run: Run) -> tuple[NodeSpan, ...]:
        blob = await self.store.read(lambda c: runs.get_trace(c, run.id))
        return unpack_trace(blob) if blob is not None else ()

    async def owed(self, delivery: Delivery) -> Delivery:
        """The delivery as it is now."""
        found = await self.store.read(lambda c: deliveries.get(c, delivery.team_id, delivery.id))
        assert found is not None
        return found

    async def deliver(self) -> int:
        """Send everything that is due, and whatever comes due by that."""
        count = 0
        async with asyncio.timeout(PATIENCE_S):
            while claimed := await self.courier.once():
                count += claimed
                await self.services.tasks.idle()
        return count

    async def until(self, look: Callable[[], Any]) -> None:
        """Save again and again until something is true of the rows, without a pause but those of the database."""
        async with asyncio.timeout(PATIENCE_S):
            while not await look():
                await self.runner.beat()

    def said(self, channel: str = OPS) -> list[Message]:
        return self.slack.messages(channel)

    def another(self, owner: str) -> "House":
        """The loops of another process over the same rows."""
        bell = Bell()
        services = replace(self.services, owner=owner, engine=bell, tasks=Tasks())
        runner = Runner(services)
        loops = (Clock(services), Courier(services), Janitor(services, runner))
        return House(services, bell, self.hand, self.slack, self.dify, runner, *loops, self.apps)


@asynccontextmanager
async def open_house(
    store: Store,
    folder: Path,
    *,
    max_streams: int = 50,
    silence_s: float = 5.0,
    settle_s: float = 0.0,
    start_grace_s: int = 0,
    digest_over: int | None = 20,
    is_one_time: bool = False,
    is_shared: bool = False,
) -> AsyncIterator[House]:
    """The house over a store that is somebody else's to close; `is_shared` where other servers may stand over it."""
    hand, bell = Hand(NOW), Bell()
    quiet = OneTime(hand) if is_one_time else QuietTime(hand)
    slack = LocalSlack(manifest=LocalSlack.load_manifest(), team_id=TEAM, clock=quiet if is_one_time else time.time)
    slack.set_limits(enabled=False)
    local = LocalDify(speed=math.inf, ping_s=0.05, settle_s=settle_s)
    await slack.start()
    await local.start()
    settings = Settings(
        data_folder=folder,
        slack_bot_token=Secret(slack.bot_token),
        slack_api_url=slack.api_url,
        max_streams=max_streams,
        start_grace_s=start_grace_s,
        digest_over=digest_over,
        database_url="postgresql:///shared" if is_shared else "",  # what is asked is the store
    )
    dify = Dify(allowed_hosts=AllowedHosts.parse("127.0.0.1"), max_streams=max_streams, silence_s=silence_s)
    services = Services(
        settings=settings,
        store=store,
        vault=a_vault(),
        dify=dify,
        parameters=Parameters(dify),
        slack=Slack(settings, monotonic=quiet, pause=quiet.pause),
        engine=bell,
        tasks=Tasks(),
        pulse=Pulse(),
        now=hand,
        owner="me",
        team_id=TEAM,
        installation=await store.run(meta.installation),
    )
    runner = Runner(services)
    loops = (Clock(services), Courier(services), Janitor(services, runner))
    try:
        yield House(services, bell, hand, slack, local, runner, *loops)
    finally:
        await runner.close()
        await services.tasks.stop(1)
        await services.slack.close()
        await dify.close()
        await local.stop()
        await slack.stop()
