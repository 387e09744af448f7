"""What a loss of power or a byte that has turned leaves of a SQLite file: it opens whole, or it is not served."""

import os
import random
import shutil
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select

from bot.errors import Refusal
from bot.opening import check_file
from bot.operations.tick import tick
from bot.settings import Settings
from storage import check
from storage.database import open_store
from storage.errors import StorageError
from storage.tables import runs
from tests.faults.scenario import Scenario
from tests.loops.house import open_house
from tests.makers import NOW
from tests.survival import count

FEW, MANY = 20, 200
SEED = 5


@asynccontextmanager
async def open_scenario(template: Path, folder: Path) -> AsyncIterator[tuple[Scenario, Path]]:
    path = folder / "live.db"
    shutil.copy(template, path)
    store, eyes = open_store(f"sqlite:///{path}"), open_store(f"sqlite:///{path}")
    try:
        async with open_house(store, folder) as house:
            scenario = Scenario(house, eyes)
            await scenario.prepare("every hour")
            yield scenario, path
    finally:
        await store.close()
        await eyes.close()


# copies at any instant


class Shutter:
    """Copies the file and its log at some of the moments at which its writer is about to speak, when nobody else
    changes them; now and then the log ends somewhere before its end."""

    def __init__(self, path: Path, folder: Path, most: int, chance: random.Random) -> None:
        self._path, self._folder, self._most, self._chance = path, folder, most, chance
        self.copies: list[Path] = []

    def lie_on(self, store: Any, share: float) -> None:
        dialect = store._writer._engine.dialect
        execute, commit = dialect.do_execute, dialect.do_commit

        def do_execute(*told: Any) -> Any:
            self._take(share)
            return execute(*told)

        def do_commit(connection: Any) -> None:
            self._take(share)
            commit(connection)
            self._take(share)

        dialect.do_execute, dialect.do_commit = do_execute, do_commit

    def _take(self, share: float) -> None:
        if len(self.copies) >= self._most or self._chance.random() > share:
            return
        copy = self._folder / f"copy{len(self.copies)}-{self._path.stem}.db"
        shutil.copy(self._path, copy)
        log = self._path.with_name(f"{self._path.name}-wal")
        if log.exists():
            data = log.read_bytes()
            end = len(data) if self._chance.random() < 0.5 else self._chance.randrange(len(data) + 1)
            copy.with_name(f"{copy.name}-wal").write_bytes(data[:end])
        self.copies.append(copy)


async def findings(path: Path) -> list[str]:
    """What is wrong with a copy, before and after a tick of the clock."""
    store = open_store(f"sqlite:///{path}")
    try:
        await store.check()
        before = await store.read(lambda c: [*check.check_file(c), *check.check(c, "here")])
        await store.run(lambda c: tick(c, NOW + timedelta(hours=2)))
        return before + await store.read(lambda c: [*check.check(c, "here"), *_doubled(c)])
    finally:
        await store.close()


def _doubled(c: Connection) -> list[str]:
    slots = Counter(c.execute(select(runs.c.job_id, runs.c.slot_at).where(runs.c.job_id.is_not(None))).all())
    return [f"job {row.job_id} has {number} runs at {row.slot_at}" for row, number in slots.items() if number > 1]


async def copy_and_look(template: Path, folder: Path, most: int, seed: int) -> int:
    async with open_scenario(template, folder) as (scenario, path):
        shutter = Shutter(path, folder, most, random.Random(seed))
        shutter.lie_on(scenario.house.store, 0.2)
        await scenario.live()
    for copy in shutter.copies:
        assert await findings(copy) == [], f"{copy.name}, seed {seed}"
        copy.unlink()
    return len(shutter.copies)


async def test_fmea_b5_a_copy_of_file_and_log_at_any_instant_opens_and_is_whole(
    sqlite_template: Path, tmp_path: Path
) -> None:
    assert await copy_and_look(sqlite_template, tmp_path, FEW, SEED) == FEW


@pytest.mark.long
async def test_many_copies_of_file_and_log_open_and_are_whole(sqlite_template: Path, tmp_path: Path) -> None:
    copies = 0
    for seed in range(MANY):
        folder = tmp_path / str(seed)
        folder.mkdir()
        copies += await copy_and_look(sqlite_template, folder, FEW, seed)
        if copies >= MANY:
            break
    assert copies >= MANY
    count.add("copies at any instant", copies)


# bytes that have turned


async def fire(path: Path) -> list[tuple[str, ...]]:
    """What comes due in the next hours, as it would be started and left out. Raises what a start would tell."""
    store = open_store(f"sqlite:///{path}")
    try:
        await store.check()
        found = await store.read(check.check_file)
        if found:
            raise StorageError(found[0])
        return await store.run(_fire)
    finally:
        await store.close()


