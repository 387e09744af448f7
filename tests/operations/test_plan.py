"""The next slot of a job: the earliest of all its schedules, written once, whoever writes it."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection

from bot import schedules
from bot.operations.finish import follow
from bot.operations.plan import (
    came_at,
    next_slot,
    plan,
    plan_after_end,
    plan_first,
    plan_many,
    planned_run,
    spread_out,
)
from bot.schedules.kind import Slot
from storage import calendars, claims, deliveries, jobs, runs, slots
from storage.database import Store
from storage.records import (
    Calendar,
    CalendarRule,
    Cause,
    Delivery,
    DeliveryKind,
    Job,
    JobState,
    Run,
    RunState,
)
from tests.makers import NOW, claim_run, fresh_job, fresh_run, patient, runs_of
from tests.storage.examples import a_job

DAILY, HOURLY, TWICE = "every day at 8:00", "0 * * * *", "every day at 8:00 and 20:00"
ONCE, AFTER, ON_CALL = "2026-09-01 08:00", "30 seconds after each run", "on api"


def at(hour: int, minute: int = 0, day: int = 1) -> datetime:
    return NOW.replace(day=day, hour=hour, minute=minute)


def told(*texts: str, **fields: object) -> Job:
    return a_job(schedules=tuple(schedules.read(text, "UTC", NOW) for text in texts), **fields)


async def add(store: Store, *texts: str, **fields: object) -> Job:
    return await store.run(lambda c: jobs.add(c, told(*texts, **fields)))


async def slots_of(store: Store, job: Job) -> list[datetime]:
    return [run.slot_at for run in await store.read(lambda c: runs_of(c, job))]


def test_the_slots_of_a_job_are_the_union_of_its_schedules() -> None:
    job, moment, seen = told("every day at 8:00", "every day at 8:30", "0 9 * * *"), NOW, []
    for _ in range(4):
        found = next_slot(job, moment)
        assert found is not None
        moment = found.at
        seen.append(found.at)
    assert seen == [at(8), at(8, 30), at(9), at(8, day=2)]


def test_equal_instants_of_several_schedules_are_one_slot() -> None:
    job = told(DAILY, TWICE, "0 8 * * *", ONCE)
    assert next_slot(job, NOW) == Slot(at(8), at(8))
    assert next_slot(job, at(8)) == Slot(at(20), at(20))


@patient
@given(st.lists(st.sampled_from([DAILY, HOURLY, TWICE, ONCE, AFTER, ON_CALL]), max_size=5), st.integers(0, 10**6))
def test_no_slot_is_ever_earlier_than_asked_nor_later_than_any_schedule_says(texts: list[str], ahead_s: int) -> None:
    job, after = told(*texts), NOW + timedelta(seconds=ahead_s)
    slot = next_slot(job, after)
    each = [schedules.next_after(schedule, after) for schedule in job.schedules]
    assert slot is None or slot.at > after
    assert [one for one in each if one is not None and (slot is None or one < slot.at)] == []
    assert slot is None or slot.at in each


def test_a_planned_run_can_be_started_without_its_job() -> None:
    job = told(DAILY, id=12, version=7, timeout_s=99, inputs={"a": 1}, channel_id="C7", owner_id="U7", app_id=5)
    run = planned_run(job, Slot(at(8), at(8)), now=NOW)
    assert came_at(run) == at(8)
    assert run.key == "job:12@2026-09-01T08:00:00+00:00"
    assert (run.slot_at, run.due_at, run.created_at) == (at(8), at(8), NOW)
    assert (run.state, run.cause) == (RunState.PLANNED, Cause.SCHEDULE)
    for name in ("team_id", "app_id", "name", "channel_id", "owner_id", "inputs", "timeout_s"):
        assert getattr(run, name) == getattr(job, name)
    assert (run.job_id, run.job_version) == (12, 7)


async def test_a_slot_that_has_a_row_is_passed_over(store: Store) -> None:
    job = await add(store, HOURLY)
    for taken in (8, 9):
        ended = replace(planned_run(job, Slot(at(taken), at(taken)), now=NOW), state=RunState.SUCCEEDED)
        await store.run(lambda c, ended=ended: runs.add(c, ended))  # type: ignore[misc]
    planned = await store.run(lambda c: plan(c, job, NOW, now=NOW))
    assert planned is not None
    assert planned.slot_at == at(10)


async def test_planning_again_and_again_never_makes_a_slot_twice(store: Store) -> None:
    job = await add(store, HOURLY)
    await asyncio.gather(*(store.run(lambda c: plan_many(c, [(job, NOW)], now=NOW)) for _ in range(5)))
    assert await slots_of(store, job) == [at(8)]


async def test_a_job_whose_slots_have_all_passed_is_completed_and_kept(store: Store) -> None:
    job = await add(store, ONCE, "2026-09-01 08:30")
    assert (await store.run(lambda c: plan(c, job, NOW, now=NOW))) is not None
    assert (await store.run(lambda c: plan(c, job, at(8), now=at(8)))) is not None
    assert (await store.read(lambda c: fresh_job(c, job))).state is JobState.ACTIVE
    assert (await store.run(lambda c: plan(c, job, at(8, 30), now=at(8, 30)))) is None
    after = await store.read(lambda c: fresh_job(c, job))
    assert (after.state, after.state_by, after.state_reason) == (
        JobState.COMPLETED, None, "its schedule has come to its end",
    )  # fmt: skip


@pytest.mark.parametrize("text", [AFTER, ON_CALL])
async def test_what_waits_for_an_end_or_a_call_is_not_completed(store: Store, text: str) -> None:
    job = await add(store, text)
    await store.run(lambda c: plan_many(c, [(job, NOW)], now=NOW))
    assert (await store.read(lambda c: fresh_job(c, job))).state is JobState.ACTIVE
    assert await slots_of(store, job) == []


@pytest.mark.parametrize("state", [JobState.PAUSED, JobState.DELETED, JobState.COMPLETED])
async def test_nothing_is_planned_for_a_job_that_is_not_active(store: Store, state: JobState) -> None:
    job = await add(store, HOURLY, AFTER, state=state)

    def try_all(c: Connection) -> None:
        plan(c, job, NOW, now=NOW)
        plan_many(c, [(job, NOW)], now=NOW)
        plan_after_end(c, job, NOW, now=NOW)

    await store.run(try_all)
    assert await slots_of(store, job) == []
    assert (await store.read(lambda c: fresh_job(c, job))).state is state


async def test_many_jobs_are_planned_at_once_each_to_its_own_next_slot(store: Store) -> None:
    def add_all(c: Connection) -> list[Job]:
        kinds = [(HOURLY,), (DAILY,), (ONCE,), (AFTER,), (ON_CALL,), (HOURLY, "30 * * * *"), (DAILY, AFTER)]
        return [jobs.add(c, told(*kind)) for kind in kinds * 3]

    found = await store.run(add_all)
    await store.run(lambda c: plan_many(c, [(job, at(8)) for job in found], now=at(8)))
    slots = [await slots_of(store, job) for job in found[:7]]
    assert slots == [[at(9)], [at(8, day=2)], [], [], [], [at(8, 30)], [at(8, day=2)]]
    assert [await slots_of(store, job) for job in found[14:]] == slots
    states = [(await store.read(lambda c, job=job: fresh_job(c, job))).state for job in found[:7]]  # type: ignore[misc]
    assert [state is JobState.COMPLETED for state in states] == [False, False, True, False, False, False, False]


async def test_a_taken_slot_among_many_does_not_hold_up_the_others(store: Store) -> None:
    found = [await add(store, HOURLY) for _ in range(3)]
    taken = replace(planned_run(found[1], Slot(at(8), at(8)), now=NOW), state=RunState.SKIPPED)
    await store.run(lambda c: runs.add(c, taken))
    await store.run(lambda c: plan_many(c, [(job, NOW) for job in found], now=NOW))
    assert [await slots_of(store, job) for job in found] == [[at(8)], [at(8), at(9)], [at(8)]]


async def test_a_run_after_each_end_is_planned_once(store: Store) -> None:
    job = await add(store, AFTER)

    def end_twice(c: Connection) -> Sequence[Run | None]:
        return plan_after_end(c, job, NOW, now=NOW), plan_after_end(c, job, at(9), now=at(9))

    first, second = await store.run(end_twice)
    assert first is not None
    assert first.slot_at == NOW + timedelta(seconds=30)
    assert second is None


async def test_an_end_that_was_noticed_late_is_followed_at_once_and_not_in_the_past(store: Store) -> None:
    job = await add(store, AFTER)
    planned = await store.run(lambda c: plan_after_end(c, job, NOW, now=at(12)))
    assert planned is not None
    assert planned.slot_at == at(12)


async def test_the_ends_of_other_kinds_plan_nothing(store: Store) -> None:
    job = await add(store, HOURLY, ON_CALL, ONCE)
    assert await store.run(lambda c: plan_after_end(c, job, NOW, now=NOW)) is None
    assert await slots_of(store, job) == []


# calendars, spreads, numbers of times


def ruled(text: str, calendar: str, *, roll: str = "skip", only: bool = True, **more: object) -> Job:
    rule = CalendarRule(calendar=calendar, only=only, roll=roll)
    return a_job(schedules=(replace(schedules.read(text, "UTC", NOW), calendars=(rule,)),), **more)


async def notices_of(store: Store, job: Job) -> list[Delivery]:
    return await store.read(lambda c: deliveries.of_job(c, job.id, limit=9))


async def test_a_year_that_a_calendar_does_not_know_holds_the_job_and_its_channel_is_told_once(store: Store) -> None:
    job = await store.run(lambda c: jobs.add(c, ruled(DAILY, "workday:CN")))
    end = datetime(2026, 12, 31, 9, tzinfo=NOW.tzinfo)

    def try_twice(c: Connection) -> None:
        plan_many(c, [(job, end)], now=end)
        jobs.set_state(c, job.id, JobState.ACTIVE, by="U1", reason=None)
        plan_first(c, fresh_job(c, job), now=end)

    await store.run(try_twice)
    held = await store.read(lambda c: fresh_job(c, job))
    assert (held.state, held.state_by) == (JobState.HELD, None)
    assert held.state_reason == "the calendar workday:CN has no 2027"
    (told,) = await notices_of(store, job)
    assert (told.target, told.kind) == (job.channel_id, DeliveryKind.NOTICE)
    assert "the calendar workday:CN has no 2027" in told.facts["says"]
    assert await slots_of(store, job) == []


@pytest.mark.parametrize("many", [True, False])
async def test_fmea_c5_a_job_whose_zone_has_gone_from_the_data_is_held_and_told_and_an_old_name_goes_on(
    store: Store, many: bool
) -> None:
    said = schedules.read(DAILY, "Europe/Kyiv", NOW)
    gone, renamed = [
        await store.run(lambda c, zone=zone: jobs.add(c, a_job(schedules=(replace(said, zone=zone),), name=zone)))
        for zone in ("Mars/Olympus", "Europe/Kiev")
    ]

    def plan_both(c: Connection) -> None:
        if many:
            plan_many(c, [(gone, NOW), (renamed, NOW)], now=NOW)
        else:
            plan_first(c, gone, now=NOW)
            plan_first(c, renamed, now=NOW)

    await store.run(plan_both)
    held = await store.read(lambda c: fresh_job(c, gone))
    assert held.state is JobState.HELD
    assert "Mars/Olympus" in (held.state_reason or "")
    (told,) = await notices_of(store, gone)
    assert f"`/dify edit #{gone.id}`" in told.facts["says"]
    assert len(await slots_of(store, renamed)) == 1


async def test_fmea_g3_a_held_job_does_not_hold_up_the_others(store: Store) -> None:
    end = datetime(2026, 12, 31, 9, tzinfo=NOW.tzinfo)
    held = await store.run(lambda c: jobs.add(c, ruled(DAILY, "workday:CN")))
    other = await add(store, HOURLY)
    await store.run(lambda c: plan_many(c, [(held, end), (other, end)], now=end))
    assert await slots_of(store, other) == [end + timedelta(hours=1)]


async def test_a_calendar_of_the_team_decides_and_is_looked_up_once(store: Store) -> None:
    job = await store.run(lambda c: jobs.add(c, ruled(DAILY, "Freeze", only=False, team_id="T1")))
    days = tuple(at(0, day=day).date() for day in (1, 2, 4))
    freeze = Calendar(id=0, team_id="T1", name="Freeze", days=days, years=(2026,), changed_by="U1", changed_at=NOW)
    await store.run(lambda c: calendars.put(c, freeze))
    for _ in range(2):
        await store.run(lambda c: plan_many(c, [(job, NOW)], now=NOW))
        await store.run(lambda c: runs.drop_planned(c, job.id))
    planned = await store.run(lambda c: plan_first(c, job, now=NOW))
    assert planned is not None
    assert planned.slot_at == at(8, day=3)


async def test_a_slot_that_a_calendar_moves_keeps_its_nominal_time(store: Store) -> None:
    job = await store.run(
        lambda c: jobs.add(c, ruled("every saturday at 8:00", "holiday:US", only=False, roll="next"))
    )
    saturday = datetime(2026, 7, 4, 8, tzinfo=NOW.tzinfo)
    planned = await store.run(lambda c: plan(c, job, saturday - timedelta(days=3), now=NOW))
    assert planned is not None
    assert planned.slot_at == saturday
    assert planned.due_at == came_at(planned)
    assert planned.due_at > saturday


async def test_a_spread_moves_the_start_and_not_the_slot_and_is_always_the_same(store: Store) -> None:
    spread = replace(schedules.read(HOURLY, "UTC", NOW), jitter_s=600)
    found = [await store.run(lambda c: jobs.add(c, a_job(schedules=(spread,)))) for _ in range(6)]
    await store.run(lambda c: plan_many(c, [(job, NOW) for job in found], now=NOW))
    rows = [(await store.read(lambda c, job=job: runs_of(c, job)))[0] for job in found]  # type: ignore[misc]
    assert {run.slot_at for run in rows} == {at(8)} == {came_at(run) for run in rows}
    assert all(at(8) <= run.due_at < at(8, 10) for run in rows)
    assert len({run.due_at for run in rows}) > 1
    again = [
        planned_run(job, Slot(at(8), at(8)), now=NOW, due_at=spread_out(job, Slot(at(8), at(8)), None))
        for job in found
    ]
    assert [run.due_at for run in again] == [run.due_at for run in rows]


async def test_the_owner_is_told_once_that_a_schedule_with_an_end_is_over(store: Store) -> None:
    bound = replace(schedules.read(HOURLY, "UTC", NOW), until_at=at(8))
    job = await store.run(lambda c: jobs.add(c, a_job(schedules=(bound,))))
    assert await store.run(lambda c: plan(c, job, NOW, now=NOW)) is not None
    for _ in range(2):
        await store.run(lambda c: plan(c, job, at(8), now=at(8)))
    assert (await store.read(lambda c: fresh_job(c, job))).state is JobState.COMPLETED
    (told,) = await notices_of(store, job)
    assert (told.target, told.kind) == (job.owner_id, DeliveryKind.NOTICE)


async def test_the_last_of_its_times_completes_a_job_only_when_it_has_begun(store: Store) -> None:
    counted = replace(schedules.read(HOURLY, "UTC", NOW), times=1, anchor_at=NOW)
    job = await store.run(lambda c: jobs.add(c, a_job(schedules=(counted,))))

    def let_in(c: Connection) -> Run:
        planned = plan(c, job, NOW, now=NOW)
        assert planned is not None
        claims.admit(c, [planned.id], at(9))
        plan_many(c, [(job, at(8))], now=at(8))
        return planned

    admitted = await store.run(let_in)
    assert (await store.read(lambda c: fresh_job(c, job))).state is JobState.ACTIVE
    assert await slots_of(store, job) == [at(8)]

    def never_begin(c: Connection) -> None:
        slots.close_unstarted(c, admitted.id, RunState.STOPPED, "why", at(8, 5))
        follow(c, fresh_run(c, admitted), now=at(8, 5))

    await store.run(never_begin)
    assert await slots_of(store, job) == [at(8), at(9)]

    def begin(c: Connection) -> None:
        planned = runs.planned_of(c, job.id)
        assert planned is not None
        claims.admit(c, [planned.id], at(9))
        claim_run(c, planned.id, "me", at(9), 60)
        plan_many(c, [(job, at(9))], now=at(9))

    await store.run(begin)
    assert (await store.read(lambda c: fresh_job(c, job))).state is JobState.COMPLETED


async def test_a_clock_that_was_set_back_by_a_week_finds_the_first_slot_that_never_ran(store: Store) -> None:
    job = await add(store, "every 30 minutes")
    taken = [Slot(one, one) for one in (NOW + timedelta(minutes=30 * step) for step in range(1, 337))]
    rows = [replace(planned_run(job, slot, now=NOW), state=RunState.SUCCEEDED) for slot in taken]
    await store.run(lambda c: runs.add_many(c, rows))
    planned = await store.run(lambda c: plan(c, job, NOW, now=NOW))
    assert planned is not None
    assert planned.slot_at == taken[-1].at + timedelta(minutes=30)
