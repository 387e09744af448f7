"""The one door: a transaction happens wholly or not at all, whoever fails, cancels or comes at the same time."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, func, select, text
from sqlalchemy.util import await_only

from storage import meta, runs
from storage.database import Store, open_store
from storage.errors import Busy, NoDatabase, NotSaved, StorageError
from storage.tables import runs as table
from tests.storage.examples import a_run

SOME = 40


def count_runs(c: Connection) -> int:
    return c.execute(select(func.count()).select_from(table)).scalar_one()


def add_pair(c: Connection) -> None:
    """Two rows that must both be there or neither."""
    runs.add(c, a_run())
    runs.add(c, a_run())


def meanwhile(store: Store, what: Callable[[], Awaitable[Any]]) -> Callable[[], Any]:
    """For the inside of a transaction: lets something else happen to its end, on the loop of the test."""
    loop = asyncio.get_running_loop()

    async def do() -> Any:
        return await what()

    if store.dialect == "postgresql":
        return lambda: await_only(do())
    return lambda: asyncio.run_coroutine_threadsafe(do(), loop).result(10)


async def test_the_result_comes_back_when_it_is_saved(store: Store) -> None:
    assert await store.run(lambda c: runs.add_many(c, [a_run()])) == 1
    assert await store.read(count_runs) == 1
    assert store.dialect in ("sqlite", "postgresql")
    assert store.schema_version == "0001"


async def test_an_exception_comes_out_as_it_is_and_nothing_is_saved(store: Store) -> None:
    def fail(c: Connection) -> None:
        add_pair(c)
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        await store.run(fail)
    assert await store.read(count_runs) == 0


async def test_of_many_writes_at_once_only_those_that_fail_are_lost(store: Store) -> None:
    def write(number: int) -> Callable[[Connection], int]:
        def work(c: Connection) -> int:
            add_pair(c)
            if number % 3 == 0:
                raise LookupError(number)
            if number % 3 == 1:
                c.execute(text("INSERT INTO meta (key, value) VALUES ('same', NULL)"))
            return number

        return work

    done = await asyncio.gather(*(store.run(write(number)) for number in range(SOME)), return_exceptions=True)
    assert [one for one in done if isinstance(one, int)] == list(range(2, SOME, 3))
    assert sum(isinstance(one, LookupError) for one in done) == len(range(0, SOME, 3))
    assert await store.read(count_runs) == 2 * len(range(2, SOME, 3))


async def test_writes_at_once_all_count(store: Store) -> None:
    run = await store.run(lambda c: runs.add(c, a_run(tokens=0)))
    assert run is not None
    one_more = text("UPDATE runs SET tokens = tokens + 1")
    await asyncio.gather(*(store.run(lambda c: c.execute(one_more) and None) for _ in range(SOME)))
    counted = await store.read(lambda c: runs.get(c, "T1", run.id))
    assert counted is not None
    assert counted.tokens == SOME


async def test_a_read_sees_one_moment_and_holds_up_no_write(store: Store) -> None:
    await store.run(add_pair)
    write = meanwhile(store, lambda: asyncio.wait_for(store.run(add_pair), 10))

    def look_twice(c: Connection) -> tuple[int, int]:
        before = count_runs(c)
        write()
        return before, count_runs(c)

    assert await store.read(look_twice) == (2, 2)
    assert await store.read(count_runs) == 4


async def test_a_read_cannot_write(store: Store) -> None:
    with pytest.raises(NotSaved):
        await store.read(add_pair)
    await store.run(add_pair)
    assert await store.read(count_runs) == 2


async def test_whoever_is_cancelled_leaves_all_or_nothing(store: Store) -> None:
    for turns in range(SOME):
        task = asyncio.create_task(store.run(add_pair))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    last = await store.run(lambda c: add_pair(c) or count_runs(c))
    assert last % 2 == 0
    assert 2 <= last <= 2 * SOME + 2


async def test_a_transaction_that_has_begun_ends_well_without_the_one_who_asked(url: str, store: Store) -> None:
    begun, release = asyncio.Event(), asyncio.Event()

    async def stop_here() -> None:
        begun.set()
        await release.wait()

    pause = meanwhile(store, stop_here)
    asked = asyncio.create_task(store.run(lambda c: pause() or add_pair(c)))
    await begun.wait()
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    release.set()
    await store.close()
    again = open_store(url)
    assert await again.read(count_runs) == 2
    await again.close()


async def test_closing_waits_for_what_was_asked_and_then_nothing_can_be_asked(url: str) -> None:
    store = open_store(url)
    await store.check()
    asked = [asyncio.create_task(store.run(add_pair)) for _ in range(SOME)]
    await asyncio.sleep(0)
    await store.close()
    await asyncio.gather(*asked)
    for ask in (store.run, store.read):
        with pytest.raises(StorageError, match="closed"):
            await ask(count_runs)
    again = open_store(url)
    assert await again.read(count_runs) == 2 * SOME
    await again.close()


async def test_a_store_that_was_never_used_can_be_closed(url: str) -> None:
    await open_store(url).close()


@pytest.mark.parametrize("engine", ["postgresql"])
async def test_fmea_b10_a_deadlock_is_done_again(store: Store) -> None:
    first, second = [await store.run(lambda c: runs.add(c, a_run(tokens=0))) for _ in range(2)]
    assert first is not None
    assert second is not None
    both_hold_one = asyncio.Barrier(2)
    calls = 0

    def touch(c: Connection, run_id: int) -> None:
        c.execute(text("UPDATE runs SET tokens = tokens + 1 WHERE id = :id"), {"id": run_id})

    def cross(one: int, other: int) -> Callable[[Connection], None]:
        def work(c: Connection) -> None:
            nonlocal calls
            calls += 1
            touch(c, one)
            if calls <= 2:
                await_only(both_hold_one.wait())
            touch(c, other)

        return work

    await asyncio.gather(store.run(cross(first.id, second.id)), store.run(cross(second.id, first.id)))
    assert calls == 3
    counted = await store.read(lambda c: runs.list_runs(c, "T1"))
    assert [run.tokens for run in counted] == [2, 2]


@pytest.mark.parametrize("engine", ["postgresql"])
async def test_connections_that_the_server_dropped_are_replaced(store: Store) -> None:
    kill = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
    await asyncio.gather(*(store.run(add_pair) for _ in range(5)))
    await store.read(lambda c: c.execute(kill).all() and None)
    await asyncio.gather(*(store.run(add_pair) for _ in range(5)))
    assert await store.read(count_runs) == 20


@pytest.mark.parametrize("engine", ["postgresql"])
async def test_a_connection_lost_in_the_middle_is_done_again_from_the_start(store: Store) -> None:
    other = text("SELECT pg_terminate_backend(:pid)")
    calls = 0

    def work(c: Connection) -> None:
        nonlocal calls
        calls += 1
        add_pair(c)
        if calls == 1:
            pid = c.execute(text("SELECT pg_backend_pid()")).scalar_one()
            await_only(store.read(lambda c: c.execute(other, {"pid": pid}).all() and None))
        add_pair(c)

    await store.run(work)
    assert calls == 2
    assert await store.read(count_runs) == 4


async def test_an_unreachable_server_is_named_without_its_password() -> None:
    store = open_store("postgresql://bot:hunter2@127.0.0.1:1/ops?sslmode=disable")
    with pytest.raises(NoDatabase, match=r"postgresql://127\.0\.0\.1:1/ops cannot be reached") as caught:
        await store.run(count_runs)
    assert "hunter2" not in repr(caught.value)
    assert "hunter2" not in repr(caught.value.__cause__)
    await store.close()


@pytest.mark.parametrize("engine", ["postgresql"])
async def test_a_database_that_does_not_exist_is_said_so(url: str) -> None:
    store = open_store(url.replace("/test_", "/not_there_"))
    with pytest.raises(NoDatabase, match="There is no database"):
        await store.check()
    await store.close()


async def test_a_missing_file_is_not_made_by_looking(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'no.db'}")
    with pytest.raises(NoDatabase, match="no database at"):
        await store.read(count_runs)
    await store.close()
    assert list(tmp_path.iterdir()) == []


async def test_fmea_b4_a_damaged_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bad.db"
    path.write_bytes(b"this is no database at all, it only has the name" * 100)
    store = open_store(f"sqlite:///{path}")
    with pytest.raises(NoDatabase, match="damaged or no database"):
        await store.check()
    await store.close()


@pytest.mark.parametrize("engine", ["sqlite"])
class TestSqlite:
    """What only a file can do to us."""

    async def test_fmea_b1_a_file_held_by_others_for_long_is_busy_and_nothing_is_saved(
        self, url: str, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("storage.writer.PATIENCE_S", 0.1)
        await store.run(lambda c: meta.put(c, "a", "1"))
        other = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        answers = await asyncio.gather(*(store.run(add_pair) for _ in range(3)), return_exceptions=True)
        assert {type(one) for one in answers} == {Busy}
        assert await store.read(count_runs) == 0
        other.execute("ROLLBACK")
        other.close()
        await store.run(add_pair)
        assert await store.read(count_runs) == 2

    async def test_a_file_held_by_others_for_a_moment_is_waited_for(self, url: str, store: Store) -> None:
        other = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None, check_same_thread=False)
        other.execute("BEGIN IMMEDIATE")
        writing = asyncio.create_task(store.run(add_pair))
        assert await store.read(count_runs) == 0
        assert not writing.done()
        other.execute("COMMIT")
        other.close()
        await writing
        assert await store.read(count_runs) == 2

    async def test_fmea_b2_a_full_disk_saves_nothing_of_that_write_and_all_of_the_others(self, store: Store) -> None:
        def flood(c: Connection) -> None:
            add_pair(c)
            pages = c.execute(text("PRAGMA page_count")).scalar_one()
            c.execute(text(f"PRAGMA max_page_count = {pages}"))
            try:
                meta.put(c, "flood", "x" * 1_000_000)
            finally:
                c.execute(text("PRAGMA max_page_count = 1000000000"))

        writes = [add_pair, flood, add_pair, flood, add_pair]
        answers = await asyncio.gather(*(store.run(write) for write in writes), return_exceptions=True)
        assert [type(one) for one in answers] == [type(None), NotSaved, type(None), NotSaved, type(None)]
        assert await store.read(count_runs) == 6

    async def test_fmea_b5_what_is_saved_is_safe_from_a_loss_of_power(self, store: Store) -> None:
        def pragmas(c: Connection) -> list[Any]:
            names = ("journal_mode", "synchronous", "foreign_keys")
            return [c.execute(text(f"PRAGMA {name}")).scalar_one() for name in names]

        assert await store.run(pragmas) == ["wal", 2, 1]

    async def test_a_write_that_waits_can_be_taken_back(self, store: Store) -> None:
        await store.check()
        release = asyncio.Event()
        wait = meanwhile(store, release.wait)
        first = asyncio.create_task(store.run(lambda c: wait() and add_pair(c)))
        await asyncio.sleep(0)
        second = asyncio.create_task(store.run(add_pair))
        await asyncio.sleep(0)
        second.cancel()
        release.set()
        await first
        assert await store.run(count_runs) == 2
