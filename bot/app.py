"""Builds the bot, starts and stops it; the only file that constructs."""

import asyncio
import contextlib
import gc
import logging
import os
import resource
import secrets
import signal
import socket
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.dify.client import Dify
from bot.dify.parameters import Parameters
from bot.egress import AllowedHosts
from bot.engine.embedded import EmbeddedEngine
from bot.errors import Refusal
from bot.loops.clock import Clock
from bot.loops.courier import Courier
from bot.loops.janitor import Janitor
from bot.loops.runner import BEAT_S, Runner
from bot.opening import check_keys, follow_zone_data, learn_team, warm_up
from bot.pulse import Pulse
from bot.services import Services
from bot.settings import Settings
from bot.slack.client import Slack
from bot.slack.listen import Listener
from bot.tasks import Tasks
from bot.web.server import WebServer, build_web
from storage import backup, claims, meta
from storage.database import Store, open_store
from storage.lock import FileLock, lock_database
from storage.schema import upgrade
from storage.vault import load_keys

log = logging.getLogger(__name__)

ROLES = ("bot", "web", "worker")
# SIGTERM to exit takes at most 15 s; what is left after this is cancelled and joined again by the next owner.
GRACE_S = 10
# One file descriptor a stream; the usual soft limit of 1,024 would cap the streams.
WANTED_FILES = 65_536


@dataclass(slots=True, kw_only=True)
class Bot:
    """The running bot. `port` is where the web door listens, None when it is closed."""

    services: Services
    runner: Runner
    clock: Clock
    courier: Courier
    janitor: Janitor
    listener: Listener
    roles: frozenset[str]
    port: int | None = None
    _lock: FileLock | None = None
    _web: WebServer | None = None
    _beat: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Open the doors and wake the loops."""
        raise_file_limit()
        if "worker" in self.roles:
            self.services.pulse.beat()
            await self.services.engine.start(
                {
                    "clock": self.clock.once,
                    "runner": self.runner.once,
                    "saver": self.runner.beat,
                    "courier": self.courier.once,
                    "janitor": self.janitor.once,
                }
            )
            self._beat = asyncio.create_task(self._save_steadily(), name="saver")
        await self._open_web()
        if "bot" in self.roles:
            self.services.tasks.spawn(warm_up(), name="warm-up")
            await self.listener.connect()

    async def stop(self) -> None:
        """Close the doors, hand the runs over, send what is being sent, and let go of everything."""
        await self.listener.close()
        if self._web is not None:
            await self._web.stop()
        if self._beat is not None:
            self._beat.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._beat
        await self.services.engine.stop()
        await self.runner.close()
        await self.services.tasks.stop(GRACE_S)
        await self.services.dify.close()
        await self.services.slack.close()
        await self.services.store.close()
        if self._lock is not None:
            self._lock.free()

    async def _open_web(self) -> None:
        address = self.services.settings.http
        handler = self.listener.http_handler() if "bot" in self.roles else None
        if address is None or not ({"web"} & self.roles or handler):
            return
        web = WebServer(build_web(self.services, handler), *address)
        try:
            await web.start()
        except OSError as error:
            raise Refusal(
                f"The web door cannot listen on {address[0]}:{address[1]}.",
                "Another program has the address; set DIFY_OPS_HTTP to a free one, or to nothing in Socket Mode.",
            ) from error
        self._web, self.port = web, web.port

    async def _save_steadily(self) -> None:
        while True:
            await asyncio.sleep(BEAT_S)
            self.services.engine.wake("saver")


async def build(
    settings: Settings,
    *,
    roles: Collection[str] = ROLES,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Bot:
    """Construct the bot over an up-to-date database. Refuses with one sentence what would fail later."""
    _refuse_engine(settings)
    hosts, lock = AllowedHosts.parse(settings.allowed_hosts), lock_database(settings.database_url, now())
    try:
        store = await open_database(settings)
    except BaseException:
        if lock is not None:
            lock.free()
        raise
    slack = Slack(settings)
    dify = Dify(allowed_hosts=hosts, max_streams=settings.max_streams)
    try:
        services = await _serve_rows(settings, store, slack, dify, now)
        if lock is not None:
            await store.run(claims.end_leases)
    except BaseException:
        await slack.close()
        await dify.close()
        await store.close()
        if lock is not None:
            lock.free()
        raise
    runner = Runner(services)
    return Bot(
        services=services,
        runner=runner,
        clock=Clock(services),
        courier=Courier(services),
        janitor=Janitor(services, runner),
        listener=Listener(services),
        roles=frozenset(roles),
        _lock=lock,
    )


async def _serve_rows(
    settings: Settings, store: Store, slack: Slack, dify: Dify, now: Callable[[], datetime]
) -> Services:
    """What the doors and loops need, once the rows are those of this team, these keys and these time zones."""
    team_id = await learn_team(store, slack)
    vault = load_keys(settings.secret_keys, settings.key_file)
    await check_keys(store, vault, team_id)
    await follow_zone_data(store, team_id, now())
    return Services(
        settings=settings,
        store=store,
        vault=vault,
        dify=dify,
        parameters=Parameters(dify),
        slack=slack,
        engine=EmbeddedEngine(),
        tasks=Tasks(),
        pulse=Pulse(),
        now=now,
        owner=f"{socket.gethostname()}/{os.getpid()}/{secrets.token_hex(4)}",
        team_id=team_id,
        installation=await store.run(meta.installation),
        restored_at=await store.read(backup.restored_at),
    )


def _refuse_engine(settings: Settings) -> None:
    if settings.engine != "embedded":
        raise Refusal(
            f"DIFY_OPS_ENGINE is “{settings.engine}”, and this version only has the embedded engine.",
            "Leave DIFY_OPS_ENGINE unset.",
        )


async def open_database(settings: Settings) -> Store:
    """An embedded SQLite is brought up to date by itself, a PostgreSQL only when told."""
    if settings.database_url.startswith("sqlite"):
        await upgrade(settings.database_url)
    store = open_store(settings.database_url)
    try:
        await store.check()
    except BaseException:
        await store.close()
        raise
    return store


async def serve(bot: Bot) -> None:
    """Run until SIGTERM or SIGINT; a second signal exits at once, which loses nothing either."""
    loop, asked = asyncio.get_running_loop(), asyncio.Event()

    def on_signal() -> None:
        if asked.is_set():
            os._exit(130)
        asked.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, on_signal)
    try:
        await bot.start()
        freeze_memory()
        log.info("Dify Ops is ready (%s)", ", ".join(sorted(bot.roles)))
        await asked.wait()
        log.info("Stopping: the runs in flight go on at Dify and are joined again at the next start")
    finally:
        await bot.stop()


def freeze_memory() -> None:
    """What stands now stays: a full garbage collection, which holds up every ack, need not look at it any more.

    With 300 streams its longest pause falls from 170 to 40 ms.
    """
    gc.collect()
    gc.freeze()


def raise_file_limit() -> None:
    """As many file descriptors as the system lets this process have, up to what a full house needs."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = WANTED_FILES if hard == resource.RLIM_INFINITY else min(WANTED_FILES, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
