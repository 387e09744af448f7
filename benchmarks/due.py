"""How long after its time a due run reaches Dify, beside APScheduler with httpx and a bare timer with aiohttp."""

import asyncio
import tempfile
from argparse import Namespace
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import aiohttp
import httpx
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from benchmarks.rig.bot import start_bot
from benchmarks.rig.child import Line, start
from benchmarks.rig.dify import BRIEF, KEYS, run_dify
from benchmarks.rig.figures import percentile, print_goal, print_table
from benchmarks.rig.slack import DIRECT, environ_of, open_slack

SLOTS, EVERY_S = 80, 0.4
FIRST_IN_S = 4.0  # the first slot, so that everything is set up before it
GOAL_MS = 100.0
OURS, APSCHEDULER, TIMER = "ours: rows, claimed and run", "APScheduler in memory, httpx", "call_at, aiohttp"


async def measure(asked: Namespace) -> None:
    """The three take turns, a third of the beat apart; all post to one stand-in, whose clock it is."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        async with open_slack() as slack, start(run_dify) as dify:
            environ = environ_of(slack, folder, socket=False)
            async with (
                start_bot(environ, dify.ready, KEYS) as bot,
                start(run_apscheduler, dify.ready) as apscheduler,
                start(run_timer, dify.ready) as timer,
            ):
                jobs = {"channel_id": DIRECT, "app": "brief", "every_s": EVERY_S, "count": SLOTS}
                await bot.ask("add_one_time_jobs", first_in_s=FIRST_IN_S, **jobs)
                for turn, child in enumerate((apscheduler, timer), 1):
                    await child.ask("plan", first_in_s=FIRST_IN_S + turn * EVERY_S / 3)
                await asyncio.sleep(FIRST_IN_S + SLOTS * EVERY_S + 2)
                late = _lateness(await dify.ask("arrivals"))
    rows = [[name, len(found), *_figures(found)] for name, found in late.items()]
    print_table(
        "An instant comes → the POST arrives at Dify", ("idle process", "runs", "p50 ms", "p95 ms", "max ms"), rows
    )
    if len(late[OURS]) != SLOTS:
        raise RuntimeError(f"{len(late[OURS])} of {SLOTS} runs were started")
    print_goal(f"a due run starts within {GOAL_MS:.0f} ms (p95)", percentile(late[OURS], 95), at_most=GOAL_MS)


def _lateness(arrivals: Sequence[tuple[Mapping[str, Any], float]]) -> dict[str, list[float]]:
    late: dict[str, list[float]] = {OURS: [], APSCHEDULER: [], TIMER: []}
    for inputs, at in arrivals:
        late[inputs.get("by", OURS)].append((at - inputs["slot"]) * 1000)
    return late


def _figures(late: list[float]) -> list[float]:
    return [percentile(late, 50), percentile(late, 95), max(late)]


def _body(by: str, slot: float) -> dict[str, Any]:
    return {"inputs": {"by": by, "slot": slot}, "response_mode": "streaming", "user": "bench"}


def _slots(first_in_s: float) -> list[float]:
    first = datetime.now(UTC).timestamp() + first_in_s
    return [first + EVERY_S * index for index in range(SLOTS)]


async def run_apscheduler(line: Line, base_url: str) -> None:
    """A child: one date job for each slot, as APScheduler's guide shows."""
    scheduler = AsyncIOScheduler(timezone=UTC)
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {BRIEF}"}) as client:

        async def post(slot: float) -> None:
            async with client.stream("POST", f"{base_url}/workflows/run", json=_body(APSCHEDULER, slot)) as response:
                async for _ in response.aiter_raw():
                    pass

        async def plan(first_in_s: float) -> None:
            for slot in _slots(first_in_s):
                scheduler.add_job(post, "date", run_date=datetime.fromtimestamp(slot, UTC), args=[slot])

        scheduler.start()
        line.say("ready")
        await line.serve(plan=plan)
        scheduler.shutdown()


async def run_timer(line: Line, base_url: str) -> None:
    """A child: the limit, a timer of the event loop for each slot and nothing between it and the socket."""
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {BRIEF}"}) as session:
        tasks: set[asyncio.Task[None]] = set()

        async def post(slot: float) -> None:
            await asyncio.sleep(slot - datetime.now(UTC).timestamp())
            async with session.post(f"{base_url}/workflows/run", json=_body(TIMER, slot)) as response:
                await response.read()

        async def plan(first_in_s: float) -> None:
            tasks.update(asyncio.create_task(post(slot)) for slot in _slots(first_in_s))

        line.say("ready")
        await line.serve(plan=plan)
