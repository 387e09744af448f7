"""The time: the database's on PostgreSQL, the machine's on SQLite, and wary after it was set."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.watch import WARY_S, Watch
from storage.database import Store
from storage.errors import NoDatabase
from tests.storage.conftest import empty_url, engine, postgres_database, sqlite_template, store, url  # noqa: F401

START = datetime(2026, 11, 24, 9, tzinfo=UTC)


class Server:
    """A database whose clock a test turns."""

    def __init__(self, at: datetime | None) -> None:
        self.at = at
        self.is_away = False

    async def time(self) -> datetime | None:
        if self.is_away:
            raise NoDatabase("It is away.")
        return self.at


class Clocks:
    """The machine's two clocks."""

    def __init__(self) -> None:
        self.machine, self.monotonic = START, 100.0

    def turn(self, seconds: float) -> None:
        self.machine += timedelta(seconds=seconds)
        self.monotonic += seconds


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


@pytest.fixture
def watch(clocks: Clocks) -> Watch:
    return Watch(machine=lambda: clocks.machine, monotonic=lambda: clocks.monotonic)


async def test_an_answer_that_took_long_tells_of_no_jump(
    clocks: Clocks, watch: Watch, caplog: pytest.LogCaptureFixture
) -> None:
    class Slow(Server):
        async def time(self) -> datetime | None:
            told = await super().time()
            clocks.turn(11)
            return told

    server: Any = Server(START)
    await watch.sync(server)
    slow: Any = Slow(START)
    await watch.sync(slow)
    assert watch() == START + timedelta(seconds=11)
    assert not watch.is_steady
    server.at = START + timedelta(seconds=11)
    await watch.sync(server)
    assert "The clock was set" not in caplog.text


async def test_fmea_c8_a_machine_whose_clock_is_off_goes_by_the_time_of_the_database(
    clocks: Clocks, watch: Watch
) -> None:
    server: Any = Server(START + timedelta(minutes=5))
    await watch.sync(server)
    assert watch() == START + timedelta(minutes=5)
    clocks.turn(10)
    assert watch() == START + timedelta(minutes=5, seconds=10)
    assert watch.is_steady


@pytest.mark.parametrize("jump_s", [3600, -3600])
async def test_fmea_c6_a_machine_whose_clock_jumps_does_not_notice_between_two_looks(
    clocks: Clocks, watch: Watch, jump_s: float
) -> None:
    server: Any = Server(START)
    await watch.sync(server)
    clocks.machine += timedelta(seconds=jump_s)
    assert watch() == START


@pytest.mark.parametrize("jump_s", [3600, -3600, 1.5])
@pytest.mark.parametrize("has_server", [True, False])
async def test_after_a_jump_nobody_is_taken_for_dead_for_a_lease(
    clocks: Clocks, watch: Watch, jump_s: float, has_server: bool
) -> None:
    server = Server(START if has_server else None)
    told: Any = server
    await watch.sync(told)
    clocks.turn(5)
    if server.at is not None:
        server.at += timedelta(seconds=5 + jump_s)
    else:
        clocks.machine += timedelta(seconds=jump_s)
    await watch.sync(told)
    assert not watch.is_steady
    clocks.monotonic += WARY_S
    assert watch.is_steady


async def test_fmea_f5_a_database_that_was_away_leaves_the_time_as_it_is_and_makes_wary(
    clocks: Clocks, watch: Watch
) -> None:
    server = Server(START)
    told: Any = server
    await watch.sync(told)
    server.is_away = True
    clocks.turn(30)
    await watch.sync(told)
    assert watch() == START + timedelta(seconds=30)
    assert not watch.is_steady


async def test_a_database_tells_its_time_and_a_file_does_not(store: Store) -> None:  # noqa: F811
    told = await store.time()
    if store.dialect == "sqlite":
        assert told is None
    else:
        assert told is not None
        assert abs(told - datetime.now(UTC)) < timedelta(seconds=5)
