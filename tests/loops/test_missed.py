"""Times that nobody served: each has one row, the policy says what is made up for, one alert tells of the rest."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, create_engine, event

from bot import schedules
from bot.operations.finish import finish
from bot.operations.launch import launch_job
from bot.operations.missed import ROWS_AT_ONCE
from bot.operations.plan import plan_first
from bot.operations.tick import tick
from storage import claims, deliveries, jobs
from storage.columns import from_json, to_json_text
from storage.database import Store
from storage.records import Cause, Delivery, DeliveryKind, Job, JobState, Policy, Run, RunState
from storage.tables import metadata
from tests.loops.house import House
from tests.makers import NOW, an_actor, claim_run, fresh_job, runs_of, save_job
from tests.storage.examples import a_job

BOTH = pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
HOUR = timedelta(hours=1)
R = RunState


async def save(store: Store, when: str, **policy: object) -> Job:
    def write(c: Connection) -> Job:
        job = save_job(c, when).job
        saved = jobs.save(c, replace(job, policy=Policy(**policy)))  # type: ignore[arg-type]
        assert saved is not None
        return saved

    return await store.run(write)


async def rows_of(house: House, job: Job) -> list[Run]:
    """The rows of the job in the order of their slots."""
    rows = await house.store.read(lambda c: runs_of(c, job))
    return sorted(rows, key=lambda run: (run.slot_at, run.id))


async def states_of(house: House, job: Job) -> dict[RunState, int]:
    return dict(Counter(run.state for run in await rows_of(house, job)))


async def alerts_of(house: House, job: Job) -> list[Delivery]:
    owed = await house.store.read(lambda c: deliveries.of_job(c, job.id, limit=99))
    return [one for one in owed if one.kind is DeliveryKind.ALERT]


def end_all(c: Connection, now: datetime) -> int:
    """Every ready run starts and succeeds, and whatever is let in by that, too."""
    count = 0
    while ready := claims.ready_runs(c, now, 100):
        for run_id, _ in ready:
            run = claim_run(c, run_id, "me", now, 60)
            assert run is not None
            finish(c, replace(run, state=R.SUCCEEDED, ended_at=now), now=now)
            count += 1
    return count


@BOTH
async def test_fmea_c9_the_newest_time_runs_and_the_older_ones_have_rows_and_call_nobody(house: House) -> None:
    job = await save(house.store, "every 10 minutes")
    house.hand.turn(minutes=45)
    assert await house.clock.once() == 2
    rows = await rows_of(house, job)
    assert [run.slot_at - NOW for run in rows] == [timedelta(minutes=10 * step) for step in range(1, 6)]
    assert [run.state for run in rows] == [R.MISSED, R.MISSED, R.MISSED, R.READY, R.PLANNED]
    assert {run.reason for run in rows[:3]} == {
        "the bot was not running at its time, and a later time has come since"
    }
    assert await alerts_of(house, job) == []
    assert (await house.store.read(lambda c: fresh_job(c, job))).failures == 0


@BOTH
async def test_times_that_are_not_made_up_are_told_once_with_how_many_and_since_when(house: House) -> None:
    job = await save(house.store, "every 10 minutes", catch_up="skip")
    house.hand.turn(minutes=45)
    await house.clock.once()
    assert await states_of(house, job) == {R.MISSED: 4, R.PLANNED: 1}
    (alert,) = await alerts_of(house, job)
    rows = await rows_of(house, job)
    told = {"missed": 4, "missed_from": rows[0].slot_at.isoformat()}
    assert {name: alert.facts[name] for name in told} == told
    assert (alert.run_id, alert.facts["alert"], alert.facts["failures"]) == (rows[3].id, "missed", 4)
    kept = await house.store.read(lambda c: fresh_job(c, job))
    assert (kept.failures, kept.failing_since) == (4, rows[0].slot_at)
    house.hand.turn(hours=1)
    await house.clock.once()
    assert len(await alerts_of(house, job)) == 1  # a failing job has been told of
    assert (await states_of(house, job))[R.MISSED] == 10
    assert (await house.store.read(lambda c: fresh_job(c, job))).failures == 10


async def test_all_makes_up_for_the_newest_24_inside_the_window_one_after_the_other(house: House) -> None:
    job = await save(house.store, "every 10 minutes", catch_up="all", catch_up_s=7200)
    house.hand.turn(hours=3, minutes=5)
    await house.clock.once()
    rows = await rows_of(house, job)
    assert [run.state for run in rows] == [R.MISSED] * 6 + [R.READY] + [R.QUEUED] * 11 + [R.PLANNED]
    (alert,) = await alerts_of(house, job)
    assert alert.facts["missed"] == 6
    ran: list[datetime] = []
    while any(run.state is R.QUEUED for run in await rows_of(house, job)):
        (ready,) = [run for run in await rows_of(house, job) if run.state is R.READY]
        ran.append(ready.slot_at)

        def end(c: Connection, run_id: int = ready.id) -> None:
            claimed = claim_run(c, run_id, "me", house.hand.now, 60)
            assert claimed is not None
            finish(c, replace(claimed, state=R.SUCCEEDED, ended_at=house.hand.now), now=house.hand.now)

        await house.store.run(end)
    assert ran == sorted(ran)
    assert len(ran) == 11


async def test_all_is_never_more_than_24(house: House) -> None:
    job = await save(house.store, "every minute", catch_up="all", catch_up_s=7200)
    house.hand.turn(minutes=100, seconds=-30)
    await house.clock.once()
    # the newest is within the grace, and waits behind those that are made up for
    assert await states_of(house, job) == {R.MISSED: 75, R.READY: 1, R.QUEUED: 23, R.PLANNED: 1}


@BOTH
async def test_fmea_c10_a_long_night_is_written_in_short_transactions_and_told_in_one_alert(house: House) -> None:
    job = await save(house.store, "every minute", catch_up="skip")
    house.hand.turn(minutes=3 * ROWS_AT_ONCE, seconds=30)
    await house.store.run(lambda c: tick(c, house.hand.now))
    assert await states_of(house, job) == {R.MISSED: ROWS_AT_ONCE + 1, R.PLANNED: 1}
    assert await alerts_of(house, job) == []
    await house.clock.once()
    states = await states_of(house, job)
    assert states == {R.MISSED: 3 * ROWS_AT_ONCE - 1, R.READY: 1, R.PLANNED: 1}
    (alert,) = await alerts_of(house, job)
    assert alert.facts["missed"] == 3 * ROWS_AT_ONCE - 1


async def test_two_one_time_instants_found_late_both_run(house: House) -> None:
    job = await save(house.store, "2026-09-01 08:00", catch_up="skip")
    both = (*job.schedules, schedules.read("2026-09-01 08:20", "UTC", NOW))
    await house.store.run(lambda c: jobs.save(c, replace(job, schedules=both)))
    house.hand.turn(hours=1, minutes=50)
    await house.clock.once()
    assert [run.state for run in await rows_of(house, job)] == [R.READY, R.QUEUED]


async def test_an_edit_or_a_pause_leaves_nothing_to_make_up_for(house: House) -> None:
    job = await save(house.store, "every 10 minutes", catch_up="all")
    house.hand.turn(minutes=35)
    edited = await house.store.run(
        lambda c: save_job(c, "every 7 minutes", job=fresh_job(c, job), now=house.hand.now)
    )
    await house.clock.once()
    (planned,) = await rows_of(house, edited.job)
    assert (planned.state, planned.slot_at) == (R.PLANNED, house.hand.now + timedelta(minutes=7))


async def test_a_clock_that_jumps_ahead_misses_and_one_that_jumps_back_fires_nothing_again(house: House) -> None:
    job = await save(house.store, "every 10 minutes")
    house.hand.turn(hours=5)
    await house.clock.once()
    before = await rows_of(house, job)
    assert Counter(run.state for run in before) == {R.MISSED: 29, R.READY: 1, R.PLANNED: 1}
    house.hand.turn(hours=-4)
    for _ in range(3):
        await house.clock.once()
        house.hand.turn(minutes=20)
    assert await rows_of(house, job) == before


async def test_a_job_with_a_number_of_times_counts_what_started_and_tells_its_owner_once(house: House) -> None:
    job = await save(house.store, "every 10 minutes")
    counted = tuple(replace(schedule, times=2) for schedule in job.schedules)
    await house.store.run(lambda c: jobs.save(c, replace(job, schedules=counted)))
    by_hand = await house.store.run(lambda c: launch_job(c, an_actor(), job.id, None, key="typed:1", now=NOW))
    house.hand.turn(minutes=10)
    await house.clock.once()  # skipped, for the other still goes
    for _ in range(3):
        await house.store.run(lambda c: end_all(c, house.hand.now))
        house.hand.turn(minutes=10)
        await house.clock.once()
    rows = [run for run in await rows_of(house, job) if run.id != by_hand.id]
    assert [run.state for run in rows] == [R.SKIPPED, R.SUCCEEDED, R.SUCCEEDED]
    assert (await house.store.read(lambda c: fresh_job(c, job))).state is JobState.COMPLETED
    owed = await house.store.read(lambda c: deliveries.of_job(c, job.id, limit=99))
    (told,) = [one for one in owed if one.kind is DeliveryKind.NOTICE]
    assert told.target == job.owner_id
    assert "completed" in told.facts["says"]


# any schedule, any downtime, any policy


@contextmanager
def memory() -> Iterator[Connection]:
    engine = create_engine("sqlite://", json_serializer=to_json_text, json_deserializer=from_json)
    event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA foreign_keys=OFF"))
    metadata.create_all(engine)
    with engine.begin() as c:
        yield c
    engine.dispose()


def live(c: Connection, job: Job, steps: Sequence[tuple[int, bool]]) -> datetime:
    """The job from its first plan on; after each pause the clock works until nothing is due."""
    now = NOW
    plan_first(c, job, now=now)
    for seconds, is_ended in steps:
        now += timedelta(seconds=seconds)
        while tick(c, now).count:
            if is_ended:
                end_all(c, now)
    return now


@settings(deadline=None, max_examples=120, suppress_health_check=[HealthCheck.too_slow])
@given(
    texts=st.lists(
        st.sampled_from(
            [
                "every 7 minutes",
                "0 * * * *",
                "*/5 8-9 * * *",
                "every 30 seconds",
                "every day at 8:00",
                "2026-09-01 08:30",
            ]
        ),
        min_size=1,
        max_size=3,
        unique=True,
    ),
    jitter_s=st.sampled_from([0, 0, 40, 300]),
    policy=st.builds(
        Policy,
        overlap=st.sampled_from(["skip", "queue", "replace", "allow"]),
        overlap_max=st.integers(1, 4),
        catch_up=st.sampled_from(["skip", "latest", "all"]),
        catch_up_s=st.sampled_from([60, 600, 3600, 86_400]),
    ),
    steps=st.lists(st.tuples(st.integers(0, 9000), st.booleans()), min_size=1, max_size=6),
)
def test_every_time_has_one_row_and_none_fires_twice(
    texts: list[str], jitter_s: int, policy: Policy, steps: list[tuple[int, bool]]
) -> None:
    found = tuple(
        replace(schedules.anchor(schedules.read(text, "UTC", NOW), NOW), jitter_s=jitter_s) for text in texts
    )
    with memory() as c:
        job = jobs.add(c, a_job(schedules=found, policy=policy))
        now = live(c, job, steps)
        rows = runs_of(c, job)
        slots, after = [], NOW
        while (slot := schedules.union_next(found, after)) is not None and slot.at <= now:
            slots.append(slot.at)
            after = slot.at
        at = sorted(run.slot_at for run in rows if run.state is not R.PLANNED)
        planned = [run for run in rows if run.state is R.PLANNED]
        assert len(planned) <= 1
        if planned and planned[0].slot_at <= now:  # its start is spread, and has not come
            assert planned[0].due_at > now
            slots.remove(planned[0].slot_at)
        assert at == slots
        assert all(run.reason for run in rows if run.state in (R.MISSED, R.SKIPPED))
        assert all(run.cause is Cause.SCHEDULE for run in rows)
        late = {run.slot_at for run in rows if run.state is R.MISSED}
        assert policy.catch_up_s < 86_400 or policy.catch_up != "latest" or max(slots, default=NOW) not in late
