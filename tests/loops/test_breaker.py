"""Slack away: what is owed stays as it is, one question tells when Slack is back, and then it goes in its order."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from bot.loops.breaker import FAILURES, LONGEST_REST_S
from bot.loops.courier import MAX_SENDING_PER_LINE
from bot.operations.show import show
from storage import claims, deliveries, runs
from storage.ahead import pull_in
from storage.records import Delivery, DeliveryKind, DeliveryState, Run, RunState
from tests.loops.house import OPS, House
from tests.loops.test_courier import NEWS, owe
from tests.storage.examples import a_run

HOURS = 2


async def live(house: House, *, seconds: float, step_s: float = 5.0) -> None:
    """Let time go by as the engine would: a look at each step, and at each alarm before it."""
    end = house.hand.now + timedelta(seconds=seconds)
    while house.hand.now < end:
        await house.deliver()
        alarm = house.bell.alarms.pop("courier", end)
        soon = house.hand.now + timedelta(seconds=step_s)
        house.hand.now = min(end, soon, max(alarm, house.hand.now + timedelta(seconds=0.1)))


def away(house: House) -> None:
    house.slack.fail("*", error="503", times=1_000_000)


def back(house: House) -> None:
    house.slack.faults.clear()


async def an_alert(house: House) -> Delivery:
    run = await house.store.run(lambda c: runs.add(c, a_run(state=RunState.FAILED, name="Alarm", channel_id=OPS)))
    assert run is not None
    facts = {"alert": "failure", "since": house.hand.now.isoformat(), "failures": 1}
    return await owe(house, kind=DeliveryKind.ALERT, run_id=run.id, facts=facts, rank=0, key=f"alert:{run.id}")


async def test_fmea_d22_two_hours_without_slack_bury_nothing_and_end_within_half_a_minute(house: House) -> None:
    early = [await owe(house, name=f"Early {number}") for number in range(6)]
    away(house)
    await live(house, seconds=3600, step_s=60)
    late = [await owe(house, name=f"Late {number}") for number in range(6)]
    alert = await an_alert(house)
    await live(house, seconds=(HOURS - 1) * 3600, step_s=60)
    states = {(await house.owed(one)).state for one in [*early, *late, alert]}
    assert (states, house.said()) == ({DeliveryState.OWED}, [])
    back(house)
    await live(house, seconds=LONGEST_REST_S + 1)
    told = [message.text.split("*")[1] for message in house.said()]
    assert told[0] == "Alarm"
    due = [*(f"Early {number}" for number in range(6)), *(f"Late {number}" for number in range(6))]
    assert sorted(told[1:]) == sorted(due)
    # Those that are on their way together may overtake each other.
    assert all(abs(due.index(name) - place) < MAX_SENDING_PER_LINE for place, name in enumerate(told[1:]))


async def test_while_slack_is_away_it_is_asked_now_and_then_and_no_message_is_tried(house: House) -> None:
    waiting = [await owe(house, target=(OPS, NEWS)[number % 2]) for number in range(30)]
    away(house)
    await live(house, seconds=60)
    tried = len(house.slack.log.calls("chat.postMessage"))
    assert FAILURES <= tried <= 2 * MAX_SENDING_PER_LINE
    await live(house, seconds=3600)
    assert len(house.slack.log.calls("chat.postMessage")) == tried
    asked = len(house.slack.log.calls("auth.test"))
    assert 3600 / LONGEST_REST_S - 2 <= asked <= 3600 / LONGEST_REST_S + 10
    untried = [one for one in waiting if (await house.owed(one)).attempts == 0]
    assert len(untried) == len(waiting) - tried


async def test_a_slack_that_answers_and_still_takes_nothing_is_tried_with_one_message_at_a_time(house: House) -> None:
    for _ in range(10):
        await owe(house)
    house.slack.fail("chat.postMessage", error="internal_error", times=1_000_000)
    await live(house, seconds=600)
    assert len(house.slack.log.calls("chat.postMessage")) <= MAX_SENDING_PER_LINE + 600 / LONGEST_REST_S + 10
    back(house)
    await live(house, seconds=60)
    assert len(house.said()) == 10


async def test_fmea_c6_a_rest_that_began_when_the_clock_was_ahead_ends_by_the_right_one(house: House) -> None:
    for _ in range(FAILURES):
        await owe(house)
    away(house)
    house.hand.turn(seconds=24 * 3600)
    await live(house, seconds=10)
    house.hand.turn(seconds=-24 * 3600)
    back(house)
    await house.store.run(lambda c: pull_in(c, house.hand.now))
    await live(house, seconds=2 * LONGEST_REST_S)
    assert len(house.said()) == FAILURES


async def test_one_message_that_slack_cannot_take_stops_no_other(house: House) -> None:
    bad = await owe(house, target=NEWS)
    house.slack.fail("chat.postMessage", error="internal_error", times=1_000_000, channel=NEWS)
    await live(house, seconds=120)
    assert (await house.owed(bad)).attempts > FAILURES
    await owe(house)
    await house.deliver()
    assert len(house.said()) == 1


async def test_what_slack_refuses_for_good_says_nothing_about_slack(house: House) -> None:
    house.slack.remove_bot(OPS)
    for _ in range(FAILURES + 1):
        await owe(house)
    await owe(house, target=NEWS)
    await house.deliver()
    assert len(house.said(NEWS)) == 1


async def test_progress_that_was_owed_while_slack_was_away_is_told_once_in_its_newest_state(house: House) -> None:
    run = await a_running_run(house)
    await house.store.run(lambda c: show(c, run, now=house.hand.now, rank=2))
    await house.deliver()
    away(house)
    for _ in range(20):
        await house.store.run(lambda c: show(c, run, now=house.hand.now, rank=2))
        await live(house, seconds=30)
    back(house)
    await live(house, seconds=60)
    (message,) = house.said()
    assert message.edits == 1
    (owed,) = await house.store.read(lambda c: deliveries.of_run(c, run.id))
    assert (owed.state, owed.sent) == (DeliveryState.SENT, 21)


async def test_final_states_go_before_progress_however_much_of_that_waits(house: House) -> None:
    """Edits are 45 a minute for the whole workspace: progress must not use up the turns of what has ended."""
    going = [await a_running_run(house, name=f"R{number}") for number in range(20)]
    for run in going:
        await house.store.run(lambda c, run=run: show(c, run, now=house.hand.now, rank=2))
    await house.deliver()
    for run in going:
        await house.store.run(lambda c, run=run: show(c, run, now=house.hand.now, rank=2))
    assert await house.courier.once() == MAX_SENDING_PER_LINE  # progress has the line for itself
    for run in going[-5:]:
        await house.store.run(lambda c, run=run: end(c, run, house.hand.now))
    await house.services.tasks.idle()
    await house.deliver()
    edited = [call.detail["args"]["text"] for call in house.slack.log.calls("chat.update")]
    finals = [number for number, text in enumerate(edited) if "finished" in text]
    # Behind what was on its way already, and beside what was claimed together with the last of them.
    assert finals[-1] < MAX_SENDING_PER_LINE + 5 + MAX_SENDING_PER_LINE
    assert len(edited) == len(going)


async def a_running_run(house: House, **fields: Any) -> Run:
    plain = {"state": RunState.RUNNING, "channel_id": OPS, "nodes": 9}
    run = await house.store.run(lambda c: runs.add(c, a_run(**plain | fields)))
    assert run is not None
    return run


def end(c: Connection, run: Run, at: datetime) -> None:
    assert claims.save_run(c, replace(run, state=RunState.SUCCEEDED, ended_at=at))
    show(c, run, now=at, rank=1)
