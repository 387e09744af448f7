"""What a clock that was ahead has put off does not wait until that time comes."""

from datetime import datetime, timedelta

from storage import ahead, attempts, claims, deliveries, gates, runs
from storage.ahead import TOLERANCE
from storage.database import Store
from storage.gates import FAILURES
from storage.records import Attempt, Run, RunState
from tests.storage.examples import NOW, TOMORROW, a_delivery, a_run

SOON = NOW + timedelta(minutes=10)


async def failed(store: Store, ended_at: datetime, try_at: datetime) -> Run:
    """A run that waits for its next attempt."""
    waiting = a_run(state=RunState.READY, try_at=try_at, ready_at=try_at, attempts=1)
    run = await store.run(lambda c: runs.add(c, waiting))
    assert run is not None
    past = Attempt(
        id=0, run_id=run.id, tag="t", asked_at=ended_at, ended_at=ended_at, base_url="", dify_run_id=None, fault=None
    )
    await store.run(lambda c: attempts.append(c, past))
    return run


async def test_a_run_that_failed_in_the_future_is_tried_now(store: Store) -> None:
    run = await failed(store, TOMORROW, TOMORROW + timedelta(minutes=1))
    await store.run(lambda c: ahead.pull_in(c, NOW))
    kept = await store.read(lambda c: runs.get(c, run.team_id, run.id))
    assert kept is not None
    assert (kept.try_at, kept.ready_at) == (NOW, NOW)
    assert await store.run(lambda c: claims.ready_runs(c, NOW, 9)) == [(run.id, run.app_id)]


async def test_a_run_that_waits_for_long_since_its_job_says_so_goes_on_waiting(store: Store) -> None:
    run = await failed(store, NOW + TOLERANCE, TOMORROW)
    await store.run(lambda c: ahead.pull_in(c, NOW))
    kept = await store.read(lambda c: runs.get(c, run.team_id, run.id))
    assert kept is not None
    assert kept.try_at == TOMORROW


async def test_a_gate_that_was_shut_in_the_future_may_be_tried_now(store: Store) -> None:
    for _ in range(FAILURES):
        await store.run(lambda c: gates.count_failure(c, "late", TOMORROW))
        await store.run(lambda c: gates.count_failure(c, "now", NOW))
    await store.run(lambda c: ahead.pull_in(c, NOW))
    until = {gate.name: gate.shut_until for gate in await store.read(gates.all_gates)}
    assert until == {"late": NOW, "now": NOW + timedelta(seconds=gates.SHUT_S)}


async def test_a_message_that_was_owed_in_the_future_is_due_as_long_after_now(store: Store) -> None:
    late = await store.run(
        lambda c: deliveries.owe(c, a_delivery(created_at=TOMORROW, due_at=TOMORROW + timedelta(minutes=10)))
    )
    slow = await store.run(lambda c: deliveries.owe(c, a_delivery(created_at=NOW, due_at=TOMORROW)))
    await store.run(lambda c: ahead.pull_in(c, NOW))
    kept = [await store.read(lambda c, one=one: deliveries.get(c, one.team_id, one.id)) for one in (late, slow)]
    assert [one.due_at for one in kept if one] == [SOON, TOMORROW]
