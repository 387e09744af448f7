"""Bursts of results into one channel are told together: each run once, in a message of its own or in one digest."""

import re
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from bot.demo.slack import Message
from bot.operations.digest import GATHER_S, PAGE
from bot.operations.show import refresh_messages
from storage import claims, deliveries, prune, runs, slots
from storage.database import Store
from storage.records import Cause, Delivery, DeliveryKind, DeliveryState, Fault, RunState
from tests.loops.house import ANA, OPS, TEAM, House, open_house
from tests.loops.test_courier import BOTH, owe, owe_again
from tests.makers import an_actor, save_job
from tests.storage.examples import a_delivery, a_run

OVER = 20
RUN = re.compile(r"\brun (\d+)\b")


async def burst(house: House, count: int, **fields: Any) -> list[Delivery]:
    """Results that are all due now."""
    told = {"state": RunState.SUCCEEDED, "channel_id": OPS, "owner_id": ANA, "elapsed_s": 42.0, "tokens": 1234}
    now = house.hand.now

    def fill(c: Connection) -> list[Delivery]:
        owed = []
        for number in range(count):
            run = runs.add(c, a_run(**told | {"name": f"Job {number}", "ended_at": now} | fields))
            assert run is not None
            key = f"run:{run.id}>{OPS}"
            owed.append(deliveries.owe(c, a_delivery(key=key, target=OPS, run_id=run.id, due_at=now, created_at=now)))
        return owed

    return await house.store.run(fill)


