"""Pause, resume and delete: the future of a job is taken away or planned anew, what runs and what was stays."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection

from bot.errors import Refusal
from bot.operations.coming import MOST_COUNTED
from bot.operations.finish import finish
from bot.operations.launch import launch_job
from bot.operations.pause import pause
from bot.operations.remove import remove
from bot.operations.resume import resume, resume_due
from bot.operations.tick import tick
from bot.rules.access import SYSTEM
from storage import claims, deliveries, jobs, runs
from storage.database import Store
from storage.records import CalendarRule, Cause, DeliveryKind, Job, JobState, Run, RunState, Schedule
from tests.makers import (
    HERE,
    NOW,
    OTHER,
    TEAM,
    an_actor,
    claim_run,
    fresh_job,
    fresh_run,
    list_entries,
    runs_of,
    save_job,
)

LATER = NOW + timedelta(hours=3)
DEEDS: dict[str, Callable[..., object]] = {"pause": pause, "resume": resume, "delete": remove}


async def saved_job(store: Store, when: str = "every 5 minutes") -> Job:
    return (await store.run(lambda c: save_job(c, when))).job


def begin(c: Connection, job: Job) -> Run:
    """The planned run of the job has started."""
    planned = runs.planned_of(c, job.id)
    assert planned is not None
    claims.admit(c, [planned.id], NOW)
    run = claim_run(c, planned.id, "me", NOW, 60)
    assert run is not None
    return run


async def planned_of(store: Store, job: Job) -> Run | None:
    return await store.read(lambda c: runs.planned_of(c, job.id))


async def test_a_paused_job_has_no_planned_run_and_tells_who_paused_it_and_why(store: Store) -> None:
    job = await saved_job(store)
    paused = await store.run(lambda c: pause(c, an_actor(OTHER), job.id, now=NOW, reason="model is down"))
    assert (paused.state, paused.state_by, paused.state_reason) == (JobState.PAUSED, OTHER, "model is down")
    assert await planned_of(store, job) is None


async def test_a_run_that_goes_on_is_not_touched_by_a_pause(store: Store) -> None:
    job = await saved_job(store)
    run = await store.run(lambda c: begin(c, job))
    await store.run(lambda c: pause(c, an_actor(), job.id, now=NOW))
    assert await store.read(lambda c: fresh_run(c, run)) == run


async def test_a_resumed_job_runs_again_from_now_and_makes_up_for_nothing(store: Store) -> None:
    job = await saved_job(store, "every day at 8:00")
    await store.run(lambda c: pause(c, an_actor(), job.id, now=NOW, reason="holidays"))
    back = datetime(2026, 9, 20, 12, 0, tzinfo=UTC)
    resumed = (await store.run(lambda c: resume(c, an_actor(), job.id, now=back))).job
    assert (resumed.state, resumed.state_reason) == (JobState.ACTIVE, None)
    (only,) = await store.read(lambda c: runs_of(c, job))
    assert only.slot_at == datetime(2026, 9, 21, 8, 0, tzinfo=UTC)


async def test_a_fixed_rate_goes_on_in_its_own_beat_after_a_pause(store: Store) -> None:
    job = await saved_job(store, "every 10 minutes")
    await store.run(lambda c: pause(c, an_actor(), job.id, now=NOW))
    await store.run(lambda c: resume(c, an_actor(), job.id, now=NOW + timedelta(minutes=33)))
    planned = await planned_of(store, job)
    assert planned is not None
    assert planned.slot_at == NOW + timedelta(minutes=40)


@pytest.mark.parametrize("deed", ["pause", "resume"])
async def test_a_second_click_changes_nothing_and_leaves_no_second_entry(store: Store, deed: str) -> None:
    job = await saved_job(store)
    if deed == "resume":
        await store.run(lambda c: pause(c, an_actor(), job.id, now=NOW))
    for second in range(3):
        at = NOW + timedelta(seconds=second)
        await store.run(lambda c, at=at: DEEDS[deed](c, an_actor(), job.id, now=at))  # type: ignore[misc]
    entries = await store.read(lambda c: list_entries(c, TEAM, about=f"job:{job.id}"))
    assert [entry.action for entry in entries].count(deed) == 1
    assert len(await store.read(lambda c: runs_of(c, job))) == (deed == "resume")


async def test_many_clicks_at_once_are_one_change(store: Store) -> None:
    job = await saved_job(store)
    clicks = (
        store.run(lambda c, n=n: pause(c, an_actor(), job.id, now=NOW + timedelta(seconds=n)))  # type: ignore[misc]
        for n in range(6)
    )
    await asyncio.gather(*clicks)
    assert (await store.read(lambda c: fresh_job(c, job))).state is JobState.PAUSED
    assert await store.read(lambda c: runs_of(c, job)) == []


@pytest.mark.parametrize("deed", ["pause", "resume"])
async def test_what_has_run_for_the_last_time_can_neither_be_paused_nor_resumed(store: Store, deed: str) -> None:
    job = await saved_job(store, "in 5 seconds")
    await store.run(lambda c: jobs.set_state(c, job.id, JobState.COMPLETED, by=None, reason="over"))
    with pytest.raises(Refusal, match="has run for the last time") as refused:
        await store.run(lambda c: DEEDS[deed](c, an_actor(), job.id, now=NOW))
    assert refused.value.code == "completed"
    assert f"/dify edit #{job.id}" in refused.value.hint


async def test_a_one_time_job_whose_time_passed_in_the_pause_is_completed_and_does_not_run(store: Store) -> None:
    job = await saved_job(store, "2026-09-01 08:00")
    await store.run(lambda c: pause(c, an_actor(), job.id, now=NOW))
    resumed = await store.run(lambda c: resume(c, an_actor(), job.id, now=LATER))
    assert (resumed.job.state, resumed.passed, resumed.planned) == (JobState.COMPLETED, 1, None)
    assert await store.read(lambda c: runs_of(c, job)) == []


async def test_a_job_that_runs_after_each_run_begins_again_one_delay_after_the_resume(store: Store) -> None:
    job = await saved_job(store, "10 minutes after each run")
    await store.run(lambda c: pause(c, an_actor(), job.id, now=NOW))
    await store.run(lambda c: resume(c, an_actor(), job.id, now=LATER))
    planned = await planned_of(store, job)
    assert planned is not None
    assert planned.slot_at == LATER + timedelta(minutes=10)


async def test_a_job_that_runs_after_each_run_waits_for_the_run_that_was_going_on(store: Store) -> None:
    job = await saved_job(store, "10 seconds after each run")
    run = await store.run(lambda c: begin(c, job))
    await store.run(lambda c: pause(c, an_actor(), job.id, now=NOW))
    await store.run(lambda c: resume(c, an_actor(), job.id, now=NOW + timedelta(seconds=5)))
    assert await planned_of(store, job) is None
    ended_at = NOW + timedelta(minutes=1)
    ended = replace(run, state=RunState.SUCCEEDED, ended_at=ended_at)
    await store.run(lambda c: finish(c, ended, now=ended_at))
    planned = await planned_of(store, job)
    assert planned is not None
    assert planned.slot_at == ended_at + timedelta(seconds=10)


async def test_a_paused_job_that_runs_after_each_run_stays_quiet_when_its_run_ends(store: Store) -> None:
    job = await saved_job(store, "10 seconds after each run")
    run = await store.run(lambda c: begin(c, job))
    await store.run(lambda c: pause(c, an_actor(), job.id, now=NOW))
    await store.run(lambda c: finish(c, replace(run, state=RunState.SUCCEEDED, ended_at=NOW), now=NOW))
    assert await planned_of(store, job) is None


async def test_a_pause_takes_no_rerun_and_no_run_by_hand_away(store: Store) -> None:
    job = await saved_job(store)
    await store.run(lambda c: pause(c, an_actor(), job.id, now=NOW))
    await store.run(lambda c: launch_job(c, an_actor(), job.id, None, key="typed:1", now=NOW))
    await store.run(lambda c: remove(c, an_actor(), job.id, now=NOW))
    (left,) = await store.read(lambda c: runs_of(c, job))
    assert (left.cause, left.state) == (Cause.MANUAL, RunState.READY)


async def test_a_deleted_job_is_gone_for_everybody_and_its_history_stays(store: Store) -> None:
    job = await saved_job(store)
    run = await store.run(lambda c: begin(c, job))
    await store.run(lambda c: finish(c, replace(run, state=RunState.SUCCEEDED, ended_at=NOW), now=NOW))
    deleted = await store.run(lambda c: remove(c, an_actor(), job.id, now=NOW))
    assert (deleted.state, deleted.state_by) == (JobState.DELETED, "U1")
    assert [one.id for one in await store.read(lambda c: runs_of(c, job))] == [run.id]
    for deed in DEEDS.values():
        with pytest.raises(Refusal) as refused:
            await store.run(lambda c, deed=deed: deed(c, an_actor(), job.id, now=LATER))  # type: ignore[misc]
        assert refused.value.code == "deleted"


async def test_a_run_that_outlives_its_job_ends_and_is_told_without_an_alert(store: Store) -> None:
    job = await saved_job(store)
    run = await store.run(lambda c: begin(c, job))
    await store.run(lambda c: remove(c, an_actor(), job.id, now=NOW))
    await store.run(lambda c: finish(c, replace(run, state=RunState.FAILED, ended_at=NOW), now=NOW))
    owed = await store.read(lambda c: deliveries.of_run(c, run.id))
    assert [one.kind for one in owed] == [DeliveryKind.RUN]
    assert await planned_of(store, job) is None


@pytest.mark.parametrize("deed", list(DEEDS))
async def test_the_channel_is_told_in_one_sentence_who_did_it(store: Store, deed: str) -> None:
    job = await saved_job(store)
    if deed == "resume":
        await store.run(lambda c: jobs.set_state(c, job.id, JobState.PAUSED, by=OTHER, reason=None))
    await store.run(lambda c: DEEDS[deed](c, an_actor(), job.id, now=NOW))
    (told,) = await store.read(lambda c: deliveries.of_job(c, job.id, limit=9))
    assert (told.kind, told.target) == (DeliveryKind.NOTICE, HERE)
    assert told.facts["by"] == "U1"
    assert told.facts["says"].startswith(f"{deed}d *{{name}}*")


async def test_what_happens_in_direct_messages_is_not_announced(store: Store) -> None:
    job = (await store.run(lambda c: save_job(c, by=an_actor(channels=["D1"]), channel_id="D1"))).job
    await store.run(lambda c: pause(c, an_actor(channels=["D1"]), job.id, now=NOW))
    assert await store.read(lambda c: deliveries.of_job(c, job.id, limit=9)) == []


async def test_the_buttons_on_the_newest_messages_and_on_the_pressed_one_are_drawn_again(store: Store) -> None:
    job = await saved_job(store)

    def tell(c: Connection) -> list[int]:
        told = []
        for number in range(5):
            run = launch_job(c, an_actor(), job.id, None, key=f"typed:{number}", now=NOW)
            (owed,) = deliveries.of_run(c, run.id)
            (held,) = claims.claim_deliveries(c, NOW, "me", 1, 60)
            claims.settle(c, held, owed.wanted, {"channel": HERE, "ts": f"{number}.0"}, NOW)
            claimed = claim_run(c, run.id, "me", NOW, 60)
            assert claimed is not None
            claims.save_run(c, replace(claimed, state=RunState.SUCCEEDED, ended_at=NOW))
            told.append(owed.id)
        return told

    told = await store.run(tell)
    await store.run(lambda c: pause(c, an_actor(), job.id, now=NOW, pressed="1.0"))
    found = await store.read(lambda c: {one.id: one for one in deliveries.of_job(c, job.id, limit=50)})
    assert [found[one].wanted for one in told] == [1, 2, 1, 2, 2]


async def test_a_pause_can_have_an_end_and_a_reason_and_both_go_with_the_resume(store: Store) -> None:
    job = await saved_job(store)
    paused = await store.run(lambda c: pause(c, an_actor(), job.id, now=NOW, reason="holidays", until=LATER))
    assert (paused.resume_at, paused.state_reason) == (LATER, "holidays")
    resumed = (await store.run(lambda c: resume(c, an_actor(), job.id, now=NOW + timedelta(hours=1)))).job
    assert (resumed.resume_at, resumed.state_reason) == (None, None)
    assert await store.read(jobs.next_resume_at) is None


async def test_a_pause_that_would_have_ended_already_is_refused(store: Store) -> None:
    job = await saved_job(store)
    with pytest.raises(Refusal, match="would have ended already"):
        await store.run(lambda c: pause(c, an_actor(), job.id, now=NOW, until=NOW))
    assert await planned_of(store, job) is not None


async def test_a_pause_can_be_given_another_end_while_it_lasts(store: Store) -> None:
    job = await saved_job(store)
    await store.run(lambda c: pause(c, an_actor(), job.id, now=NOW, reason="holidays"))
    longer = await store.run(lambda c: pause(c, an_actor(OTHER), job.id, now=NOW, reason="holidays", until=LATER))
    assert (longer.resume_at, longer.state_by) == (LATER, OTHER)
    plain = await store.run(lambda c: pause(c, an_actor(), job.id, now=NOW))
    assert plain == longer


async def test_a_resume_tells_how_many_slots_passed_since_the_pause_began(store: Store) -> None:
    job = await saved_job(store, "every day at 8:00")
    await store.run(lambda c: pause(c, an_actor(), job.id, now=NOW))
    await store.run(lambda c: pause(c, an_actor(), job.id, now=NOW + timedelta(days=3), reason="still away"))
    back = NOW + timedelta(days=10)
    resumed = await store.run(lambda c: resume(c, an_actor(), job.id, now=back))
    assert resumed.passed == 10
    assert resumed.planned is not None
    assert resumed.planned.slot_at == datetime(2026, 9, 11, 8, 0, tzinfo=UTC)
    again = NOW + timedelta(days=11)
    await store.run(lambda c: pause(c, an_actor(), job.id, now=back))
    assert (await store.run(lambda c: resume(c, an_actor(), job.id, now=again))).passed == 1


async def test_more_than_a_thousand_slots_that_passed_are_not_counted(store: Store) -> None:
    job = await saved_job(store, "every 10 seconds")
    await store.run(lambda c: pause(c, an_actor(), job.id, now=NOW))
    resumed = await store.run(lambda c: resume(c, an_actor(), job.id, now=NOW + timedelta(days=9)))
    assert resumed.passed == MOST_COUNTED + 1


async def test_a_pause_ends_by_itself_at_its_time_and_not_before(store: Store) -> None:
    job = await saved_job(store, "every day at 8:00")
    other = (await store.run(lambda c: save_job(c, name="Other"))).job
    monday = datetime(2026, 9, 7, 9, 0, tzinfo=UTC)
    await store.run(lambda c: pause(c, an_actor(), job.id, now=NOW, until=monday))
    await store.run(lambda c: pause(c, an_actor(), other.id, now=NOW))
    assert await store.run(lambda c: resume_due(c, monday - timedelta(seconds=1))) == 0
    assert await store.run(lambda c: resume_due(c, monday)) == 1
    assert await store.run(lambda c: resume_due(c, monday)) == 0
    fresh = await store.read(lambda c: fresh_job(c, job))
    assert (fresh.state, fresh.resume_at) == (JobState.ACTIVE, None)
    planned = await planned_of(store, job)
    assert planned is not None
    assert planned.slot_at == datetime(2026, 9, 8, 8, 0, tzinfo=UTC)
    told = (await store.read(lambda c: deliveries.of_job(c, job.id, limit=9)))[0]
    assert told.facts["says"] == (
        "resumed *{name}*, whose pause is over; 7 times passed in the pause and are not made up; next {at0}"
    )
    assert told.facts["by"] == SYSTEM
    entry = (await store.read(lambda c: list_entries(c, TEAM, about=f"job:{job.id}")))[0]
    assert (entry.action, entry.actor, entry.detail) == ("resume", SYSTEM, {"passed": 7})
    assert (await store.read(lambda c: fresh_job(c, other))).state is JobState.PAUSED


async def test_the_slot_at_the_very_end_of_a_pause_runs(store: Store) -> None:
    job = await saved_job(store, "every day at 8:00")
    end = datetime(2026, 9, 7, 8, 0, tzinfo=UTC)
    await store.run(lambda c: pause(c, an_actor(), job.id, now=NOW, until=end))
    await store.run(lambda c: resume_due(c, end + timedelta(milliseconds=20)))
    planned = await planned_of(store, job)
    assert planned is not None
    assert planned.slot_at == end


async def test_a_pause_that_ended_while_the_bot_was_down_leaves_what_came_after_it_to_the_clock(store: Store) -> None:
    job = await saved_job(store, "every day at 8:00")
    end = datetime(2026, 9, 3, 12, 0, tzinfo=UTC)
    await store.run(lambda c: pause(c, an_actor(), job.id, now=NOW, until=end))
    back = datetime(2026, 9, 4, 8, 10, tzinfo=UTC)
    await store.run(lambda c: resume_due(c, back))
    planned = await planned_of(store, job)
    assert planned is not None
    assert planned.slot_at == datetime(2026, 9, 4, 8, 0, tzinfo=UTC)
    assert await store.run(lambda c: tick(c, back).count) == 1
    assert [run.state for run in await store.read(lambda c: runs_of(c, job))] == [RunState.READY, RunState.PLANNED]


async def test_deleting_a_paused_job_takes_the_end_of_its_pause_away(store: Store) -> None:
    job = await saved_job(store)
    await store.run(lambda c: pause(c, an_actor(), job.id, now=NOW, until=LATER))
    await store.run(lambda c: remove(c, an_actor(), job.id, now=NOW))
    assert await store.run(lambda c: resume_due(c, LATER)) == 0
    assert (await store.read(lambda c: fresh_job(c, job))).state is JobState.DELETED


async def test_a_held_job_is_tried_again_and_stays_held_with_its_reason_while_nobody_knows_more(store: Store) -> None:
    job = await saved_job(store)
    rule = CalendarRule(calendar="workday:CN", only=True)
    daily = Schedule(kind="cron", spec="0 0 8 * * ?", zone="UTC", text="", says="", calendars=(rule,))
    unknown = replace(job, schedules=(daily,), state=JobState.HELD, state_reason="the calendar has no 2040")
    held = await store.run(lambda c: jobs.save(c, unknown))
    assert held is not None
    await store.run(lambda c: runs.drop_planned(c, job.id))
    before = len(await store.read(lambda c: list_entries(c, TEAM)))
    far = datetime(2040, 1, 5, tzinfo=UTC)
    tried = await store.run(lambda c: resume(c, an_actor(), job.id, now=far))
    assert (tried.job.state, tried.planned) == (JobState.HELD, None)
    assert "workday:CN" in (tried.job.state_reason or "")
    assert len(await store.read(lambda c: list_entries(c, TEAM))) == before
    freed = await store.run(lambda c: resume(c, an_actor(), job.id, now=NOW))
    assert freed.job.state is JobState.ACTIVE
    assert freed.planned is not None
