"""Told to end with forty runs in flight: the bot goes within 15 s, and the next one joins them all, starting none."""

import asyncio
import os
import signal
import time
from collections import Counter
from pathlib import Path

import pytest

from storage.records import RunState
from storage.tables import runs
from tests.survival.life import Life
from tests.survival.world import PATIENCE_S, Survival, open_survival

RUNS = 40
EXIT_S = 15.0
HANDOVERS = int(os.environ.get("HANDOVERS", "20"))
SPEED = 5.0  # a run of 35 s takes 7


async def in_flight(world: Survival, process: Life, count: int) -> None:
    """Return when Dify has been asked for so many runs in all."""
    async with asyncio.timeout(PATIENCE_S):
        while len(world.dify.starts("slow")) < count:
            assert process.returncode is None, world.report()
            await asyncio.sleep(0.05)


async def end_with(world: Survival, *signals: signal.Signals, count: int = RUNS) -> int:
    """So many more jobs come due, the bot is told to end while they run; its exit code."""
    before = len(world.dify.starts("slow"))
    for _ in range(count):
        await world.add_job(3.0, "slow")
    async with world.life() as process:
        await in_flight(world, process, before + count)
        assert any(run.finished_at is None for run in world.dify.starts("slow"))
        began = time.monotonic()
        for one in signals:
            process.send_signal(one)
        code = await process.wait()
        world.exits_s.append(time.monotonic() - began)
        assert world.exits_s[-1] <= EXIT_S
    return code


async def all_joined(world: Survival) -> None:
    """Every run has come to its own end, and Dify was asked for each once."""
    await world.live_out(to_the_last_word=False)
    ends = await world.store.read(lambda c: [row.state for row in c.execute(runs.select())])
    assert Counter(ends) == {RunState.SUCCEEDED: len(world.jobs)}, world.report()
    starts = Counter(run.user for run in world.dify.starts("slow"))
    assert (len(starts), max(starts.values())) == (len(world.jobs), 1)


async def test_fmea_a11_told_to_end_it_hands_forty_runs_over_and_none_is_started_again(tmp_path: Path) -> None:
    async with open_survival(tmp_path, SPEED) as world:
        assert await end_with(world, signal.SIGTERM) == 0
        await all_joined(world)


async def test_fmea_a12_told_twice_it_goes_at_once_and_nothing_is_lost(tmp_path: Path) -> None:
    async with open_survival(tmp_path, SPEED) as world:
        assert await end_with(world, signal.SIGTERM, signal.SIGINT, count=5) == 130
        await all_joined(world)
        await world.live_out()
        verdict = await world.judge_messages()
        assert not any(verdict.values()), f"{verdict}\n{world.report()}"


@pytest.mark.long
async def test_told_to_end_again_and_again_it_always_hands_over(tmp_path: Path) -> None:
    async with open_survival(tmp_path, SPEED) as world:
        for _ in range(HANDOVERS):
            assert await end_with(world, signal.SIGTERM) == 0
            await all_joined(world)
        slowest = max(world.exits_s)
        print(
            f"{HANDOVERS} handovers of {RUNS} runs, each in {slowest:.1f} s or less: all joined, none started again"
        )
