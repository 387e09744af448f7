"""A run that goes on for longer than it should is told of once, and one that is done too soon as well."""

import asyncio

import pytest

from storage import deliveries, runs
from storage.records import DeliveryKind, DeliveryState, Policy, Run, RunState
from tests.loops.house import ANA, OPS, House
from tests.makers import an_actor, save_job

BOTH = pytest.mark.parametrize("engine", ["sqlite", "postgresql"])


async def due(house: House, name: str, policy: Policy) -> Run:
    """The first slot of a job with this policy, which has come due."""
    app, her = await house.app(name), an_actor(ANA, channels={OPS})
    inputs = {"topic": "Tea"} if name == "digest" else {}
    told = {"inputs": inputs, "channel_id": OPS, "policy": policy}
    job = (await house.store.run(lambda c: save_job(c, "every hour", by=her, app=app, **told))).job  # type: ignore[arg-type]
    house.hand.turn(hours=1)
    await house.clock.once()
    return (await house.store.read(lambda c: runs.list_runs(c, job.team_id, job_id=job.id)))[-1]


async def alerts(house: House, run: Run) -> list[str]:
    owed = await house.store.read(lambda c: deliveries.of_run(c, run.id))
    return [one.facts["alert"] for one in owed if one.kind is DeliveryKind.ALERT and one.state is DeliveryState.OWED]


@BOTH
async def test_a_run_that_is_done_in_time_leaves_no_warning_behind(house: House) -> None:
    run = await due(house, "digest", Policy(warn_over_s=600))
    await house.runner.once()
    assert await alerts(house, run) == ["slow"]
    await house.landed(run)
    assert await alerts(house, run) == []


async def test_a_run_that_goes_on_for_longer_is_told_of_with_a_button_to_stop_it(house: House) -> None:
    run = await due(house, "never-ending", Policy(warn_over_s=600))
    starting = asyncio.create_task(house.bell.hear("saver"))
    await asyncio.sleep(0)
    await house.runner.once()
    await starting
    house.hand.turn(seconds=601)
    await house.runner.close()  # another server will follow it
    await house.deliver()
    [message] = [one for one in house.said() if "more than 10 min" in one.text]
    assert "stop_run" in str(message.blocks)
    assert await alerts(house, run) == []


async def test_a_run_that_gives_way_to_a_newer_one_while_it_waits_for_its_next_try_leaves_no_warning_behind(
    house: House,
) -> None:
    run = await due(house, "digest", Policy(warn_over_s=7200, overlap="replace", retries=3, retry_after_s=600))
    house.dify.close_door()
    await house.runner.once()
    assert (await house.landed(run)).state is RunState.READY
    assert await alerts(house, run) == ["slow"]
    house.hand.turn(hours=1)
    await house.clock.once()
    assert (await house.run(run)).state is RunState.STOPPED
    assert await alerts(house, run) == []


async def test_a_run_that_succeeds_too_soon_is_told_of(house: House) -> None:
    run = await due(house, "digest", Policy(warn_under_s=3600))
    await house.runner.once()
    await house.landed(run)
    assert await alerts(house, run) == ["fast"]
    await house.deliver()
    assert any("Look whether it did its work" in one.text for one in house.said())


async def test_a_run_that_waits_for_room_is_not_slow(house: House) -> None:
    run = await due(house, "digest", Policy(warn_over_s=600))
    house.dify.mischief.too_many_next(1)
    await house.runner.once()
    assert (await house.landed(run)).state is RunState.READY
    assert await alerts(house, run) == []
