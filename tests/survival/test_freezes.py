"""Servers that stand still for longer than their lease, at any moment and right before a request that cannot be taken
back: nothing is doubled, or what is doubled is stopped, taken back and told."""

import asyncio
import os
import random
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.survival.life import Life
from tests.survival.replicas import LEASE_S, PATIENCE_S, jobs_coming_due, live_together, open_replicas, settle
from tests.survival.world import Survival

FREEZES = int(os.environ.get("FREEZES", "240"))
GAPS = int(os.environ.get("GAPS", "60"))
PARTS = 3
GAP_POINTS = ("dify:before", "slack:before")
STOPPED_SHARE = 0.9  # of the runs that were one too many; the rest had ended before they could be stopped


async def freeze(life: Life, chance: random.Random) -> None:
    await asyncio.sleep(chance.uniform(0.5, 2.5))
    life.send_signal(signal.SIGSTOP)
    await asyncio.sleep(LEASE_S + chance.uniform(0.5, 3.0))
    life.send_signal(signal.SIGCONT)


async def freeze_in_gap(world: Survival, point: str) -> None:
    """It stands still between the word that it may ask and the request, until others have taken its work over."""
    await world.add_job(1.0, "long" if point == "dify:before" else "digest")
    async with world.life(PAUSE=f"{point}:1") as process:
        await stopped(process.pid)
        async with world.life():
            await world.all_hear(2)
            await asyncio.sleep(LEASE_S + 2.0)
            process.send_signal(signal.SIGCONT)
            await asyncio.sleep(2.0)


async def stopped(pid: int) -> None:
    """Return when the process stands still."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
            if state == "T":
                return
            await asyncio.sleep(0.05)


def judge_extras(world: Survival) -> None:
    """What was asked for once too often was stopped, taken back, and told, each time."""
    extra, ended, told = world.extra_runs()
    assert told == extra
    assert ended >= STOPPED_SHARE * extra
    taken_back = len(world.slack.log.calls("chat.delete"))
    print(f"{extra} runs were one too many, {ended} of them were stopped, all told; {taken_back} posts taken back")


async def test_fmea_a15_a_server_that_stands_still_for_longer_than_its_lease_doubles_nothing(
    tmp_path: Path, postgres: Any
) -> None:
    async with open_replicas(tmp_path, postgres) as world:
        async with jobs_coming_due(world, 1.0):
            await live_together(world, 3, freeze, seed=1)
        await settle(world, "freezes", 3)


@pytest.mark.long
@pytest.mark.parametrize("part", range(PARTS))
async def test_servers_that_stand_still_again_and_again(tmp_path: Path, postgres: Any, part: int) -> None:
    async with open_replicas(tmp_path, postgres) as world:
        async with jobs_coming_due(world, 0.7):
            await live_together(world, FREEZES // PARTS, freeze, seed=part)
        await settle(world, "freezes", FREEZES // PARTS)


@pytest.mark.long
@pytest.mark.parametrize("point", GAP_POINTS)
@pytest.mark.parametrize("part", range(2))
async def test_servers_that_stand_still_right_before_the_request(
    tmp_path: Path, postgres: Any, point: str, part: int
) -> None:
    times = GAPS // 4
    async with open_replicas(tmp_path, postgres) as world:
        for _ in range(times):
            await freeze_in_gap(world, point)
        await settle(world, "freezes", times)
        judge_extras(world)
