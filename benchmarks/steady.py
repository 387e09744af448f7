"""Twenty firings a second and two hundred live streams, for a minute or for ten: lateness, memory and its growth."""

import asyncio
import tempfile
import time
from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from statistics import linear_regression
from typing import Any

from benchmarks.rig.bot import start_bot
from benchmarks.rig.child import Child, start
from benchmarks.rig.dify import KEYS, run_dify
from benchmarks.rig.figures import median, percentile, print_goal, print_table
from benchmarks.rig.noise import run_control
from benchmarks.rig.slack import LOAD_CHANNELS, environ_of, open_slack

PER_S = 20
# Half a second each: streams of 2 to 30 s, ten in the mean, so that 200 go on at a time.
EVENTS = (4, 6, 10, 20, 60)
RAMP_S = 40.0  # by then the longest of the first have ended
LOOK_S = 2.0
GOAL_P50_S, GOAL_P99_S, GOAL_MAX_S = 0.3, 1.0, 2.0
GOAL_MB = 300.0
GOAL_STARTED = 0.98  # the watched time begins and ends between two seconds


@dataclass(slots=True)
class Seen:
    """What was looked at now and then: (seconds, bytes), and how many streams went on."""

    memory: list[tuple[float, int]] = field(default_factory=list)
    streams: list[int] = field(default_factory=list)
    late_s: list[float] = field(default_factory=list)


async def measure(asked: Namespace) -> None:
    """The time that is measured begins when as many streams end as begin."""
    watched_s = asked.minutes * 60
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        async with open_slack() as slack, start(run_dify) as dify, start(run_control) as control:
            environ = environ_of(slack, folder, socket=True)
            async with start_bot(environ, dify.ready, KEYS) as bot:
                slack.set_limits(enabled=False)  # what Slack lets through is no part of this
                inputs = [{"events": count, "slot": "{{ scheduled_time }}"} for count in EVENTS]
                await bot.ask("add_steady_jobs", per_s=PER_S, channels=LOAD_CHANNELS, app="steady", inputs=inputs)
                await asyncio.sleep(RAMP_S)
                await dify.ask("arrivals")
                await bot.ask("start_watch", profile=asked.profile)
                await control.ask("start")
                seen = await _watch(bot, dify, watched_s)
                told, calm = await bot.ask("stop_watch"), await control.ask("stop")
    _report(seen, told, calm, watched_s)


async def _watch(bot: Child, dify: Child, watched_s: float) -> Seen:
    seen, began = Seen(), time.perf_counter()
    while (passed_s := time.perf_counter() - began) < watched_s:
        await asyncio.sleep(LOOK_S)
        seen.memory.append((passed_s, await bot.ask("memory")))
        seen.streams.append(await bot.ask("in_flight"))
        seen.late_s += _lateness(await dify.ask("arrivals"))
    return seen


def _lateness(arrivals: Sequence[tuple[Mapping[str, Any], float]]) -> list[float]:
    """From due to the start at Dify; the slot came with the inputs."""
    return [at - datetime.fromisoformat(inputs["slot"]).timestamp() for inputs, at in arrivals]


def _report(seen: Seen, told: Mapping[str, Any], calm: Mapping[str, float], watched_s: float) -> None:
    if told["top"]:
        print(told["top"])
    late, top_mb = seen.late_s, max(size for _, size in seen.memory) / 1e6
    row = [len(late), median(seen.streams), *(percentile(late, percent) for percent in (50, 99)), max(late)]
    heads = ("", "starts", "streams", "late p50 s", "p99 s", "max s")
    print_table(
        f"{PER_S} firings/s for {watched_s / 60:g} min of the 10, SQLite", heads, [["due → start at Dify", *row]]
    )
    slope = linear_regression([at / 60 for at, _ in seen.memory], [size / 1e6 for _, size in seen.memory]).slope
    print(
        f"\nmemory: first {seen.memory[0][1] / 1e6:.0f} MB, most {top_mb:.0f} MB, slope {slope:+.2f} MB a minute; "
        f"{told['cpu']:.2f} of a core, {told['saves_per_s']:.0f} saves/s; loop late by "
        f"{told['stall']['max']:.0f} ms at most (who only sleeps: {calm['max']:.0f} ms)"
    )
    started = len(late) / (PER_S * watched_s)
    print_goal(f"started of what came due ≥ {GOAL_STARTED}", started, at_least=GOAL_STARTED)
    print_goal(f"late p50 ≤ {GOAL_P50_S} s", percentile(late, 50), at_most=GOAL_P50_S)
    print_goal(f"late p99 ≤ {GOAL_P99_S} s", percentile(late, 99), at_most=GOAL_P99_S)
    print_goal(f"late at most {GOAL_MAX_S} s", max(late), at_most=GOAL_MAX_S)
    print_goal(f"memory ≤ {GOAL_MB:.0f} MB", top_mb, at_most=GOAL_MB)
