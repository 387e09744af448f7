"""Builds the bot, starts and stops it; the only file that constructs."""

import asyncio
import contextlib
import logging
import os
import secrets
import socket
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.dify.client import Dify
from bot.dify.parameters import Parameters
from bot.egress import AllowedHosts
from bot.engine.choice import make_engine
from bot.engine.port import Handler
from bot.errors import Refusal
from bot.loops.clock import Clock
from bot.loops.copies import Copies
from bot.loops.courier import Courier
from bot.loops.disk import Disk
from bot.loops.janitor import Janitor
from bot.loops.runner import BEAT_S, Runner
from bot.memory import Memory
from bot.opening import (
    begin_to_live,
    cease_to_live,
    check_file,
    check_keys,
    fit_files,
    follow_zone_data,
    learn_team,
    open_database,
    refuse_damaged,
    warm_up,
    welcome_back,
)
from bot.pulse import Pulse
from bot.rounds import Rounds
from bot.services import Services
from bot.settings import Settings
from bot.slack.client import Slack
from bot.slack.listen import Listener
from bot.tasks import Tasks
from bot.watch import Watch, machine_time
from bot.web.server import WebServer, build_web
from storage import backup, claims, meta
from storage.database import Store, is_read_only
from storage.errors import Damaged, StorageError
from storage.lock import FileLock, lock_database
from storage.vault import load_keys

log = logging.getLogger(__name__)

ROLES = ("bot", "web", "worker")
# SIGTERM to exit takes at most 15 s; what is left after this is cancelled and joined again by the next owner.
GRACE_S = 10


@dataclass(slots=True, kw_only=True)
class Bot:
    """The running bot. `port` is where the web door listens, None when it is closed."""

    services: Services
    runner: Runner
    clock: Clock
    courier: Courier
    janitor: Janitor
    copies: Copies
    disk: Disk
    memory: Memory
    listener: Listener
    roles: frozenset[str]
    rounds: Rounds = field(default_factory=Rounds)
    watch: Watch | None = None
    port: int | None = None
    _lock: FileLock | None = None
    _web: WebServer | None = None
    _beat: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Open the doors and wake the loops."""
        if "worker" in self.roles:
            self.services.pulse.beat()
        await begin_to_live(self.services)
        await self.services.engine.start(self._handlers())
        if "worker" in self.roles:
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
        try:
            await self.runner.close()
            await cease_to_live(self.services)
        except StorageError as error:
            log.warning("The runs in flight are not handed over and wait for the end of their leases: %s", error)
        await self.services.tasks.stop(GRACE_S)
        await self.services.dify.close()
        await self.services.slack.close()
        await self.services.store.close()
        if self._lock is not None:
            self._lock.free()

    def _handlers(self) -> Mapping[str, Handler]:
        handlers: dict[str, Handler] = {"memory": _sweep(self.memory.once)}
        if "worker" in self.roles or self.services.store.is_read_only:
            handlers["disk"] = _sweep(self.disk.once)
        if "worker" not in self.roles:
            return handlers
        loops: Mapping[str, Handler] = {
            "clock": _sweep(self.clock.once),
            "runner": self.runner.once,
            "saver": self.runner.beat,
            "courier": _sweep(self.courier.once),
            "janitor": _sweep(self._look_after),
        }
        handlers |= {kind: self.rounds.count(kind, handler) for kind, handler in loops.items()}
        return handlers | {"copies": _sweep(self.copies.once)}  # a copy takes as long as the file is large

    async def _look_after(self) -> None:
        """Nobody is taken for dead by a clock that was just set."""
        if self.watch is not None:
            await self.watch.sync(self.services.store)
        if self.watch is None or self.watch.is_steady:
            await self.janitor.once()

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


def _sweep(once: Callable[[], Awaitable[object]]) -> Handler:
    """A loop that always looks at all that is due."""
    return lambda ids: once()


async def build(
    settings: Settings,
    *,
    roles: Collection[str] = ROLES,
    now: Callable[[], datetime] | None = None,
) -> Bot:
    """Construct the bot over an up-to-date database. Refuses with one sentence what would fail later. Without `now`
    the time is that of the database. Over a file that can only be read it has doors and no loops."""
    watch = Watch() if now is None else None
    now = now or watch or machine_time
    settings, remarks = fit_files(settings)
    hosts = AllowedHosts.parse(settings.allowed_hosts)
    # What nobody here can change, any number may look at.
    lock = None if is_read_only(settings.database_url) else lock_database(settings.database_url, now())
    async with AsyncExitStack() as opened:
        if lock is not None:
            opened.callback(lock.free)
        store = await open_database(settings)
        opened.push_async_callback(store.close)
        slack = Slack(settings)
        opened.push_async_callback(slack.close)
        dify = Dify(allowed_hosts=hosts, max_streams=settings.max_streams)
        opened.push_async_callback(dify.close)
        if watch is not None:
            await watch.sync(store)
        services = replace(await _serve_rows(settings, store, slack, dify, now), remarks=remarks)
        if lock is not None:
            await store.run(claims.end_leases)
        opened.pop_all()
    runner = Runner(services)
    return Bot(
        services=services,
        runner=runner,
        clock=Clock(services),
        courier=Courier(services),
        janitor=Janitor(services, runner),
        copies=Copies(services),
        disk=Disk(services),
        memory=Memory(runner.count),
        listener=Listener(services),
        roles=frozenset(roles) - ({"worker"} if services.store.is_read_only else set()),
        watch=watch,
        _lock=lock,
    )


async def _serve_rows(
    settings: Settings, store: Store, slack: Slack, dify: Dify, now: Callable[[], datetime]
) -> Services:
    """What the doors and loops need, once the rows are those of this team, these keys and these time zones."""
    try:
        await check_file(store, settings)
    except Damaged as error:
        raise refuse_damaged(error.message, settings) from None
    team_id = await learn_team(store, slack)
    vault = load_keys(settings.secret_keys, settings.key_file)
    if not store.is_read_only:
        await store.run(meta.installation)
        await welcome_back(store, team_id, now())
        await check_keys(store, vault, team_id, settings)
        await follow_zone_data(store, team_id, now())
    return Services(
        settings=settings,
        store=store,
        vault=vault,
        dify=dify,
        parameters=Parameters(dify),
        slack=slack,
        engine=make_engine(settings, now),
        tasks=Tasks(),
        pulse=Pulse(),
        now=now,
        owner=f"{socket.gethostname()}/{os.getpid()}/{secrets.token_hex(4)}",
        team_id=team_id,
        installation=await store.read(meta.known_installation),
        restored_at=await store.read(backup.restored_at),
    )
