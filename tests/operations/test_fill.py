"""Macros meet the rows: a run's inputs are filled in from its slot, its job and the success before it, once."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from bot.errors import Refusal
from bot.operations.fill import fill_draft, fill_inputs, fill_loose, preview_inputs
from bot.operations.launch import launch_job, rerun
from bot.operations.tick import tick
from storage import claims, jobs, runs
from storage.database import Store
from storage.records import Cause, Job, Policy, Run, RunState, Schedule
from tests.makers import NOW, an_actor, claim_run, fresh_job, fresh_run, save_job
from tests.storage.examples import a_draft, a_job, a_run

SLOT = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)  # 09:00 in Shanghai
DAY = timedelta(days=1)


def a_saved_job(c: Connection, **said: Any) -> Job:
    schedule = Schedule(kind="cron", spec="0 0 9 * * ?", zone="Asia/Shanghai", text="0 0 9 * * ?", says="")
    return jobs.add(c, a_job(**{"name": "Daily news", "schedules": (schedule,)} | said))


def a_slot(job: Job, inputs: dict[str, Any], **said: Any) -> Run:
    return a_run(**{"job_id": job.id, "slot_at": SLOT, "inputs": inputs} | said)


def success(c: Connection, job: Job, slot_at: datetime, **said: Any) -> Run:
    ended = {"state": RunState.SUCCEEDED, "ended_at": slot_at + timedelta(minutes=1), "outputs": {"total": 7}}
    found = runs.add(c, a_run(**{"job_id": job.id, "slot_at": slot_at} | ended | said))
    assert found is not None
    return found


async def test_a_slot_is_filled_in_in_the_zone_of_its_job_with_its_offset(store: Store) -> None:
    def act(c: Connection) -> Any:
        job = a_saved_job(c, policy=Policy(data_offset="-1d"))
        inputs = {"at": "{{ scheduled_time }}", "day": "{{ today }}", "who": "{{ job.name }} {{ job.id }}", "n": 5}
        return job, fill_inputs(c, job, a_slot(job, inputs))

    job, filled = await store.run(act)
    assert filled == {
        "at": "2026-11-23T09:00:00+08:00",
        "day": "2026-11-22",
        "who": f"Daily news {job.id}",
        "n": 5,
    }


async def test_a_data_time_that_was_chosen_counts_for_this_run_alone(store: Store) -> None:
    def act(c: Connection) -> Any:
        job = a_saved_job(c, policy=Policy(data_offset="-1d"))
        run = a_slot(job, {"day": "{{ today }}", "cause": "{{ run.cause }}"}, cause=Cause.MANUAL)
        return fill_inputs(c, job, run, data_at=SLOT - 3 * DAY)

    assert await store.run(act) == {"day": "2026-11-20", "cause": "manual"}


async def test_the_success_before_is_the_one_of_the_newest_earlier_slot(store: Store) -> None:
    def act(c: Connection) -> Any:
        job, other = a_saved_job(c), a_saved_job(c, name="Other")
        success(c, job, SLOT - 3 * DAY)
        success(c, job, SLOT - 2 * DAY, state=RunState.PARTIAL, outputs={"total": 8})
        success(c, job, SLOT - 9 * DAY, cause=Cause.RERUN, ended_at=SLOT - timedelta(hours=1))
        success(c, job, SLOT - DAY, state=RunState.FAILED)
        success(c, job, SLOT)
        success(c, job, SLOT + DAY)
        success(c, other, SLOT - DAY)
        asked = {"since": "{{ last_success.scheduled_time }}", "n": "{{ last_success.outputs.total | number }}"}
        return fill_inputs(c, job, a_slot(job, asked)), runs.last_success_before(c, job.id, SLOT - 9 * DAY)

    filled, before = await store.run(act)
    assert filled == {"since": "2026-11-21T09:00:00+08:00", "n": 8}
    assert before is None


async def test_without_a_success_the_run_is_refused_unless_a_default_is_given(store: Store) -> None:
    def act(c: Connection) -> Any:
        job = a_saved_job(c)
        given = fill_inputs(c, job, a_slot(job, {"since": '{{ last_success.ended_time | default("never") }}'}))
        with pytest.raises(Refusal, match="once the job has succeeded") as caught:
            fill_inputs(c, job, a_slot(job, {"since": "{{ last_success.ended_time }}"}))
        return given, caught.value

    given, refusal = await store.run(act)
    assert given == {"since": "never"}
    assert (refusal.code, refusal.field) == ("no_value", "since")


async def test_a_rerun_and_a_later_attempt_keep_what_was_filled_in(store: Store) -> None:
    inputs = {"prompt": "Fill in {{name}}"}

    def act(c: Connection) -> Any:
        job = a_saved_job(c)
        return [
            fill_inputs(c, job, a_slot(job, inputs, cause=Cause.RERUN, rerun_of=5)),
            fill_inputs(c, job, a_slot(job, inputs, attempts=1)),
        ]

    assert await store.run(act) == [inputs, inputs]


async def test_a_run_without_a_job_is_filled_in_in_the_zone_of_who_asked(store: Store) -> None:
    run = a_run(slot_at=SLOT.replace(hour=20), inputs={"day": "{{ today }}"}, cause=Cause.MANUAL)
    assert fill_loose(run, "Asia/Tokyo") == {"day": "2026-11-24"}
    assert await store.run(lambda c: fill_inputs(c, None, run)) == {"day": "2026-11-23"}


async def test_a_card_shows_the_first_slot_and_warns_of_what_would_hold_it_up(store: Store) -> None:
    inputs = {"day": "{{ yesterday }}", "n": "{{ last_success.outputs.total }}", "topic": "AI"}
    draft = a_draft(zone="Asia/Shanghai", inputs=inputs, policy=Policy(data_offset="-1w"))

    def act(c: Connection) -> Any:
        job = a_saved_job(c)
        new = preview_inputs(c, draft, SLOT)
        success(c, job, SLOT - DAY)
        return new, preview_inputs(c, replace(draft, job_id=job.id), SLOT)

    new, edited = await store.run(act)
    assert new.values == {"day": "2026-11-15"}
    assert [warning.split(":")[0] for warning in new.warnings] == ["Input “n”"]
    assert (edited.values, edited.warnings) == ({"day": "2026-11-15", "n": "7"}, ())


async def test_a_test_of_a_card_is_filled_in_for_now(store: Store) -> None:
    draft = a_draft(zone="Europe/Berlin", inputs={"at": "{{ scheduled_time }} {{ run.cause }}"})
    filled = await store.run(lambda c: fill_draft(c, draft, SLOT))
    assert filled == {"at": "2026-11-23T02:00:00+01:00 test"}


async def test_macros_are_kept_with_the_job_as_they_were_typed(store: Store) -> None:
    def act(c: Connection) -> Any:
        job = save_job(c, inputs={"day": "{{ yesterday }}"}).job
        planned = runs.planned_of(c, job.id)
        assert planned is not None
        return fresh_job(c, job).inputs, planned.inputs

    assert await store.run(act) == ({"day": "{{ yesterday }}"}, {"day": "{{ yesterday }}"})


async def test_the_clock_keeps_what_was_filled_in_with_the_run_and_the_rerun_sends_it_again(store: Store) -> None:
    inputs = {"at": "{{ scheduled_time }}", "said": '{{ "{{name}}" }}'}

    def act(c: Connection) -> Any:
        job = save_job(c, inputs=inputs).job
        slot = runs.planned_of(c, job.id)
        assert slot is not None
        tick(c, slot.due_at)
        started = fresh_run(c, slot)
        end(c, started)
        again = rerun(c, an_actor(), started.id, generation=None, now=slot.due_at + timedelta(hours=1))
        return started, again

    started, again = await store.run(act)
    filled = {"at": "2026-09-01T07:05:00+00:00", "said": "{{name}}"}
    assert (started.state, started.inputs) == (RunState.READY, filled)
    assert (again.state, again.inputs) == (RunState.READY, filled)


async def test_a_run_whose_inputs_cannot_be_told_is_blocked_and_the_next_slot_is_planned(store: Store) -> None:
    def act(c: Connection) -> Any:
        job = save_job(c, inputs={"since": "{{ last_success.ended_time }}"}).job
        slot = runs.planned_of(c, job.id)
        assert slot is not None
        tick(c, slot.due_at)
        return fresh_run(c, slot), runs.planned_of(c, job.id)

    blocked, following = await store.run(act)
    assert blocked.state is RunState.BLOCKED
    assert "once the job has succeeded" in (blocked.reason or "")
    assert following is not None


async def test_a_run_by_hand_counts_from_the_moment_of_the_wish(store: Store) -> None:
    def act(c: Connection) -> Run:
        job = save_job(c, inputs={"at": "{{ scheduled_time }} {{ run.cause }}"}).job
        return launch_job(c, an_actor(), job.id, None, key="typed:1", now=NOW + timedelta(minutes=2, microseconds=7))

    assert (await store.run(act)).inputs == {"at": "2026-09-01T07:02:00+00:00 manual"}


def end(c: Connection, run: Run) -> None:
    claimed = claim_run(c, run.id, "me", NOW, 60)
    assert claimed is not None
    assert claims.save_run(c, replace(claimed, state=RunState.SUCCEEDED, ended_at=NOW)) is not None
