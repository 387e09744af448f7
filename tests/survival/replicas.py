"""Several servers on one PostgreSQL with the queue between them, and what is common to all that is done to them."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from bot.loops.signal import Signal
from tests.survival import count
from tests.survival.life import Life
from tests.survival.world import Survival, open_survival

LEASE_S = 4.0  # 15 s in the product; all that hangs on it is shortened with it
PATIENCE_S = 240.0
REPLICAS = 3


@asynccontextmanager
async def open_replicas(folder: Path, postgres: Any, **more: str) -> AsyncIterator[Survival]:
    """The world over a PostgreSQL; leases are short."""
    name = postgres.create()
    told = {"DATABASE_URL": postgres.url(name), "DIFY_OPS_ENGINE": "distributed", "LEASE_S": str(LEASE_S)} | more
    try:
        async with open_survival(folder, **told) as world:
            yield world
    finally:
        postgres.drop(name)


async def settle(world: Survival, kind: str, times: int) -> None:
    """Everything is done and told, as it should be; then the deeds count."""
    await world.live_out(patience_s=PATIENCE_S)
    verdict = await world.judge()
    assert not any(verdict.values()), f"{verdict}\n{world.report()}"
    count.add(kind, times)


@asynccontextmanager
async def jobs_coming_due(world: Survival, every_s: float) -> AsyncIterator[None]:
    """Meanwhile a job is added again and again."""

    over = Signal()

    async def add() -> None:
        while not over.is_set():
            await world.add_job(1.5)
            await over.within(every_s)

    adding = asyncio.create_task(add())
    try:
        yield
    finally:
        over.set()
        await adding


async def live_together(
    world: Survival, times: int, deed: Callable[[Life, random.Random], Awaitable[None]], *, seed: int
) -> None:
    """So many deeds, shared by servers that live beside each other, each at its own pace."""
    left = iter(range(times))

    async def suffer(life: Life, number: int) -> None:
        chance = random.Random(f"{seed}/{number}")
        for _ in left:
            await deed(life, chance)

    async with AsyncExitStack() as open_now:
        lives = [await open_now.enter_async_context(world.life()) for _ in range(REPLICAS)]
        await world.all_hear(REPLICAS)
        async with asyncio.TaskGroup() as group:
            for number, life in enumerate(lives):
                group.create_task(suffer(life, number))
