"""Skip: the coming slots become rows that say who skipped them, and those still to come can be brought back."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection

from bot.errors import Refusal
from bot.operations.move import move
from bot.operations.pause import pause
from bot.operations.plan import came_at
from bot.operations.resume import resume
from bot.operations.skip import Skipped, skip, unskip
from bot.operations.tick import tick
from storage import claims, deliveries, jobs, runs
from storage.database import Store
from storage.records import Job, JobState, Run, RunState
from tests.makers import NOW, OTHER, TEAM, an_actor, fresh_job, list_entries, runs_of, save_job

DAILY = "every day at 8:00"


def morning(day: int) -> datetime:
    return datetime(2026, 9, day, 8, 0, tzinfo=UTC)


async def saved_job(store: Store, when: str = DAILY) -> Job:
    return (await store.run(lambda c: save_job(c, when))).job


async def skipped(store: Store, job: Job, count: int = 1, now: datetime = NOW) -> Skipped:
    return await store.run(lambda c: skip(c, an_actor(), job.id, count, now=now, name="Ana"))


async def states(store: Store, job: Job) -> list[tuple[datetime, RunState]]:
    found = await store.read(lambda c: runs_of(c, job))
    return sorted((run.slot_at, run.state) for run in found)


async def test_the_next_slot_becomes_a_row_that_says_who_skipped_it_and_another_is_planned(
    store: Store,
) -> None:
    job = await saved_job(store)
    done = await skipped(store, job)
    (gone,) = done.runs
    assert (gone.slot_at, gone.state, gone.reason) == (morning(1), RunState.SKIPPED, "skipped by Ana")
    assert done.planned is not None
    assert done.planned.slot_at == morning(2)
    assert await states(store, job) == [(morning(1), RunState.SKIPPED), (morning(2), RunState.PLANNED)]


async def test_several_slots_are_skipped_at_once_each_with_its_own_time(store: Store) -> None:
    job = await saved_job(store)
    done = await skipped(store, job, 3)
    assert [run.slot_at for run in done.runs] == [morning(1), morning(2), morning(3)]
    assert done.planned is not None
    assert done.planned.slot_at == morning(4)


async def test_skipping_again_goes_on_after_what_is_skipped_already(store: Store) -> None:
    job = await saved_job(store)
    await skipped(store, job)
    done = await skipped(store, job)
    assert [run.slot_at for run in done.runs] == [morning(2)]


@pytest.mark.parametrize("count", [0, -1, 51, 10**6])
async def test_one_to_fifty_slots_are_skipped_and_no_more(store: Store, count: int) -> None:
    job = await saved_job(store)
    with pytest.raises(Refusal, match="I can skip 1 to 50 times"):
        await skipped(store, job, count)
    assert await states(store, job) == [(morning(1), RunState.PLANNED)]


async def test_a_skipped_slot_does_not_run_and_the_next_one_does(store: Store) -> None:
    job = await saved_job(store)
    await skipped(store, job)
    assert await store.run(lambda c: tick(c, morning(1) + timedelta(seconds=1)).count) == 0
    assert await store.run(lambda c: tick(c, morning(2) + timedelta(seconds=1)).count) == 1
    assert (morning(2), RunState.READY) in await states(store, job)


async def test_a_pause_and_a_resume_do_not_bring_a_skipped_slot_back(store: Store) -> None:
    job = await saved_job(store)
    await skipped(store, job, 2)
    await store.run(lambda c: pause(c, an_actor(), job.id, now=NOW))
    resumed = await store.run(lambda c: resume(c, an_actor(), job.id, now=NOW + timedelta(minutes=1)))
    assert resumed.planned is not None
    assert resumed.planned.slot_at == morning(3)


async def test_undo_brings_back_all_that_lies_ahead_and_nothing_that_passed(store: Store) -> None:
    job = await saved_job(store)
    await skipped(store, job, 3)
    later = morning(1) + timedelta(hours=1)
    back = await store.run(lambda c: unskip(c, an_actor(), job.id, now=later))
    assert [run.slot_at for run in back.runs] == [morning(2), morning(3)]
    assert back.planned is not None
    assert (back.planned.slot_at, back.planned.due_at, back.planned.state) == (
        morning(2),
        morning(2),
        RunState.PLANNED,
    )
    assert await states(store, job) == [(morning(1), RunState.SKIPPED), (morning(2), RunState.PLANNED)]
    assert await store.run(lambda c: tick(c, morning(2)).count) == 1
    assert (morning(3), RunState.PLANNED) in await states(store, job)


async def test_a_slot_that_was_brought_back_can_be_skipped_again(store: Store) -> None:
    job = await saved_job(store)
    for _ in range(2):
        await skipped(store, job)
        await store.run(lambda c: unskip(c, an_actor(), job.id, now=NOW))
    assert await states(store, job) == [(morning(1), RunState.PLANNED)]


async def test_there_is_nothing_to_undo_where_nobody_skipped_anything_ahead(store: Store) -> None:
    job = await saved_job(store)
    await skipped(store, job)
    with pytest.raises(Refusal, match="so there is nothing to bring back"):
        await store.run(lambda c: unskip(c, an_actor(), job.id, now=morning(1)))


async def test_undo_in_a_pause_plans_nothing_until_the_job_is_resumed(store: Store) -> None:
    job = await saved_job(store)
    await skipped(store, job)
    await store.run(lambda c: pause(c, an_actor(), job.id, now=NOW))
    back = await store.run(lambda c: unskip(c, an_actor(), job.id, now=NOW))
    assert back.planned is None
    resumed = await store.run(lambda c: resume(c, an_actor(), job.id, now=NOW + timedelta(seconds=1)))
    assert resumed.planned is not None
    assert resumed.planned.slot_at == morning(1)


async def test_skipping_the_only_time_of_a_job_completes_it_and_undo_brings_it_to_work_again(store: Store) -> None:
    job = await saved_job(store, "2026-09-01 08:00")
    done = await skipped(store, job)
    assert (done.planned, done.job.state) == (None, JobState.COMPLETED)
    back = await store.run(lambda c: unskip(c, an_actor(), job.id, now=NOW))
    assert back.planned is not None
    assert (back.planned.slot_at, back.job.state) == (morning(1), JobState.ACTIVE)


async def test_a_job_that_runs_after_each_run_skips_one_delay(store: Store) -> None:
    job = await saved_job(store, "10 minutes after each run")
    done = await skipped(store, job, 2)
    assert [run.slot_at - NOW for run in done.runs] == [timedelta(minutes=10), timedelta(minutes=20)]
    assert done.planned is not None
    assert done.planned.slot_at == NOW + timedelta(minutes=30)
    back = await store.run(lambda c: unskip(c, an_actor(), job.id, now=NOW))
    assert back.planned is not None
    assert back.planned.slot_at == NOW + timedelta(minutes=10)


async def test_after_an_edit_undo_plans_what_the_new_schedule_says(store: Store) -> None:
    job = await saved_job(store)
    await skipped(store, job)
    changed = await store.run(lambda c: save_job(c, "every day at 9:30", job=fresh_job(c, job)))
    back = await store.run(lambda c: unskip(c, an_actor(), job.id, now=NOW))
    assert back.planned is not None
    assert changed.planned is not None
    assert back.planned.slot_at == changed.planned.slot_at == morning(1).replace(hour=9, minute=30)


async def test_the_button_skips_its_own_slot_once_however_often_it_is_pressed(store: Store) -> None:
    job = await saved_job(store)

    def press(c: Connection) -> Skipped:
        return skip(c, an_actor(), job.id, 1, now=NOW, name="Ana", slot_at=morning(1))

    first, second = await store.run(press), await store.run(press)
    assert [came_at(run) for run in first.runs] == [came_at(run) for run in second.runs] == [morning(1)]
    assert await states(store, job) == [(morning(1), RunState.SKIPPED), (morning(2), RunState.PLANNED)]


async def test_the_button_of_a_slot_that_has_started_skips_nothing(store: Store) -> None:
    job = await saved_job(store)
    await store.run(lambda c: tick(c, morning(1)))
    with pytest.raises(Refusal, match="is not the next one any more"):
        await store.run(lambda c: skip(c, an_actor(), job.id, 1, now=morning(1), slot_at=morning(1)))
    assert (morning(2), RunState.PLANNED) in await states(store, job)


async def test_a_paused_job_has_nothing_to_skip_and_one_without_a_plan_neither(store: Store) -> None:
    job = await saved_job(store)
    await store.run(lambda c: pause(c, an_actor(), job.id, now=NOW))
    with pytest.raises(Refusal, match="is paused") as refused:
        await skipped(store, job)
    assert f"/dify resume #{job.id}" in refused.value.hint
    calls = (await store.run(lambda c: save_job(c, "on api", name="Calls"))).job
    with pytest.raises(Refusal, match="Nothing of “Calls” is planned right now"):
        await skipped(store, calls)


async def test_what_was_skipped_because_the_job_was_busy_is_not_brought_back(store: Store) -> None:
    """It was moved to an earlier time and closed there, while its slot still lies ahead."""
    job = await saved_job(store)

    def close(c: Connection) -> Run:
        planned = runs.planned_of(c, job.id)
        assert planned is not None
        claims.close_planned(c, planned.id, RunState.SKIPPED, "the run before it was still going", NOW)
        return planned

    await store.run(close)
    with pytest.raises(Refusal, match="nothing to bring back"):
        await store.run(lambda c: unskip(c, an_actor(), job.id, now=NOW))


@pytest.mark.parametrize(
    ("count", "says"),
    [
        (1, "skipped one time of *{name}*: {at0}; next {at1}"),
        (3, "skipped 3 times of *{name}*: {at0}, {at1}, {at2}; next {at3}"),
        (9, "skipped 9 times of *{name}*: {at0} to {at1}; next {at2}"),
    ],
)
async def test_the_channel_is_told_in_one_line_and_the_audit_too(store: Store, count: int, says: str) -> None:
    job = await saved_job(store)
    await store.run(lambda c: skip(c, an_actor(OTHER), job.id, count, now=NOW))
    (told,) = await store.read(lambda c: deliveries.of_job(c, job.id, limit=9))
    assert (told.facts["by"], told.facts["says"]) == (OTHER, says)
    assert datetime.fromisoformat(told.facts["times"][-1]) == morning(1 + count)
    entry = (await store.read(lambda c: list_entries(c, TEAM, about=f"job:{job.id}")))[0]
    assert (entry.action, entry.actor, len(entry.detail["slots"])) == ("skip", OTHER, count)


async def test_a_skipped_slot_never_runs_when_the_job_was_deleted_meanwhile(store: Store) -> None:
    job = await saved_job(store)
    await store.run(lambda c: jobs.set_state(c, job.id, JobState.DELETED, by=None, reason=None))
    with pytest.raises(Refusal, match="was deleted"):
        await skipped(store, job)


async def test_what_comes_back_is_spread_as_it_was(store: Store) -> None:
    job = (await store.run(lambda c: save_job(c, "every day at 9, jitter 30 minutes"))).job
    before = await store.read(lambda c: runs.planned_of(c, job.id))
    assert before is not None
    assert before.due_at > before.slot_at
    await store.run(lambda c: skip(c, an_actor(), job.id, 1, now=NOW))
    await store.run(lambda c: unskip(c, an_actor(), job.id, now=NOW))
    back = await store.read(lambda c: runs.planned_of(c, job.id))
    assert back is not None
    assert back.due_at == before.due_at
    await store.run(lambda c: move(c, an_actor(), job.id, before.slot_at - timedelta(minutes=1), now=NOW))
    moved = await store.run(lambda c: move(c, an_actor(), job.id, None, now=NOW))
    assert moved.planned.due_at == before.due_at
