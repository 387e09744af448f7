"""How long an idle bot takes to ack a command that durably writes rows, beside stock Bolt that does no work."""

import asyncio
import tempfile
from argparse import Namespace
from dataclasses import dataclass, field
from typing import Any

from benchmarks.rig.bot import start_bot
from benchmarks.rig.child import Child, start
from benchmarks.rig.dify import KEYS, run_dify
from benchmarks.rig.figures import median, percentile, print_goal, print_table
from benchmarks.rig.noise import sync_ms
from benchmarks.rig.slack import CHANNEL, DIRECT, Door, HttpDoor, SocketDoor, environ_of, open_slack
from benchmarks.rig.stock import run_stock
from bot.demo.slack import LocalSlack

GOAL = 0.25  # of stock Bolt's median
ROUNDS, COMMANDS, WARM_UP = 8, 40, 20
JOBS = 20  # each is paused and resumed a few times, as in life
IDLE_S = 0.01  # between two commands, so that what the first left to do is done


@dataclass(slots=True)
class Taken:
    """Milliseconds of each ack, and of the disk meanwhile."""

    direct: list[float] = field(default_factory=list)
    channel: list[float] = field(default_factory=list)
    stock: list[float] = field(default_factory=list)
    sync: list[float] = field(default_factory=list)


async def measure(asked: Namespace) -> None:
    """Both transports; ours and stock take turns, so that noise meets both."""
    rows: list[list[Any]] = []
    ratios: dict[str, float] = {}
    for name, socket in (("HTTP", False), ("Socket Mode", True)):
        taken = await _measure_transport(socket=socket, profile=asked.profile)
        stock = median(taken.stock)
        rows.append(
            [f"{name}: ours, a job of a direct message", *_figures(taken.direct), median(taken.direct) / stock]
        )
        rows.append(
            [f"{name}: ours, and the channel is told", *_figures(taken.channel), median(taken.channel) / stock]
        )
        rows.append([f"{name}: stock Bolt, no work", *_figures(taken.stock), 1.0])
        rows.append([f"{name}: fdatasync of the disk meanwhile", *_figures(taken.sync), None])
        ratios[name] = median(taken.direct) / stock
    heads = ("one command at a time", "times", "median ms", "p99 ms", "max ms", "of stock")
    print_table("Idle ack: /dify pause and /dify resume in turn, SQLite synchronous=FULL", heads, rows)
    for name, ratio in ratios.items():
        print_goal(f"{name}: an ack that writes durably ≤ {GOAL} of stock at the median", ratio, at_most=GOAL)


async def _measure_transport(*, socket: bool, profile: bool) -> Taken:
    # A workspace each: in Socket Mode an envelope goes to any connection of the app.
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        async with open_slack() as our_slack, open_slack() as stock_slack, start(run_dify) as dify:
            environ = environ_of(our_slack, folder, socket=socket)
            stock_environ = environ_of(stock_slack, folder, socket=socket)
            async with start_bot(environ, dify.ready, KEYS) as bot, start(run_stock, stock_environ) as stock:
                for channel_id in (DIRECT, CHANNEL):
                    names = [f"News {number}" for number in range(JOBS)]
                    await bot.ask("add_jobs", names=names, channel_id=channel_id, app="brief")
                direct = _open(our_slack, bot, DIRECT, socket=socket)
                channel = _open(our_slack, bot, CHANNEL, socket=socket)
                peer = _open(stock_slack, stock, CHANNEL, socket=socket)
                if profile:
                    await bot.ask("start_watch", profile=True)
                taken = await _take_turns(direct, channel, peer)
                if profile:
                    print((await bot.ask("stop_watch"))["top"])
    return taken


def _open(slack: LocalSlack, child: Child, channel_id: str, *, socket: bool) -> Door:
    return SocketDoor(slack, channel_id) if socket else HttpDoor(slack, child.ready, channel_id)


async def _take_turns(direct: Door, channel: Door, peer: Door) -> Taken:
    for door in (direct, channel, peer):
        await _send(door, WARM_UP)
    taken = Taken()
    for _ in range(ROUNDS):
        taken.sync.append(sync_ms())
        taken.direct += await _send(direct, COMMANDS)
        taken.stock += await _send(peer, COMMANDS)
        taken.channel += await _send(channel, COMMANDS)
    return taken


async def _send(door: Door, count: int) -> list[float]:
    """Pause and resume in turn; an answer that says something else did not do the work. Stock says nothing."""
    taken: list[float] = []
    for index in range(count):
        deed, done = ("resume", "resumed") if index % 2 else ("pause", "paused")
        passed_ms, answer = await door.send(f"{deed} News {index // 2 % JOBS}")
        if answer is not None and done not in str(answer).lower():
            raise RuntimeError(f"/dify {deed} was answered with {answer}")
        taken.append(passed_ms)
        await asyncio.sleep(IDLE_S)
    return taken


def _figures(taken: list[float]) -> list[Any]:
    return [len(taken), median(taken), percentile(taken, 99), max(taken)]
