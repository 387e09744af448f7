"""What a bot with 2,000 jobs of which none is due costs: CPU seconds of a minute."""

import asyncio
import tempfile
from argparse import Namespace
from collections.abc import Mapping
from contextlib import ExitStack

from benchmarks.rig.crowd import fill
from benchmarks.rig.figures import print_goal, print_table
from benchmarks.rig.postgres import open_postgres
from benchmarks.rig.serving import serve
from benchmarks.rig.slack import environ_of, open_slack

JOBS = 2_000
SETTLE_S = 10.0  # the start and what it loads later are no part of being idle
WATCH_S = 60.0
GOAL_PERCENT = 1.0
KINDS: Mapping[str, Mapping[str, str]] = {
    "SQLite": {},
    "PostgreSQL, embedded engine": {"DIFY_OPS_ENGINE": "embedded"},
    "PostgreSQL, distributed engine": {"DIFY_OPS_ENGINE": "distributed"},
}


async def measure(asked: Namespace) -> None:
    """One after the other: what they cost is told by the system, whatever else it does."""
    shares = {name: await _watch(told) for name, told in KINDS.items()}
    heads = ("dify-ops serve, connected by Socket Mode", "of a core", "CPU ms/s")
    rows = [[name, f"{share:.2%}", share * 1000] for name, share in shares.items()]
    print_table(f"{JOBS:,} jobs, none due, {WATCH_S:.0f} s", heads, rows)
    for name, share in shares.items():
        print_goal(f"idle on {name} ≤ {GOAL_PERCENT:.0f} % of a core", share * 100, at_most=GOAL_PERCENT)


async def _watch(told: Mapping[str, str]) -> float:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, ExitStack() as opened:
        async with open_slack() as slack:
            environ = environ_of(slack, folder, socket=True) | told
            if told:
                environ |= {"DATABASE_URL": opened.enter_context(open_postgres())}
            await fill(environ, JOBS)
            async with serve(environ) as serving:
                await asyncio.sleep(SETTLE_S)
                before = serving.cpu_s()
                await asyncio.sleep(WATCH_S)
                return (serving.cpu_s() - before) / WATCH_S
