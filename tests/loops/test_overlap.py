"""A job that comes due while it is at work: skipped, queued, replaced or run beside itself, by slot and by hand."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from bot.errors import Refusal
from bot.loops import clock, flight, keep, pursuit
from bot.operations.finish import finish
from bot.operations.launch import launch_job, rerun
from bot.operations.pause import pause
from bot.operations.remove import remove
from bot.operations.stop import stop
from storage import claims, deliveries, jobs, runs, slots
from storage.database import Store
from storage.errors import Busy
from storage.records import Cause, DeliveryKind, Job, JobState, Policy, Run, RunState
from tests.loops.house import House
from tests.makers import NOW, OWNER, an_actor, claim_run, fresh_job, runs_of, save_job

BOTH = pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
R = RunState


async def save(store: Store, overlap: str, most: int = 1, when: str = "every 10 minutes", **said: Any) -> Job:
    def write(c: Connection) -> Job:
        saved = jobs.save(c, replace(save_job(c, when, **said).job, policy=Policy(overlap=overlap, overlap_max=most)))
        assert saved is not None
        return saved

    return await store.run(write)


async def come_due(house: House, times: int = 1) -> None:
    for _ in range(times):
        house.hand.turn(minutes=10)
        await house.clock.once()


async def rows_of(house: House, job: Job) -> list[Run]:
    rows = await house.store.read(lambda c: runs_of(c, job))
    return sorted((run for run in rows if run.state is not R.PLANNED), key=lambda run: (run.slot_at, run.id))


async def states_of(house: House, job: Job) -> list[RunState]:
    return [run.state for run in await rows_of(house, job)]


async def by_hand(house: House, job: Job, key: str = "typed:1") -> Run:
    return await house.store.run(lambda c: launch_job(c, an_actor(), job.id, None, key=key, now=house.hand.now))


def end_one(c: Connection, now: datetime, state: RunState = R.SUCCEEDED) -> None:
    """The oldest run that is ready begins and ends."""
    run = claim_run(c, claims.ready_runs(c, now, 1)[0][0], "me", now, 60)
    assert run is not None
    finish(c, replace(run, state=state, ended_at=None if state is R.WAITING else now), now=now)


async def test_three_skips_in_a_row_give_the_owner_one_hint(house: House) -> None:
    job = await save(house.store, "skip")
    await come_due(house, 3)
    assert await notices(house, job) == []
    await come_due(house, 4)
    assert await states_of(house, job) == [R.READY] + [R.SKIPPED] * 6
    assert await notices(house, job) == [OWNER]
    await house.store.run(lambda c: end_one(c, house.hand.now))
    await come_due(house, 4)
    assert await notices(house, job) == [OWNER] * 2


async def notices(house: House, job: Job) -> list[str]:
    owed = await house.store.read(lambda c: deliveries.of_job(c, job.id, limit=99))
    return [one.target for one in owed if one.kind is DeliveryKind.NOTICE]


@BOTH
async def test_one_that_waits_gives_way_to_a_newer_time_and_starts_at_the_end_of_the_run(house: House) -> None:
    job = await save(house.store, "queue")
    await come_due(house, 3)
    rows = await rows_of(house, job)
    assert [run.state for run in rows] == [R.READY, R.SKIPPED, R.QUEUED]
    assert rows[1].reason == "superseded by a newer time"
    await house.store.run(lambda c: end_one(c, house.hand.now))
    assert await states_of(house, job) == [R.SUCCEEDED, R.SKIPPED, R.READY]
    assert (await rows_of(house, job))[2].reason is None


async def test_several_wait_in_the_order_of_their_times_and_the_oldest_is_dropped(house: House) -> None:
    job = await save(house.store, "queue", 2)
    await come_due(house, 4)
    assert await states_of(house, job) == [R.READY, R.SKIPPED, R.QUEUED, R.QUEUED]
    await house.store.run(lambda c: end_one(c, house.hand.now, R.FAILED))
    assert await states_of(house, job) == [R.FAILED, R.SKIPPED, R.READY, R.QUEUED]


async def test_what_waits_starts_also_when_the_run_before_it_waits_for_a_person(house: House) -> None:
    job = await save(house.store, "queue")
    await come_due(house, 2)
    await house.store.run(lambda c: end_one(c, house.hand.now, R.WAITING))
    assert await states_of(house, job) == [R.WAITING, R.READY]


@pytest.mark.parametrize("state", [JobState.PAUSED, JobState.DELETED])
async def test_what_waits_is_closed_when_its_job_was_switched_off_but_not_what_a_person_wants(
    house: House, state: JobState
) -> None:
    job = await save(house.store, "queue", 5)
    await come_due(house, 2)
    asked = await by_hand(house, job)
    await house.store.run(lambda c: jobs.set_state(c, job.id, state, by=OWNER, reason=None))
    await house.store.run(lambda c: end_one(c, house.hand.now))
    rows = {run.id: run for run in await rows_of(house, job)}
    assert rows.pop(asked.id).state is R.READY
    assert [(run.state, run.reason) for run in rows.values()][1] == (R.SKIPPED, f"the job was {state}")


@BOTH
async def test_a_person_waits_in_the_same_line(house: House) -> None:
    job = await save(house.store, "queue")
    await come_due(house)
    asked = await by_hand(house, job)
    assert (asked.state, asked.cause) == (R.QUEUED, Cause.MANUAL)
    again = await by_hand(house, job, "typed:2")
    assert (await house.run(asked)).state is R.SKIPPED
    (told,) = await house.store.read(lambda c: deliveries.of_run(c, asked.id))
    assert told.wanted == 2  # that it waits, and that it gave way
    await house.store.run(lambda c: end_one(c, house.hand.now))
    assert (await house.run(again)).state is R.READY


@pytest.mark.parametrize("deed", [pause, remove])
async def test_fmea_g5_switching_a_job_off_closes_at_once_what_waits_by_itself(house: House, deed: Any) -> None:
    job = await save(house.store, "queue", 5)
    await come_due(house, 2)
    asked = await by_hand(house, job)
    await house.store.run(lambda c: deed(c, an_actor(), job.id, now=house.hand.now))
    assert await states_of(house, job) == [R.READY, R.SKIPPED, R.QUEUED]
    assert (await house.run(asked)).state is R.QUEUED


@BOTH
async def test_what_only_waits_is_stopped_at_once_and_the_next_in_line_is_not_held_up(house: House) -> None:
    job = await save(house.store, "queue", 5)
    await come_due(house, 2)
    asked = await by_hand(house, job)
    stopped = await house.store.run(lambda c: stop(c, an_actor(), asked.id, now=house.hand.now))
    assert (stopped.state, stopped.stop_by, stopped.ended_at) == (R.STOPPED, OWNER, house.hand.now)
    assert await states_of(house, job) == [R.READY, R.QUEUED, R.STOPPED]
    await house.store.run(lambda c: end_one(c, house.hand.now))
    assert (await states_of(house, job))[1] is R.READY


@BOTH
async def test_what_has_not_begun_is_replaced_at_once(house: House) -> None:
    job = await save(house.store, "replace")
    await come_due(house, 2)
    old, new = await rows_of(house, job)
    assert (old.state, old.reason, old.stop_by) == (R.STOPPED, "replaced by a newer run", "replace")
    assert new.state is R.READY
    asked = await by_hand(house, job)
    assert (asked.state, (await house.run(new)).state) == (R.READY, R.STOPPED)
    assert (await house.store.read(lambda c: fresh_job(c, job))).failures == 0


@BOTH
async def test_what_is_made_up_for_begins_when_all_that_was_in_its_way_is_replaced(house: House) -> None:
    job = await save(house.store, "replace")
    await come_due(house)
    (old,) = await rows_of(house, job)
    late = replace(old, id=0, key="late", slot_at=NOW, state=R.QUEUED, reason=slots.MADE_UP, ready_at=None)
    await house.store.run(lambda c: runs.add(c, late))
    await come_due(house)
    assert await states_of(house, job) == [R.READY, R.STOPPED, R.QUEUED]


async def test_what_runs_is_stopped_for_the_newest_and_calls_nobody(house: House) -> None:
    app = await house.app("never-ending")
    job = await save(house.store, "replace", app=app, inputs={})
    await come_due(house)
    starting = asyncio.create_task(house.bell.hear("saver"))
    await asyncio.sleep(0)
    await house.runner.once()
    await starting
    await come_due(house, 2)
    rows = await rows_of(house, job)
    assert [run.state for run in rows] == [R.RUNNING, R.SKIPPED, R.QUEUED]
    assert rows[0].stop_by == "replace"
    await house.runner.beat()
    old = await house.landed(rows[0])
    assert (old.state, old.reason, old.fault) == (R.STOPPED, "replaced by a newer run", None)
    assert await states_of(house, job) == [R.STOPPED, R.SKIPPED, R.READY]
    assert house.dify.starts()[0].status == "stopped"
    owed = await house.store.read(lambda c: deliveries.of_job(c, job.id, limit=99))
    assert [one for one in owed if one.kind is DeliveryKind.ALERT] == []


async def test_a_run_that_does_not_stop_is_given_up_for_the_newer_one_and_says_what_it_may_cost(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flight, "STOP_PATIENCE_S", 0.05)
    monkeypatch.setattr(pursuit, "STOP_PATIENCE_S", 0.05)
    monkeypatch.setattr(pursuit, "FOLLOWED_FOR_S", 3600.0)
    house.dify.mischief.ignore_stops()
    run = await house.takeoff("never-ending")
    await house.store.run(lambda c: claims.ask_stop(c, run.id, "replace"))
    await house.runner.beat()
    ended = await house.landed(run)
    assert (ended.state, ended.reason) == (R.STOPPED, "replaced by a newer run")
    assert ended.fault is not None
    assert "the old run may still be spending tokens" in ended.fault.message


@BOTH
async def test_a_job_runs_beside_itself_as_often_as_it_is_allowed_to(house: House) -> None:
    job = await save(house.store, "allow", 3)
    await come_due(house, 4)
    rows = await rows_of(house, job)
    assert [run.state for run in rows] == [R.READY] * 3 + [R.SKIPPED]
    assert rows[3].reason == "3 runs before it were still going"
    with pytest.raises(Refusal, match="does not run more than 3 times at a time"):
        await by_hand(house, job)


async def test_a_rerun_stands_in_line_as_well_and_keeps_its_inputs(house: House) -> None:
    job = await save(house.store, "queue")
    await come_due(house)
    await house.store.run(lambda c: end_one(c, house.hand.now))
    (was,) = await rows_of(house, job)
    await come_due(house)
    again = await house.store.run(lambda c: rerun(c, an_actor(), was.id, generation=0, now=house.hand.now))
    assert again.state is R.QUEUED
    await house.store.run(lambda c: end_one(c, house.hand.now))
    kept = await house.run(again)
    assert (kept.state, kept.inputs) == (R.READY, was.inputs)


@pytest.mark.parametrize("engine", ["postgresql"])
@pytest.mark.parametrize("overlap", ["queue", "replace", "allow"])
async def test_fmea_g6_a_due_time_an_end_and_many_people_at_one_moment_leave_nobody_waiting_for_nothing(
    house: House, overlap: str
) -> None:
    job = await save(house.store, overlap, 2)
    for turn in range(4):
        house.hand.turn(minutes=10)
        asked = [by_hand(house, job, f"typed:{turn}/{finger}") for finger in range(4)]
        found = await asyncio.gather(house.clock.once(), *asked, return_exceptions=True)
        assert all(isinstance(one, int | Run | Refusal) for one in found), found
        now = house.hand.now
        while await house.store.run(lambda c: claims.ready_runs(c, house.hand.now, 1)):
            ends = [house.store.run(lambda c: end_one(c, now)) for _ in range(1)]  # noqa: B023
            await asyncio.gather(*ends)
        states = await states_of(house, job)
        assert not {R.QUEUED, R.READY, R.RUNNING} & set(states)
    assert NOW + timedelta(minutes=40) in {run.slot_at for run in await rows_of(house, job)}


# the database was away


async def refused(work: Any, **more: Any) -> Any:
    raise Busy("Another process holds the database; nothing was saved. Please try again.")


async def begin_to_end(house: House, monkeypatch: pytest.MonkeyPatch) -> asyncio.Task[None]:
    """Somebody tries to write the end of the oldest run into a database that is away; then it is back."""
    monkeypatch.setattr(keep, "FIRST_PAUSE_S", 0.05)
    with monkeypatch.context() as away:
        away.setattr(house.store, "run", refused)
        ending = asyncio.create_task(keep.insist(house.services, "run 1", lambda c: end_one(c, house.hand.now)))
        await asyncio.sleep(0)
    assert house.services.unsaved
    return ending


async def test_what_ended_while_the_database_was_away_makes_its_job_seem_busy_to_nobody(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = await save(house.store, "skip")
    await come_due(house)
    ending = await begin_to_end(house, monkeypatch)
    await come_due(house)
    assert await states_of(house, job) == [R.SUCCEEDED, R.READY]
    await ending


async def test_an_end_that_cannot_be_saved_holds_the_clock_up_once(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = await save(house.store, "skip")
    await come_due(house)
    monkeypatch.setattr(clock, "ENDS_FIRST_S", 0.0)
    ending = await begin_to_end(house, monkeypatch)
    await come_due(house)
    assert await states_of(house, job) == [R.READY, R.SKIPPED]
    assert not house.services.unsaved
    await ending
    assert not house.services.unsaved
