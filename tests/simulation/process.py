"""One process of the bot: the real loops over a simulated store, engine, Dify and Slack; it may die or freeze."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, cast

from bot.app import Bot
from bot.dify.client import Dify
from bot.dify.parameters import Parameters
from bot.egress import AllowedHosts
from bot.loops.clock import Clock
from bot.loops.copies import Copies
from bot.loops.courier import Courier
from bot.loops.disk import Disk
from bot.loops.janitor import Janitor
from bot.loops.runner import LEASE_S, Runner
from bot.memory import Memory
from bot.pulse import Pulse
from bot.services import Services
from bot.settings import Settings
from bot.slack.client import Slack
from bot.tasks import Tasks
from bot.watch import Watch
from storage import claims
from storage.vault import Secret
from tests.makers import TEAM
from tests.simulation.engine import ShakyEngine
from tests.simulation.slack import session_of
from tests.simulation.store import SimulatedStore
from tests.simulation.timeline import ProcessLoop
from tests.simulation.transport import DifyWire

if TYPE_CHECKING:
    from tests.simulation.world import World

INSTALLATION = "simulated"
SETTINGS = Settings(
    data_folder=Path("/nowhere"),
    slack_bot_token=Secret("xoxb-simulated"),
    http=None,
    backups=0,
    max_streams=50,
    digest_over=None,
)


@dataclass
class _NoDoor:
    """Nobody speaks to a simulated bot."""

    async def close(self) -> None:
        """There was none."""


class Process:
    """`offset_s` is how far the clock of its machine is off; `dies_in` counts the steps that it has left to live."""

    def __init__(self, world: "World", name: str, offset_s: float = 0.0) -> None:
        self.world = world
        self.name = name
        self.loop = ProcessLoop(world.timeline, world.note_bug)
        self.bot: Bot | None = None
        self.is_alive = True
        self.is_frozen = False
        self.dies_in = 0
        self.now: Callable[[], datetime] = world.wall
        self._offset_s = offset_s
        self._engine = ShakyEngine(self)
        self._store = SimulatedStore(self, world.connection)

    def start(self) -> None:
        self.loop.create_task(self._live(), name=f"process {self.name}")

    def step(self) -> bool:
        """One step, if it is its turn and there is one."""
        if self.is_frozen or not self.is_alive or not self.loop.step():
            return False
        if self.dies_in:
            self.dies_in -= 1
            if not self.dies_in:
                self.die("between two steps")
        return True

    @property
    def next_at(self) -> float:
        return self.loop.next_at if self.is_alive and not self.is_frozen else float("inf")

    @property
    def is_idle(self) -> bool:
        """Whether nothing is in flight and nothing is being sent."""
        return self.bot is not None and not self.is_frozen and not len(self.bot.services.tasks)

    def machine_time(self) -> datetime:
        world = self.world
        return world.wall() if world.swarm.is_alone else world.wall() + timedelta(seconds=self._offset_s)

    def hear(self, kind: str, ids: Collection[int]) -> None:
        """Another process has told the queue of rows."""
        self.loop.call_soon(self._engine.ring, kind, ids)

    def die(self, how: str) -> None:
        """It does nothing more, not even clean up."""
        if self.is_alive:
            self.is_alive = False
            self.world.note(self.name, "dies", how)
            self.world.bury(self)

    async def die_here(self, how: str) -> NoReturn:
        self.die(how)
        await self.loop.create_future()
        raise AssertionError("the dead do not go on")

    def freeze(self) -> None:
        """It stands still for longer than its leases last."""
        if self.is_frozen:
            return
        seconds = self.world.dice.uniform(LEASE_S * 0.5, LEASE_S * 5)
        self.world.note(self.name, "freezes", f"{seconds:.3f}")
        self.is_frozen = True
        self.world.timeline.after(seconds, self._thaw)

    def end(self) -> None:
        """It is told to end, and has 15 s."""
        if self.bot is None or not self.is_alive:
            return
        self.world.note(self.name, "ends", "")
        self.loop.create_task(self._stop(self.bot), name="end")
        self.world.timeline.after(15, lambda: self.die("it did not end"))

    def _thaw(self) -> None:
        self.is_frozen = False

    async def _stop(self, bot: Bot) -> None:
        await bot.stop()
        self.die("in order")

    async def _live(self) -> None:
        try:
            await self._build()
        except Exception as error:  # noqa: BLE001 - what cannot start is started again
            self.world.note_error(error)
            self.die(f"it could not start: {error}")

    async def _build(self) -> None:
        world = self.world
        watch = Watch(machine=self.machine_time, monotonic=self.loop.time)
        self.now = self._told(watch)
        await watch.sync(self._store)
        dify = Dify(
            allowed_hosts=AllowedHosts.parse(""),
            max_streams=SETTINGS.max_streams,
            transport=lambda _: DifyWire(world.dify),
        )
        services = Services(
            settings=SETTINGS,
            store=self._store,
            vault=world.vault,
            dify=dify,
            parameters=Parameters(dify),
            slack=Slack(SETTINGS, monotonic=self.loop.time, open_session=session_of(world.slack)),
            engine=self._engine,
            tasks=Tasks(),
            pulse=Pulse(),
            now=self.now,
            owner=self.name,
            team_id=TEAM,
            installation=INSTALLATION,
        )
        if world.swarm.is_alone:
            await self._store.run(claims.end_leases)
        runner = Runner(services)
        self.bot = Bot(
            services=services,
            runner=runner,
            clock=Clock(services),
            courier=Courier(services),
            janitor=Janitor(services, runner, monotonic=self.loop.time),
            copies=Copies(services),
            disk=Disk(services),
            memory=Memory(runner.count, monotonic=self.loop.time),
            listener=cast(Any, _NoDoor()),
            roles=frozenset({"worker"}),
            watch=watch,
        )
        await self.bot.start()

    def _told(self, watch: Watch) -> Callable[[], datetime]:
        def now() -> datetime:
            told = watch()
            self.world.latest = max(self.world.latest, told)
            return told

        return now
