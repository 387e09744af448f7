"""Runs that find no room wait for their turn, keep their times, and are given up after an hour, with a word."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import Connection

from bot.loops.runner import LEASE_S
from bot.operations.limit import limit_app
from bot.operations.turn import NO_ROOM, Turn, take_turns
from bot.rules.access import system
from bot.rules.room import Limits
from bot.settings import START_WITHIN_S
from storage import claims, deliveries, gates, runs
from storage.records import Gate, Run, RunState
from tests.loops.house import House
from tests.makers import NOW
from tests.storage.examples import a_run

BOTH = pytest.mark.parametrize("engine", ["sqlite", "postgresql"])

HERD, CROWDED = 1_000, 900  # of a herd, so many are of one app


async def limit(house: House, name: str, most: int | None) -> None:
    await house.app(name)
    actor = system(house.services.team_id)
    await house.store.run(lambda c: limit_app(c, actor, name, most, now=NOW))


@BOTH
async def test_an_app_runs_as_often_at_a_time_as_it_may_and_then_goes_on(house: House) -> None:
    await limit(house, "digest", 2)
    waiting = [await house.ready("digest") for _ in range(3)]
    assert await house.runner.once() == 2
    assert await house.store.read(claims.count_running) == {(waiting[0].app_id, house.dify.url): 2}
    assert await house.runner.once() == 0
    assert (await house.run(waiting[2])).state is RunState.READY
    await house.landed(waiting[1])
    assert await house.runner.once() == 1
    assert (await house.landed(waiting[2])).state is RunState.SUCCEEDED


@BOTH
async def test_a_full_app_holds_nobody_else_up(house: House) -> None:
    await limit(house, "digest", 1)
    full = [await house.ready("digest", due_at=NOW - timedelta(minutes=5)) for _ in range(4)]
    other = await house.ready("broken")
    assert await house.runner.once() == 2
    assert (await house.run(other)).state is RunState.RUNNING
    assert [(await house.run(run)).state for run in full].count(RunState.READY) == 3
    await house.landed(other)


async def test_a_limit_that_is_lifted_lets_all_in(house: House) -> None:
    await limit(house, "digest", 1)
    for _ in range(3):
        await house.ready("digest")
    assert await house.runner.once() == 1
    await limit(house, "digest", None)
    assert await house.runner.once() == 2
    await house.services.tasks.idle()


async def test_the_more_urgent_goes_first_and_who_has_waited_longer_than_that_is_worth(house: House) -> None:
    await limit(house, "digest", 1)
    plain = await house.ready("digest", due_at=NOW - timedelta(minutes=11))
    urgent = await house.ready("digest", due_at=NOW, priority=3)
    high = await house.ready("digest", due_at=NOW, priority=2)
    order = []
    while await house.runner.once():
        order += [run.id for run in (plain, urgent, high) if (await house.run(run)).state is RunState.RUNNING]
        await house.landed(plain)
    assert order == [urgent.id, plain.id, high.id]


async def test_what_finds_no_room_for_an_hour_expires_and_is_told(house: House) -> None:
    await limit(house, "digest", 1)
    first, waits = [await house.ready("digest") for _ in range(2)]
    assert await house.runner.once() == 1
    house.hand.turn(seconds=START_WITHIN_S + 1)
    await house.janitor.once()
    ended = await house.run(waits)
    assert (ended.state, ended.reason) == (RunState.EXPIRED, NO_ROOM)
    assert await house.store.read(lambda c: deliveries.of_run(c, waits.id))
    await house.landed(first)


async def test_who_is_late_and_has_just_been_let_in_is_not_given_up(house: House) -> None:
    late = await house.ready("digest", due_at=NOW - timedelta(hours=5))
    await house.janitor.once()
    assert (await house.run(late)).state is RunState.READY


@BOTH
async def test_of_a_full_app_as_many_go_on_as_found_room_and_one_more_tries_now_and_then(house: House) -> None:
    first, _ = [await house.takeoff("never-ending") for _ in range(2)]
    await house.store.run(lambda c: gates.note_full(c, first.app_id, 2, house.hand.now))
    waiting = [await house.ready("never-ending") for _ in range(4)]
    assert await house.runner.once() == 0
    assert house.bell.alarms["runner"] == house.hand.now + timedelta(seconds=gates.FULL_S)
    house.hand.turn(seconds=gates.FULL_S)
    assert await house.runner.once() == 1
    assert await house.runner.once() == 0
    house.hand.turn(seconds=gates.PROBE_S)  # it was taken, so there is room for three
    assert await house.runner.once() == 1
    assert [(await house.run(run)).state for run in waiting].count(RunState.READY) == 2
    await house.runner.close()


async def test_a_full_app_is_asked_less_and_less_often_until_a_run_of_it_ends(house: House) -> None:
    app_id = (await house.app("digest")).id
    pauses = []
    for _ in range(9):
        await house.store.run(lambda c: gates.note_full(c, app_id, 0, NOW))
        [gate] = await house.store.read(gates.all_gates)
        assert gate.shut_until is not None
        pauses.append((gate.shut_until - NOW).total_seconds())
    assert pauses == pytest.approx([min(gates.FULL_S * gates.FULL_GROWTH**n, gates.FULL_LONGEST_S) for n in range(9)])
    await house.store.run(lambda c: gates.note_end(c, gate))
    assert [gate.failures for gate in await house.store.read(gates.all_gates)] == [0]


async def test_an_app_that_stays_full_for_ever_is_asked_again_after_the_longest_pause(house: House) -> None:
    often = Gate(name=gates.app_gate(1), failures=10_000, shut_until=NOW, room=0)
    await house.store.run(lambda c: gates.widen(c, often, 0, NOW))
    await house.store.run(lambda c: gates.note_full(c, 1, 0, NOW))
    [gate] = await house.store.read(gates.all_gates)
    assert gate.shut_until == NOW + timedelta(seconds=gates.FULL_LONGEST_S)


async def test_a_full_app_for_which_nobody_waits_is_forgotten(house: House) -> None:
    await house.store.run(lambda c: gates.note_full(c, 1, 0, NOW))
    house.hand.turn(seconds=gates.FULL_S + gates.FORGOTTEN_AFTER_S)
    await house.janitor.once()
    assert len(await house.store.read(gates.all_gates)) == 1
    house.hand.turn(seconds=1)
    await house.janitor.once()
    assert await house.store.read(gates.all_gates) == []


async def add_herd(house: House) -> tuple[int, int]:
    """A thousand runs that are ready in one instant, those of a large app before those of a small one."""
    large, small = (await house.app("digest")).id, (await house.app("broken")).id
    apps = [large] * CROWDED + [small] * (HERD - CROWDED)
    herd = [a_run(app_id=app_id, state=RunState.READY, due_at=NOW, ready_at=NOW) for app_id in apps]
    assert await house.store.run(lambda c: runs.add_many(c, herd)) == HERD
    return large, small


async def take_round(house: House, limits: Limits) -> list[Run]:
    """Who finds room now; all of them have ended before the next round."""

    def claim(c: Connection, turns: Sequence[Turn]) -> list[Run]:
        return claims.claim_runs(c, [turn.run_id for turn in turns], "me", NOW, LEASE_S)

    def work(c: Connection) -> list[Run]:
        begun, _ = take_turns(c, house.services.team_id, limits, HERD, partial(claim, c), own={}, now=NOW)
        for run in begun:
            claims.save_run(c, replace(run, state=RunState.SUCCEEDED, ended_at=NOW))
        return begun

    return await house.store.run(work)


@BOTH
async def test_in_a_herd_a_small_app_waits_for_no_more_than_its_own(house: House) -> None:
    large, small = await add_herd(house)
    rounds = (HERD - CROWDED) // 5
    begun = [run for _ in range(rounds) for run in await take_round(house, Limits(per_app=5))]
    assert Counter(run.app_id for run in begun) == {small: HERD - CROWDED, large: rounds * 5}


@BOTH
async def test_a_herd_that_shares_its_room_starts_in_the_order_of_its_line(house: House) -> None:
    await add_herd(house)
    begun = [run.id for _ in range(20) for run in await take_round(house, Limits(in_all=50))]
    assert len(begun) == HERD
    assert begun == sorted(begun)
