"""The engine of several processes: named rows go to one of them, and a lost queue costs no more than a beat."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import asyncpg
import pytest

from bot.engine import distributed
from bot.engine.distributed import MOST_WORDS, SCHEMA, DistributedEngine
from bot.engine.embedded import EmbeddedEngine

PATIENCE_S = 10.0
FOR_EVER_S = 3600.0


class Worker:
    """Remembers which rows it was told of, and how often it was told to look at all."""

    def __init__(self) -> None:
        self.ids: list[int] = []
        self.sweeps = 0

    async def __call__(self, ids: Collection[int]) -> None:
        self.ids += ids
        self.sweeps += not ids


async def until(look: Callable[[], Any]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not look():  # noqa: ASYNC110 - the queue is another process
            await asyncio.sleep(0.01)


@pytest.fixture
def dsn(postgres: Any) -> Any:
    name = postgres.create()
    yield postgres.url(name)
    postgres.drop(name)


@asynccontextmanager
async def running(dsn: str, worker: Worker | None, *, beat_s: float = FOR_EVER_S) -> AsyncIterator[DistributedEngine]:
    engine = DistributedEngine(dsn, local=EmbeddedEngine(beat_s=beat_s))
    await engine.start({"runner": worker} if worker is not None else {})
    try:
        await until(engine._is_open.is_set)
        yield engine
    finally:
        await engine.stop()


async def test_rows_that_are_named_are_spread_over_the_processes_and_each_goes_to_one(dsn: str) -> None:
    workers = Worker(), Worker()
    async with running(dsn, workers[0]) as first, running(dsn, workers[1]):
        for at in range(1, 1001, 50):
            first.wake("runner", range(at, at + 50))
            await asyncio.sleep(0)
        await until(lambda: len(workers[0].ids) + len(workers[1].ids) >= 1000)
    assert sorted(workers[0].ids + workers[1].ids) == list(range(1, 1001))


async def test_of_a_herd_enough_rows_are_named_to_set_every_process_to_work(dsn: str) -> None:
    workers = Worker(), Worker()
    async with running(dsn, workers[0]) as first, running(dsn, workers[1]):
        first.wake("runner", range(1, 10_001))
        await until(lambda: len(workers[0].ids) + len(workers[1].ids) >= MOST_WORDS)
        first.wake("runner", [20_000])
        await until(lambda: 20_000 in (*workers[0].ids, *workers[1].ids))
    assert len(workers[0].ids) + len(workers[1].ids) == MOST_WORDS + 1


async def test_a_process_without_loops_sends_to_those_that_have_them(dsn: str) -> None:
    worker = Worker()
    async with running(dsn, None) as door, running(dsn, worker):
        door.wake("runner", [7])
        await until(lambda: worker.ids == [7])


async def test_what_names_no_row_stays_in_the_process(dsn: str) -> None:
    mine, other = Worker(), Worker()
    async with running(dsn, mine) as engine, running(dsn, other):
        await until(lambda: mine.sweeps and other.sweeps)
        engine.wake("runner")
        await until(lambda: mine.sweeps == 2)
        assert other.sweeps == 1


async def test_fmea_f6_a_queue_that_is_emptied_costs_a_beat(dsn: str) -> None:
    worker = Worker()
    async with running(dsn, None) as door, running(dsn, worker, beat_s=0.1):
        c = await asyncpg.connect(dsn)
        await c.execute(f"TRUNCATE {SCHEMA}.pgqueuer")
        seen = worker.sweeps
        await until(lambda: worker.sweeps > seen)
        door.wake("runner", [1])
        await until(lambda: worker.ids == [1])
        await c.close()


async def test_a_queue_whose_tables_are_dropped_is_made_anew(dsn: str) -> None:
    worker = Worker()
    async with running(dsn, None) as door, running(dsn, worker):
        c = await asyncpg.connect(dsn)
        await c.execute(f"DROP SCHEMA {SCHEMA} CASCADE")
        door.wake("runner", [1])
        await until(lambda: not door._is_open.is_set())
        await until(door._is_open.is_set)
        door.wake("runner", [2])
        await until(lambda: 2 in worker.ids)
        await c.close()


async def test_while_the_queue_is_away_each_process_wakes_itself(dsn: str) -> None:
    worker = Worker()
    async with running(dsn, worker) as engine:
        await until(lambda: worker.sweeps == 1)
        c = await asyncpg.connect(dsn)
        await c.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
        engine.wake("runner", [1])  # this is how it finds out
        await until(lambda: worker.sweeps == 2)
        await until(engine._is_open.is_set)
        engine.wake("runner", [3])
        await until(lambda: 3 in worker.ids)
        await c.close()


async def test_rows_of_a_kind_that_is_not_spread_stay_in_their_process(dsn: str) -> None:
    here, there = Worker(), Worker()
    engines = [DistributedEngine(dsn, local=EmbeddedEngine(beat_s=FOR_EVER_S)) for _ in range(2)]
    for engine, worker in zip(engines, (here, there), strict=True):
        await engine.start({"saver": worker})
    try:
        await until(lambda: all(engine._is_open.is_set() for engine in engines) and here.sweeps and there.sweeps)
        engines[0].wake("saver", [7])
        await until(lambda: here.ids)
        assert (here.ids, there.ids) == ([7], [])
    finally:
        for engine in engines:
            await engine.stop()


async def test_what_the_queue_notes_of_its_words_is_thrown_away(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distributed, "FORGET_EVERY_S", 0.0)
    worker = Worker()
    async with running(dsn, worker) as engine:
        for number in range(1, 4):
            engine.wake("runner", [number])
            await until(partial(worker.ids.__contains__, number))
        connection = await asyncpg.connect(dsn)
        noted = await connection.fetchval(f"SELECT count(*) FROM {SCHEMA}.pgqueuer_log WHERE status = 'queued'")
        await connection.close()
    assert noted == 1


async def test_the_queue_costs_no_write_ahead_log(dsn: str) -> None:
    async with running(dsn, None):
        connection = await asyncpg.connect(dsn)
        kinds = await connection.fetch(
            "SELECT relpersistence FROM pg_class WHERE relkind = 'r' AND relnamespace = to_regnamespace($1)", SCHEMA
        )
        await connection.close()
    assert {row[0] for row in kinds} == {b"u"}
