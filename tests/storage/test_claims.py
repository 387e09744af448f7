"""The one lock: each due thing is claimed once, leases end, and an old fence writes nothing."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from storage import claims, deliveries, runs
from storage.database import Store, open_store
from storage.records import DeliveryState, Run, RunState
from tests.makers import claim_run
from tests.storage.examples import NOW, SOON, TOMORROW, a_delivery, a_run

LATER = NOW + timedelta(minutes=10)


async def running_run(store: Store, owner: str = "me") -> Run:
    added = await store.run(lambda c: runs.add(c, a_run(state=RunState.READY)))
    assert added is not None
    claimed = await store.run(lambda c: claim_run(c, added.id, owner, NOW, 60))
    assert claimed is not None
    return claimed


async def test_due_runs_are_the_planned_ones_whose_time_has_come_oldest_first(store: Store) -> None:
    new = [
        a_run(name="second"),
        a_run(name="first", due_at=NOW - timedelta(microseconds=1)),
        a_run(name="third"),
        a_run(name="later", due_at=NOW + timedelta(microseconds=1)),
        a_run(name="ready", state=RunState.READY),
    ]
    assert await store.run(lambda c: runs.add_many(c, new)) == 5
    due = await store.run(lambda c: claims.due_runs(c, NOW, 10))
    assert [run.name for run in due] == ["first", "second", "third"]
    assert [run.name for run in await store.run(lambda c: claims.due_runs(c, NOW, 1))] == ["first"]


async def test_the_next_due_instant_is_that_of_the_earliest_planned_run(store: Store) -> None:
    assert await store.read(claims.next_due_at) is None
    await store.run(lambda c: runs.add_many(c, [a_run(due_at=TOMORROW), a_run(due_at=SOON)]))
    await store.run(lambda c: runs.add(c, a_run(due_at=NOW, state=RunState.RUNNING)))
    assert await store.read(claims.next_due_at) == SOON


async def test_admitted_runs_are_ready_and_nothing_else_changes_state(store: Store) -> None:
    planned, ended = a_run(), a_run(state=RunState.STOPPED)
    await store.run(lambda c: runs.add_many(c, [planned, ended]))
    ids = [run.id for run in await store.read(lambda c: runs.list_runs(c, "T1"))]
    await store.run(lambda c: claims.admit(c, ids, NOW))
    await store.run(lambda c: claims.admit(c, [], NOW))
    states = {run.key: run.state for run in await store.read(lambda c: runs.list_runs(c, "T1"))}
    assert states == {planned.key: RunState.READY, ended.key: RunState.STOPPED}
    assert len(await store.run(lambda c: claims.ready_runs(c, NOW, 10))) == 1


async def test_a_planned_run_can_be_closed_once_with_its_reason(store: Store) -> None:
    run = await store.run(lambda c: runs.add(c, a_run()))
    assert run is not None
    assert await store.run(lambda c: claims.close_planned(c, run.id, RunState.SKIPPED, "still running", SOON))
    assert not await store.run(lambda c: claims.close_planned(c, run.id, RunState.MISSED, "late", SOON))
    closed = await store.read(lambda c: runs.get(c, "T1", run.id))
    assert closed == replace(run, state=RunState.SKIPPED, reason="still running", ended_at=SOON)


async def test_ready_runs_wait_in_the_order_of_their_due_times(store: Store) -> None:
    late, early = a_run(due_at=SOON, state=RunState.READY), a_run(due_at=NOW, state=RunState.READY)
    await store.run(lambda c: runs.add_many(c, [late, early]))
    ids = await store.run(lambda c: claims.ready_runs(c, NOW, 10))
    found = [await store.read(lambda c, run_id=run_id: runs.get(c, "T1", run_id)) for run_id, _ in ids]
    assert [run and run.key for run in found] == [early.key, late.key]
    assert await store.run(lambda c: claims.ready_runs(c, NOW, 1)) == ids[:1]


async def test_a_claim_sets_owner_fence_lease_attempt_and_start_once(store: Store) -> None:
    added = await store.run(lambda c: runs.add(c, a_run(state=RunState.READY)))
    assert added is not None
    claimed = await store.run(lambda c: claim_run(c, added.id, "me", NOW, 60))
    assert claimed == replace(
        added,
        state=RunState.RUNNING,
        owner="me",
        fence=1,
        lease_until=SOON,
        attempts=1,
        started_at=NOW,
    )
    assert await store.run(lambda c: claim_run(c, added.id, "you", NOW, 60)) is None


async def test_a_later_attempt_keeps_the_first_start_and_raises_the_fence(store: Store) -> None:
    run = await running_run(store)
    put_back = await store.run(lambda c: claims.save_run(c, replace(run, state=RunState.READY, due_at=SOON)))
    assert put_back is not None
    assert (put_back.owner, put_back.lease_until, put_back.fence) == (None, None, 1)
    again = await store.run(lambda c: claim_run(c, run.id, "you", LATER, 60))
    assert again is not None
    assert (again.owner, again.fence, again.attempts, again.started_at) == ("you", 2, 2, NOW)


async def test_a_dead_owners_run_can_be_rescued_only_after_its_lease(store: Store) -> None:
    run = await running_run(store)
    assert await store.read(lambda c: claims.orphans(c, SOON, 10)) == []
    assert await store.run(lambda c: claims.rescue_run(c, run.id, "you", SOON, 60)) is None
    assert await store.read(lambda c: claims.orphans(c, LATER, 10)) == [run]
    rescued = await store.run(lambda c: claims.rescue_run(c, run.id, "you", LATER, 60))
    assert rescued == replace(run, owner="you", fence=2, lease_until=LATER + timedelta(minutes=1))
    assert await store.run(lambda c: claims.rescue_run(c, run.id, "third", LATER, 60)) is None


async def test_who_lost_the_fence_writes_nothing(store: Store) -> None:
    run = await running_run(store)
    await store.run(lambda c: claims.rescue_run(c, run.id, "you", LATER, 60))
    assert await store.run(lambda c: claims.save_run(c, replace(run, state=RunState.FAILED))) is None
    kept = await store.read(lambda c: runs.get(c, "T1", run.id))
    assert kept is not None
    assert (kept.state, kept.owner) == (RunState.RUNNING, "you")


async def test_an_ended_run_is_never_written_again(store: Store) -> None:
    run = await running_run(store)
    ended = await store.run(lambda c: claims.save_run(c, replace(run, state=RunState.SUCCEEDED, ended_at=SOON)))
    assert ended is not None
    assert (ended.owner, ended.lease_until) == ("me", None)
    assert await store.run(lambda c: claims.save_run(c, replace(run, state=RunState.FAILED))) is None
    assert not await store.run(lambda c: claims.ask_stop(c, run.id, "U2"))
    assert await store.read(lambda c: runs.get(c, "T1", run.id)) == ended


async def test_a_save_brings_a_stop_that_was_asked_meanwhile_and_does_not_undo_it(store: Store) -> None:
    run = await running_run(store)
    assert await store.run(lambda c: claims.ask_stop(c, run.id, "U2"))
    saved = await store.run(lambda c: claims.save_run(c, replace(run, tokens=7, current_node="LLM")))
    assert saved == replace(run, tokens=7, current_node="LLM", stop_by="U2")


async def test_a_save_does_not_move_key_slot_or_fence(store: Store) -> None:
    run = await running_run(store)
    changed = replace(run, key="other", slot_at=TOMORROW, nodes=3)
    assert await store.run(lambda c: claims.save_run(c, changed)) == replace(run, nodes=3)


async def test_a_save_never_shortens_a_lease_that_was_renewed_meanwhile(store: Store) -> None:
    run = await running_run(store)
    await store.run(lambda c: claims.renew(c, "me", {run.id: run.fence}, LATER, 60))
    renewed_until = LATER + timedelta(seconds=60)
    saved = await store.run(lambda c: claims.save_run(c, run))
    assert saved is not None
    assert saved.lease_until == renewed_until
    longer = replace(run, lease_until=TOMORROW)
    saved = await store.run(lambda c: claims.save_run(c, longer))
    assert saved is not None
    assert saved.lease_until == TOMORROW
    forgotten = await store.run(lambda c: claims.save_run(c, replace(run, lease_until=None)))
    assert forgotten is not None
    assert forgotten.lease_until == TOMORROW


async def test_a_waiting_run_may_be_left_without_a_lease_and_is_then_no_orphan(store: Store) -> None:
    run = await running_run(store)
    waiting = replace(run, state=RunState.WAITING)
    kept = await store.run(lambda c: claims.save_run(c, waiting))
    assert kept is not None
    assert kept.lease_until == run.lease_until
    assert [one.id for one in await store.read(lambda c: claims.orphans(c, LATER, 10))] == [run.id]
    free = await store.run(lambda c: claims.save_run(c, replace(waiting, lease_until=None)))
    assert free is not None
    assert free.lease_until is None
    assert await store.read(lambda c: claims.orphans(c, LATER, 10)) == []


async def test_progress_that_is_saved_late_does_not_set_a_waiting_run_running_again(store: Store) -> None:
    run = await running_run(store)
    snapshot = replace(run, nodes=2, nodes_done=1)
    await store.run(lambda c: claims.save_run(c, replace(run, state=RunState.WAITING)))
    assert await store.run(lambda c: claims.save_progress(c, [snapshot])) == set()
    kept = await store.read(lambda c: runs.get(c, run.team_id, run.id))
    assert kept is not None
    assert (kept.state, kept.nodes) == (RunState.WAITING, 0)


async def test_renewing_tells_which_runs_are_still_held(store: Store) -> None:
    mine, lost, ended = await running_run(store), await running_run(store), await running_run(store)
    yours = await running_run(store, "you")
    await store.run(lambda c: claims.rescue_run(c, lost.id, "you", LATER, 60))
    await store.run(lambda c: claims.save_run(c, replace(ended, state=RunState.STOPPED)))
    fences = {run.id: run.fence for run in (mine, lost, ended, yours)}
    assert await store.run(lambda c: claims.renew(c, "me", fences, LATER, 60)) == {mine.id}
    assert await store.run(lambda c: claims.renew(c, "me", {mine.id: 7}, LATER, 60)) == set()
    assert await store.run(lambda c: claims.renew(c, "me", {}, LATER, 60)) == set()


@pytest.mark.parametrize("state", [RunState.PLANNED, RunState.READY, RunState.RUNNING, RunState.WAITING])
async def test_a_stop_can_be_asked_of_any_run_that_has_not_ended(store: Store, state: RunState) -> None:
    run = await store.run(lambda c: runs.add(c, a_run(state=state)))
    assert run is not None
    assert await store.run(lambda c: claims.ask_stop(c, run.id, "U2"))
    asked = await store.read(lambda c: runs.get(c, "T1", run.id))
    assert asked is not None
    assert replace(asked, lease_until=None) == replace(run, stop_by="U2")
    assert (asked.lease_until is not None) is (state is RunState.WAITING)  # it is looked at now, not after its minute
    assert not await store.run(lambda c: claims.ask_stop(c, run.id + 1, "U2"))


async def test_who_is_alone_takes_everything_over_at_once(store: Store) -> None:
    run = await store.run(lambda c: runs.add(c, a_run(state=RunState.READY)))
    assert run is not None
    await store.run(lambda c: claim_run(c, run.id, "dead", NOW + timedelta(hours=1), 60))
    assert await store.read(lambda c: claims.orphans(c, NOW, 10)) == []
    await store.run(claims.end_leases)
    assert [one.id for one in await store.read(lambda c: claims.orphans(c, NOW, 10))] == [run.id]


async def test_eight_workers_in_two_processes_claim_each_run_once(url: str) -> None:
    stores = [open_store(url), open_store(url)]
    await stores[0].run(lambda c: runs.add_many(c, [a_run(state=RunState.READY) for _ in range(60)]))
    ids = await stores[0].run(lambda c: claims.ready_runs(c, NOW, 100))

    async def claim_all(worker: int) -> list[tuple[int, int]]:
        store, won = stores[worker % 2], []
        for run_id, _ in ids:
            run = await store.run(lambda c, run_id=run_id: claim_run(c, run_id, f"w{worker}", NOW, 60))
            if run is not None:
                won.append((run.id, run.fence))
        return won

    won = [pair for part in await asyncio.gather(*map(claim_all, range(8))) for pair in part]
    assert sorted(won) == [(run_id, 1) for run_id, _ in ids]
    for store in stores:
        await store.close()


async def test_eight_clocks_admit_each_due_run_once(url: str) -> None:
    stores = [open_store(url), open_store(url)]
    await stores[0].run(lambda c: runs.add_many(c, [a_run() for _ in range(80)]))

    async def tick(worker: int) -> list[int]:
        def admit(c):  # type: ignore[no-untyped-def]
            ids = [run.id for run in claims.due_runs(c, NOW, 7)]
            claims.admit(c, ids, NOW)
            return ids

        admitted: list[int] = []
        for _ in range(100):
            ids = await stores[worker % 2].run(admit)
            admitted += ids
            if not ids and await stores[0].read(claims.next_due_at) is None:
                break
        return admitted

    admitted = [run_id for part in await asyncio.gather(*map(tick, range(8))) for run_id in part]
    assert len(admitted) == len(set(admitted)) == 80
    for store in stores:
        await store.close()


async def test_eight_couriers_claim_each_delivery_once(url: str) -> None:
    stores = [open_store(url), open_store(url)]
    for _ in range(60):
        await stores[0].run(lambda c: deliveries.owe(c, a_delivery()))

    async def courier(worker: int) -> list[int]:
        won: list[int] = []
        for _ in range(12):
            owed = await stores[worker % 2].run(lambda c: claims.claim_deliveries(c, NOW, f"w{worker}", 7, 60))
            assert len(owed) <= 7
            won += [one.id for one in owed]
        return won

    won = [delivery_id for part in await asyncio.gather(*map(courier, range(8))) for delivery_id in part]
    assert len(won) == len(set(won)) == 60
    for store in stores:
        await store.close()


async def test_deliveries_are_claimed_by_rank_then_in_the_order_of_their_rows_and_only_when_due(store: Store) -> None:
    for name, rank, due_at in [
        ("a", 1, NOW),
        ("b", 1, NOW - timedelta(seconds=1)),
        ("urgent", 0, NOW),
        ("no", 0, SOON),
    ]:
        owed = a_delivery(target=name, rank=rank, due_at=due_at)
        await store.run(lambda c, owed=owed: deliveries.owe(c, owed))
    claimed = await store.run(lambda c: claims.claim_deliveries(c, NOW, "me", 10, 60))
    assert [(one.target, one.owner, one.fence, one.lease_until) for one in claimed] == [
        (name, "me", 1, SOON) for name in ("urgent", "a", "b")
    ]
    assert await store.run(lambda c: claims.claim_deliveries(c, NOW, "you", 10, 60)) == []
    after = await store.run(lambda c: claims.claim_deliveries(c, LATER, "you", 10, 60))
    assert [(one.target, one.fence) for one in after] == [("urgent", 2), ("no", 1), ("a", 2), ("b", 2)]


async def test_a_settled_delivery_is_sent_unless_more_was_wanted_meanwhile(store: Store) -> None:
    owed = a_delivery()
    await store.run(lambda c: deliveries.owe(c, owed))
    [first] = await store.run(lambda c: claims.claim_deliveries(c, NOW, "me", 1, 60))
    await store.run(lambda c: deliveries.owe(c, owed))
    receipt = {"channel": "C1", "ts": "1.2"}
    assert await store.run(lambda c: claims.settle(c, first, 1, receipt, SOON))
    half = await store.read(lambda c: deliveries.by_key(c, owed.key))
    assert half == replace(first, wanted=2, sent=1, receipt=receipt, due_at=SOON, owner=None, lease_until=None)
    [second] = await store.run(lambda c: claims.claim_deliveries(c, SOON, "me", 1, 60))
    assert await store.run(lambda c: claims.settle(c, second, 2, receipt, LATER))
    whole = await store.read(lambda c: deliveries.by_key(c, owed.key))
    assert whole is not None
    assert (whole.state, whole.sent, whole.lease_until) == (DeliveryState.SENT, 2, None)
    assert await store.read(claims.next_delivery_at) is None


async def test_who_lost_a_delivery_can_neither_settle_nor_retry_nor_bury_it(store: Store) -> None:
    await store.run(lambda c: deliveries.owe(c, a_delivery()))
    [old] = await store.run(lambda c: claims.claim_deliveries(c, NOW, "me", 1, 60))
    [new] = await store.run(lambda c: claims.claim_deliveries(c, LATER, "you", 1, 60))
    assert not await store.run(lambda c: claims.settle(c, old, 1, None, LATER))
    assert not await store.run(lambda c: claims.retry_delivery(c, old, LATER, "late"))
    assert not await store.run(lambda c: claims.bury(c, old, "late"))
    assert await store.read(lambda c: deliveries.get(c, "T1", new.id)) == new


async def test_a_retry_waits_and_counts_and_a_success_forgets_it(store: Store) -> None:
    await store.run(lambda c: deliveries.owe(c, a_delivery()))
    [first] = await store.run(lambda c: claims.claim_deliveries(c, NOW, "me", 1, 60))
    assert await store.run(lambda c: claims.retry_delivery(c, first, SOON, "ratelimited"))
    assert await store.run(lambda c: claims.claim_deliveries(c, NOW, "me", 1, 60)) == []
    [again] = await store.run(lambda c: claims.claim_deliveries(c, SOON, "me", 1, 60))
    assert (again.attempts, again.error, again.due_at) == (1, "ratelimited", SOON)
    assert await store.run(lambda c: claims.settle(c, again, 1, None, SOON))
    sent = await store.read(lambda c: deliveries.get(c, "T1", first.id))
    assert sent is not None
    assert (sent.attempts, sent.error, sent.receipt) == (0, None, None)


async def test_a_buried_delivery_is_dead_until_it_is_owed_again(store: Store) -> None:
    owed = a_delivery()
    await store.run(lambda c: deliveries.owe(c, owed))
    [first] = await store.run(lambda c: claims.claim_deliveries(c, NOW, "me", 1, 60))
    assert await store.run(lambda c: claims.bury(c, first, "channel_not_found"))
    assert [one.error for one in await store.read(lambda c: deliveries.dead(c, "T1"))] == ["channel_not_found"]
    assert await store.run(lambda c: claims.claim_deliveries(c, LATER, "me", 1, 60)) == []
    again = await store.run(lambda c: deliveries.owe(c, owed))
    assert (again.state, again.wanted, again.attempts) == (DeliveryState.OWED, 2, 0)
    assert await store.read(lambda c: deliveries.dead(c, "T1")) == []


async def test_what_was_owed_by_a_clock_that_was_ahead_is_not_due_because_its_lease_has_ended(store: Store) -> None:
    await store.run(lambda c: deliveries.owe(c, a_delivery(due_at=LATER)))
    await store.run(lambda c: claims.claim_deliveries(c, LATER, "dead", 9, 60))
    await store.run(claims.end_leases)
    assert await store.run(lambda c: claims.claim_deliveries(c, NOW, "me", 9, 60)) == []
    assert await store.read(claims.next_delivery_at) == LATER


async def test_the_next_delivery_is_the_earliest_free_one_or_the_end_of_a_lease(store: Store) -> None:
    assert await store.read(claims.next_delivery_at) is None
    await store.run(lambda c: deliveries.owe(c, a_delivery(due_at=NOW)))
    await store.run(lambda c: deliveries.owe(c, a_delivery(due_at=LATER)))
    assert await store.read(claims.next_delivery_at) == NOW
    await store.run(lambda c: claims.claim_deliveries(c, NOW, "me", 1, 60))
    assert await store.read(claims.next_delivery_at) == SOON
    await store.run(lambda c: claims.claim_deliveries(c, LATER, "me", 9, 3600))
    assert await store.read(claims.next_delivery_at) == LATER + timedelta(hours=1)
