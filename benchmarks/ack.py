"""How long an idle bot takes to ack a command that durably writes a row, beside stock Bolt that does no work."""

import asyncio
import tempfile
from argparse import Namespace
from typing import Any

from benchmarks.rig.bot import run_bot
from benchmarks.rig.child import start
from benchmarks.rig.dify import KEYS, run_dify
from benchmarks.rig.figures import median, percentile, print_goal, print_table
from benchmarks.rig.noise import sync_ms
from benchmarks.rig.slack import CHANNEL, Door, HttpDoor, SocketDoor, environ_of, open_slack
from benchmarks.rig.stock import run_stock

GOAL = 0.25  # of stock Bolt's median
ROUNDS, COMMANDS, WARM_UP = 8, 40, 20
JOBS = 20
IDLE_S = 0.01  # between two commands, so that what the first left to do is done


async def measure(asked: Namespace) -> None:
    """Both transports; ours and stock take turns, so that noise meets both."""
    rows: list[list[Any]] = []
    for socket in (False, True):
        ours, stock, sync, top = await _measure_transport(socket=socket, profile=asked.profile)
        name = "Socket Mode" if socket else "HTTP"
        rows.append([f"{name}: ours, one durable write", *_figures(ours), median(ours) / median(stock)])
        rows.append([f"{name}: stock Bolt, no work", *_figures(stock), 1.0])
        rows.append([f"{name}: the disk's fdatasync meanwhile", *_figures(sync), None])
        if top:
            print(top)
    heads = ("one command at a time", "acks", "median ms", "p99 ms", "max ms", "of stock")
    print_table("Idle ack: /dify pause and /dify resume in turn, SQLite synchronous=FULL", heads, rows)
    for row in rows[::3]:
        print_goal(f"{row[0]} ≤ {GOAL} of stock at the median", row[-1], at_most=GOAL)


async def _measure_transport(*, socket: bool, profile: bool) -> tuple[list[float], list[float], list[float], str]:
    ours: list[float] = []
    stock: list[float] = []
    sync: list[float] = []
    top = ""
    # A workspace each: in Socket Mode an envelope goes to any connection of the app.
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        async with open_slack() as our_slack, open_slack() as stock_slack, start(run_dify) as dify:
            environ = environ_of(our_slack, folder, socket=socket)
            stock_environ = environ_of(stock_slack, folder, socket=socket)
            async with start(run_bot, environ, dify.ready, KEYS) as bot, start(run_stock, stock_environ) as peer:
                await bot.ask(
                    "add_jobs", names=[f"News {number}" for number in range(JOBS)], channel_id=CHANNEL, app="brief"
                )
                our_door = SocketDoor(our_slack) if socket else HttpDoor(our_slack, bot.ready)
                peer_door = SocketDoor(stock_slack) if socket else HttpDoor(stock_slack, peer.ready)
                await _send(our_door, WARM_UP)
                await _send(peer_door, WARM_UP)
                if profile:
                    await bot.ask("start_watch", profile=True)
                for _ in range(ROUNDS):
                    sync.append(sync_ms())
                    ours += await _send(our_door, COMMANDS)
                    stock += await _send(peer_door, COMMANDS, wants_words=False)
                if profile:
                    top = (await bot.ask("stop_watch"))["top"]
    return ours, stock, sync, top


async def _send(door: Door, count: int, *, wants_words: bool = True) -> list[float]:
    """Pause and resume in turn; whoever answers something else did not do the work."""
    taken: list[float] = []
    for index in range(count):
        deed, done = ("resume", "resumed") if index % 2 else ("pause", "paused")
        passed_ms, answer = await door.send(f"{deed} News {index // 2 % JOBS}")
        if wants_words and answer is not None and done not in str(answer).lower():
            raise RuntimeError(f"/dify {deed} was answered with {answer}")
        taken.append(passed_ms)
        await asyncio.sleep(IDLE_S)
    return taken


def _figures(taken: list[float]) -> list[Any]:
    return [len(taken), median(taken), percentile(taken, 99), max(taken)]
