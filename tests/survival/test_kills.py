"""Killed at every named point, and at any moment: every job runs once and is told once."""

import asyncio
import os
import random
import sqlite3
from pathlib import Path

import pytest

from tests.survival import count
from tests.survival.child import POINTS
from tests.survival.world import Survival, open_survival

KILLS = int(os.environ.get("KILLS", "200"))
ROUNDS = int(os.environ.get("ROUNDS", "5"))


async def settle(world: Survival) -> None:
    await world.live_out()
    verdict = await world.judge()
    assert not any(verdict.values()), f"{verdict}\n{world.report()}"
    count.add("kill −9", world.deaths)


def check_file(folder: Path) -> None:
    with sqlite3.connect(folder / "dify-ops.sqlite3") as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.parametrize("points", [POINTS[half::2] for half in range(2)], ids=["odd", "even"])
async def test_fmea_a1_to_a10_killed_at_every_named_point_every_job_runs_once_and_is_told_once(
    tmp_path: Path, points: tuple[str, ...]
) -> None:
    async with open_survival(tmp_path) as world:
        for point in points:
            await world.add_job()
            await world.die_at(point)
        await settle(world)
        assert world.deaths == len(points)
    check_file(tmp_path)


@pytest.mark.long
async def test_killed_again_and_again_at_every_named_point(tmp_path: Path) -> None:
    async with open_survival(tmp_path) as world:
        for point in POINTS * ROUNDS:
            await world.add_job()
            await world.die_at(point)
        await settle(world)
        print(f"{world.deaths} kills at {len(POINTS)} points: every job ran once and was told once")
    check_file(tmp_path)


@pytest.mark.long
async def test_killed_at_any_moment(tmp_path: Path) -> None:
    chance = random.Random(4)
    async with open_survival(tmp_path) as world:
        for _ in range(KILLS):
            await world.add_job(chance.uniform(0.5, 2.0))
            async with world.life() as process:
                await asyncio.sleep(chance.uniform(0.6, 2.2))
                process.kill()
                await process.wait()
            world.deaths += 1
        await settle(world)
        print(f"{world.deaths} kills, {len(world.names)} jobs: every one ran once and was told once")
    check_file(tmp_path)
