"""Marks: a person's word on the end of a run, beside its state; the health of the job follows the last one."""

from dataclasses import replace

import pytest
from sqlalchemy import Connection

from bot.errors import Refusal
from bot.operations.launch import launch_job
from bot.operations.mark import mark_run
from storage import claims, jobs
from storage.database import Store
from storage.records import Job, Run, RunState
from tests.makers import NOW, an_actor, fresh_job, save_job


def ended(c: Connection, job: Job, state: RunState, key: str) -> Run:
    run = launch_job(c, an_actor(), job.id, None, key=key, now=NOW)
    claimed = claims.claim_run(c, run.id, "me", NOW, 60)
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
