"""Move: the next run comes at another time, before the one after it; its slot stays."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.errors import Refusal
from bot.operations.move import Moved, move
from bot.operations.plan import came_at
from bot.operations.skip import skip
from bot.operations.tick import tick
from storage import deliveries, runs
from storage.database import Store
from storage.records import Job, RunState
from tests.makers import NOW, TEAM, an_actor, list_entries, runs_of, save_job

NINE = datetime(2026, 9, 1, 9, 0, tzinfo=UTC)
THREE = NINE.replace(hour=15)
TOMORROW = NINE + timedelta(days=1)
DAILY = "every day at 9:00"


async def saved_job(store: Store, when: str = DAILY) -> Job:
    return (await store.run(lambda c: save_job(c, when))).job


async def moved(store: Store, job: Job, to: datetime | None, now: datetime = NOW) -> Moved:
    return await store.run(lambda c: move(c, an_actor(), job.id, to, now=now))


@pytest.mark.parametrize("to", [THREE, NINE.replace(hour=8), TOMORROW - timedelta(minutes=1)])
async def test_the_next_run_is_due_at_the_new_time_and_its_slot_stays(store: Store, to: datetime) -> None:
    job = await saved_job(store)
    done = await moved(store, job, to)
    assert (done.was_due_at, done.planned.due_at, done.planned.slot_at) == (NINE, to, NINE)
    planned = await store.read(lambda c: runs.planned_of(c, job.id))
    assert planned == done.planned


async def test_a_moved_run_runs_once_and_the_slot_after_it_comes_as_ever(store: Store) -> None:
    job = await saved_job(store)
    await moved(store, job, THREE)
    assert await store.run(lambda c: tick(c, NINE + timedelta(minutes=1)).count) == 0
    assert await store.run(lambda c: tick(c, THREE).count) == 1
    found = await store.read(lambda c: runs_of(c, job))
    assert [(run.slot_at, run.due_at, run.state) for run in found] == [
        (NINE, THREE, RunState.READY),
        (TOMORROW, TOMORROW, RunState.PLANNED),
    ]


async def test_a_run_that_was_moved_forward_does_not_come_again_at_its_own_time(store: Store) -> None:
    job = await saved_job(store)
    early = NINE.replace(hour=8)
    await moved(store, job, early)
    assert await store.run(lambda c: tick(c, early).count) == 1
    planned = await store.read(lambda c: runs.planned_of(c, job.id))
    assert planned is not None
    assert planned.slot_at == TOMORROW


@pytest.mark.parametrize(
    ("to", "why"),
    [
        (NOW - timedelta(minutes=5), r"Tue 1 Sep 06:55 UTC has passed"),
        (NOW, "has passed"),
        (TOMORROW, "that is the time of the run after it"),
        (TOMORROW + timedelta(hours=1), "the run after it comes at Wed 2 Sep 09:00 UTC"),
    ],
)
async def test_other_times_are_refused_with_those_that_are_possible(store: Store, to: datetime, why: str) -> None:
    job = await saved_job(store)
    with pytest.raises(Refusal, match=why) as refused:
        await moved(store, job, to)
    assert "Any time from now until just before Wed 2 Sep 09:00 UTC is possible" in refused.value.hint
    planned = await store.read(lambda c: runs.planned_of(c, job.id))
    assert planned is not None
    assert planned.due_at == NINE


async def test_a_job_that_runs_once_can_be_moved_to_any_time_to_come(store: Store) -> None:
    job = await saved_job(store, "2026-09-01 09:00")
    done = await moved(store, job, NINE + timedelta(days=40))
    assert done.planned.due_at == NINE + timedelta(days=40)


async def test_back_is_its_own_time_while_that_lies_ahead(store: Store) -> None:
    job = await saved_job(store)
    await moved(store, job, THREE)
    back = await moved(store, job, None)
    assert (back.was_due_at, back.planned.due_at) == (THREE, NINE)
    await moved(store, job, THREE)
    with pytest.raises(Refusal, match="cannot be moved back: Tue 1 Sep 09:00 UTC has passed"):
        await moved(store, job, None, NINE + timedelta(hours=1))


async def test_moving_it_where_it_is_changes_nothing_and_is_told_to_nobody(store: Store) -> None:
    job = await saved_job(store)
    for _ in range(2):
        done = await moved(store, job, THREE)
    assert done.was_due_at == done.planned.due_at == THREE
    assert len(await store.read(lambda c: deliveries.of_job(c, job.id, limit=9))) == 1


async def test_a_moved_run_can_be_skipped_and_what_follows_is_its_schedule(store: Store) -> None:
    job = await saved_job(store)
    await moved(store, job, THREE)
    done = await store.run(lambda c: skip(c, an_actor(), job.id, 1, now=NOW))
    assert [came_at(run) for run in done.runs] == [NINE]
    assert done.planned is not None
    assert done.planned.due_at == TOMORROW


async def test_a_job_without_a_planned_run_cannot_be_moved(store: Store) -> None:
    job = await saved_job(store, "on api")
    with pytest.raises(Refusal, match="no time of it can be moved"):
        await moved(store, job, THREE)


async def test_the_channel_and_the_audit_know_the_old_time_and_the_new_one(store: Store) -> None:
    job = await saved_job(store)
    await moved(store, job, THREE)
    (told,) = await store.read(lambda c: deliveries.of_job(c, job.id, limit=9))
    assert told.facts["says"] == "moved the next run of *{name}* from {at0} to {at1}"
    assert told.facts["times"] == [NINE.isoformat(), THREE.isoformat()]
    entry = (await store.read(lambda c: list_entries(c, TEAM, about=f"job:{job.id}")))[0]
    assert (entry.action, entry.detail["from"], entry.detail["to"]) == ("move", NINE.isoformat(), THREE.isoformat())
