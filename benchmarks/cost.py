"""What one run costs the database, by count: transactions, statements, and the bytes that PostgreSQL logs ahead."""

import asyncio
import tempfile
from argparse import Namespace
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any, NamedTuple

import asyncpg

from benchmarks.rig.bot import start_bot
from benchmarks.rig.child import start
from benchmarks.rig.dify import KEYS, run_dify
from benchmarks.rig.figures import print_table
from benchmarks.rig.postgres import open_postgres
from benchmarks.rig.slack import LOAD_CHANNELS, environ_of, open_slack
from storage.database import upgrade

PER_S = 4  # as many results as Slack takes, so that messages do not pile up
WATCH_S = 30.0


class Kind(NamedTuple):
    """Runs of one length on one engine; after `ramp_s` as many end as begin."""

    name: str
    is_postgres: bool
    app: str
    inputs: Mapping[str, Any]
    ramp_s: float


KINDS = (
    Kind("SQLite, runs without a pause", False, "brief", {}, 8.0),
    Kind("SQLite, runs of 10 s", False, "steady", {"events": 20}, 18.0),
    Kind("PostgreSQL with the queue, without a pause", True, "brief", {}, 8.0),
    Kind("PostgreSQL with the queue, of 10 s", True, "steady", {"events": 20}, 18.0),
)


class Cost(NamedTuple):
    """What was asked meanwhile; the log of SQLite is not counted."""

    starts: int
    asked: Mapping[str, int]
    log_bytes: int | None

    def sum_of(self, kind: str) -> float:
        return sum(count for name, count in self.asked.items() if name.startswith(kind)) / self.starts


async def measure(asked: Namespace) -> None:
    costs = {kind.name: await _watch(kind) for kind in KINDS}
    rows = [
        [
            name,
            *(cost.sum_of(kind) for kind in ("write", "read", "statements")),
            None if cost.log_bytes is None else cost.log_bytes / cost.starts / 1000,
        ]
        for name, cost in costs.items()
    ]
    heads = ("one run", "transactions", "reads", "statements", "KB of WAL")
    print_table(f"{PER_S} runs/s for {WATCH_S:.0f} s, beats of the loops included", heads, rows)
    for name, cost in costs.items():
        each = sorted(((count / cost.starts, who) for who, count in cost.asked.items()), reverse=True)
        print(f"{name}: {', '.join(f'{who} {count:.2f}' for count, who in each if who != 'statements')}")


async def _watch(kind: Kind) -> Cost:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, ExitStack() as opened:
        async with open_slack() as slack, start(run_dify) as dify:
            environ, url = environ_of(slack, folder, socket=True), None
            if kind.is_postgres:
                url = opened.enter_context(open_postgres())
                await upgrade(url)
                environ |= {"DATABASE_URL": url, "DIFY_OPS_ENGINE": "distributed"}
            async with start_bot(environ, dify.ready, KEYS) as bot:
                steady = {"per_s": PER_S, "channels": LOAD_CHANNELS, "app": kind.app, "inputs": [kind.inputs]}
                await bot.ask("add_steady_jobs", **steady)
                await asyncio.sleep(kind.ramp_s)
                await bot.ask("asked_of_database")
                await dify.ask("arrivals")
                before = await _logged(url)
                await asyncio.sleep(WATCH_S)
                arrivals: Sequence[Any] = await dify.ask("arrivals")
                taken = await bot.ask("asked_of_database")
                return Cost(len(arrivals), taken, None if url is None else await _logged(url) - before)


async def _logged(url: str | None) -> int:
    """Bytes of write-ahead log since the database was made."""
    if url is None:
        return 0
    connection = await asyncpg.connect(url)
    try:
        return int(await connection.fetchval("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn"))
    finally:
        await connection.close()
