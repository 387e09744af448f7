"""A server that cannot reach a host, or Slack, leaves its work to the others that stand over the same rows."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.dify.codes import Code
from bot.loops.breaker import FIRST_REST_S
from bot.loops.reach import FIRST_PAUSE_S, LONGEST_PAUSE_S, MAX_STARTS, SILENCES, Reach
from bot.operations.gate import look_at_gates
from storage import attempts, claims, gates
from storage.database import Store
from storage.gates import FAILURES, SHUT_S
from storage.records import DeliveryState, RunState
from tests.loops.house import House, open_house
from tests.loops.test_courier import owe
from tests.makers import NOW
from tests.storage.examples import an_app

DIFY = "http://dify.example"


def test_nothing_is_left_to_anybody_by_who_is_alone() -> None:
    reach = Reach(is_alone=True)
    reach.note_failure(DIFY, NOW)
    assert reach.shut(NOW) == {}


def test_a_place_is_left_to_others_for_longer_each_time() -> None:
    reach, pauses = Reach(is_alone=False), []
    for _ in range(7):
        reach.note_failure(DIFY, NOW)
        pauses.append((reach.shut(NOW)[DIFY] - NOW).total_seconds())
    assert pauses[:3] == [FIRST_PAUSE_S, FIRST_PAUSE_S * 2, FIRST_PAUSE_S * 4]
    assert pauses[-1] == LONGEST_PAUSE_S


def test_a_place_that_is_never_reached_is_left_to_others_for_the_longest_pause() -> None:
    reach = Reach(is_alone=False)
    for _ in range(2_000):
        reach.note_failure(DIFY, NOW)
    assert reach.shut(NOW) == {DIFY: NOW + timedelta(seconds=LONGEST_PAUSE_S)}


def test_a_place_that_a_clock_that_was_ahead_has_shut_opens_after_the_longest_pause() -> None:
    reach = Reach(is_alone=False)
    reach.note_failure(DIFY, NOW + timedelta(days=1))
    assert reach.shut(NOW) == {DIFY: NOW + timedelta(seconds=LONGEST_PAUSE_S)}
    assert reach.shut(NOW + timedelta(seconds=1)) == reach.shut(NOW)


def test_one_answer_opens_it_again_and_begins_the_count_anew() -> None:
    reach = Reach(is_alone=False)
    for _ in range(3):
        reach.note_failure(DIFY, NOW)
    assert reach.note_answer(DIFY)
    assert not reach.note_answer(DIFY)
    reach.note_failure(DIFY, NOW)
    assert reach.shut(NOW) == {DIFY: NOW + timedelta(seconds=FIRST_PAUSE_S)}


@pytest.mark.parametrize(("own_s", "shared_s"), [(30, -1), (30, 20), (-1, 30), (20, 30)])
async def test_a_host_is_left_alone_until_neither_this_server_nor_all_of_them_rest(
    store: Store, own_s: int, shared_s: int
) -> None:
    app, own = an_app(base_urls=(DIFY,)), {DIFY: NOW + timedelta(seconds=own_s)}
    shut_at = NOW + timedelta(seconds=shared_s - SHUT_S)
    for _ in range(FAILURES):
        await store.run(lambda c: gates.count_failure(c, DIFY, shut_at))
    found = await store.read(lambda c: look_at_gates(c, [app], now=NOW, own=own))
    assert (found.shut, found.to_try) == ({DIFY: NOW + timedelta(seconds=30)}, frozenset())


@pytest.fixture
async def pair(store: Store, tmp_path: Path) -> AsyncIterator[tuple[House, House]]:
    """Two servers; the door of Dify is closed to one while the test says so."""
    async with open_house(store, tmp_path, is_shared=True, start_grace_s=5) as one:
        yield one, one.another("other")


async def test_fmea_f2_a_run_that_one_server_cannot_send_is_sent_by_the_next(pair: tuple[House, House]) -> None:
    here, there = pair
    here.dify.close_door()
    run = await here.ready("digest")
    assert await here.runner.once() == 1
    assert (await here.landed(run)).state is RunState.READY
    assert await here.runner.once() == 0
    await here.dify.open_door()
    assert await there.runner.once() == 1
    ended = await there.landed(run)
    assert (ended.state, ended.attempts, ended.retries) == (RunState.SUCCEEDED, 2, 0)
    told = await here.store.read(lambda c: attempts.of_run(c, run.id))
    assert [one.fault.code for one in told if one.fault] == [Code.ELSEWHERE]


async def test_a_run_that_nobody_can_send_fails_after_three_attempts_and_only_then_counts_for_the_gate(
    pair: tuple[House, House],
) -> None:
    here, _ = pair
    here.dify.close_door()
    run = await here.ready("digest")
    for attempt in range(MAX_STARTS):
        assert await here.store.read(gates.all_gates) == []
        here.hand.turn(seconds=FIRST_PAUSE_S * 2**attempt)
        assert await here.runner.once() == 1
        await here.landed(run)
    ended = await here.run(run)
    assert (ended.state, ended.fault and ended.fault.code) == (RunState.FAILED, Code.UNREACHABLE)
    assert [gate.failures for gate in await here.store.read(gates.all_gates)] == [1]


async def test_who_could_not_reach_it_tries_with_one_run_after_a_pause(pair: tuple[House, House]) -> None:
    here, _ = pair
    here.dify.close_door()
    waiting = [await here.ready("digest") for _ in range(3)]
    assert await here.runner.once() == 3
    await here.landed(waiting[0])
    until = max(here.runner.reach.shut(here.hand.now).values())
    assert await here.runner.once() == 0
    assert here.bell.alarms["runner"] == until
    await here.dify.open_door()
    here.hand.turn(seconds=(until - here.hand.now).total_seconds())
    assert await here.runner.once() == 1
    await here.landed(waiting[0])
    assert await here.runner.once() == 2
    await here.landed(waiting[0])
    assert [(await here.run(run)).state for run in waiting] == [RunState.SUCCEEDED] * 3


async def test_fmea_f2_a_run_whose_line_broke_is_followed_by_who_reaches_dify(pair: tuple[House, House]) -> None:
    here, there = pair
    here.dify.mischief.cut_next(2)
    run = await here.takeoff("never-ending")
    here.dify.mischief.refuse_next(100)
    await here.runner.beat()
    left = await here.landed(run)
    assert (left.state, left.owner) == (RunState.RUNNING, None)
    here.dify.mischief.connections_to_refuse = 0
    here.hand.turn(seconds=0.1)
    assert await here.janitor.once() == 0
    assert await there.janitor.once() == 1
    await there.store.run(lambda c: claims.ask_stop(c, run.id, "U0ANA"))
    await there.runner.beat()
    assert (await there.landed(run)).state is RunState.STOPPED
    assert len(here.dify.starts()) == 1


async def test_a_run_in_doubt_is_looked_for_by_who_reaches_dify(pair: tuple[House, House]) -> None:
    here, there = pair
    here.dify.mischief.drop_answer_next()
    here.dify.mischief.fail_next(SILENCES, status=504, on="logs")
    run = await here.ready("digest")
    await here.runner.once()
    left = await here.landed(run)
    assert (left.state, left.owner) == (RunState.RUNNING, None)
    here.hand.turn(seconds=0.1)
    assert await there.janitor.once() == 1
    assert (await there.landed(run)).state is RunState.SUCCEEDED
    assert len(here.dify.starts()) == 1


async def test_fmea_f2_a_message_that_one_server_cannot_send_is_sent_by_the_next(pair: tuple[House, House]) -> None:
    here, there = pair
    here.slack.fail("chat.postMessage", error="drop", times=SILENCES)
    owed = [await owe(here) for _ in range(SILENCES)]
    assert await here.courier.once() == SILENCES
    await here.services.tasks.idle()
    assert await here.courier.once() == 0
    assert here.bell.alarms["courier"] == here.hand.now + timedelta(seconds=FIRST_REST_S)
    here.hand.turn(seconds=FIRST_REST_S)
    assert await there.deliver() == SILENCES
    assert [(await here.owed(one)).state for one in owed] == [DeliveryState.SENT] * SILENCES
    assert len(here.said()) == SILENCES


async def test_a_message_is_left_to_who_reaches_slack_by_the_first_that_cannot(
    pair: tuple[House, House], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = pair
    owed = await owe(here)
    with monkeypatch.context() as cut:
        cut.setattr(here.services.slack.web, "base_url", "http://127.0.0.1:1/api/")
        assert await here.courier.once() == 1
        await here.services.tasks.idle()
        here.hand.turn(seconds=FIRST_REST_S)
        assert await here.courier.once() == 0  # though it is due again, and its alarm has rung here alone
    assert await there.deliver() == 1
    assert (await here.owed(owed)).state is DeliveryState.SENT
