"""Several servers, one of which is cut off from the database, from Dify or from Slack, for a while: nothing is lost
or doubled, and work moves to the others."""

import asyncio
import os
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.survival.cable import Cable, lay
from tests.survival.replicas import LEASE_S, REPLICAS, open_replicas, settle
from tests.survival.world import Survival

CUTS = int(os.environ.get("CUTS", "102"))
REAL_CUTS = int(os.environ.get("REAL_CUTS", "3"))
REAL_LEASE_S = 15.0
WAYS = (Cable.cut, Cable.die, Cable.fall_silent)
FAR_ENDS = ("postgres", "dify", "slack")
# A message is leased for four times as long as a run, and a start is searched for longer than any cut lasts, as in
# the product: what is stuck in a dead line must not be taken for lost before.
TIMES = {"DELIVERY_LEASE_S": str(4 * LEASE_S), "DIFY_OPS_START_GRACE": "8"}
SHORTEST_S, LONGEST_S = 1.0, 6.0
MOVE_S = 5.0  # beyond the lease
BUSY_S = 4.0  # due times are whole seconds, and so many servers share a machine


@asynccontextmanager
async def on_cables(
    world: Survival, postgres: Any, folder: Path, **more: str
) -> AsyncIterator[list[dict[str, Cable]]]:
    """Servers, each with cables of its own to each far end."""
    async with AsyncExitStack() as open_now:
        cables: list[dict[str, Cable]] = []
        dify, slack = urlsplit(world.dify.url), urlsplit(world.slack.api_url)
        for number in range(REPLICAS):
            host = folder / f"line{number}"
            host.mkdir()
            laid = {
                "postgres": await open_now.enter_async_context(lay(host / postgres.socket.name, postgres.socket)),
                "dify": await open_now.enter_async_context(lay(("127.0.0.1", 0), ("127.0.0.1", dify.port or 0))),
                "slack": await open_now.enter_async_context(lay(("127.0.0.1", 0), ("127.0.0.1", slack.port or 0))),
            }
            told = {
                "DATABASE_URL": world.environ["DATABASE_URL"].replace(str(postgres.socket.parent), str(host)),
                "DIFY_PORT": str(laid["dify"].port),
                "SLACK_API_URL": slack._replace(netloc=f"127.0.0.1:{laid['slack'].port}").geturl(),
            }
            await open_now.enter_async_context(world.life(**told, **more))
            cables.append(laid)
        await world.all_hear(REPLICAS)
        yield cables


async def cut(
    world: Survival, cables: list[dict[str, Cable]], far: str, times: int, *, seed: int, longest_s: float = LONGEST_S
) -> list[str]:
    """One server after the other is cut off from there, in each way; the jobs that came due meanwhile."""
    chance, due = random.Random(f"{seed}/{far}"), []
    for turn in range(times):
        cable = chance.choice(cables)[far]
        due += [await world.add_job(chance.uniform(0.5, 2.0)) for _ in range(3)]
        WAYS[turn % len(WAYS)](cable)
        await asyncio.sleep(chance.uniform(SHORTEST_S, longest_s))
        if chance.random() < 0.5:  # what was on its way arrives late, or never
            cable.break_lines()
            await asyncio.sleep(0)
        await cable.mend()
        await asyncio.sleep(chance.uniform(0.3, 1.0))
    return due


async def test_fmea_f1_f2_a_server_that_is_cut_off_doubles_nothing_and_others_do_its_work(
    tmp_path: Path, postgres: Any
) -> None:
    async with open_replicas(tmp_path, postgres, **TIMES) as world:
        async with on_cables(world, postgres, tmp_path) as cables:
            for far in FAR_ENDS:
                await cut(world, cables, far, 1, seed=1, longest_s=2.0)
        await settle(world, "network cuts", len(FAR_ENDS))


@pytest.mark.long
@pytest.mark.parametrize("far", FAR_ENDS)
async def test_servers_that_are_cut_off_again_and_again(tmp_path: Path, postgres: Any, far: str) -> None:
    times = CUTS // len(FAR_ENDS)
    async with open_replicas(tmp_path, postgres, **TIMES) as world:
        async with on_cables(world, postgres, tmp_path) as cables:
            await cut(world, cables, far, times, seed=2)
        await settle(world, "network cuts", times)
        late = sorted(world.lateness_s(name) for name in world.jobs)
        print(
            f"{times} cuts from {far}: {len(late)} runs, median {late[len(late) // 2]:.1f} s late, "
            f"{late[-1]:.1f} s at most"
        )


@pytest.mark.long
@pytest.mark.parametrize("far", FAR_ENDS)
async def test_work_moves_from_a_server_that_is_cut_off_for_good(tmp_path: Path, postgres: Any, far: str) -> None:
    """Leases are those of the product here."""
    async with open_replicas(tmp_path, postgres, LEASE_S=str(REAL_LEASE_S), DELIVERY_LEASE_S="60") as world:
        async with on_cables(world, postgres, tmp_path) as cables:
            for turn in range(REAL_CUTS):
                due = [await world.add_job(1.5) for _ in range(6)]
                cable = cables[turn % REPLICAS][far]
                cable.cut()
                await asyncio.sleep(REAL_LEASE_S + MOVE_S + BUSY_S)
                late = max(world.told_after_s(name) for name in due)
                print(f"cut off from {far} for good: all was told {late:.1f} s after it was due, or sooner")
                assert late <= REAL_LEASE_S + MOVE_S + BUSY_S
                await cable.mend()
                await asyncio.sleep(2.0)
        await settle(world, "network cuts", REAL_CUTS)