def _fire(c: Connection) -> list[tuple[str, ...]]:
    tick(c, NOW + timedelta(hours=2))
    tick(c, NOW + timedelta(hours=3))
    columns = (
        runs.c.key,
        runs.c.state,
        runs.c.job_id,
        runs.c.app_id,
        runs.c.channel_id,
        runs.c.inputs,
        runs.c.due_at,
    )
    coming = select(*columns).where(runs.c.due_at > NOW + timedelta(hours=1)).order_by(runs.c.key)
    return [tuple(map(str, row)) for row in c.execute(coming)]


@pytest.fixture
async def sound(sqlite_template: Path, tmp_path: Path) -> bytes:
    """The file after its day, with all that stood in its log."""
    async with open_scenario(sqlite_template, tmp_path) as (scenario, path):
        await scenario.live()
        assert await scenario.judge() == []
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return path.read_bytes()


async def turn(sound: bytes, folder: Path, places: list[int], chance: random.Random) -> Counter[str]:
    """Turn one byte at each place, one after the other, and see what would fire."""
    path, ends = folder / "turned.db", Counter[str]()
    path.write_bytes(sound)
    wanted = await fire(path)
    assert len(wanted) == 3 * 3
    for place in places:
        _clear(path)
        data = bytearray(sound)
        data[place] ^= chance.randrange(1, 256)
        path.write_bytes(data)
        try:
            fired = await fire(path)
        except Exception:  # noqa: BLE001 - whatever is raised, nothing is started
            ends["noticed"] += 1
            continue
        assert fired == wanted, f"the byte at {place} has turned, and this fires: {set(fired) ^ set(wanted)}"
        ends["harmless"] += 1
    return ends


def _clear(path: Path) -> None:
    for one in path.parent.glob(f"{path.name}*"):
        one.unlink()


SCHEDULES = "SELECT CAST(schedules AS BLOB) FROM jobs NOT INDEXED WHERE id = 1"


def places_of_schedule(sound: bytes, path: Path) -> list[int]:
    """Where the schedules of a job stand in its row; what the file holds of them elsewhere is a copy or a remnant."""
    words = read_schedules(sound, path)
    at = sound.find(words)
    while at >= 0:
        turned = bytearray(sound)
        turned[at] ^= 1
        if read_schedules(bytes(turned), path) != words:
            return list(range(at, at + len(words)))
        at = sound.find(words, at + 1)
    raise AssertionError("they stand nowhere")


def read_schedules(data: bytes, path: Path) -> bytes:
    _clear(path)
    path.write_bytes(data)
    connection = sqlite3.connect(path)
    (words,) = connection.execute(SCHEDULES).fetchone()
    connection.close()
    return bytes(words)


async def test_fmea_b4_a_byte_that_has_turned_is_noticed_or_harmless(sound: bytes, tmp_path: Path) -> None:
    chance = random.Random(SEED)
    ends = await turn(sound, tmp_path, [chance.randrange(len(sound)) for _ in range(FEW)], chance)
    assert ends.total() == FEW


async def test_a_byte_that_has_turned_in_a_schedule_is_always_noticed(sound: bytes, tmp_path: Path) -> None:
    chance = random.Random(SEED)
    places = places_of_schedule(sound, tmp_path / "schedules.db")
    ends = await turn(sound, tmp_path, chance.sample(places, FEW), chance)
    assert ends == {"noticed": FEW}


async def test_a_damaged_file_is_not_served_and_the_newest_copy_is_named(sound: bytes, tmp_path: Path) -> None:
    path = tmp_path / "dify-ops.sqlite3"
    data = bytearray(sound)
    data[places_of_schedule(sound, path)[3]] ^= 1
    path.write_bytes(data)
    (tmp_path / "backups").mkdir()
    copies = [tmp_path / "backups" / f"daily-2026090{day}T070000Z.sqlite3" for day in (1, 2)]
    for at, copy in enumerate(copies):
        copy.write_bytes(sound)
        os.utime(copy, (at, at))
    settings, store = Settings(data_folder=tmp_path), open_store(f"sqlite:///{path}")
    try:
        with pytest.raises(Refusal, match="damaged, so nothing is started from it") as caught:
            await check_file(store, settings)
    finally:
        await store.close()
    assert f"`dify-ops db restore FILE`. The newest is {copies[-1]}." in str(caught.value)


@pytest.mark.long
async def test_many_bytes_that_have_turned_are_noticed_or_harmless(sound: bytes, tmp_path: Path) -> None:
    chance = random.Random(SEED + 1)
    ends = await turn(sound, tmp_path, [chance.randrange(len(sound)) for _ in range(MANY)], chance)
    assert ends.total() == MANY
    count.add("bytes turned", MANY)
