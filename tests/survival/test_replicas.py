"""Two servers on one PostgreSQL: killed, frozen, cut off, their database restarted; judged by Slack and Dify."""

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.survival import count
from tests.survival.cable import Cable, lay_to_postgres
from tests.survival.world import Survival, open_survival

LEASE_S = 4.0
KILLS = int(os.environ.get("KILLS_OF_REPLICAS", "200"))
FREEZES = int(os.environ.get("FREEZES", "60"))
GAPS = int(os.environ.get("GAPS", "12"))
CUTS = int(os.environ.get("CUTS", "40"))
RESTARTS = int(os.environ.get("RESTARTS", "40"))
PATIENCE_S = 180.0


@asynccontextmanager
async def open_replicas(folder: Path, postgres: Any) -> AsyncIterator[Survival]:
    """The world over a PostgreSQL; leases are short."""
    name = postgres.create()
    told = {"DATABASE_URL": postgres.url(name), "DIFY_OPS_ENGINE": "distributed", "LEASE_S": str(LEASE_S)}
    try:
        async with open_survival(folder, **told) as world:
            yield world
    finally:
        postgres.drop(name)


async def settle(world: Survival, kind: str, times: int) -> None:
    await world.live_out(patience_s=PATIENCE_S)
    verdict = await world.judge()
    assert not any(verdict.values()), f"{verdict}\n{world.report()}"
    count.add(kind, times)


async def kill(world: Survival, times: int) -> None:
    """One of two is killed again and again, while jobs come due; the other lives on, a new one takes its place."""
    chance = random.Random(7)
    async with world.life():
        for _ in range(times):
            await world.add_job(chance.uniform(0.5, 2.0))
            async with world.life() as process:
                await asyncio.sleep(chance.uniform(1.0, 2.5))
                process.kill()
                await process.wait()
    await settle(world, "kill −9", times)


async def freeze(world: Survival, times: int) -> None:
    """One of two stands still for longer than its lease, and goes on."""
    chance = random.Random(8)
    async with world.life() as first, world.life() as second:
        for _ in range(times):
            for _ in range(2):
                await world.add_job(chance.uniform(1.0, 2.0))
            await asyncio.sleep(chance.uniform(0.9, 2.2))
            frozen = chance.choice((first, second))
            frozen.send_signal(signal.SIGSTOP)
            await asyncio.sleep(LEASE_S + chance.uniform(1.0, 3.0))
            frozen.send_signal(signal.SIGCONT)
        await asyncio.sleep(2 * LEASE_S)
    await settle(world, "freezes", times)


async def freeze_in_gap(world: Survival, point: str, times: int) -> None:
    """It stands still between the word that it may ask and the request, until others have taken its work over."""
    for _ in range(times):
        await world.add_job(1.0)
        async with world.life(PAUSE=f"{point}:1") as process:
            await stopped(process.pid)
            async with world.life():
                await asyncio.sleep(LEASE_S + 3.0)
                process.send_signal(signal.SIGCONT)
                await asyncio.sleep(2.0)
    await settle(world, "freezes", times)


async def stopped(pid: int) -> None:
    """Return when the process stands still."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
            if state == "T":
                return
            await asyncio.sleep(0.05)


async def cut(world: Survival, postgres: Any, folder: Path, times: int) -> None:
    """The line between one of two and the database breaks, or goes dead, for a while."""
    chance = random.Random(9)
    async with AsyncExitStack() as open_now:
        cables: list[Cable] = []
        for number in range(2):
            host = folder / f"line{number}"
            host.mkdir()
            cables.append(await open_now.enter_async_context(lay_to_postgres(postgres.socket, host)))
            url = world.environ["DATABASE_URL"].replace(str(postgres.socket.parent), str(host))
            await open_now.enter_async_context(world.life(DATABASE_URL=url))
        await asyncio.sleep(2.0)
        for _ in range(times):
            for _ in range(2):
                await world.add_job(chance.uniform(0.5, 2.0))
            cable = chance.choice(cables)
            (cable.cut if chance.random() < 0.5 else cable.die)()
            await asyncio.sleep(chance.uniform(1.0, LEASE_S + 3.0))
            cable.mend()
            await asyncio.sleep(chance.uniform(0.5, 2.0))
        await asyncio.sleep(2 * LEASE_S)
    await settle(world, "network cuts", times)


async def restart(world: Survival, postgres: Any, times: int) -> None:
    """The database is restarted under two servers."""
    chance = random.Random(10)
    async with world.life(), world.life():
        for _ in range(times):
            for _ in range(2):
                await world.add_job(chance.uniform(0.5, 2.0))
            await asyncio.sleep(chance.uniform(0.5, 3.0))
            await asyncio.to_thread(postgres.restart, chance.choice((signal.SIGINT, signal.SIGQUIT)))
        await asyncio.sleep(2 * LEASE_S)
    await settle(world, "database restarts", times)


async def test_a_server_that_is_killed_beside_another_loses_and_doubles_nothing(
    tmp_path: Path, postgres: Any
) -> None:
    async with open_replicas(tmp_path, postgres) as world:
        await kill(world, 3)


async def test_fmea_a15_a_server_that_stands_still_for_longer_than_its_lease_doubles_nothing(
    tmp_path: Path, postgres: Any
) -> None:
    async with open_replicas(tmp_path, postgres) as world:
        await freeze(world, 1)


async def test_fmea_f1_a_server_that_is_cut_off_from_the_database_doubles_nothing(
    tmp_path: Path, postgres: Any
) -> None:
    async with open_replicas(tmp_path, postgres) as world:
        await cut(world, postgres, tmp_path, 2)


@pytest.mark.long
async def test_servers_killed_again_and_again_beside_another(tmp_path: Path, postgres: Any) -> None:
    async with open_replicas(tmp_path, postgres) as world:
        await kill(world, KILLS)


@pytest.mark.long
async def test_servers_that_stand_still_again_and_again(tmp_path: Path, postgres: Any) -> None:
    async with open_replicas(tmp_path, postgres) as world:
        await freeze(world, FREEZES)


@pytest.mark.long
@pytest.mark.parametrize("point", ["leave:after", "mark:after", "dify:before", "slack:before"])
async def test_servers_that_stand_still_right_before_the_request(tmp_path: Path, postgres: Any, point: str) -> None:
    async with open_replicas(tmp_path, postgres) as world:
        await freeze_in_gap(world, point, GAPS)


@pytest.mark.long
async def test_servers_that_are_cut_off_from_the_database(tmp_path: Path, postgres: Any) -> None:
    async with open_replicas(tmp_path, postgres) as world:
        await cut(world, postgres, tmp_path, CUTS)


@pytest.mark.long
async def test_fmea_b6_a_database_that_is_restarted_again_and_again(tmp_path: Path, postgres: Any) -> None:
    async with open_replicas(tmp_path, postgres) as world:
        await restart(world, postgres, RESTARTS)
