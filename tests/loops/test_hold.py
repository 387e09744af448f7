"""A run that is held waits for a person; what waits for a person waits for nothing else and not for ever."""

from datetime import timedelta

import pytest

from bot.errors import Refusal
from bot.operations.hold import hold, release
from bot.operations.turn import NO_ROOM
from bot.settings import START_WITHIN_S
from storage import deliveries, runs
from storage.records import Run, RunState
from tests.loops.house import ANA, OPS, House
from tests.makers import an_actor, save_job

BOTH = pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
HER = an_actor(ANA, channels={OPS})


async def held(house: House, run: Run) -> Run:
    return await house.store.run(lambda c: hold(c, HER, run.id, now=house.hand.now))


@BOTH
async def test_what_is_held_does_not_begin_and_begins_once_released(house: House) -> None:
    run = await house.ready("digest", channel_id=OPS)
    assert (await held(house, run)).hold_by == ANA
    assert (await held(house, run)).hold_by == ANA
    assert await house.runner.once() == 0
    await house.store.run(lambda c: release(c, HER, run.id, now=house.hand.now))
    assert await house.runner.once() == 1
    assert (await house.landed(run)).state is RunState.SUCCEEDED


async def test_the_message_of_a_held_run_says_who_holds_it_and_lets_it_go(house: House) -> None:
    run = await house.ready("digest", channel_id=OPS)
    await held(house, run)
    await house.deliver()
    [message] = house.said()
    assert "is held by" in message.text
    assert "Release" in str(message.blocks)


async def test_a_held_run_that_nobody_releases_expires(house: House) -> None:
    run = await held(house, await house.ready("digest", channel_id=OPS))
    house.hand.turn(seconds=START_WITHIN_S + 1)
    await house.janitor.once()
    ended = await house.run(run)
    assert (ended.state, ended.reason) == (RunState.EXPIRED, NO_ROOM)


async def test_a_planned_run_that_is_held_waits_from_its_time_on(house: House) -> None:
    app = await house.app("digest")
    told = {"inputs": {"topic": "Tea"}, "channel_id": OPS}
    job = (await house.store.run(lambda c: save_job(c, "every hour", by=HER, app=app, **told))).job  # type: ignore[arg-type]
    planned = await house.store.read(lambda c: runs.planned_of(c, job.id))
    assert planned is not None
    await held(house, planned)
    assert await house.store.read(lambda c: deliveries.of_run(c, planned.id)) == []
    house.hand.now = planned.due_at + timedelta(seconds=1)
    await house.clock.once()
    assert await house.runner.once() == 0
    assert (await house.run(planned)).state is RunState.READY
    assert len(await house.store.read(lambda c: deliveries.of_run(c, planned.id))) == 1


async def test_what_has_begun_cannot_be_held_and_what_nobody_holds_cannot_be_released(house: House) -> None:
    run = await house.fly("digest", channel_id=OPS)
    with pytest.raises(Refusal, match="has begun"):
        await held(house, run)
    with pytest.raises(Refusal, match="Nobody holds"):
        await house.store.run(lambda c: release(c, HER, run.id, now=house.hand.now))
