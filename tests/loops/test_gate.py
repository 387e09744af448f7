"""A host that cannot be reached is left alone: nobody asks it for a minute, then one run does."""

from datetime import timedelta

import pytest

from bot.operations.turn import NOT_REACHED
from bot.settings import START_WITHIN_S
from storage import deliveries, gates
from storage.gates import FAILURES, SHUT_S
from storage.records import Run, RunState
from tests.loops.house import House
from tests.makers import NOW

BOTH = pytest.mark.parametrize("engine", ["sqlite", "postgresql"])


async def shut(house: House) -> None:
    """So many starts in a row do not reach Dify."""
    house.dify.close_door()
    for _ in range(FAILURES):
        assert (await house.fly("digest")).state is RunState.FAILED


async def states(house: House, waiting: list[Run]) -> list[RunState]:
    return [(await house.run(run)).state for run in waiting]


@BOTH
async def test_after_five_failures_to_connect_nobody_asks_for_a_minute(house: House) -> None:
    await shut(house)
    waiting = [await house.ready("digest") for _ in range(3)]
    assert await house.runner.once() == 0
    assert await states(house, waiting) == [RunState.READY] * 3
    assert house.bell.alarms["runner"] == NOW + timedelta(seconds=SHUT_S)


@BOTH
async def test_then_one_run_tries_and_its_success_lets_the_others_in(house: House) -> None:
    await shut(house)
    waiting = [await house.ready("digest") for _ in range(3)]
    house.hand.turn(seconds=SHUT_S)
    await house.dify.open_door()
    assert await house.runner.once() == 1
    await house.landed(waiting[0])
    assert await house.store.read(gates.all_gates) == []
    assert await house.runner.once() == 2
    await house.landed(waiting[2])
    assert await states(house, waiting) == [RunState.SUCCEEDED] * 3


async def test_while_one_tries_the_others_wait_and_its_failure_shuts_the_gate_again(house: House) -> None:
    await shut(house)
    waiting = [await house.ready("digest") for _ in range(2)]
    house.hand.turn(seconds=SHUT_S)
    assert await house.runner.once() == 1
    assert await house.runner.once() == 0
    await house.landed(waiting[0])
    assert await states(house, waiting) == [RunState.FAILED, RunState.READY]
    house.hand.turn(seconds=SHUT_S - 1)
    assert await house.runner.once() == 0


async def test_a_success_between_begins_the_count_anew(house: House) -> None:
    house.dify.close_door()
    for _ in range(FAILURES - 1):
        await house.fly("digest")
    await house.dify.open_door()
    await house.fly("digest")
    assert await house.store.read(gates.all_gates) == []


async def test_what_waited_for_an_hour_expires_and_is_told(house: House) -> None:
    await shut(house)
    tries, waits = [await house.ready("digest") for _ in range(2)]
    house.hand.turn(seconds=START_WITHIN_S + 1)
    assert await house.runner.once() == 1
    await house.janitor.once()
    await house.landed(tries)
    ended = await house.run(waits)
    assert (ended.state, ended.reason) == (RunState.EXPIRED, NOT_REACHED)
    assert await house.store.read(lambda c: deliveries.of_run(c, waits.id))


async def test_a_host_that_is_well_holds_nobody_up_for_one_that_is_not(house: House) -> None:
    await shut(house)
    await house.store.run(lambda c: gates.open_gate(c, next(iter(gates.all_gates(c))).name))
    for _ in range(FAILURES):
        await house.store.run(lambda c: gates.count_failure(c, "https://other.example", NOW))
    await house.dify.open_door()
    assert (await house.fly("digest")).state is RunState.SUCCEEDED
