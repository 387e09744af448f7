"""The end of a run: closed once by whoever holds it, judged, told, and followed by what comes next."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection

from bot.operations.finish import finish, follow
from bot.operations.gate import FULL
from bot.operations.launch import launch_job, rerun
from bot.operations.line import REPLACE
from bot.operations.stop import stop
from storage import claims, deliveries, gates, jobs, runs
from storage.database import Store
from storage.records import Delivery, DeliveryKind, Fault, Job, JobState, Policy, Run, RunState
from tests.makers import HERE, NOW, OWNER, TEAM, an_actor, claim_run, fresh_job, fresh_run, save_job
from tests.storage.examples import a_run

ENDS = [
    RunState.SUCCEEDED,
    RunState.PARTIAL,
    RunState.FAILED,
    RunState.TIMED_OUT,
    RunState.STOPPED,
    RunState.LOST,
]
FAULT = Fault(code="node_failed", message="502 Bad Gateway", where="HTTP request")


async def a_job_of(store: Store, when: str = "every 5 minutes") -> Job:
    return (await store.run(lambda c: save_job(c, when))).job


def begin(c: Connection, job: Job, key: str, now: datetime) -> Run:
    launched = launch_job(c, an_actor(), job.id, None, key=key, now=now)
    run = claim_run(c, launched.id, "me", now, 60)
    assert run is not None
    return run


async def end(store: Store, job: Job, state: RunState, minute: int) -> Run:
    """One run of the job, begun and ended in that state at that minute."""
    now = NOW + timedelta(minutes=minute)

    def once(c: Connection) -> Run:
        run = begin(c, job, f"typed:{minute}", now)
        fault = FAULT if state.is_failure else None
        ended = finish(c, replace(run, state=state, ended_at=now, fault=fault), now=now)
        assert ended is not None
        return ended

    return await store.run(once)


async def alerts_of(store: Store, job: Job) -> list[Delivery]:
    owed = await store.read(lambda c: deliveries.of_job(c, job.id, limit=99))
    return sorted((one for one in owed if one.kind is DeliveryKind.ALERT), key=lambda one: one.id)


async def test_an_end_is_written_and_its_message_is_owed(store: Store) -> None:
    job = await a_job_of(store)
    run = await end(store, job, RunState.SUCCEEDED, 1)
    kept = await store.read(lambda c: fresh_run(c, run))
    assert (kept.state, kept.ended_at, kept.lease_until) == (RunState.SUCCEEDED, NOW + timedelta(minutes=1), None)
    (told,) = await store.read(lambda c: deliveries.of_run(c, run.id))
    assert (told.key, told.kind, told.target, told.rank) == (f"run:{run.id}>{HERE}", DeliveryKind.RUN, HERE, 1)
    assert told.wanted == 2  # what was asked for, and how it ended
    assert told.due_at == NOW + timedelta(minutes=1)


async def test_a_lost_claim_writes_nothing(store: Store) -> None:
    job = await a_job_of(store)
    run = await store.run(lambda c: begin(c, job, "typed:1", NOW))
    taken = await store.run(lambda c: claims.rescue_run(c, run.id, "another", NOW + timedelta(hours=1), 60))
    before = await store.read(lambda c: (fresh_run(c, run), deliveries.of_run(c, run.id), fresh_job(c, job)))
    ended = await store.run(lambda c: finish(c, replace(run, state=RunState.FAILED, ended_at=NOW), now=NOW))
    assert ended is None
    assert taken is not None
    assert await store.read(lambda c: (fresh_run(c, run), deliveries.of_run(c, run.id), fresh_job(c, job))) == before


async def test_an_end_is_written_once(store: Store) -> None:
    job = await a_job_of(store)
    run = await store.run(lambda c: begin(c, job, "typed:1", NOW))
    ended = replace(run, state=RunState.FAILED, ended_at=NOW)
    assert await store.run(lambda c: finish(c, ended, now=NOW)) is not None
    assert await store.run(lambda c: finish(c, ended, now=NOW)) is None
    assert (await store.read(lambda c: fresh_job(c, job))).failures == 1
    assert len(await alerts_of(store, job)) == 1


@pytest.mark.parametrize(
    ("state", "alert"), [(RunState.FAILED, "failure"), (RunState.TIMED_OUT, "timeout"), (RunState.LOST, "lost")]
)
async def test_a_failing_row_is_told_once_and_its_recovery_once(store: Store, state: RunState, alert: str) -> None:
    job = await a_job_of(store)
    await end(store, job, RunState.SUCCEEDED, 1)
    first = await end(store, job, state, 2)
    await end(store, job, RunState.FAILED, 3)
    await end(store, job, RunState.STOPPED, 4)
    await end(store, job, RunState.FAILED, 5)
    failing = await store.read(lambda c: fresh_job(c, job))
    assert (failing.failing_since, failing.failures) == (NOW + timedelta(minutes=2), 3)
    well = await end(store, job, RunState.SUCCEEDED, 6)
    await end(store, job, RunState.SUCCEEDED, 7)

    failure, recovery = await alerts_of(store, job)
    assert (failure.key, failure.run_id, failure.rank) == (f"alert:{first.id}/{alert}>{HERE}", first.id, 0)
    assert failure.facts == {
        "alert": alert,
        "since": (NOW + timedelta(minutes=2)).isoformat(),
        "failures": 1,
        "last_success_at": (NOW + timedelta(minutes=1)).isoformat(),
    }
    assert (recovery.run_id, recovery.facts["alert"]) == (well.id, "recovery")
    assert (recovery.facts["failures"], recovery.facts["since"]) == (3, failing.failing_since.isoformat())  # type: ignore[union-attr]
    healthy = await store.read(lambda c: fresh_job(c, job))
    assert (healthy.failing_since, healthy.failures) == (None, 0)


async def test_a_job_that_never_succeeded_says_so(store: Store) -> None:
    job = await a_job_of(store)
    await end(store, job, RunState.FAILED, 1)
    (failure,) = await alerts_of(store, job)
    assert failure.facts["last_success_at"] is None


async def test_a_rerun_that_succeeds_ends_the_trouble_of_its_job(store: Store) -> None:
    job = await a_job_of(store)
    failed = await end(store, job, RunState.FAILED, 1)

    def again(c: Connection) -> None:
        run = rerun(c, an_actor(), failed.id, generation=0, now=NOW)
        claimed = claim_run(c, run.id, "me", NOW, 60)
        assert claimed is not None
        finish(c, replace(claimed, state=RunState.PARTIAL, ended_at=NOW), now=NOW)

    await store.run(again)
    assert [one.facts["alert"] for one in await alerts_of(store, job)] == ["failure", "recovery"]
    assert (await store.read(lambda c: fresh_job(c, job))).failing_since is None


@pytest.mark.parametrize("state", [RunState.SKIPPED, RunState.MISSED])
async def test_a_slot_that_never_started_posts_no_message_and_a_missed_one_alerts(
    store: Store, state: RunState
) -> None:
    job = await a_job_of(store)

    def close(c: Connection) -> Run:
        planned = runs.planned_of(c, job.id)
        assert planned is not None
        claims.close_planned(c, planned.id, state, "why", NOW)
        closed = replace(planned, state=state, reason="why", ended_at=NOW)
        follow(c, closed, now=NOW)
        return closed

    closed = await store.run(close)
    kinds = [one.kind for one in await store.read(lambda c: deliveries.of_run(c, closed.id))]
    assert kinds == ([DeliveryKind.ALERT] if state is RunState.MISSED else [])
    assert (await store.read(lambda c: fresh_job(c, job))).failures == (state is RunState.MISSED)


async def test_a_run_without_a_job_is_told_and_nothing_more(store: Store) -> None:
    def once(c: Connection) -> Run:
        run = runs.add(c, a_run(state=RunState.READY, due_at=NOW))
        assert run is not None
        claimed = claim_run(c, run.id, "me", NOW, 60)
        assert claimed is not None
        ended = finish(c, replace(claimed, state=RunState.FAILED, ended_at=NOW), now=NOW)
        assert ended is not None
        return ended

    run = await store.run(once)
    assert [one.kind for one in await store.read(lambda c: deliveries.of_run(c, run.id))] == [DeliveryKind.RUN]


@pytest.mark.parametrize("state", ENDS)
async def test_any_end_is_followed_by_the_next_run_of_a_job_that_runs_after_each(
    store: Store, state: RunState
) -> None:
    job = await a_job_of(store, "10 minutes after each run")
    await store.run(lambda c: runs.drop_planned(c, job.id))
    await end(store, job, state, 3)
    planned = await store.read(lambda c: runs.planned_of(c, job.id))
    assert planned is not None
    assert planned.slot_at == NOW + timedelta(minutes=13)


async def test_the_end_of_a_run_moves_no_slot_of_a_fixed_rate(store: Store) -> None:
    job = await a_job_of(store, "every 5 minutes")
    before = await store.read(lambda c: runs.planned_of(c, job.id))
    await end(store, job, RunState.SUCCEEDED, 3)
    assert await store.read(lambda c: runs.planned_of(c, job.id)) == before


async def test_a_deleted_job_keeps_count_and_calls_nobody(store: Store) -> None:
    job = await a_job_of(store)
    run = await store.run(lambda c: begin(c, job, "typed:1", NOW))

    def remove_and_end(c: Connection) -> None:
        jobs.set_state(c, job.id, JobState.DELETED, by="U1", reason=None)
        finish(c, replace(run, state=RunState.FAILED, ended_at=NOW), now=NOW)

    await store.run(remove_and_end)
    assert await alerts_of(store, job) == []
    kept = await store.read(lambda c: jobs.get(c, TEAM, job.id))
    assert kept is not None
    assert kept.failures == 1


PASSES = Fault(code="unreachable", message="Dify cannot be reached.", final=False)


@pytest.mark.parametrize(
    ("by", "reason"), [(OWNER, "it waited for its next try"), (REPLACE, "replaced by a newer run")]
)
async def test_whoever_wants_a_run_to_stop_while_it_fails_ends_it(store: Store, by: str, reason: str) -> None:
    job = (await store.run(lambda c: save_job(c, policy=Policy(retries=2)))).job

    def fail(c: Connection, key: str, *, is_unwanted: bool) -> Run:
        run = begin(c, job, key, NOW)
        if is_unwanted:
            claims.ask_stop(c, run.id, by)
        ended = finish(c, replace(run, state=RunState.FAILED, ended_at=NOW, fault=PASSES), now=NOW)
        assert ended is not None
        return ended

    unwanted = await store.run(lambda c: fail(c, "typed:1", is_unwanted=True))
    assert (unwanted.state, unwanted.reason) == (RunState.STOPPED, reason)
    wanted = await store.run(lambda c: fail(c, "typed:2", is_unwanted=False))
    assert wanted.state is RunState.READY


async def test_a_run_that_was_given_back_between_two_wishes_to_stop_ends(store: Store) -> None:
    job = await a_job_of(store)

    def given_back(c: Connection) -> Run:
        run = begin(c, job, "typed:1", NOW)
        claims.ask_stop(c, run.id, OWNER)
        back = claims.put_back(c, run)
        assert back is not None
        return back

    run = await store.run(given_back)
    stopped = await store.run(lambda c: stop(c, an_actor(), run.id, now=NOW))
    assert (stopped.state, stopped.reason) == (RunState.STOPPED, "it had not started")


async def test_a_run_that_expires_says_nothing_of_a_dify_that_it_has_not_asked(store: Store) -> None:
    job = await a_job_of(store)
    full = Fault(code=FULL, message="Too many requests.", final=False)

    def expire(c: Connection, key: str, asked_at: datetime | None, state: RunState) -> None:
        run = begin(c, job, key, NOW)
        finish(c, replace(run, state=state, ended_at=NOW, fault=full, asked_at=asked_at), now=NOW)

    await store.run(lambda c: expire(c, "typed:1", None, RunState.EXPIRED))
    assert await store.read(gates.all_gates) == []
    await store.run(lambda c: expire(c, "typed:2", NOW, RunState.FAILED))
    assert len(await store.read(gates.all_gates)) == 1
