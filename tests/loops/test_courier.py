"""The courier: what is owed is sent once in its newest form, put off while Slack cannot, and kept if nobody can."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from bot.demo.slack.people import BOT_USER, Channel
from bot.loops import takeback
from bot.loops.courier import (
    FIRST_PAUSE_S,
    LEASE_S,
    LONGEST_OWN_PAUSE_S,
    LONGEST_PAUSE_S,
    MAX_SENDING,
    MAX_SENDING_PER_LINE,
)
from bot.notifiers.slack import REPEATED
from bot.operations.show import show
from bot.slack.history import PAGE, PAGES
from storage import claims, deliveries, runs
from storage.records import Delivery, DeliveryKind, DeliveryState, RunState
from storage.tag import EVENT, token_of
from tests.loops.house import ANA, OPS, TEAM, House
from tests.makers import an_actor, claim_run, save_job
from tests.storage.examples import a_delivery, a_run

BOTH = pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
NEWS = "C0NEWS"


async def owe(house: House, **fields: Any) -> Delivery:
    """A message about an ended run."""
    told = {"state": RunState.SUCCEEDED, "channel_id": OPS, "owner_id": ANA, "outputs": {"text": "All is well."}}
    told["name"] = fields.pop("name", "Daily news")
    target = fields.get("target", OPS)
    run = await house.store.run(lambda c: runs.add(c, a_run(**told | {"ended_at": house.hand.now})))
    assert run is not None
    plain = {"key": f"run:{run.id}>{target}", "target": target, "run_id": run.id, "due_at": house.hand.now}
    return await house.store.run(lambda c: deliveries.owe(c, a_delivery(**plain | fields)))


async def owe_again(house: House, delivery: Delivery) -> Delivery:
    return await house.store.run(lambda c: deliveries.owe(c, replace(delivery, due_at=house.hand.now)))


async def is_asked(house: House, owed: Delivery) -> bool:
    """Whether Slack is being asked to post it."""
    return (await house.owed(owed)).asked_at is not None


async def test_what_is_owed_is_posted_and_settled_with_its_receipt(house: House) -> None:
    owed = await owe(house)
    assert await house.deliver() == 1
    (message,) = house.said()
    assert "*Daily news* finished" in message.text
    sent = await house.owed(owed)
    assert (sent.state, sent.wanted, sent.sent, sent.attempts, sent.error) == (DeliveryState.SENT, 1, 1, 0, None)
    assert sent.receipt == {"channel": OPS, "ts": message.ts}
    assert (sent.owner, sent.lease_until) == (None, None)
    token = token_of(house.services.installation, owed.key)
    assert message.metadata == {"event_type": EVENT, "event_payload": {"delivery": token}}
    assert await house.deliver() == 0


async def test_what_is_wanted_again_edits_the_message_in_its_place(house: House) -> None:
    owed = await owe(house)
    await house.deliver()
    for wanted in (2, 3):
        await owe_again(house, owed)
        await house.deliver()
        assert ((await house.owed(owed)).wanted, (await house.owed(owed)).sent) == (wanted, wanted)
    (message,) = house.said()
    assert message.edits == 2


async def test_many_wishes_before_the_courier_comes_are_one_message_with_the_newest_state(house: House) -> None:
    run = await house.store.run(lambda c: runs.add(c, a_run(state=RunState.READY, channel_id=OPS)))
    assert run is not None
    for _ in range(4):
        owed = await house.store.run(lambda c: show(c, run, now=house.hand.now, rank=1))
    claimed = await house.store.run(lambda c: claim_run(c, run.id, "me", house.hand.now, 60))
    assert claimed is not None
    failed = replace(claimed, state=RunState.FAILED, ended_at=house.hand.now)
    await house.store.run(lambda c: claims.save_run(c, failed))
    await house.deliver()
    (message,) = house.said()
    assert "failed" in message.text
    assert (owed.wanted, (await house.owed(owed)).sent, message.edits) == (4, 4, 0)


@BOTH
async def test_what_is_wanted_while_a_message_is_on_its_way_is_sent_afterwards(house: House) -> None:
    owed = await owe(house)
    house.slack.hold("chat.postMessage")
    assert await house.courier.once() == 1
    await owe_again(house, owed)
    house.slack.faults.release()
    await house.services.tasks.idle()
    half = await house.owed(owed)
    assert (half.state, half.wanted, half.sent) == (DeliveryState.OWED, 2, 1)
    await house.deliver()
    assert (await house.owed(owed)).state is DeliveryState.SENT
    (message,) = house.said()
    assert message.edits == 1


async def test_the_alarm_stands_at_the_next_message_that_can_be_sent(house: House) -> None:
    later = house.hand.now + timedelta(seconds=30)
    await owe(house, due_at=later)
    assert await house.courier.once() == 0
    assert house.bell.alarms == {"courier": later}
    house.hand.now = later
    assert await house.courier.once() == 1
    assert house.bell.alarms["courier"] == later + timedelta(seconds=LEASE_S)
    await house.services.tasks.idle()
    assert house.bell.rung == ["courier"]


async def test_alerts_go_before_results_and_results_before_progress(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    post, queued, are_all_there = house.services.slack.post, [], asyncio.Event()

    async def queue(*place: Any, **message: Any) -> Any:
        queued.append(place)
        if len(queued) == 4:
            are_all_there.set()
        return await post(*place, **message)

    monkeypatch.setattr(house.services.slack, "post", queue)
    await owe(house, name="Rank 9")
    house.slack.hold("chat.postMessage")
    await house.courier.once()
    for rank in (2, 1, 0):
        await owe(house, name=f"Rank {rank}", rank=rank)
    assert await house.courier.once() == 3
    await are_all_there.wait()  # they meet in the queue of the channel
    house.slack.faults.release()
    await house.services.tasks.idle()
    assert [message.text[1:7] for message in house.said()] == ["Rank 9", "Rank 0", "Rank 1", "Rank 2"]


# trouble


@pytest.mark.parametrize("error", ["internal_error", "503", "drop", "fatal_error"])
async def test_what_slack_cannot_take_now_is_tried_again_after_a_growing_pause(house: House, error: str) -> None:
    owed = await owe(house)
    for attempt, pause_s in enumerate((1, 2, 4), 1):
        house.slack.fail("chat.postMessage", error=error)
        assert await house.deliver() == 1
        waiting = await house.owed(owed)
        assert (waiting.state, waiting.attempts) == (DeliveryState.OWED, attempt)
        assert waiting.error
        assert waiting.due_at == house.hand.now + timedelta(seconds=pause_s)
        assert waiting.lease_until is None
        house.hand.turn(seconds=pause_s)
    await house.deliver()
    sent = await house.owed(owed)
    assert (sent.state, sent.attempts, sent.error) == (DeliveryState.SENT, 0, None)


async def test_the_pause_grows_to_half_a_minute_and_no_further(house: House) -> None:
    owed = await owe(house)
    house.slack.fail("chat.postMessage", error="internal_error", times=99)
    assert await pauses_of(house, owed, 8) == [1, 2, 4, 8, 16, *[LONGEST_PAUSE_S] * 3]


async def test_what_fails_by_an_error_of_our_own_is_tried_again_more_rarely(house: House) -> None:
    owed = await owe(house, destination="pigeon")
    assert await pauses_of(house, owed, 11) == [1, 2, 4, 8, 16, 32, 64, 128, 256, *[LONGEST_OWN_PAUSE_S] * 2]


async def pauses_of(house: House, owed: Delivery, times: int) -> list[float]:
    pauses = []
    for _ in range(times):
        await house.deliver()
        waiting = await house.owed(owed)
        pauses.append((waiting.due_at - house.hand.now).total_seconds())
        house.hand.now = waiting.due_at
    return pauses


async def test_fmea_d1_a_slack_that_wants_less_is_given_the_time_it_asks_for(house: House) -> None:
    owed = await owe(house)
    house.slack.fail("chat.postMessage", error="ratelimited", retry_after_s=25)
    await house.deliver()
    waiting = await house.owed(owed)
    assert (waiting.state, waiting.attempts) == (DeliveryState.OWED, 1)
    pause = waiting.due_at - house.hand.now
    assert timedelta(seconds=24) < pause <= timedelta(seconds=25)
    assert house.said() == []
    house.hand.now = waiting.due_at + timedelta(seconds=1)
    await house.deliver()
    assert len(house.said()) == 1


async def test_a_short_rest_that_slack_wants_is_waited_out_in_the_queue(house: House) -> None:
    owed = await owe(house)
    house.slack.fail("chat.postMessage", error="ratelimited", retry_after_s=3)
    await house.deliver()
    sent = await house.owed(owed)
    assert (sent.state, sent.attempts) == (DeliveryState.SENT, 0)


@BOTH
async def test_what_can_never_be_posted_is_buried_and_the_owner_is_told_once_by_direct_message(house: House) -> None:
    by = an_actor(ANA, channels=[OPS])
    job_id = (await house.store.run(lambda c: save_job(c, by=by, channel_id=OPS))).job.id
    house.slack.remove_bot(OPS)
    buried = [await owe(house, job_id=job_id) for _ in range(2)]
    await house.deliver()
    for owed in buried:
        dead = await house.owed(owed)
        assert (dead.state, dead.error) == (DeliveryState.DEAD, "not_in_channel")
    assert house.said() == []
    (told,) = house.slack.messages(house.slack.workspace.open_im(ANA).id)
    assert "I cannot post the results of your job in" in told.text
    assert "/invite" in told.text
    house.slack.invite_bot(OPS)
    again = await owe_again(house, buried[0])
    await house.deliver()
    assert (await house.owed(again)).state is DeliveryState.SENT


async def test_an_error_of_our_own_keeps_the_row_and_says_where_to_look(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    owed = await owe(house, destination="pigeon")
    with caplog.at_level(logging.ERROR):
        await house.deliver()
    waiting = await house.owed(owed)
    assert (waiting.state, waiting.attempts) == (DeliveryState.OWED, 1)
    assert waiting.error == "an error of our own; see the log"
    assert f"Delivery {owed.id} could not be sent" in caplog.text


async def test_what_tells_of_nothing_any_more_is_buried_without_a_word(house: House) -> None:
    owed = await owe(house, run_id=None)
    await house.deliver()
    assert (await house.owed(owed)).state is DeliveryState.DEAD
    assert house.said() == []


async def taken_over_on_its_way(house: House) -> tuple[Delivery, Sequence[Delivery]]:
    """A message that Slack is about to take from us, and what another has claimed meanwhile."""
    owed = await owe(house)
    house.slack.hold("chat.postMessage")
    await house.courier.once()
    await house.until(lambda: is_asked(house, owed))
    later = house.hand.now + timedelta(seconds=LEASE_S + 1)
    taken = await house.store.run(lambda c: claims.claim_deliveries(c, later, "other", 9, LEASE_S))
    house.slack.faults.release()
    return owed, taken


async def test_a_message_that_its_new_owner_finds_in_the_history_is_settled_by_them_and_not_taken_back(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[float] = []

    async def look_again(seconds: float) -> None:
        """The new owner, who has found ours, is not quick."""
        looks.append(seconds)
        if len(looks) == 2:
            assert await house.owed(owed) == taken[0]
            (found,) = house.said()
            receipt = {"channel": OPS, "ts": found.ts}
            assert await house.store.run(lambda c: claims.settle(c, taken[0], 1, receipt, house.hand.now))

    monkeypatch.setattr(takeback, "sleep", look_again)
    owed, taken = await taken_over_on_its_way(house)
    await house.services.tasks.idle()
    assert len(looks) == 2
    assert len(house.said()) == 1


async def test_a_message_whose_new_owner_does_not_know_yet_whether_theirs_stands_is_taken_back_when_it_does(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[float] = []
    theirs = {"channel": OPS, "ts": "1788233924.000050"}

    async def look_again(seconds: float) -> None:
        """Slack took the message of the new owner and answered with an error; later they find it."""
        looks.append(seconds)
        if len(looks) == 1:
            (later,) = taken
            later_on = house.hand.now + timedelta(seconds=1)
            put_off = {"due_at": later_on, "error": "internal_error", "is_in_doubt": True}
            assert await house.store.run(lambda c: claims.retry_delivery(c, later, **put_off))
        if len(looks) == 3:
            at = house.hand.now + timedelta(seconds=2)
            (mine,) = await house.store.run(lambda c: claims.claim_deliveries(c, at, "other", 9, LEASE_S))
            assert await house.store.run(lambda c: claims.settle(c, mine, 1, theirs, at))

    monkeypatch.setattr(takeback, "sleep", look_again)
    _, taken = await taken_over_on_its_way(house)
    await house.services.tasks.idle()
    assert looks == [1.0, 2.0, 4.0]
    assert house.said() == []


async def test_an_edit_that_came_too_late_is_followed_by_the_newest(house: House) -> None:
    owed = await owe(house)
    await house.deliver()
    await owe_again(house, owed)
    house.slack.hold("chat.update")
    await house.courier.once()
    later = house.hand.now + timedelta(seconds=LEASE_S + 1)

    def overtake(c: Connection) -> None:
        (taken,) = claims.claim_deliveries(c, later, "heir", 9, LEASE_S)
        assert claims.settle(c, taken, taken.wanted, taken.receipt, later)

    await house.store.run(overtake)
    house.slack.faults.release()
    await house.services.tasks.idle()
    again = await house.owed(owed)
    assert (again.state, again.wanted, again.sent) == (DeliveryState.OWED, 3, 2)
    await house.deliver()
    assert (await house.owed(owed)).state is DeliveryState.SENT
    assert len(house.said()) == 1


async def test_a_courier_that_must_take_back_insists_where_slack_does_not_want_to(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []

    async def note(seconds: float) -> None:
        pauses.append(seconds)
        house.hand.turn(seconds=seconds)

    monkeypatch.setattr(takeback, "sleep", note)
    owed = await owe(house)
    house.slack.hold("chat.postMessage")
    house.slack.fail("chat.delete", error="503")
    await house.courier.once()
    await house.until(lambda: is_asked(house, owed))
    later = house.hand.now + timedelta(seconds=LEASE_S + 1)

    def overtake(c: Connection) -> None:
        (taken,) = claims.claim_deliveries(c, later, "heir", 9, LEASE_S)
        assert claims.settle(c, taken, 1, {"channel": OPS, "ts": "1.000001"}, later)

    await house.store.run(overtake)
    house.slack.faults.release()
    await house.services.tasks.idle()
    assert len(pauses) == 1
    assert house.said() == []
    assert (await house.owed(owed)).state is DeliveryState.SENT


async def test_a_message_that_is_taken_for_longer_than_its_lease_is_still_sent_once(house: House) -> None:
    owed = await owe(house)
    house.slack.hold("chat.postMessage")
    await house.courier.once()
    await house.until(lambda: is_asked(house, owed))
    house.hand.turn(seconds=LEASE_S + 1)
    assert await house.courier.once() == 1  # it is our own again
    house.slack.faults.release()
    await house.services.tasks.idle()
    assert (await house.owed(owed)).state is DeliveryState.SENT
    assert len(house.said()) == 1


# many


@BOTH
async def test_two_couriers_send_each_message_once(house: House) -> None:
    owed = [await owe(house, target=(OPS, NEWS)[number % 2]) for number in range(12)]
    other = house.another("other")
    for _ in range(4):
        await asyncio.gather(house.courier.once(), other.courier.once())
        for one in (house, other):
            await one.services.tasks.idle()
    assert {(await house.owed(one)).state for one in owed} == {DeliveryState.SENT}
    assert len(house.said(OPS)) + len(house.said(NEWS)) == len(owed)


async def test_a_crowded_channel_holds_up_no_other(house: House) -> None:
    for _ in range(MAX_SENDING_PER_LINE):
        await owe(house)
    house.slack.hold("chat.postMessage", channel=OPS)
    assert await house.courier.once() == MAX_SENDING_PER_LINE
    waiting = [await owe(house) for _ in range(5)]
    other = await owe(house, target=NEWS)
    assert await house.courier.once() == 1
    await house.slack.wait_for(lambda: house.said(NEWS))
    assert house.said(OPS) == []
    assert {(await house.owed(one)).attempts for one in waiting} == {0}
    house.slack.faults.release()
    await house.services.tasks.idle()
    await house.deliver()
    assert len(house.said(OPS)) == MAX_SENDING_PER_LINE + 5
    assert (await house.owed(other)).state is DeliveryState.SENT


async def test_so_many_messages_are_on_their_way_and_no_more(house: House) -> None:
    channels = [f"C0ROOM{number}" for number in range(MAX_SENDING)]
    for channel in channels:
        house.slack.workspace.channels[channel] = Channel(channel, channel.lower(), members={BOT_USER})
    for number in range(MAX_SENDING + 5):
        await owe(house, target=channels[number % MAX_SENDING])
    assert await house.courier.once() == MAX_SENDING
    assert await house.courier.once() == 0
    await house.services.tasks.idle()
    assert await house.courier.once() == 5
    await house.services.tasks.idle()
    assert sum(len(house.said(channel)) for channel in channels) == MAX_SENDING + 5


async def test_one_look_takes_no_more_for_a_channel_than_it_can_soon_post(house: House) -> None:
    for _ in range(10):
        await owe(house)
    other = await owe(house, target=NEWS)
    assert await house.courier.once() == MAX_SENDING_PER_LINE + 1
    await house.services.tasks.idle()
    assert (await house.owed(other)).state is DeliveryState.SENT


async def test_a_notice_needs_no_run(house: House) -> None:
    facts = {"by": ANA, "says": "paused *{name}*", "name": "Daily news"}
    owed = await owe(house, kind=DeliveryKind.NOTICE, run_id=None, facts=facts, key="notice:1")
    await house.deliver()
    assert (await house.owed(owed)).state is DeliveryState.SENT
    assert [message.text for message in house.said()] == ["Ana paused *Daily news*."]
    assert owed.team_id == TEAM


# posts in doubt


@BOTH
async def test_fmea_d2_a_message_that_slack_took_without_saying_so_stands_once(house: House) -> None:
    owed = await owe(house)
    house.slack.fail("chat.postMessage", error="drop_after_accept")
    await house.courier.once()
    await house.services.tasks.idle()
    unsure = await house.owed(owed)
    assert (unsure.state, unsure.receipt, unsure.asked_at) == (DeliveryState.OWED, None, house.hand.now)
    house.hand.now = unsure.due_at
    await house.deliver()
    (message,) = house.said()
    sent = await house.owed(owed)
    assert (sent.state, sent.asked_at, dict(sent.receipt or {})["ts"]) == (DeliveryState.SENT, None, message.ts)


async def test_fmea_c6_a_message_in_doubt_is_found_although_our_clock_was_a_day_ahead(house: House) -> None:
    house.slack.workspace.clock = house.hand.now.timestamp
    house.hand.turn(hours=24)
    owed = await owe(house)
    house.slack.fail("chat.postMessage", error="drop_after_accept")
    await house.deliver()
    house.hand.now = (await house.owed(owed)).due_at
    await house.deliver()
    assert len(house.said()) == 1


async def test_where_the_history_may_not_be_read_people_see_which_message_may_be_a_repeat(house: House) -> None:
    await owe(house)
    house.slack.fail("chat.postMessage", error="drop_after_accept")
    house.slack.fail("conversations.history", error="missing_scope")
    await house.deliver()
    house.hand.turn(seconds=2)
    await house.deliver()
    first, again = house.said()
    assert REPEATED not in first.text + str(first.blocks)
    assert again.text == f"{first.text} {REPEATED}"
    assert len(again.blocks) == len(first.blocks) + 1
    assert again.blocks[-1]["elements"][0]["text"] == REPEATED


async def test_a_message_in_doubt_is_looked_for_before_a_long_line_goes_on(house: House) -> None:
    """Behind hundreds of others it would stand too far back in the history to be found."""
    owed = await owe(house)
    waiting = [await owe(house) for _ in range(20)]
    house.slack.fail("chat.postMessage", error="drop_after_accept", times=MAX_SENDING_PER_LINE)
    await house.courier.once()
    await house.services.tasks.idle()
    house.hand.turn(seconds=FIRST_PAUSE_S)
    await house.courier.once()
    await house.services.tasks.idle()
    assert (await house.owed(owed)).state is DeliveryState.SENT
    assert {(await house.owed(one)).attempts for one in waiting[MAX_SENDING_PER_LINE:]} == {0}


async def test_a_history_that_is_too_long_to_be_looked_through_makes_a_repeat_that_says_so(house: House) -> None:
    await owe(house)
    house.slack.fail("chat.postMessage", error="drop_after_accept")
    await house.deliver()
    (stands,) = house.said()
    house.slack.workspace.messages[OPS] += [replace(stands, metadata={}) for _ in range(PAGE * PAGES)]
    house.hand.turn(seconds=FIRST_PAUSE_S)
    await house.deliver()
    assert REPEATED in house.said()[-1].text


async def test_a_message_that_slack_refused_for_now_is_not_in_doubt(house: House) -> None:
    owed = await owe(house)
    house.slack.fail("chat.postMessage", error="message_limit_exceeded")
    await house.courier.once()
    await house.services.tasks.idle()
    assert (await house.owed(owed)).asked_at is None


@BOTH
async def test_fmea_a10_a_courier_that_died_after_the_post_leaves_a_message_that_is_found(house: House) -> None:
    owed = await owe(house)
    (held,) = await house.store.run(lambda c: claims.claim_deliveries(c, house.hand.now, "dead", 1, LEASE_S))
    assert await house.store.run(lambda c: claims.mark_sending(c, held, house.hand.now, LEASE_S))
    token = token_of(house.services.installation, owed.key)
    metadata = {"event_type": EVENT, "event_payload": {"delivery": token}}
    await house.services.slack.post(OPS, {"text": "It had ended.", "metadata": metadata})
    house.hand.turn(seconds=LEASE_S + 1)
    await house.deliver()
    (message,) = house.said()
    assert "*Daily news* finished" in message.text
    assert (await house.owed(owed)).state is DeliveryState.SENT


async def test_fmea_a15_a_frozen_courier_does_not_post_what_another_has_taken_over(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def find(_: float) -> None:
        """The heir finds what was posted, and takes it for theirs."""
        (found,) = house.said()
        (theirs,) = [one for one in taken if one.id == first.id]
        receipt = {"channel": OPS, "ts": found.ts}
        assert await house.store.run(lambda c: claims.settle(c, theirs, 1, receipt, house.hand.now))

    monkeypatch.setattr(takeback, "sleep", find)
    house.slack.hold("chat.postMessage")
    first = await owe(house, name="First")
    await house.courier.once()
    await house.until(lambda: is_asked(house, first))
    owed = await owe(house)
    await house.courier.once()  # it waits behind the first in the queue of the channel
    house.hand.turn(seconds=LEASE_S + 1)
    taken = await house.store.run(lambda c: claims.claim_deliveries(c, house.hand.now, "heir", 9, LEASE_S))
    assert {one.id for one in taken} == {owed.id, first.id}
    house.slack.faults.release()
    await house.services.tasks.idle()
    assert [message.text.split("*")[1] for message in house.said()] == ["First"]
    assert (await house.owed(owed)).owner == "heir"


async def test_a_frozen_courier_that_has_it_anew_does_not_post_what_another_has_posted_between(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    save, is_about_to_ask, goes_on = house.store.run, asyncio.Event(), asyncio.Event()

    async def stand_still_before_asking(work: Any, **more: Any) -> Any:
        if getattr(work, "func", None) is claims.mark_sending and not is_about_to_ask.is_set():
            is_about_to_ask.set()
            await goes_on.wait()
        return await save(work, **more)

    monkeypatch.setattr(house.store, "run", stand_still_before_asking)
    owed, receipt = await owe(house), {"channel": OPS, "ts": "1.000001"}
    await house.courier.once()
    await is_about_to_ask.wait()
    house.hand.turn(seconds=LEASE_S + 1)

    def post(c: Connection) -> None:
        (taken,) = claims.claim_deliveries(c, house.hand.now, "heir", 9, LEASE_S)
        assert claims.settle(c, taken, 1, receipt, house.hand.now)

    await house.store.run(post)
    await owe_again(house, owed)
    assert await house.courier.once() == 1
    goes_on.set()
    await house.services.tasks.idle()
    assert house.said() == []
    kept = await house.owed(owed)
    assert (kept.state, dict(kept.receipt or {})) == (DeliveryState.OWED, receipt)


async def post_too_late(house: House, error: str, *, is_ours_anew: bool = False) -> None:
    """What Slack took a lease too late, and answered so, is gone again, and the row knows the message of its heir."""
    owed = await owe(house)
    house.slack.hold("chat.postMessage", error=error)
    await house.courier.once()
    await house.until(lambda: is_asked(house, owed))
    house.hand.turn(seconds=LEASE_S + 1)
    receipt = {"channel": OPS, "ts": "1.000001"}

    def overtake(c: Connection) -> None:
        (taken,) = claims.claim_deliveries(c, house.hand.now, "heir", 9, LEASE_S)
        assert claims.settle(c, taken, 1, receipt, house.hand.now)

    await house.store.run(overtake)
    if is_ours_anew:
        await owe_again(house, owed)
        assert await house.courier.once() == 1
    house.slack.faults.release()
    await house.services.tasks.idle()
    assert house.said() == []
    assert dict((await house.owed(owed)).receipt or {}) == receipt


async def test_a_courier_that_posted_too_late_without_an_answer_takes_its_message_back(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(takeback, "LATE_S", (0.0, 0.0))
    await post_too_late(house, "drop_after_accept")


async def test_a_courier_that_posted_too_late_takes_its_message_back(house: House) -> None:
    await post_too_late(house, "")


async def test_a_courier_that_posted_too_late_and_has_it_anew_takes_its_message_back(house: House) -> None:
    await post_too_late(house, "", is_ours_anew=True)
