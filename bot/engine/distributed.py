"""The engine of several processes: PgQueuer carries named rows to whoever has a hand free.

The queue holds no truth. It is made when it is missing, and what is lost with it is found by the beat of the engine
inside each process; while it cannot be reached, each process wakes itself.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import TypeAlias

import asyncpg
from pgqueuer import PgQueuer
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment
from pgqueuer.db import AsyncpgDriver
from pgqueuer.domain.settings import DBSettings, Durability
from pgqueuer.models import Job
from pgqueuer.queries import Queries

from bot.engine.embedded import EmbeddedEngine
from bot.engine.port import Handler

log = logging.getLogger(__name__)

Line: TypeAlias = asyncpg.Connection
Work: TypeAlias = Callable[[Line], Awaitable[None]]

SCHEMA = "dify_ops_queue"
TABLE = f"{SCHEMA}.pgqueuer"
# A job is no more than a word in somebody's ear, so many of them are taken at once.
BATCH = 100
# Of a herd so many rows are named at a time: that sets every server to work, and whoever has a hand free again looks
# for the rest by itself. A word costs the queue more than the claim that it is about.
MOST_WORDS = 100
# Kinds whose rows are for whoever has a hand free.
SPREAD = ("runner",)
ALL = 0  # no row has this number: look at all that is due
# NOTIFY is heard at once; one that is lost costs at most this, and poolers that know no LISTEN are served so.
POLL = timedelta(seconds=1)
# The queue notes three rows of each word and forgets none by itself; nobody asks for them.
FORGET_EVERY_S = 600.0
NO_STATISTICS = timedelta(0)
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 5.0
CONNECT_S = 10.0
STOP_S = 2.0


class DistributedEngine:
    """Wakes its own process as the embedded engine does. Named rows of SPREAD go through the queue, and so does what
    this process has no handler for."""

    def __init__(self, dsn: str, *, local: EmbeddedEngine) -> None:
        self._dsn = dsn
        self._local = local
        self._takes: frozenset[str] = frozenset()
        self._owed: dict[str, set[int]] = {}
        self._has_more = asyncio.Event()
        self._is_open = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self, handlers: Mapping[str, Handler]) -> None:
        self._takes = frozenset(handlers)
        await self._local.start(handlers)
        works = [self._send, self._take] if self._takes else [self._send]
        self._tasks = [asyncio.create_task(self._keep(work), name="queue") for work in works]

    def wake(self, kind: str, ids: Collection[int] = (), *, at: datetime | None = None) -> None:
        is_for_others = (kind in SPREAD and ids) or kind not in self._takes
        if at is None and is_for_others and self._is_open.is_set():
            self._owed.setdefault(kind, set()).update(list(ids)[:MOST_WORDS] or [ALL])
            self._has_more.set()
        else:
            # Rows of SPREAD that are not sent are looked for among all: others may have been told of them in vain.
            self._local.wake(kind, () if kind in SPREAD else ids, at=at)

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=STOP_S)
        self._tasks.clear()
        await self._local.stop()

    async def _keep(self, work: Work) -> None:
        """Do it on a connection of its own, for ever; a queue that is away is tried again."""
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                connection = await asyncpg.connect(
                    self._dsn, timeout=CONNECT_S, server_settings={"search_path": SCHEMA}
                )
            except (OSError, asyncpg.PostgresError, TimeoutError) as error:
                log.warning("The queue cannot be reached, so each process wakes itself: %s", type(error).__name__)
            else:
                try:
                    await _prepare(connection)
                    pause_s = FIRST_PAUSE_S
                    await work(connection)
                except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                    log.warning("The queue is gone, so each process wakes itself: %s", type(error).__name__)
                except Exception:  # whatever breaks in the queue breaks nothing else
                    log.warning("The queue broke, so each process wakes itself", exc_info=True)
                finally:
                    connection.terminate()
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    async def _send(self, connection: Line) -> None:
        queries, forgets_at = Queries.from_asyncpg_connection(connection), 0.0
        self._is_open.set()
        try:
            while True:
                await self._has_more.wait()
                self._has_more.clear()
                if time.monotonic() >= forgets_at:
                    await queries.clear_queue_log()
                    forgets_at = time.monotonic() + FORGET_EVERY_S
                while self._owed:
                    kind, ids = next(iter(self._owed.items()))
                    words: list[bytes | None] = [str(one).encode() for one in sorted(ids)]
                    self._owed[kind] = set()
                    await queries.enqueue([kind] * len(words), words, [0] * len(words))
                    self._owed = {kind: ids for kind, ids in self._owed.items() if ids}
        finally:
            self._is_open.clear()
            for kind in self._owed:  # what could not be sent is looked for here
                self._local.wake(kind)
            self._owed.clear()

    async def _take(self, connection: Line) -> None:
        queuer = PgQueuer.from_asyncpg_connection(connection)

        async def take(job: Job) -> None:
            """Its row says whether there is anything to do, and who may."""
            row = int(job.payload or b"0")
            self._local.wake(job.entrypoint, [row] if row != ALL else ())

        for kind in sorted(self._takes):
            queuer.entrypoint(kind)(take)
        try:
            await queuer.qm.run(
                dequeue_timeout=POLL,
                batch_size=BATCH,
                shutdown_on_listener_failure=True,
                log_aggregation_interval=NO_STATISTICS,
            )
        finally:
            queuer.shutdown.set()


async def _prepare(connection: Line) -> None:
    """Its tables are its own: made when they are missing, by one process at a time."""
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock(7205759405)")
        if await connection.fetchval("SELECT to_regclass($1)", TABLE) is not None:
            return
        await connection.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
        # What holds no truth need not survive a crash, and costs no write-ahead log.
        unlogged = QueryBuilderEnvironment(settings=DBSettings(durability=Durability.volatile))
        await Queries(AsyncpgDriver(connection), qbe=unlogged).install()
