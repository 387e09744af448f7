"""The clock: what is due is admitted or closed once, and the next slot of each job stands planned afterwards."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select

from bot.loops.clock import Clock
from bot.operations import tick as ticking
from bot.operations.herd import Herd
from bot.operations.launch import launch_job
from bot.operations.pause import pause
from bot.operations.tick import BATCH, _decide, tick
from storage import apps, claims, deliveries, jobs, runs
from storage.database import Store, open_store
from storage.records import Cause, Job, JobState, Run, RunState
from storage.tables import RUN
from storage.tables import runs as table
from tests.loops.house import House
from tests.makers import NOW, an_actor, claim_run, fresh_job, runs_of, save_job
from tests.storage.examples import a_run, an_app

BOTH = pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
HERD = 1000
DUE = NOW + timedelta(minutes=5)


async def save(store: Store, when: str = "every 5 minutes", **said: Any) -> Job:
    return (await store.run(lambda c: save_job(c, when, **said))).job


async def rows_of(store: Store, job: Job) -> list[Run]:
    return await store.read(lambda c: runs_of(c, job))


def all_runs(c: Connection) -> list[Run]:
    return RUN.all(c.execute(select(*RUN.columns).order_by(table.c.id)))


@BOTH
async def test_a_due_run_becomes_ready_and_the_next_slot_is_planned(house: House) -> None:
    job = await save(house.store)
    assert await house.clock.once() == 0
    house.hand.now = DUE
    assert await house.clock.once() == 1
    due, planned = await rows_of(house.store, job)
    assert (due.state, due.slot_at) == (RunState.READY, DUE)
    assert (planned.state, planned.slot_at) == (RunState.PLANNED, DUE + timedelta(minutes=5))


async def test_who_has_work_to_do_is_woken_and_the_alarm_stands_at_the_next_slot(house: House) -> None:
    await save(house.store)
    await house.clock.once()
    assert (house.bell.rung, house.bell.alarms) == ([], {"clock": DUE})
    house.hand.now = DUE
    await house.clock.once()
    assert house.bell.rung == ["runner", "courier"]
    assert house.bell.alarms == {"clock": DUE + timedelta(minutes=5)}


async def test_nothing_planned_sets_no_alarm_and_the_pulse_beats_all_the_same(house: House) -> None:
    house.services.pulse.beat()
    await house.clock.once()
    assert house.bell.alarms == {}
    assert (house.services.pulse.age_s() or 0.0) < 1


@BOTH
async def test_fmea_g1_a_herd_that_comes_due_in_one_second_runs_each_once_with_its_next_slot(house: House) -> None:
    def add_herd(c: Connection) -> None:
        app = apps.add(c, an_app())
        model = save_job(c, "every 5 minutes", app=app).job
        for number in range(HERD - 1):
            job = jobs.add(c, replace(model, id=0, name=f"Job number {number}"))
            runs.add(c, a_run(key=f"job:{job.id}@{DUE.isoformat()}", job_id=job.id, slot_at=DUE, due_at=DUE))

    await house.store.run(add_herd)
    house.hand.now = DUE
    assert await house.clock.once() == HERD
    found = await house.store.read(all_runs)
    assert Counter(run.state for run in found) == {RunState.READY: HERD, RunState.PLANNED: HERD}
    for state, slot_at in ((RunState.READY, DUE), (RunState.PLANNED, DUE + timedelta(minutes=5))):
        assert {run.slot_at for run in found if run.state is state} == {slot_at}
        assert len({run.job_id for run in found if run.state is state}) == HERD
    assert await house.clock.once() == 0


@pytest.mark.parametrize("engine", ["postgresql"])
async def test_two_clocks_on_one_database_fire_each_slot_once(house: House, url: str) -> None:
    count = 2 * BATCH + 50

    def add_all(c: Connection) -> None:
        for number in range(count):
            save_job(c, "every 5 minutes", name=f"Job number {number}")

    await house.store.run(add_all)
    second = open_store(url)
    house.hand.now = DUE
    try:
        other = Clock(replace(house.services, store=second, owner="other"))
        handled = await asyncio.gather(*(clock.once() for clock in (house.clock, other) * 2))
    finally:
        await second.close()
    assert sum(handled) == count
    found = await house.store.read(all_runs)
    slots = Counter((run.job_id, run.slot_at) for run in found)
    assert set(slots.values()) == {1}
    assert Counter(run.state for run in found) == {RunState.READY: count, RunState.PLANNED: count}


@BOTH
async def test_fmea_g7_a_slot_that_comes_due_while_the_job_is_busy_leaves_a_skipped_row(house: House) -> None:
    job = await save(house.store)
    await house.store.run(lambda c: launch_job(c, an_actor(), job.id, None, key="typed:1", now=NOW))
    house.hand.now = DUE
    await house.clock.once()
    skipped, by_hand, planned = await rows_of(house.store, job)
    assert (skipped.state, skipped.reason) == (RunState.SKIPPED, "the run before it was still going")
    assert (skipped.ended_at, by_hand.state) == (DUE, RunState.READY)
    assert planned.slot_at == DUE + timedelta(minutes=5)
    assert await house.store.read(lambda c: deliveries.of_run(c, skipped.id)) == []
    assert (await house.store.read(lambda c: fresh_job(c, job))).failures == 0


async def test_a_run_that_waits_for_a_human_skips_nothing(house: House) -> None:
    job = await save(house.store)

    def wait(c: Connection) -> None:
        run = launch_job(c, an_actor(), job.id, None, key="typed:1", now=NOW)
        claimed = claim_run(c, run.id, "me", NOW, 60)
        assert claimed is not None
        claims.save_run(c, replace(claimed, state=RunState.WAITING))

    await house.store.run(wait)
    house.hand.now = DUE
    await house.clock.once()
    assert (await rows_of(house.store, job))[0].state is RunState.READY


async def test_a_one_time_job_runs_and_is_completed_and_a_missed_one_alerts(house: House) -> None:
    first = await save(house.store, "2026-09-01 08:00", name="On time")
    house.hand.turn(hours=1)
    await house.clock.once()
    second = await save(house.store, "2026-09-01 12:00", name="Too late", now=house.hand.now)
    house.hand.turn(hours=9)
    await house.clock.once()
    for job, state in ((first, RunState.READY), (second, RunState.MISSED)):
        assert [run.state for run in await rows_of(house.store, job)] == [state]
        assert (await house.store.read(lambda c, job=job: fresh_job(c, job))).state is JobState.COMPLETED  # type: ignore[misc]
    (told,) = await house.store.read(lambda c: deliveries.of_job(c, second.id, limit=9))
    assert told.facts["alert"] == "missed"


async def test_a_skipped_slot_of_a_job_that_runs_after_each_run_waits_for_the_run_in_its_way(house: House) -> None:
    job = await save(house.store, "10 minutes after each run")
    await house.store.run(lambda c: launch_job(c, an_actor(), job.id, None, key="typed:1", now=NOW))
    house.hand.turn(minutes=10)
    await house.clock.once()
    states = [run.state for run in await rows_of(house.store, job)]
    assert states == [RunState.SKIPPED, RunState.READY]


async def test_a_missed_slot_of_a_job_that_runs_after_each_run_is_followed_from_now(house: House) -> None:
    job = await save(house.store, "10 minutes after each run")
    house.hand.turn(hours=5)
    await house.clock.once()
    missed, planned = await rows_of(house.store, job)
    assert missed.state is RunState.MISSED
    assert planned.slot_at == house.hand.now + timedelta(minutes=10)


async def test_a_job_on_call_is_never_started_by_the_clock(house: House) -> None:
    job = await save(house.store, "on api")
    house.hand.turn(days=400)
    assert await house.clock.once() == 0
    assert await rows_of(house.store, job) == []


async def test_a_paused_job_comes_due_for_nothing(house: House) -> None:
    job = await save(house.store)
    await house.store.run(lambda c: pause(c, an_actor(), job.id, now=NOW))
    house.hand.turn(days=2)
    assert await house.clock.once() == 0


async def test_fmea_c7_a_clock_that_is_set_back_fires_no_slot_again(house: House) -> None:
    job = await save(house.store)
    house.hand.now = DUE
    await house.clock.once()
    house.hand.now = NOW
    assert await house.clock.once() == 0
    house.hand.now = DUE
    assert await house.clock.once() == 0
    assert len(await rows_of(house.store, job)) == 2


@BOTH
async def test_a_tick_that_fails_changes_nothing_and_the_next_one_does_it_all(house: House) -> None:
    job = await save(house.store)

    def fail(c: Connection) -> None:
        tick(c, DUE)
        raise LookupError("the power went out")

    before = await rows_of(house.store, job)
    with pytest.raises(LookupError):
        await house.store.run(fail)
    assert await rows_of(house.store, job) == before
    house.hand.now = DUE
    assert await house.clock.once() == 1


@BOTH
async def test_a_job_about_which_nothing_can_be_decided_holds_up_no_other(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    good, bad, after = [await save(house.store, name=name) for name in ("Good", "Bad", "After")]

    def decide(doing: Any, job: Job, run: Run) -> None:
        if job.id == bad.id:
            raise LookupError("a rule that nobody has thought of")
        _decide(doing, job, run)

    def no_herd(c: Connection, *, now: datetime) -> Herd:
        return Herd((), is_full=False)

    monkeypatch.setattr(ticking, "let_in_herd", no_herd)
    monkeypatch.setattr(ticking, "_decide", decide)
    house.hand.now = DUE
    assert await house.clock.once() == 2
    for job in (good, after):
        assert [run.state for run in await rows_of(house.store, job)] == [RunState.READY, RunState.PLANNED]
    (waits,) = await rows_of(house.store, bad)
    assert (waits.state, waits.due_at) == (RunState.PLANNED, DUE)
    assert f"Run {waits.id} of job {bad.id} cannot be decided about" in caplog.text
    assert "clock" not in house.bell.alarms  # it would ring at once, and for ever
    monkeypatch.undo()
    assert await house.clock.once() == 1


async def test_what_was_asked_for_by_a_person_and_planned_for_later_runs_though_the_job_is_paused(
    house: House,
) -> None:
    job = await save(house.store)

    def plan_by_hand(c: Connection) -> None:
        pause(c, an_actor(), job.id, now=NOW)
        runs.add(c, a_run(key="later", job_id=job.id, cause=Cause.RERUN, due_at=DUE))

    await house.store.run(plan_by_hand)
    house.hand.now = DUE + timedelta(hours=2)
    await house.clock.once()
    (run,) = await rows_of(house.store, job)
    assert run.state is RunState.READY


async def test_an_hour_in_a_life_of_a_rate_is_one_run_a_slot(house: House) -> None:
    job = await save(house.store, "every 10 minutes", now=NOW)
    fired: list[datetime] = []
    for _ in range(60):
        house.hand.turn(minutes=1)
        await house.clock.once()
        for run in await rows_of(house.store, job):
            if run.state is RunState.READY:
                fired.append(run.slot_at)
                claimed = await house.store.run(lambda c, run=run: claim_run(c, run.id, "me", NOW, 60))  # type: ignore[misc]
                assert claimed is not None
                ended = replace(claimed, state=RunState.SUCCEEDED, ended_at=house.hand.now)
                await house.store.run(lambda c, ended=ended: claims.save_run(c, ended))  # type: ignore[misc]
    assert fired == [NOW + timedelta(minutes=10 * step) for step in range(1, 7)]
