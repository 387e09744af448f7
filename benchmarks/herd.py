"""Ten thousand jobs due in one second: how late they are claimed, what stalls, and how long acks take meanwhile."""

import asyncio
import tempfile
import time
from argparse import Namespace
from contextlib import AsyncExitStack
from typing import Any

from sqlalchemy import select

from benchmarks.rig.bot import start_bot
from benchmarks.rig.child import start
from benchmarks.rig.dify import KEYS, run_dify
from benchmarks.rig.figures import median, percentile, print_goal, print_table
from benchmarks.rig.noise import run_control
from benchmarks.rig.postgres import open_postgres
from benchmarks.rig.slack import CHANNEL, HttpDoor, environ_of, open_slack
from bot.demo.slack import LocalSlack
from storage.database import open_store, upgrade
from storage.records import Cause, RunState
from storage.tables import runs

HERD = 10_000
ROUNDS = 3
FIRST_IN_S = {"sqlite": 12.0, "postgresql": 30.0}  # to write the herd takes a while
WATCH_S = 12.0
COMMANDS_PER_S = 20
GOAL_CLAIM_S, GOAL_STALL_MS = 0.6, 50.0
GOAL_ACK_MS = {"sqlite": 60.0, "postgresql": 150.0}
SERVERS = {"sqlite": 1, "postgresql": 2}


async def measure(asked: Namespace) -> None:
    for engine in SERVERS:
        rounds = [await _round(engine) for _ in range(ROUNDS)]
        _report(engine, rounds)


async def _round(engine: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        if engine == "sqlite":
            return await _run(engine, folder, {})
        with open_postgres() as url:
            await upgrade(url)
            return await _run(engine, folder, {"DATABASE_URL": url, "DIFY_OPS_ENGINE": "distributed"})


async def _run(engine: str, folder: str, told: dict[str, str]) -> dict[str, Any]:
    async with AsyncExitStack() as opened:
        slack = await opened.enter_async_context(open_slack())
        dify = await opened.enter_async_context(start(run_dify))
        control = await opened.enter_async_context(start(run_control))
        environ = environ_of(slack, folder, socket=False) | told | {"DIFY_OPS_MAX_STREAMS": "50"}
        bots = [
            await opened.enter_async_context(start_bot(environ, dify.ready, KEYS)) for _ in range(SERVERS[engine])
        ]
        await bots[0].ask("add_jobs", names=["News 0", "News 1"], channel_id=CHANNEL, app="brief")
        due_at = time.time() + FIRST_IN_S[engine]
        await bots[0].ask("add_herd", first_in_s=FIRST_IN_S[engine], count=HERD, channel_id=CHANNEL, app="brief")
        if time.time() > due_at - 2:
            raise RuntimeError("the herd was due before it was written; raise FIRST_IN_S")
        await asyncio.sleep(due_at - 1 - time.time())
        for child in bots:
            await child.ask("start_watch")
        await control.ask("start")
        acks = await _load(slack, [child.ready for child in bots])
        stalls = [(await child.ask("stop_watch"))["stall"]["max"] for child in bots]
        calm = (await control.ask("stop"))["max"]
        url = told.get("DATABASE_URL", f"sqlite:///{folder}/dify-ops.sqlite3")
        return {"late": await _lateness(url), "acks": acks, "stall": max(stalls), "calm": calm}


async def _load(slack: LocalSlack, ports: list[int]) -> list[float]:
    """Commands at a steady beat from a second before the herd on."""
    taken: list[float] = []

    async def send(port: int, index: int) -> None:
        door = HttpDoor(slack, port)
        passed_ms, _ = await door.send(f"{'resume' if index % 2 else 'pause'} News {index // 2 % 2}")
        door.close()
        taken.append(passed_ms)

    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for index in range(int(WATCH_S * COMMANDS_PER_S)):
            await asyncio.sleep(max(0.0, began + index / COMMANDS_PER_S - time.perf_counter()))
            group.create_task(send(ports[index % len(ports)], index))
    return taken


async def _lateness(url: str) -> list[float]:
    """Seconds from due to claimed, of each job of the herd; fails where one was lost or doubled."""
    store = open_store(url)
    query = select(runs.c.job_id, runs.c.due_at, runs.c.ready_at).where(
        runs.c.cause == Cause.SCHEDULE, runs.c.state != RunState.PLANNED
    )
    rows = await store.read(lambda c: list(c.execute(query)))
    await store.close()
    if len(rows) != HERD or len({row.job_id for row in rows}) != HERD:
        raise RuntimeError(f"{len(rows)} of {HERD} were claimed, of {len({row.job_id for row in rows})} jobs")
    return [(row.ready_at - row.due_at).total_seconds() for row in rows]


def _report(engine: str, rounds: list[dict[str, Any]]) -> None:
    rows = [
        [
            f"{SERVERS[engine]} × {engine}",
            percentile(one["late"], 50),
            percentile(one["late"], 99),
            one["stall"],
            one["calm"],
            percentile(one["acks"], 50),
            percentile(one["acks"], 99),
        ]
        for one in rounds
    ]
    heads = ("servers", "claimed p50 s", "p99 s", "stall ms", "of who sleeps", "acks p50 ms", "p99 ms")
    print_table(f"{HERD:,} jobs due in one instant: 0 lost, 0 doubled", heads, rows)
    middle = [median([row[column] for row in rows]) for column in range(1, 7)]
    print_goal(f"claimed within {GOAL_CLAIM_S} s (p99) on {engine}", middle[1], at_most=GOAL_CLAIM_S)
    held_ms = middle[2] - middle[3]
    print_goal(f"held up ≤ {GOAL_STALL_MS:.0f} ms more than who sleeps", held_ms, at_most=GOAL_STALL_MS)
    print_goal(f"acks within {GOAL_ACK_MS[engine]:.0f} ms (p99)", middle[5], at_most=GOAL_ACK_MS[engine])
