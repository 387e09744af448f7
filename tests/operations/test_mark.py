"""Marks: a person's word on the end of a run, beside its state; the health of the job follows the last one."""

from dataclasses import replace

import pytest
from sqlalchemy import Connection

from bot.errors import Refusal
from bot.operations.launch import launch_job
from bot.operations.mark import mark_run
from storage import claims, deliveries, jobs, runs
from storage.database import Store
from storage.records import Cause, DeliveryKind, Job, Run, RunState
from tests.makers import NOW, an_actor, claim_run, fresh_job, save_job
from tests.storage.examples import a_run


def ended(c: Connection, job: Job, state: RunState, key: str) -> Run:
    run = launch_job(c, an_actor(), job.id, None, key=key, now=NOW)
    claimed = claim_run(c, run.id, "me", NOW, 60)
    assert claimed is not None
    saved = claims.save_run(c, replace(claimed, state=state, ended_at=NOW))
    assert saved is not None
    return saved


async def test_a_failure_that_is_marked_as_ok_keeps_its_state_and_ends_the_streak(store: Store) -> None:
    def work(c: Connection) -> tuple[Run, Job]:
        job = save_job(c).job
        run = ended(c, job, RunState.FAILED, "one")
        jobs.mark_health(c, job.id, NOW, 3)
        return mark_run(c, an_actor(), run.id, "succeeded", " sent  by hand ", now=NOW), fresh_job(c, job)

    run, job = await store.run(work)
    assert (run.state, run.mark, run.mark_reason) == (RunState.FAILED, "succeeded", "sent by hand")
    assert (job.failing_since, job.failures) == (None, 0)


async def test_a_success_that_is_marked_as_failed_makes_the_job_a_failing_one(store: Store) -> None:
    def work(c: Connection) -> Job:
        job = save_job(c).job
        mark_run(c, an_actor(), ended(c, job, RunState.SUCCEEDED, "one").id, "failed", "wrong numbers", now=NOW)
        return fresh_job(c, job)

    job = await store.run(work)
    assert (job.failing_since, job.failures) == (NOW, 1)


async def test_the_mark_of_an_older_run_says_nothing_of_the_job_now(store: Store) -> None:
    def work(c: Connection) -> Job:
        job = save_job(c).job
        old = ended(c, job, RunState.SUCCEEDED, "one")
        ended(c, job, RunState.SUCCEEDED, "two")
        mark_run(c, an_actor(), old.id, "failed", "wrong numbers", now=NOW)
        return fresh_job(c, job)

    assert (await store.run(work)).failing_since is None


async def test_what_goes_on_is_not_marked_and_nothing_without_a_reason(store: Store) -> None:
    def work(c: Connection) -> Run:
        return launch_job(c, an_actor(), save_job(c).job.id, None, key="one", now=NOW)

    run = await store.run(work)
    with pytest.raises(Refusal, match="has not ended"):
        await store.run(lambda c: mark_run(c, an_actor(), run.id, "failed", "why", now=NOW))
    with pytest.raises(Refusal, match="needs a reason"):
        await store.run(lambda c: mark_run(c, an_actor(), run.id, "failed", "  ", now=NOW))


def unstarted(c: Connection, job: Job, state: RunState, cause: Cause = Cause.SCHEDULE) -> Run:
    where = {"team_id": job.team_id, "channel_id": job.channel_id, "owner_id": job.owner_id, "app_id": job.app_id}
    run = runs.add(c, a_run(**where, job_id=job.id, state=state, cause=cause, ended_at=NOW))
    assert run is not None
    return run


async def healed(store: Store, later: RunState, cause: Cause, state: RunState = RunState.FAILED) -> Job:
    """A job whose run failed it, and had one of another kind after that; then the failure is marked as ok."""

    def work(c: Connection) -> Job:
        job = save_job(c).job
        ended(c, job, RunState.SUCCEEDED, "one")
        run = unstarted(c, job, state)
        jobs.mark_health(c, job.id, NOW, 2)
        unstarted(c, job, later, cause)
        mark_run(c, an_actor(), run.id, "succeeded", "sent by hand", now=NOW)
        return fresh_job(c, job)

    return await store.run(work)


@pytest.mark.parametrize("state", [RunState.EXPIRED, RunState.MISSED])
async def test_a_time_at_which_nothing_ran_can_be_marked_as_done_by_hand(store: Store, state: RunState) -> None:
    job = await healed(store, RunState.SKIPPED, Cause.SCHEDULE, state)
    assert (job.failing_since, job.failures) == (None, 0)


@pytest.mark.parametrize(("state", "cause"), [(RunState.FAILED, Cause.BACKFILL), (RunState.STOPPED, Cause.MANUAL)])
async def test_a_later_run_that_says_nothing_of_its_job_is_in_the_way_of_no_mark(
    store: Store, state: RunState, cause: Cause
) -> None:
    assert (await healed(store, state, cause)).failing_since is None


async def test_a_later_failure_keeps_the_job_failing(store: Store) -> None:
    assert (await healed(store, RunState.LOST, Cause.RERUN)).failures == 2


async def test_a_mark_of_a_backfill_says_nothing_of_the_job(store: Store) -> None:
    def work(c: Connection) -> Job:
        job = save_job(c).job
        run = unstarted(c, job, RunState.SUCCEEDED, Cause.BACKFILL)
        mark_run(c, an_actor(), run.id, "failed", "wrong numbers", now=NOW)
        return fresh_job(c, job)

    assert (await store.run(work)).failing_since is None


async def test_a_job_that_a_mark_heals_is_told_to_be_well_again(store: Store) -> None:
    job = await healed(store, RunState.SKIPPED, Cause.SCHEDULE)
    owed = await store.read(lambda c: deliveries.of_job(c, job.id, limit=99))
    (alert,) = [one for one in owed if one.kind is DeliveryKind.ALERT]
    assert (alert.target, alert.facts["alert"], alert.facts["failures"]) == (job.channel_id, "recovery", 2)
