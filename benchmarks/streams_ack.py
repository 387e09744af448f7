"""How long acks take while hundreds of streams run, beside stock Bolt without any stream."""

import asyncio
import tempfile
import time
from argparse import Namespace
from typing import Any

from benchmarks.rig.bot import start_bot
from benchmarks.rig.child import Child, start
from benchmarks.rig.dify import EVENT_BYTES, EVENT_EVERY_S, KEYS, run_dify
from benchmarks.rig.figures import percentile, print_goal, print_table
from benchmarks.rig.noise import run_control
from benchmarks.rig.slack import CHANNEL, LOAD_CHANNELS, HttpDoor, environ_of, open_slack
from benchmarks.rig.stock import run_stock
from bot.demo.slack import LocalSlack

STREAMS = 300
EVENTS = 120  # of each stream: a minute, which is longer than the commands take
SETTLE_S = 5.0  # after the last stream has opened
COMMANDS, COMMANDS_PER_S = 400, 20
DOORS = 8  # connections, so that a slow ack does not hold up the next command
JOBS = 20
GOAL_MS = 150.0


async def measure(asked: Namespace) -> None:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        async with open_slack() as slack, start(run_dify) as dify, start(run_control) as control:
            environ = environ_of(slack, folder, socket=False)
            async with start(run_stock, environ) as stock:
                stock_ms, machine = await _load(slack, stock.ready, control)
            async with start_bot(environ, dify.ready, KEYS) as bot:
                await bot.ask(
                    "add_jobs", names=[f"News {number}" for number in range(JOBS)], channel_id=CHANNEL, app="brief"
                )
                quiet_ms, _ = await _load(slack, bot.ready, control)
                await _open_streams(bot, dify)
                before = await dify.ask("events")
                began = time.perf_counter()
                loaded_ms, told = await _load(slack, bot.ready, control, bot, profile=asked.profile)
                events_per_s = (await dify.ask("events") - before) / (time.perf_counter() - began)
                in_flight = await bot.ask("in_flight")
    _report(stock_ms, quiet_ms, loaded_ms, machine, told, events_per_s, in_flight)


async def _open_streams(bot: Child, dify: Child) -> None:
    await bot.ask("launch", count=STREAMS, channels=LOAD_CHANNELS, inputs={"events": EVENTS}, app="steady")
    opened = 0
    while opened < STREAMS:
        await asyncio.sleep(0.1)
        opened += len(await dify.ask("arrivals"))
    await asyncio.sleep(SETTLE_S)


async def _load(
    slack: LocalSlack, port: int, control: Child, bot: Child | None = None, *, profile: bool = False
) -> tuple[list[float], dict[str, Any]]:
    """Commands at a steady beat, whether the one before was answered or not; what they took and what stalled."""
    free: asyncio.Queue[HttpDoor] = asyncio.Queue()
    for door in (HttpDoor(slack, port) for _ in range(DOORS)):
        await door.send("help")
        free.put_nowait(door)
    taken: list[float] = []

    async def send(index: int, due: float) -> None:
        door = await free.get()
        try:
            await door.send(f"{'resume' if index % 2 else 'pause'} News {index // 2 % JOBS}")
        finally:
            free.put_nowait(door)
        taken.append((time.perf_counter() - due) * 1000)

    if bot is not None:
        await bot.ask("start_watch", profile=profile)
    await control.ask("start")
    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for index in range(COMMANDS):
            due = began + index / COMMANDS_PER_S
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            group.create_task(send(index, due))
    while not free.empty():
        free.get_nowait().close()
    told: dict[str, Any] = {"machine": await control.ask("stop")}
    return taken, told | (await bot.ask("stop_watch") if bot is not None else {})


def _report(
    stock_ms: list[float],
    quiet_ms: list[float],
    loaded_ms: list[float],
    machine: dict[str, Any],
    told: dict[str, Any],
    events_per_s: float,
    in_flight: int,
) -> None:
    if told["top"]:
        print(told["top"])
    acks = [
        ["stock Bolt, no work, no stream", 0, *_figures(stock_ms)],
        ["ours, one durable write, no stream", 0, *_figures(quiet_ms)],
        ["ours, one durable write", in_flight, *_figures(loaded_ms)],
    ]
    heads = ("acks over HTTP", "streams", "p50 ms", "p99 ms", "max ms")
    print_table(
        f"{COMMANDS} commands at {COMMANDS_PER_S}/s; streams of {EVENT_BYTES} B each {EVENT_EVERY_S} s", heads, acks
    )
    stalls = [
        ["a process that only sleeps, during stock", *machine["machine"].values()],
        ["a process that only sleeps, during the streams", *told["machine"].values()],
        ["the bot with its streams", *told["stall"].values()],
    ]
    print_table("Lateness of a 5 ms heartbeat", ("event loop of", "p50 ms", "p99 ms", "max ms", "over 50 ms"), stalls)
    print(
        f"\nthe bot read {events_per_s:.0f} events/s, saved {told['saves_per_s']:.0f} runs/s, used {told['cpu']:.2f} of "
        f"a core; its longest garbage collection took {told['gc_ms']:.0f} ms"
    )
    print_goal(f"p99 of acks ≤ {GOAL_MS:.0f} ms with {STREAMS} streams", percentile(loaded_ms, 99), at_most=GOAL_MS)


def _figures(taken: list[float]) -> list[float]:
    return [percentile(taken, 50), percentile(taken, 99), max(taken)]
