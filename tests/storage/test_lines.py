"""The line to PostgreSQL: cut at the very commit, deaf, slow, or with every connection in use."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.util import await_only

from bot.loops.clock import Clock
from bot.loops.runner import LEASE_S
from storage import meta, runs
from storage.database import Store, open_store
from storage.errors import Busy, StorageError, Unsure
from storage.line import Line
from storage.postgres import BULK, GOODBYE_S, POOL
from tests.loops.house import open_house
from tests.makers import save_job
from tests.storage.examples import a_run
from tests.survival.cable import Cable, lay

# What the server says when it has committed: CommandComplete, 11 bytes, its tag.
COMMITTED = b"C\x00\x00\x00\x0bCOMMIT\x00"
# What a statement and a wait for a connection may take here; a busy machine is slower than a patient one.
SHORT_S = 1.0


@pytest.fixture
def engine() -> str:
    return "postgresql"


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.postgres.STATEMENT_S", SHORT_S)
    monkeypatch.setattr("storage.postgres.POOL_WAIT_S", SHORT_S)


@pytest.fixture
async def line(postgres: Any, tmp_path: Path) -> AsyncIterator[Cable]:
    (tmp_path / "line").mkdir()
    async with lay(tmp_path / "line" / postgres.socket.name, postgres.socket) as cable:
        yield cable


async def test_a_store_over_a_line_that_is_deaf_is_closed_soon(
    line: Cable, url: str, postgres: Any, tmp_path: Path
) -> None:
    opened = open_store(url.replace(str(postgres.socket.parent), str(tmp_path / "line")))
    await asyncio.gather(*(opened.run(lambda c: meta.put(c, "beat", "1")) for _ in range(5)))
    line.fall_silent()
    began = time.monotonic()
    await opened.close()
    assert time.monotonic() - began < 4 * GOODBYE_S
    await line.mend()


@pytest.fixture
async def far(line: Cable, url: str, postgres: Any, tmp_path: Path) -> AsyncIterator[Store]:
    """The database at the other end of the line."""
    opened = open_store(url.replace(str(postgres.socket.parent), str(tmp_path / "line")))
    await opened.check()
    yield opened
    await line.mend()
    await opened.close()


async def test_fmea_b9_a_commit_whose_answer_was_lost_is_unsure_and_stands_once(
    far: Store, store: Store, line: Cable
) -> None:
    line.break_at(COMMITTED)
    calls = 0

    def add(c: Connection) -> None:
        nonlocal calls
        calls += 1
        runs.add(c, a_run(key="once"))

    with pytest.raises(Unsure, match="broke while saving; look before trying again"):
        await far.run(add)
    assert line.has_broken
    assert calls == 1
    assert await far.run(lambda c: runs.add(c, a_run(key="once"))) is None
    assert [run.key for run in await store.read(lambda c: runs.list_runs(c, "T1"))] == ["once"]


async def test_fmea_b9_a_tick_whose_answer_was_lost_plans_each_slot_once(
    far: Store, store: Store, line: Cable, tmp_path: Path
) -> None:
    async with open_house(far, tmp_path) as house:
        job = (await far.run(lambda c: save_job(c, "every hour"))).job
        house.hand.turn(hours=1)
        line.break_at(COMMITTED)
        with pytest.raises(Unsure):
            await Clock(house.services).once()
        await Clock(house.services).once()
        found = await store.read(lambda c: runs.list_runs(c, job.team_id, job_id=job.id))
    slots = [run.slot_at for run in found]
    assert len(slots) == len(set(slots)) == 2


async def test_fmea_f3_a_line_that_only_carries_statements_is_given_up_in_time(far: Store, line: Cable) -> None:
    line.fall_silent()
    since = time.monotonic()
    with pytest.raises(StorageError, match="nothing was saved"):
        await far.run(lambda c: meta.put(c, "a", "1"))
    assert time.monotonic() - since < 20 * SHORT_S
    await line.mend()
    await far.run(lambda c: meta.put(c, "a", "2"))
    assert await far.read(lambda c: meta.get(c, "a")) == "2"


async def test_fmea_f3_a_commit_that_is_never_answered_is_unsure(far: Store, store: Store, line: Cable) -> None:
    line.break_at(COMMITTED, silently=True)
    with pytest.raises(Unsure, match="broke while saving"):
        await far.run(lambda c: meta.put(c, "a", "1"))
    await line.mend()
    assert await store.read(lambda c: meta.get(c, "a")) == "1"


async def test_a_statement_that_takes_too_long_is_busy_and_saves_nothing(far: Store) -> None:
    def dawdle(c: Connection) -> None:
        meta.put(c, "slow", "1")
        c.execute(text("SELECT pg_sleep(30)"))

    with pytest.raises(Busy, match="is busy; nothing was saved"):
        await far.run(dawdle)
    assert await far.read(lambda c: meta.get(c, "slow")) is None


async def test_a_time_limit_of_the_server_is_busy(store: Store) -> None:
    def dawdle(c: Connection) -> None:
        c.execute(text("SET LOCAL statement_timeout = 20"))
        c.execute(text("SELECT pg_sleep(30)"))

    with pytest.raises(Busy, match="is busy; nothing was saved"):
        await store.run(dawdle)


@asynccontextmanager
async def every_connection(store: Store, line: Line = Line.PEOPLE, wanted: int = POOL) -> AsyncIterator[None]:
    """All that the line may have are in use meanwhile."""
    release, held = asyncio.Event(), asyncio.Semaphore(0)

    async def hold() -> None:
        held.release()
        await release.wait()

    holding = [asyncio.create_task(store.run(lambda c: await_only(hold()), line=line)) for _ in range(wanted)]
    try:
        for _ in range(min(wanted, BULK if line is Line.BULK else POOL)):
            await held.acquire()
        yield
    finally:
        release.set()
        await asyncio.gather(*holding)


async def test_fmea_b8_a_full_pool_is_busy_after_a_while_and_what_is_urgent_does_not_wait_for_it(
    far: Store,
) -> None:
    async with every_connection(far):
        with pytest.raises(Busy, match="is busy; nothing was saved"):
            await far.run(lambda c: meta.put(c, "late", "1"))
        await far.run(lambda c: meta.put(c, "beat", "1"), line=Line.LEASES)
    assert await far.read(lambda c: (meta.get(c, "late"), meta.get(c, "beat"))) == (None, "1")


async def test_a_person_waits_for_no_connection_behind_the_runs_of_a_herd(store: Store) -> None:
    async with every_connection(store, Line.BULK, wanted=2 * POOL), asyncio.timeout(SHORT_S):
        await store.run(lambda c: meta.put(c, "said", "1"))
        assert await store.read(lambda c: meta.get(c, "said")) == "1"


async def test_fmea_b8_leases_are_renewed_while_every_connection_is_in_use(far: Store, tmp_path: Path) -> None:
    async with open_house(far, tmp_path) as house:
        run = await house.takeoff("never-ending")
        async with every_connection(far):
            house.hand.turn(seconds=10)
            await house.runner.beat()
        assert (await house.run(run)).lease_until == house.hand.now + timedelta(seconds=LEASE_S)
