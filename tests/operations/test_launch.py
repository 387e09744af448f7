"""Runs that somebody asks for: now, again, as a test, and their stop; each wish once, however often it is pressed."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import Connection

from bot.errors import Refusal
from bot.operations.draft import draft
from bot.operations.launch import launch_app, launch_job, rerun, test_draft
from bot.operations.pause import pause
from bot.operations.remove import remove
from bot.operations.schedule import schedule
from bot.operations.stop import stop
from bot.rules.access import system
from storage import apps, claims, deliveries, drafts, jobs, runs
from storage.database import Store
from storage.records import Cause, Draft, Job, JobState, Policy, Run, RunState
from tests.makers import (
    HERE,
    NOW,
    OTHER,
    OWNER,
    TEAM,
    an_actor,
    claim_run,
    fresh_job,
    fresh_run,
    list_entries,
    save_job,
)
from tests.storage.examples import a_draft, a_run, an_app

test_draft.__test__ = False  # type: ignore[attr-defined]  # an operation, whose name pytest takes for a test
LATER = NOW + timedelta(minutes=2)


async def a_saved_job(store: Store) -> Job:
    return (await store.run(lambda c: save_job(c))).job


def end(c: Connection, run: Run, state: RunState = RunState.SUCCEEDED) -> Run:
    claimed = claim_run(c, run.id, "me", NOW, 60)
    assert claimed is not None
    ended = claims.save_run(c, replace(claimed, state=state, ended_at=NOW))
    assert ended is not None
    return ended


async def an_ended_run(store: Store, job: Job, key: str = "typed:0") -> Run:
    return await store.run(lambda c: end(c, launch_job(c, an_actor(), job.id, None, key=key, now=NOW)))


# now


async def test_a_run_by_hand_is_ready_at_once_with_the_inputs_of_its_job(store: Store) -> None:
    job = await a_saved_job(store)
    run = await store.run(lambda c: launch_job(c, an_actor(OTHER), job.id, None, key="typed:1", now=LATER))
    assert (run.state, run.cause, run.inputs) == (RunState.READY, Cause.MANUAL, {"topic": "AI"})
    assert (run.job_id, run.owner_id, run.asked_by) == (job.id, OWNER, OTHER)
    assert (run.slot_at, run.due_at, run.created_at) == (LATER, LATER, LATER)
    (told,) = await store.read(lambda c: deliveries.of_run(c, run.id))
    assert (told.target, told.rank) == (HERE, 1)


async def test_a_run_by_hand_may_have_inputs_of_its_own_and_the_job_keeps_its(store: Store) -> None:
    job = await a_saved_job(store)
    run = await store.run(lambda c: launch_job(c, an_actor(), job.id, {"topic": "tea"}, key="typed:1", now=NOW))
    assert run.inputs == {"topic": "tea"}
    assert (await store.read(lambda c: fresh_job(c, job))).inputs == {"topic": "AI"}


async def test_the_command_line_runs_as_a_call(store: Store) -> None:
    job = await a_saved_job(store)
    run = await store.run(lambda c: launch_job(c, system(TEAM), job.id, None, key="command:1", now=NOW))
    assert run.cause is Cause.API


@pytest.mark.parametrize("state", [JobState.PAUSED, JobState.COMPLETED])
async def test_a_job_can_be_run_by_hand_while_it_is_paused_or_over(store: Store, state: JobState) -> None:
    job = await a_saved_job(store)
    await store.run(lambda c: jobs.set_state(c, job.id, state, by=OWNER, reason=None))
    run = await store.run(lambda c: launch_job(c, an_actor(), job.id, None, key="typed:1", now=NOW))
    assert run.state is RunState.READY
    assert (await store.read(lambda c: fresh_job(c, job))).state is state


async def test_a_run_by_hand_leaves_the_planned_slot_where_it_is(store: Store) -> None:
    job = await a_saved_job(store)
    before = await store.read(lambda c: runs.planned_of(c, job.id))
    await store.run(lambda c: launch_job(c, an_actor(), job.id, None, key="typed:1", now=NOW))
    assert before is not None
    assert await store.read(lambda c: runs.planned_of(c, job.id)) == before


async def test_the_same_request_twice_is_one_run(store: Store) -> None:
    job = await a_saved_job(store)
    asked = (store.run(lambda c: launch_job(c, an_actor(), job.id, None, key="typed:1", now=NOW)) for _ in range(6))
    found = await asyncio.gather(*asked)
    assert len({run.id for run in found}) == 1
    entries = await store.read(lambda c: list_entries(c, TEAM, about=f"run:{found[0].id}"))
    assert [(entry.action, entry.actor) for entry in entries] == [("manual", OWNER)]


async def test_a_job_that_is_at_work_is_not_started_a_second_time(store: Store) -> None:
    job = await a_saved_job(store)
    await store.run(lambda c: launch_job(c, an_actor(), job.id, None, key="typed:1", now=NOW))
    with pytest.raises(Refusal, match="is running right now") as refused:
        await store.run(lambda c: launch_job(c, an_actor(), job.id, None, key="typed:2", now=NOW))
    assert refused.value.code == "busy"


async def test_a_run_that_waits_for_a_human_holds_up_nothing(store: Store) -> None:
    job = await a_saved_job(store)

    def wait(c: Connection) -> None:
        run = launch_job(c, an_actor(), job.id, None, key="typed:1", now=NOW)
        claimed = claim_run(c, run.id, "me", NOW, 60)
        assert claimed is not None
        claims.save_run(c, replace(claimed, state=RunState.WAITING))

    await store.run(wait)
    await store.run(lambda c: launch_job(c, an_actor(), job.id, None, key="typed:2", now=NOW))


async def test_a_job_that_allows_overlap_runs_beside_itself(store: Store) -> None:
    job = await a_saved_job(store)
    allowing = replace(job, policy=Policy(overlap="allow", overlap_max=2))
    assert await store.run(lambda c: jobs.save(c, allowing)) is not None
    for key in ("typed:1", "typed:2"):
        await store.run(lambda c, key=key: launch_job(c, an_actor(), job.id, None, key=key, now=NOW))  # type: ignore[misc]


async def test_an_app_runs_without_a_job_and_answers_into_the_channel(store: Store) -> None:
    app = await store.run(lambda c: apps.add(c, an_app()))
    run = await store.run(lambda c: launch_app(c, an_actor(), app, HERE, {"a": 1}, key="typed:1", now=NOW))
    assert (run.job_id, run.name, run.owner_id, run.channel_id) == (None, "News", OWNER, HERE)
    assert (run.cause, run.state, run.inputs) == (Cause.MANUAL, RunState.READY, {"a": 1})


# as a test


async def test_a_test_is_private_repeatable_and_no_concern_of_any_job(store: Store) -> None:
    kept = a_draft(id="d1", user_id=OWNER, channel_id=HERE, timeout_s=77)
    await store.run(lambda c: drafts.put(c, kept))
    first = await store.run(lambda c: test_draft(c, an_actor(), "d1", now=NOW))
    assert (first.cause, first.job_id, first.channel_id, first.timeout_s) == (Cause.TEST, None, OWNER, 77)
    (told,) = await store.read(lambda c: deliveries.of_run(c, first.id))
    assert told.target == OWNER
    again = await store.run(lambda c: test_draft(c, an_actor(), "d1", now=NOW))
    assert again.id == first.id  # a second press while it runs
    await store.run(lambda c: end(c, first))
    repeated = await store.run(lambda c: test_draft(c, an_actor(), "d1", now=NOW))
    assert repeated.id != first.id
    assert await store.read(lambda c: drafts.get(c, TEAM, "d1", NOW)) == kept


async def test_a_test_can_still_be_run_again_by_its_author_only(store: Store) -> None:
    await store.run(lambda c: drafts.put(c, a_draft(id="d1", user_id=OWNER, channel_id=HERE)))
    run = await store.run(lambda c: end(c, test_draft(c, an_actor(), "d1", now=NOW)))
    again = await store.run(lambda c: rerun(c, an_actor(), run.id, generation=0, now=LATER))
    assert (again.channel_id, again.job_id) == (OWNER, None)
    with pytest.raises(Refusal, match=f"no run “{run.id}” that you can see"):
        await store.run(lambda c: rerun(c, an_actor(OTHER), run.id, generation=1, now=LATER))


# again


async def test_a_rerun_has_the_slot_and_the_inputs_of_the_first_and_a_row_of_its_own(store: Store) -> None:
    job = await a_saved_job(store)
    was = await store.run(
        lambda c: end(c, launch_job(c, an_actor(), job.id, {"topic": "tea"}, key="typed:1", now=NOW))
    )
    again = await store.run(lambda c: rerun(c, an_actor(OTHER), was.id, generation=0, now=LATER))
    assert again.id != was.id
    assert (again.slot_at, again.due_at, again.inputs) == (was.slot_at, LATER, {"topic": "tea"})
    assert (again.rerun_of, again.cause, again.state) == (was.id, Cause.RERUN, RunState.READY)
    assert (again.owner_id, again.asked_by, again.job_id) == (OWNER, OTHER, job.id)
    assert (again.attempts, again.outputs, again.ended_at, again.tag) == (0, None, None, None)
    assert await store.read(lambda c: fresh_run(c, was)) == was


async def test_one_button_pressed_by_many_fingers_is_one_rerun(store: Store) -> None:
    was = await an_ended_run(store, await a_saved_job(store))
    pressed = (store.run(lambda c: rerun(c, an_actor(), was.id, generation=0, now=LATER)) for _ in range(6))
    assert len({run.id for run in await asyncio.gather(*pressed)}) == 1
    assert len(await store.read(lambda c: runs.reruns_of(c, was.id))) == 1


async def test_a_button_that_was_drawn_anew_starts_anew_and_the_old_one_does_not(store: Store) -> None:
    was = await an_ended_run(store, await a_saved_job(store))
    first = await store.run(lambda c: end(c, rerun(c, an_actor(), was.id, generation=0, now=LATER)))
    old = await store.run(lambda c: rerun(c, an_actor(), was.id, generation=0, now=LATER))
    assert old.id == first.id
    second = await store.run(lambda c: end(c, rerun(c, an_actor(), was.id, generation=1, now=LATER)))
    typed = await store.run(lambda c: rerun(c, an_actor(), was.id, generation=None, now=LATER))
    assert len({first.id, second.id, typed.id}) == 3


async def test_what_has_not_ended_is_not_run_again(store: Store) -> None:
    job = await a_saved_job(store)
    run = await store.run(lambda c: launch_job(c, an_actor(), job.id, None, key="typed:1", now=NOW))
    with pytest.raises(Refusal, match="has not ended yet") as refused:
        await store.run(lambda c: rerun(c, an_actor(), run.id, generation=0, now=NOW))
    assert (refused.value.code, f"/dify stop {run.id}" in refused.value.hint) == ("busy", True)


async def test_a_rerun_obeys_the_overlap_rule_of_its_job(store: Store) -> None:
    job = await a_saved_job(store)
    was = await an_ended_run(store, job)
    await store.run(lambda c: launch_job(c, an_actor(), job.id, None, key="typed:1", now=NOW))
    with pytest.raises(Refusal, match="is running right now"):
        await store.run(lambda c: rerun(c, an_actor(), was.id, generation=0, now=NOW))


@pytest.mark.parametrize("state", [state for state in RunState if state.has_ended])
async def test_any_end_can_be_run_again(store: Store, state: RunState) -> None:
    job = await a_saved_job(store)

    def close(c: Connection) -> Run:
        return end(c, launch_job(c, an_actor(), job.id, None, key="typed:1", now=NOW), state)

    was = await store.run(close)
    assert (await store.run(lambda c: rerun(c, an_actor(), was.id, generation=0, now=NOW))).state is RunState.READY


async def test_a_paused_job_can_be_rerun_and_a_deleted_one_not(store: Store) -> None:
    job = await a_saved_job(store)
    was = await an_ended_run(store, job)
    await store.run(lambda c: pause(c, an_actor(), job.id, now=NOW))
    await store.run(lambda c: end(c, rerun(c, an_actor(), was.id, generation=0, now=NOW)))
    await store.run(lambda c: remove(c, an_actor(), job.id, now=NOW))
    with pytest.raises(Refusal, match="was deleted"):
        await store.run(lambda c: rerun(c, an_actor(), was.id, generation=1, now=NOW))


async def test_the_message_of_the_first_run_is_drawn_again_and_a_silent_skip_stays_silent(store: Store) -> None:
    was = await an_ended_run(store, await a_saved_job(store))
    await store.run(lambda c: rerun(c, an_actor(), was.id, generation=0, now=NOW))
    (told,) = await store.read(lambda c: deliveries.of_run(c, was.id))
    assert told.wanted == 2

    job = (await store.run(lambda c: save_job(c, name="Another"))).job

    def skip(c: Connection) -> Run:
        planned = runs.planned_of(c, job.id)
        assert planned is not None
        claims.close_planned(c, planned.id, RunState.SKIPPED, "busy", NOW)
        rerun(c, an_actor(), planned.id, generation=0, now=NOW)
        return planned

    skipped = await store.run(skip)
    assert await store.read(lambda c: deliveries.of_run(c, skipped.id)) == []


@pytest.mark.parametrize("is_anew", [False, True])
async def test_an_edit_changes_only_a_rerun_that_is_to_be_as_the_job_is_now(store: Store, is_anew: bool) -> None:
    job = await a_saved_job(store)
    was = await an_ended_run(store, job)

    def edit(c: Connection) -> None:
        app = apps.get(c, TEAM, job.app_id)
        assert app is not None
        kept: Draft = draft(
            c, an_actor(), app=app, channel_id=HERE, name="Renamed", when="every hour", zone="UTC",
            inputs={"topic": "new"}, timeout_s=1, now=NOW, job=job,
        )  # fmt: skip
        schedule(c, an_actor(), kept.id, now=NOW)

    await store.run(edit)
    again = await store.run(lambda c: rerun(c, an_actor(), was.id, generation=0, now=NOW, is_anew=is_anew))
    expected = ({"topic": "new"}, 1, 2) if is_anew else (was.inputs, was.timeout_s, 1)
    assert (again.inputs, again.timeout_s, again.job_version) == expected
    assert again.slot_at == was.slot_at


# stop


@pytest.mark.parametrize("is_started", [False, True])
async def test_a_stop_is_a_wish_on_the_row_and_asking_twice_is_asking_once(store: Store, is_started: bool) -> None:
    job = await a_saved_job(store)
    run = await store.run(lambda c: launch_job(c, an_actor(), job.id, None, key="typed:1", now=NOW))
    if is_started:
        await store.run(lambda c: claim_run(c, run.id, "me", NOW, 60))
    for who in (OTHER, OWNER) if is_started else (OTHER,):
        wished = await store.run(lambda c, who=who: stop(c, an_actor(who), run.id, now=NOW))  # type: ignore[misc]
        assert wished.stop_by == OTHER
        assert wished.state is (RunState.RUNNING if is_started else RunState.STOPPED)
    entries = await store.read(lambda c: list_entries(c, TEAM, about=f"run:{run.id}"))
    assert [entry.action for entry in entries] == ["stop", "manual"]


async def test_a_run_that_has_ended_cannot_be_stopped_and_says_how_it_ended(store: Store) -> None:
    job = await a_saved_job(store)
    run = await store.run(
        lambda c: end(c, launch_job(c, an_actor(), job.id, None, key="typed:1", now=NOW), RunState.TIMED_OUT)
    )
    with pytest.raises(Refusal, match=r"has already ended \(timed out\)") as refused:
        await store.run(lambda c: stop(c, an_actor(), run.id, now=NOW))
    assert refused.value.code == "ended"


MACRO = {"topic": "News of {{ data_time | date('%d %B') }}"}
FILLED = {"topic": "News of 01 September"}


async def test_a_rerun_with_what_the_job_has_now_is_filled_in(store: Store) -> None:
    job = (await store.run(lambda c: save_job(c, inputs=MACRO))).job
    was = await an_ended_run(store, job)
    again = await store.run(lambda c: rerun(c, an_actor(), was.id, generation=0, now=LATER, is_anew=True))
    assert again.inputs == FILLED


async def test_a_slot_that_was_missed_is_filled_in_when_it_is_run_after_all(store: Store) -> None:
    job = (await store.run(lambda c: save_job(c, inputs=MACRO))).job
    slot = a_run(key="missed", job_id=job.id, app_id=job.app_id, inputs=MACRO, state=RunState.MISSED)
    missed = await store.run(lambda c: runs.add(c, replace(slot, slot_at=NOW, ready_at=None, ended_at=NOW)))
    assert missed is not None
    later = NOW + timedelta(days=3)
    again = await store.run(lambda c: rerun(c, an_actor(), missed.id, generation=0, now=later))
    assert (again.inputs, again.slot_at) == (FILLED, NOW)


async def test_a_run_by_hand_may_be_about_another_day(store: Store) -> None:
    job = (await store.run(lambda c: save_job(c, inputs=MACRO, policy=Policy(overlap="queue")))).job
    first_of_may = NOW.replace(month=5, day=1)
    launch = partial(launch_job, job_id=job.id, inputs=None, now=NOW, data_at=first_of_may)
    first = await store.run(lambda c: launch(c, an_actor(), key="typed:1"))
    queued = await store.run(lambda c: launch(c, an_actor(), key="typed:2"))
    assert (queued.state, queued.slot_at) == (RunState.QUEUED, NOW)
    assert first.inputs == queued.inputs == {"topic": "News of 01 May"}


async def test_an_admin_may_run_a_job_whatever_it_is_at(store: Store) -> None:
    job = await a_saved_job(store)
    launch = partial(launch_job, job_id=job.id, inputs=None, now=NOW)
    await store.run(lambda c: launch(c, an_actor(), key="typed:1"))
    admin = an_actor(OTHER, is_admin=True)
    with pytest.raises(Refusal, match="running right now"):
        await store.run(lambda c: launch(c, admin, key="typed:2"))
    with pytest.raises(Refusal, match="Only a workspace admin"):
        await store.run(lambda c: launch(c, an_actor(), key="typed:3", is_forced=True))
    forced = await store.run(lambda c: launch(c, admin, key="typed:4", is_forced=True))
    assert forced.state is RunState.READY