async def settle_all(house: House, seconds: int = 120) -> None:
    """Send what is due, and what comes due in the next minutes."""
    for _ in range(seconds // 5):
        await house.deliver()
        house.hand.turn(seconds=5)


def digests(house: House, channel: str = OPS) -> list[Message]:
    return [message for message in house.said(channel) if "ended:" in message.text or "Page " in message.text]


def words(message: Message) -> str:
    """All lines, those in a fold as well, with plain spaces."""
    return "\n".join(lines_of(message.blocks)).replace("\u00a0", " ")


def lines_of(blocks: list[dict[str, Any]]) -> Iterator[str]:
    for block in blocks:
        if block["type"] == "section":
            yield block["text"]["text"]
        for part in block.get("elements", ()) if block["type"] == "context" else ():
            yield part["text"]
        yield from lines_of(block.get("child_blocks", []))


def told_runs(house: House, channel: str = OPS) -> Counter[int]:
    """How often each run is told, in whatever message."""
    return Counter(int(found) for message in house.said(channel) for found in RUN.findall(words(message)))


def once_each(owed: list[Delivery]) -> Counter[int]:
    return Counter(one.run_id for one in owed if one.run_id is not None)


@BOTH
async def test_fmea_d19_a_burst_into_one_channel_is_told_in_one_message_and_its_thread(house: House) -> None:
    owed = await burst(house, 100)
    await settle_all(house)
    assert told_runs(house) == once_each(owed)
    assert {(await house.owed(one)).state for one in owed} == {DeliveryState.SENT}
    root, *pages = digests(house)
    count = int(root.text.split()[0])
    assert count > 90
    assert len(house.said()) == 100 - count + 1 + len(pages)
    assert len(pages) == -(-count // PAGE) - 1
    assert {page.thread_ts for page in pages} == {root.ts}


async def test_as_many_as_the_setting_allows_are_told_one_by_one(house: House) -> None:
    owed = await burst(house, OVER)
    await settle_all(house)
    assert digests(house) == []
    assert len(house.said()) == len(owed)


async def test_what_a_person_asked_for_is_told_by_itself(house: House) -> None:
    asked = [*await burst(house, 15, cause=Cause.MANUAL, asked_by=ANA), *await burst(house, 15, cause=Cause.RERUN)]
    await settle_all(house)
    assert digests(house) == []
    assert len(house.said()) == len(asked)


async def test_a_backfill_stays_in_its_thread(house: House) -> None:
    await burst(house, 30, batch="1/1", cause=Cause.BACKFILL)
    await house.courier.once()
    owed = await house.store.read(lambda c: deliveries.of_run(c, 30))
    assert [one.digest_id for one in owed] == [None]
    await house.services.tasks.idle()


async def test_alerts_and_what_people_asked_for_go_before_the_digest(house: House) -> None:
    await burst(house, 60)
    await house.courier.once()
    (failed,) = await burst(house, 1, state=RunState.FAILED, name="Alarm")
    alert = {"alert": "failure", "since": house.hand.now.isoformat(), "failures": 1}
    told = {"run_id": failed.run_id, "kind": DeliveryKind.ALERT, "facts": alert, "rank": 0, "key": "alert:1"}
    await owe(house, **told)
    await burst(house, 2, cause=Cause.MANUAL, name="Asked")
    await house.services.tasks.idle()
    await settle_all(house)
    texts = [message.text for message in house.said()]
    before = texts[: texts.index(digests(house)[0].text)]
    assert sum("*Alarm* failed" in text for text in before) == 1
    assert sum("*Asked*" in text for text in before) == 2


async def test_what_comes_while_a_digest_waits_joins_it(house: House) -> None:
    owed = await burst(house, 60)
    await house.courier.once()
    await house.services.tasks.idle()
    owed += await burst(house, 30)
    house.hand.turn(seconds=GATHER_S - 1)
    await house.courier.once()
    await house.services.tasks.idle()
    assert digests(house) == []
    await settle_all(house)
    assert told_runs(house) == once_each(owed)
    assert len([message for message in digests(house) if message.thread_ts is None]) == 1


async def test_those_that_failed_stand_first_with_their_reason_and_in_the_notification(house: House) -> None:
    await burst(house, 40)
    fault = Fault(code="http", message="502 Bad Gateway <!here>")
    await burst(house, 2, state=RunState.FAILED, fault=fault, name="Broken & co")
    await settle_all(house)
    (digest,) = [one for one in digests(house) if one.thread_ts is None]
    assert "2 failed, " in digest.text
    assert "Look at *Broken &amp; co*, *Broken &amp; co*." in digest.text
    first, second, third = words(digest).splitlines()[1:4]
    for line in (first, second):
        assert line.startswith("❌ *Broken &amp; co* failed: 502 Bad Gateway")
    assert third.startswith("✅ *Job ")
    assert "<!here>" not in words(digest)


async def test_each_run_of_a_digest_can_be_opened(house: House) -> None:
    await burst(house, 50)
    await settle_all(house)
    root, page = digests(house)
    for message in (root, page):
        (menu,) = [part for block in message.blocks if block["type"] == "actions" for part in block["elements"]]
        assert menu["action_id"] == "open_trace"
        offered = [int(option["value"].removeprefix("run:")) for option in menu["options"]]
        assert Counter(offered) == Counter(int(found) for found in RUN.findall(words(message)))


async def test_names_and_reasons_at_their_longest_still_fit_into_messages(house: House) -> None:
    fault = Fault(code="http", message="&<>" * 100)
    await burst(house, 3 * PAGE, state=RunState.FAILED, fault=fault, name="&" * 150, price="0.0123", currency="USD")
    await settle_all(house)
    refused = [call for call in house.slack.log.calls("chat.postMessage") if not call.detail["ok"]]
    assert refused == []
    assert len(digests(house)) >= 3


# what changes afterwards


async def test_a_change_of_a_run_is_told_in_its_digest_and_nowhere_else(house: House) -> None:
    owed = await burst(house, 100)
    await settle_all(house)
    said = len(house.said())
    for message in digests(house):
        run_id = int(RUN.findall(words(message))[-1])
        run = await house.store.read(lambda c, run_id=run_id: runs.get(c, TEAM, run_id))
        assert run is not None
        await house.store.run(lambda c, run=run: slots.mark(c, run.id, "failed", ANA, "wrong"))
        await house.store.run(lambda c, run=run: refresh_messages(c, run.id, now=house.hand.now))
        edits = message.edits
        await house.deliver()
        assert message.edits == edits + 1
        assert words(message).count("finished, marked as failed") == 1
    assert len(house.said()) == said
    assert {(await house.owed(one)).state for one in owed} == {DeliveryState.SENT}


async def test_a_change_of_a_run_while_its_digest_is_being_sent_is_told_by_an_edit(house: House) -> None:
    owed = await burst(house, 40)
    await house.courier.once()
    await house.services.tasks.idle()
    house.hand.turn(seconds=GATHER_S + 1)
    held = await house.store.run(lambda c: claims.claim_deliveries(c, house.hand.now, "other", 99, 60))
    (digest,) = [one for one in held if one.kind is DeliveryKind.DIGEST]
    told = await house.owed(owed[-1])
    assert told.digest_id == digest.id
    await owe_again(house, told)
    await house.deliver()
    receipt = {"channel": OPS, "ts": "1.0"}
    assert await house.store.run(lambda c: claims.settle(c, digest, digest.wanted, receipt, house.hand.now))
    assert (await house.owed(digest)).state is DeliveryState.OWED


async def test_a_change_of_a_run_whose_digest_still_gathers_does_not_hurry_it(house: House) -> None:
    owed = await burst(house, 40)
    await house.courier.once()
    await house.services.tasks.idle()
    await owe_again(house, await house.owed(owed[-1]))
    await house.deliver()
    assert digests(house) == []
    await settle_all(house)
    assert told_runs(house) == once_each(owed)


async def test_a_digest_that_somebody_deleted_comes_back_with_the_next_change_of_a_run(house: House) -> None:
    owed = await burst(house, 40)
    await settle_all(house)
    (digest,) = digests(house)
    house.slack.workspace.remove(digest)
    await owe_again(house, await house.owed(owed[-1]))
    await house.deliver()
    (fresh,) = digests(house)
    assert words(fresh) == words(digest)


async def test_a_digest_of_which_a_run_is_not_kept_any_more_stays_as_it_is(house: House) -> None:
    owed = await burst(house, 40)
    await settle_all(house)
    (digest,) = digests(house)
    gone, stays = await house.owed(owed[-1]), await house.owed(owed[-2])
    assert gone.digest_id is not None
    await house.store.run(lambda c: claims_gone(c, gone))
    await owe_again(house, stays)
    await house.deliver()
    assert digest.edits == 0
    assert (await house.owed(stays)).state is DeliveryState.SENT


def claims_gone(c: Connection, delivery: Delivery) -> None:
    assert delivery.run_id is not None
    prune.clear(c, [delivery.run_id], delivery.due_at)


# trouble


@BOTH
async def test_a_courier_that_dies_with_a_digest_in_hand_leaves_each_run_to_be_told_once(house: House) -> None:
    owed = await burst(house, 60)
    await house.courier.once()
    await house.services.tasks.idle()
    house.hand.turn(seconds=GATHER_S + 1)
    await house.store.run(lambda c: claims.claim_deliveries(c, house.hand.now, "dead", 9, 60))
    house.hand.turn(seconds=61)
    await settle_all(house)
    assert told_runs(house) == once_each(owed)


async def test_a_digest_that_slack_took_without_saying_so_stands_once(house: House) -> None:
    owed = await burst(house, 40)
    await house.courier.once()
    await house.services.tasks.idle()
    house.slack.fail("chat.postMessage", error="drop_after_accept")
    await settle_all(house)
    assert told_runs(house) == once_each(owed)
    assert len(digests(house)) == 1


@BOTH
async def test_two_couriers_tell_each_run_once(house: House) -> None:
    owed = await burst(house, 150)
    other = house.another("other")
    for _ in range(30):
        for one in (house, other):
            await one.courier.once()
        for one in (house, other):
            await one.services.tasks.idle()
        house.hand.turn(seconds=5)
    assert told_runs(house) == once_each(owed)


async def test_the_owner_of_each_job_hears_of_a_digest_that_cannot_be_posted(house: House) -> None:
    by = an_actor(ANA, channels=[OPS])
    jobs = [
        (await house.store.run(lambda c, n=n: save_job(c, by=by, channel_id=OPS, name=f"J{n}"))).job for n in (1, 2)
    ]
    for job in jobs:
        await house.store.run(lambda c, job=job: add_results(c, house, job.id))
    house.slack.remove_bot(OPS)
    await settle_all(house)
    notices = house.slack.messages(house.slack.workspace.open_im(ANA).id)
    assert len(notices) == 2
    dead = await house.store.read(lambda c: deliveries.dead(c, TEAM))
    assert DeliveryKind.DIGEST in {one.kind for one in dead}
    assert await house.store.read(lambda c: claims.next_delivery_at(c)) is None
    house.slack.invite_bot(OPS)
    told = await house.store.read(lambda c: deliveries.of_job(c, jobs[0].id, 99))
    await owe_again(house, next(one for one in told if one.digest_id is not None))
    await settle_all(house)
    assert len(digests(house)) == 2


def add_results(c: Connection, house: House, job_id: int) -> None:
    for _ in range(30):
        run = runs.add(c, a_run(state=RunState.SUCCEEDED, channel_id=OPS, job_id=job_id, ended_at=house.hand.now))
        assert run is not None
        told = {"key": f"run:{run.id}>{OPS}", "target": OPS, "run_id": run.id, "job_id": job_id}
        deliveries.owe(c, a_delivery(**told, due_at=house.hand.now))


# the setting


@pytest.fixture
async def plain_house(store: Store, tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(store, tmp_path, digest_over=None) as opened:
        yield opened


async def test_without_digests_each_result_has_a_message_of_its_own(plain_house: House) -> None:
    owed = await burst(plain_house, 60)
    await settle_all(plain_house)
    assert digests(plain_house) == []
    assert len(plain_house.said()) == len(owed)
