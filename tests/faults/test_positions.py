"""A fault at every position: the scenario runs again and again, and each time another statement or call fails."""

import os
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import count as count_up
from pathlib import Path

import pytest

from storage.database import open_store
from storage.tables import metadata
from tests.faults.calls import FAULTS as CALL_FAULTS
from tests.faults.calls import Calls
from tests.faults.scenario import Scenario
from tests.faults.statements import FAULTS as STATEMENT_FAULTS
from tests.faults.statements import Statements
from tests.loops.house import open_house
from tests.survival import count

# So many steps from one position to the next that all of them together take some 15 s of one core. Each kind of
# fault begins elsewhere, so that they do not all meet the same statements.
STRIDES = {"before": 47, "lost": 15, "busy": 61, "full": 47} | dict.fromkeys(CALL_FAULTS, 2)
LONG_STRIDE = int(os.environ.get("STRIDE", "1"))
SILENCE_S = 5.0
FOLLOWED_FOR_S = 1.0  # how long a run is looked at that cannot be stopped; nobody turns that clock by hand


@pytest.fixture(autouse=True)
def short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.loops.pursuit.FOLLOWED_FOR_S", FOLLOWED_FOR_S)


@asynccontextmanager
async def open_scenario(url: str, folder: Path) -> AsyncIterator[Scenario]:
    store, eyes = open_store(url), open_store(url)
    try:
        async with open_house(store, folder, silence_s=SILENCE_S) as house:
            scenario = Scenario(house, eyes)
            await scenario.prepare()
            yield scenario
    finally:
        await store.close()
        await eyes.close()


class Databases:
    """A fresh database for each position."""

    def __init__(self, request: pytest.FixtureRequest, folder: Path, engine: str) -> None:
        self._folder, self._numbers = folder, count_up()
        self._template: Path | None = None
        if engine == "sqlite":
            self._template = request.getfixturevalue("sqlite_template")
        else:
            self._server = request.getfixturevalue("postgres")
            self._name = request.getfixturevalue("postgres_database")

    def fresh(self) -> str:
        if self._template is not None:
            path = self._folder / f"{next(self._numbers)}.db"
            shutil.copy(self._template, path)
            return f"sqlite:///{path}"
        self._server.sql(self._name, "; ".join(f"DELETE FROM {one}" for one in reversed(metadata.sorted_tables)))
        return str(self._server.url(self._name))


@pytest.fixture
def databases(request: pytest.FixtureRequest, tmp_path: Path, engine: str) -> Databases:
    return Databases(request, tmp_path, engine)


async def strike(url: str, folder: Path, fault: str, position: int) -> tuple[bool, int]:
    """One life of the scenario with one fault; whether it struck, and how many positions there were."""
    async with open_scenario(url, folder) as scenario:
        trap = _lay(scenario, fault)
        trap.arm(position)
        where = f"{fault} at {position}"
        try:
            await scenario.live()
        except TimeoutError:
            pytest.fail(f"{where}: stuck; {scenario.told}; {await scenario.judge()}")
        wrong = await scenario.judge()
        assert wrong == [], f"{where}: {scenario.told}"
        return trap.has_struck, trap.seen


def _lay(scenario: Scenario, fault: str) -> Statements | Calls:
    if fault in STATEMENT_FAULTS:
        statements = Statements(fault)
        statements.lie_on(scenario.house.store)
        return statements
    calls = Calls(fault)
    calls.lie_on(scenario.house)
    return calls


async def strike_all(databases: Databases, folder: Path, fault: str, positions: Iterator[int]) -> tuple[int, int]:
    """Until the scenario does not meet its fault any more; how often it struck, and how many positions there are."""
    for struck, position in enumerate(positions):
        has_struck, seen = await strike(databases.fresh(), folder, fault, position)
        if not has_struck:
            return struck, seen
    raise AssertionError("positions have no end")


def report(capsys: pytest.CaptureFixture[str], fault: str, struck: int, seen: int) -> None:
    count.add("faults at one position", struck)
    with capsys.disabled():
        print(f"\n{fault}: struck at {struck} of some {seen} positions")


@pytest.mark.parametrize("fault", [*STATEMENT_FAULTS, *CALL_FAULTS])
async def test_a_fault_at_some_positions_loses_and_doubles_nothing(
    databases: Databases, tmp_path: Path, capsys: pytest.CaptureFixture[str], fault: str
) -> None:
    stride = STRIDES[fault]
    positions = count_up(1 + list(STRIDES).index(fault) % stride, stride)
    report(capsys, fault, *await strike_all(databases, tmp_path, fault, positions))


@pytest.mark.long
@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
@pytest.mark.parametrize("fault", [*STATEMENT_FAULTS, *CALL_FAULTS])
async def test_a_fault_at_every_position_loses_and_doubles_nothing(
    databases: Databases, tmp_path: Path, capsys: pytest.CaptureFixture[str], fault: str
) -> None:
    positions = count_up(1, LONG_STRIDE)
    report(capsys, fault, *await strike_all(databases, tmp_path, fault, positions))
