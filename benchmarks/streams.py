"""Thousands of streams opened at once: from due to the first event, beside a plain httpx loop; and what one weighs."""

import asyncio
import tempfile
import time
from argparse import Namespace
from typing import Any

from benchmarks.rig.bot import start_bot
from benchmarks.rig.child import Child, start
from benchmarks.rig.dify import IDLE, KEYS, run_dify
from benchmarks.rig.figures import median, percentile, print_goal, print_table
from benchmarks.rig.httpxpeer import run_httpx
from benchmarks.rig.noise import run_control
from benchmarks.rig.slack import CHANNEL, LOAD_CHANNELS, HttpDoor, environ_of, open_slack
from bot.demo.slack import LocalSlack

STREAMS = 2_000
ROUNDS = 3
WARM, HELD = 200, 1_000  # the memory of a stream is the difference that so many more make
FIRST_IN_S = 6.0  # to write the herd takes a while
SETTLE_S = 8.0  # until all is saved and told
PATIENCE_S = 120.0
COMMANDS_PER_S = 20
JOBS = 20
GOAL_RATIO, GOAL_ACK_MS, GOAL_KB = 0.4, 150.0, 28.0


async def measure(asked: Namespace) -> None:
    rounds = [await _round(profile=asked.profile) for _ in range(ROUNDS)]
    rows = [
        [
            number + 1,
            *(percentile(one["peer"], percent) for percent in (50, 99)),
            *(percentile(one["ours"], percent) for percent in (50, 99)),
            percentile(one["ours"], 99) / percentile(one["peer"], 99),
            percentile(one["acks"], 99),
            one["told"]["stall"]["max"],
            one["calm"],
            one["kb"],
        ]
        for number, one in enumerate(rounds)
    ]
    heads = ("round", "httpx p50 s", "p99 s", "ours p50 s", "p99 s", "p99 ratio", "acks p99 ms")
    heads += ("stall ms", "of who sleeps", "KB a stream")
    print_table(f"{STREAMS:,} streams opened at once, due to first event; {HELD:,} idle ones held", heads, rows)
    ratio, ack_ms, kb = (median([row[column] for row in rows]) for column in (5, 6, 9))
    print_goal(f"due to first event (p99) ≤ {GOAL_RATIO} of a plain httpx loop", ratio, at_most=GOAL_RATIO)
    print_goal(f"p99 of acks meanwhile ≤ {GOAL_ACK_MS:.0f} ms", ack_ms, at_most=GOAL_ACK_MS)
    print_goal(f"an idle stream with its run costs ≤ {GOAL_KB:.0f} KB", kb, at_most=GOAL_KB)


async def _round(*, profile: bool) -> dict[str, Any]:
    async with open_slack() as slack, start(run_dify) as dify, start(run_control) as control:
        async with start(run_httpx, dify.ready, IDLE) as peer:
            taken = await peer.ask("open_streams", count=STREAMS)
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            environ = environ_of(slack, folder, socket=False) | {"DIFY_OPS_MAX_STREAMS": str(STREAMS)}
            async with start_bot(environ, dify.ready, KEYS) as bot:
                opened = await _open(slack, bot, control, profile=profile)
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            environ = environ_of(slack, folder, socket=False) | {"DIFY_OPS_MAX_STREAMS": str(STREAMS)}
            async with start_bot(environ, dify.ready, KEYS) as bot:
                kb = await _weigh(bot)
    return {"peer": taken, "kb": kb} | opened


async def _open(slack: LocalSlack, bot: Child, control: Child, *, profile: bool) -> dict[str, Any]:
    names = [f"News {number}" for number in range(JOBS)]
    await bot.ask("add_jobs", names=names, channel_id=CHANNEL, app="brief")
    due_at = time.time() + FIRST_IN_S
    await bot.ask("add_herd", first_in_s=FIRST_IN_S, count=STREAMS, channel_id=CHANNEL, app="idle")
    if time.time() > due_at - 1:
        raise RuntimeError("the herd was due before it was written; raise FIRST_IN_S")
    await asyncio.sleep(due_at - 1 - time.time())
    await bot.ask("start_watch", profile=profile)
    await control.ask("start")
    is_open = asyncio.Event()
    sending = asyncio.create_task(_send_commands(slack, bot.ready, is_open))
    await _until_open(bot, STREAMS)
    is_open.set()
    acks, ours = await sending, await bot.ask("first_events")
    told = await bot.ask("stop_watch")
    if told["top"]:
        print(told["top"])
    return {"ours": ours, "acks": acks, "told": told, "calm": (await control.ask("stop"))["max"]}


async def _launch(bot: Child, count: int) -> None:
    await bot.ask("launch", count=count, channels=LOAD_CHANNELS, inputs={}, app="idle")
    await _until_open(bot, count)


async def _until_open(bot: Child, count: int) -> None:
    opened = 0
    async with asyncio.timeout(PATIENCE_S):
        while opened < count:
            await asyncio.sleep(0.2)
            opened = len(await bot.ask("first_events"))


async def _send_commands(slack: LocalSlack, port: int, is_over: asyncio.Event) -> list[float]:
    """Commands at a steady beat until all streams are open; how long their acks took."""
    taken: list[float] = []

    async def send(index: int) -> None:
        door = HttpDoor(slack, port)
        passed_ms, _ = await door.send(f"{'resume' if index % 2 else 'pause'} News {index // 2 % JOBS}")
        door.close()
        taken.append(passed_ms)

    began, index = time.perf_counter(), 0
    async with asyncio.TaskGroup() as group:
        while not is_over.is_set():
            group.create_task(send(index))
            index += 1
            await asyncio.sleep(max(0.0, began + index / COMMANDS_PER_S - time.perf_counter()))
    return taken


async def _weigh(bot: Child) -> float:
    await _launch(bot, WARM)
    await asyncio.sleep(SETTLE_S)
    before = await bot.ask("memory")
    await _launch(bot, HELD)
    await asyncio.sleep(SETTLE_S)
    return (await bot.ask("memory") - before) / HELD / 1024
