"""Attempts below one run: what failed and may pass comes again, what waits for room burns nothing."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from bot.dify.codes import Code
from bot.operations.again import OVERTAKEN
from bot.operations.turn import NO_ROOM
from bot.settings import START_WITHIN_S
from storage import attempts, deliveries, jobs, runs
from storage.gates import FULL_GROWTH, FULL_LONGEST_S, FULL_S
from storage.records import DeliveryKind, Job, JobState, Policy, Run, RunState
from storage.tag import tag_of
from tests.loops.house import ANA, OPS, House
from tests.makers import an_actor, save_job

BOTH = pytest.mark.parametrize("engine", ["sqlite", "postgresql"])


async def due(house: House, policy: Policy = Policy()) -> tuple[Job, Run]:
    """A job of the local Dify whose first slot is ready."""
    app = await house.app("digest")

    def save(c: Connection) -> Job:
        told: dict[str, Any] = {"inputs": {"topic": "Tea"}, "channel_id": OPS, "policy": policy}
        return save_job(c, "every hour", by=an_actor(ANA, channels={OPS}), app=app, **told).job

    job = await house.store.run(save)
    house.hand.turn(hours=1)
    await house.clock.once()
    run = (await house.store.read(lambda c: runs.list_runs(c, job.team_id, job_id=job.id)))[-1]
    return job, run


async def once_more(house: House, run: Run) -> Run:
    """The run after its next attempt, for which time passes."""
    row = await house.run(run)
    house.hand.now = max(house.hand.now, row.try_at or house.hand.now)
    await house.runner.once()
    return await house.landed(run)


async def alerts(house: House, job: Job) -> int:
    owed = await house.store.read(lambda c: deliveries.of_job(c, job.id, limit=50))
    return len([one for one in owed if one.kind is DeliveryKind.ALERT])


@BOTH
async def test_a_failure_that_may_pass_comes_again_below_the_same_row_and_calls_nobody(house: House) -> None:
    job, run = await due(house)
    house.dify.mischief.fail_next(2, status=500)
    await house.runner.once()
    waits = await house.landed(run)
    assert (waits.state, waits.attempts, waits.retries, waits.owner) == (RunState.READY, 1, 1, None)
    assert waits.try_at is not None
    await house.runner.once()
    assert house.bell.alarms["runner"] == waits.try_at
    waits = await once_more(house, run)
    assert (waits.state, waits.attempts, waits.retries) == (RunState.READY, 2, 2)
    done = await once_more(house, run)
    assert (done.state, done.attempts, done.fault, done.try_at) == (RunState.SUCCEEDED, 3, None, None)
    tried = await house.store.read(lambda c: attempts.of_run(c, run.id))
    assert [one.fault.code if one.fault else None for one in tried] == [Code.SERVER, Code.SERVER]
    assert [one.tag for one in tried] == [tag_of(house.services.installation, run.key, number) for number in (1, 2)]
    assert await alerts(house, job) == 0


async def test_the_alert_comes_after_the_last_attempt(house: House) -> None:
    job, run = await due(house, Policy(retries=1))
    house.dify.mischief.fail_next(2, status=500)
    await house.runner.once()
    await house.landed(run)
    assert await alerts(house, job) == 0
    failed = await once_more(house, run)
    assert (failed.state, failed.attempts) == (RunState.FAILED, 2)
    assert await alerts(house, job) == 1


async def test_before_its_time_nothing_is_tried_again(house: House) -> None:
    _, run = await due(house)
    house.dify.mischief.fail_next(1, status=500)
    await house.runner.once()
    await house.landed(run)
    house.hand.turn(seconds=10)
    assert await house.runner.once() == 0


async def test_a_pending_retry_occupies_its_job(house: House) -> None:
    job, run = await due(house)
    house.dify.mischief.fail_next(9, status=500)
    await house.runner.once()
    await house.landed(run)
    house.hand.turn(hours=1)
    await house.clock.once()
    newer = (await house.store.read(lambda c: runs.list_runs(c, job.team_id, job_id=job.id)))[1]
    assert newer.state is RunState.SKIPPED


async def test_a_retry_is_not_started_once_a_newer_slot_has_succeeded(house: House) -> None:
    job, run = await due(house, Policy(overlap="allow", overlap_max=3))
    house.dify.mischief.fail_next(1, status=500)
    await house.runner.once()
    await house.landed(run)

    def succeed_later(c: Connection) -> None:
        slot_at = run.slot_at + timedelta(minutes=1)
        newer = replace(run, key="newer", slot_at=slot_at, state=RunState.SUCCEEDED, ended_at=slot_at)
        assert runs.add(c, newer)

    await house.store.run(succeed_later)
    ended = await once_more(house, run)
    assert (ended.state, ended.reason) == (RunState.STOPPED, OVERTAKEN)
    assert house.dify.starts() == []
    assert await alerts(house, job) == 0


@BOTH
async def test_fmea_e27_a_full_app_is_waited_for_burns_no_attempt_and_keeps_its_due_time(house: House) -> None:
    _, run = await due(house, Policy(retries=0))
    house.dify.mischief.too_many_next(3)
    await house.runner.once()
    waits = await house.landed(run)
    assert (waits.state, waits.attempts, waits.retries, waits.due_at) == (RunState.READY, 0, 0, run.due_at)
    for pause_s in (FULL_S, FULL_S * FULL_GROWTH):
        house.hand.turn(seconds=pause_s - 1)
        assert await house.runner.once() == 0
        house.hand.turn(seconds=1)
        assert await house.runner.once() == 1
        assert (await house.landed(run)).state is RunState.READY
    house.hand.turn(seconds=FULL_LONGEST_S)
    await house.runner.once()
    done = await house.landed(run)
    assert (done.state, done.attempts) == (RunState.SUCCEEDED, 1)
    assert await house.store.read(lambda c: attempts.of_run(c, run.id)) == []


async def test_a_run_without_room_for_an_hour_expires_and_is_told(house: House) -> None:
    job, run = await due(house)
    house.dify.mischief.too_many_next(999)
    await house.runner.once()
    await house.landed(run)
    house.hand.turn(seconds=START_WITHIN_S + 1)
    await house.janitor.once()
    ended = await house.run(run)
    assert (ended.state, ended.reason) == (RunState.EXPIRED, NO_ROOM)
    assert await alerts(house, job) == 1
    assert (ended.attempts, ended.started_at) == (0, None)


async def test_a_start_that_never_began_is_made_again_under_another_name(house: House) -> None:
    run = await house.ready("digest")
    house.dify.mischief.hang_up_next()
    await house.runner.once()
    assert (await house.landed(run)).state is RunState.READY
    done = await once_more(house, run)
    assert (done.state, done.attempts) == (RunState.SUCCEEDED, 2)
    assert [one.user for one in house.dify.starts()] == [tag_of(house.services.installation, run.key, 2)]


async def test_the_retry_of_a_deleted_job_is_not_owed(house: House) -> None:
    job, run = await due(house)
    house.dify.mischief.fail_next(1, status=500)
    await house.store.run(lambda c: jobs.set_state(c, job.id, JobState.DELETED, by=ANA, reason=None))
    await house.runner.once()
    assert (await house.landed(run)).state is RunState.FAILED
