"""The janitor: what has lost its owner is joined again, ended in truth, or declared lost; never started twice."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy import Connection

from bot.demo.dify import DemoRun
from bot.demo.dify.run import resume
from bot.dify.codes import Code
from bot.loops import pursuit
from bot.loops.ending import UNCONFIRMED
from bot.loops.janitor import FIRST_SWEEP_S, MAX_DEATHS, SWEEP_EVERY_S, SWEEP_FOR_S, Janitor
from bot.loops.runner import LEASE_S
from bot.operations.prune import WINDOW
from bot.operations.stop import stop
from bot.rules.access import system
from storage import calendars, deliveries, drafts, runs
from storage.records import Job, Run, RunState
from tests.loops.house import TEAM, House
from tests.makers import NOW, save_job
from tests.storage.examples import a_calendar, a_draft, a_run

BOTH = pytest.mark.parametrize("engine", ["sqlite", "postgresql"])


async def orphan(house: House, name: str = "never-ending", **fields: Any) -> tuple[Run, DemoRun]:
    """A run that Dify has, whose process went away; its lease has run out."""
    run = await house.takeoff(name, **fields)
    (at_dify,) = house.dify.starts(name)

    async def has_come() -> bool:
        return (await house.run(run)).nodes >= 2

    await house.until(has_come)
    await house.runner.close()
    await house.services.tasks.idle()
    house.hand.turn(seconds=1)
    return await house.run(run), at_dify


@BOTH
async def test_a_run_whose_process_died_is_joined_again_and_ends_as_dify_says(house: House) -> None:
    run, at_dify = await orphan(house)
    heir = house.another("heir")
    assert await heir.janitor.once() == 1
    joined = await house.run(run)
    assert (joined.state, joined.owner, joined.fence) == (RunState.RUNNING, "heir", run.fence + 1)
    at_dify.stop_asked.set()
    ended = await heir.landed(run)
    assert (ended.state, ended.ended_at) == (RunState.STOPPED, house.hand.now)
    assert len(house.dify.starts()) == 1
    assert len(await house.spans(run)) == 2  # as far as it was saved


async def test_a_run_that_ended_while_nobody_looked_brings_its_result(house: House) -> None:
    house.dify.mischief.silence_next(4)
    run, at_dify = await orphan(house, "digest")
    await at_dify.ended.wait()
    heir = house.another("heir")
    await heir.janitor.once()
    ended = await heir.landed(run)
    assert (ended.state, ended.outputs) == (RunState.SUCCEEDED, at_dify.outputs)
    (told,) = await house.store.read(lambda c: deliveries.of_run(c, run.id))
    assert told.due_at == house.hand.now


async def test_what_is_in_flight_here_is_nobodys_orphan(house: House) -> None:
    run = await house.takeoff("never-ending")
    house.hand.turn(hours=1)  # the database was away and no lease was renewed
    assert await house.janitor.once() == 0
    await house.runner.beat()
    assert (await house.run(run)).lease_until == house.hand.now + timedelta(seconds=LEASE_S)
    assert house.runner.holds(run.id)


async def test_a_run_with_a_living_owner_is_left_alone(house: House) -> None:
    run = await house.takeoff("never-ending")
    heir = house.another("heir")
    house.hand.turn(seconds=LEASE_S)
    assert await heir.janitor.once() == 0
    assert (await house.run(run)).owner == "me"


@BOTH
async def test_fmea_f9_of_many_heirs_one_takes_over(house: House) -> None:
    run, at_dify = await orphan(house)
    heirs = [house.another(f"heir {number}") for number in range(4)]
    taken = await asyncio.gather(*(heir.janitor.once() for heir in heirs))
    assert sorted(taken) == [0, 0, 0, 1]
    assert (await house.run(run)).fence == run.fence + 1
    at_dify.stop_asked.set()
    for heir in heirs:
        await heir.services.tasks.idle()
    assert (await house.run(run)).state is RunState.STOPPED


async def test_a_wish_to_stop_outlives_the_process_that_was_to_grant_it(house: House) -> None:
    run, at_dify = await orphan(house)
    await house.store.run(lambda c: stop(c, system(TEAM), run.id, now=NOW))
    heir = house.another("heir")
    await heir.janitor.once()
    ended = await heir.landed(run)
    assert (ended.state, ended.reason) == (RunState.STOPPED, None)
    assert at_dify.status == "stopped"


async def test_the_limit_of_a_run_counts_from_its_start_also_for_an_heir(house: House) -> None:
    run, at_dify = await orphan(house, timeout_s=600)
    house.hand.turn(seconds=600)
    heir = house.another("heir")
    await heir.janitor.once()
    assert (await heir.landed(run)).state is RunState.TIMED_OUT
    assert at_dify.status == "stopped"


@pytest.mark.parametrize("shows_it", [True, False])
async def test_fmea_e17_a_run_whose_end_dify_never_tells_is_lost_at_its_limit_and_not_failed(
    house: House, monkeypatch: pytest.MonkeyPatch, shows_it: bool
) -> None:
    monkeypatch.setattr(pursuit, "STOP_PATIENCE_S", 0.05)
    run, at_dify = await orphan(house, timeout_s=600)
    house.dify.mischief.ignore_stops()
    if not shows_it:
        del house.dify.runs[at_dify.id]
    house.hand.turn(seconds=600)
    heir = house.another("heir")
    await heir.janitor.once()
    ended = await heir.landed(run)
    assert (ended.state, ended.fault and ended.fault.code) == (RunState.LOST, Code.WORKER_LOST)
    assert ended.fault is not None
    assert ("still shows the run as running" in ended.fault.message) is shows_it


# a human in between


async def fill_in(house: House, at_dify: DemoRun) -> None:
    """Somebody fills in the form at Dify, and the run goes on to its end."""
    at_dify.form_answer = {"action": "approve", "inputs": {"comment": "ship it"}}
    at_dify.status = "running"
    await resume(at_dify, house.dify.speed, house.dify.ping_s, house.dify.note)


async def test_a_run_that_waits_for_a_human_is_looked_at_each_minute_and_told_once(house: House) -> None:
    run = await house.fly("approval")
    for minute in range(MAX_DEATHS + 2):
        house.hand.turn(seconds=61)
        assert await house.janitor.once() == 1
        looked = await house.landed(run)
        assert (looked.state, looked.ended_at) == (RunState.WAITING, None)
        assert looked.lease_until == house.hand.now + timedelta(seconds=60), minute
    (told,) = await house.store.read(lambda c: deliveries.of_run(c, run.id))
    assert told.wanted == 2  # begun, and waiting


async def test_a_run_that_waits_for_a_human_is_stopped_at_once_although_dify_does_not_heed_it(house: House) -> None:
    run = await house.fly("approval")
    await house.store.run(lambda c: stop(c, system(TEAM), run.id, now=house.hand.now))
    assert await house.janitor.once() == 1
    ended = await house.landed(run)
    assert (ended.state, ended.reason) == (RunState.STOPPED, UNCONFIRMED)
    assert ended.fault is not None
    assert "waits for a person" in ended.fault.message


async def test_a_run_that_waited_for_a_human_goes_on_to_its_end(house: House) -> None:
    run = await house.fly("approval")
    (at_dify,) = house.dify.starts()
    await fill_in(house, at_dify)
    house.hand.turn(seconds=61)
    await house.janitor.once()
    ended = await house.landed(run)
    assert (ended.state, ended.outputs) == (RunState.SUCCEEDED, at_dify.outputs)


async def test_the_time_that_a_human_took_is_not_counted_against_the_limit(house: House) -> None:
    run = await house.fly("approval", timeout_s=600)
    (at_dify,) = house.dify.starts()
    house.hand.turn(hours=30)
    at_dify.status = "running"  # the form was filled in this moment, and the first look shows no end
    house.dify.mischief.fail_next(on="detail", status=502)
    await house.janitor.once()
    await fill_in(house, at_dify)
    ended = await house.landed(run)
    assert ended.state is RunState.SUCCEEDED
    assert [line["what"] for line in house.dify.log].count("stop") == 0


async def test_drafts_whose_time_is_over_are_thrown_away(house: House) -> None:
    await house.store.run(lambda c: drafts.put(c, a_draft(id="old", expires_at=NOW)))
    await house.store.run(lambda c: drafts.put(c, a_draft(id="new", expires_at=NOW + timedelta(days=1))))
    await house.janitor.once()
    before = NOW - timedelta(days=1)
    kept = await house.store.read(lambda c: [drafts.get(c, TEAM, name, before) for name in ("old", "new")])
    assert [one is not None for one in kept] == [False, True]


async def test_the_end_of_a_calendar_is_foretold(house: House) -> None:
    def by_calendar(c: Connection) -> Job:
        calendars.put(c, a_calendar(date(2026, 12, 24)))
        return save_job(c, "every day at 9 except closing days").job

    job = await house.store.run(by_calendar)
    house.hand.now = datetime(2026, 12, 2, tzinfo=UTC)
    await house.janitor.once()
    await house.janitor.once()
    told = await house.store.read(lambda c: deliveries.of_job(c, job.id, 10))
    assert [one.key.split(":")[0] for one in told] == ["calendar"]


async def test_old_runs_go_a_minute_after_the_start_and_then_every_hour(house: House) -> None:
    ticks = [0.0]
    janitor = Janitor(house.services, house.runner, monotonic=lambda: ticks[0])

    async def with_old_run() -> Run:
        long_ago = NOW - timedelta(days=400)
        past = {"ended_at": long_ago, "created_at": long_ago, "slot_at": long_ago}
        return await house.ready("digest", state=RunState.SUCCEEDED, **past)

    async def is_gone(run: Run) -> bool:
        return await house.store.read(lambda c: runs.get(c, TEAM, run.id)) is None

    first = await with_old_run()
    await janitor.once()
    assert not await is_gone(first)
    ticks[0] = FIRST_SWEEP_S
    await janitor.once()
    assert await is_gone(first)
    second = await with_old_run()
    await janitor.once()
    await janitor.once()
    ticks[0] += SWEEP_EVERY_S - 1
    assert not await is_gone(second)
    ticks[0] += 1
    await janitor.once()
    assert await is_gone(second)


async def test_the_sweep_goes_on_for_a_moment_and_then_from_where_it_was(house: House) -> None:
    long_ago = NOW - timedelta(days=400)
    past: dict[str, Any] = {"ended_at": long_ago, "created_at": long_ago, "slot_at": long_ago}
    old = [a_run(state=RunState.SUCCEEDED, job_id=None, **past) for _ in range(5 * WINDOW)]
    await house.store.run(lambda c: runs.add_many(c, old))
    start, looks = 0.0, count(0, SWEEP_FOR_S / 2)  # each look at the time takes half of the moment
    janitor = Janitor(house.services, house.runner, monotonic=lambda: start + next(looks))

    async def left() -> int:
        return len(await house.store.read(lambda c: runs.list_runs(c, TEAM, limit=len(old))))

    start = FIRST_SWEEP_S
    await janitor.once()
    assert len(old) - 3 * WINDOW <= await left() <= len(old) - 2 * WINDOW
    for _ in range(3):
        await janitor.once()
    assert await left() == 0
