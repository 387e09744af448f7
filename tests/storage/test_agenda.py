"""The agenda: what goes on, what was skipped and can come back, what is moved, what became of the latest slots."""

from dataclasses import replace
from datetime import timedelta

import pytest

from storage import agenda, runs
from storage.database import Store
from storage.records import Cause, Run, RunState
from tests.storage.examples import NOBODY, NOW, SOON, TOMORROW, a_run

HOUR = timedelta(hours=1)


async def added(store: Store, *new: Run) -> list[Run]:
    return await store.run(lambda c: [run for one in new if (run := runs.add(c, one)) is not None])


async def read(store: Store, run: Run) -> Run | None:
    return await store.read(lambda c: runs.by_key(c, run.key))


async def test_runs_go_on_from_ready_until_they_have_ended(store: Store) -> None:
    rows = await added(store, *(a_run(job_id=1, state=state) for state in RunState))
    await added(store, a_run(job_id=2, state=RunState.RUNNING))
    going = [run for run in rows if run.state in (RunState.READY, RunState.RUNNING, RunState.WAITING)]
    found = await store.read(lambda c: agenda.going_of(c, 1))
    assert sorted(found, key=lambda run: run.id) == going
    assert await store.read(lambda c: agenda.going_of(c, 9)) == []


async def test_skipped_slots_are_those_that_lie_ahead_soonest_first(store: Store) -> None:
    skipped = {"job_id": 1, "state": RunState.SKIPPED}
    later, sooner, *_ = await added(
        store,
        a_run(**skipped, slot_at=TOMORROW + HOUR, due_at=TOMORROW + HOUR),
        a_run(**skipped, slot_at=TOMORROW, due_at=TOMORROW),
        a_run(**skipped, slot_at=SOON, due_at=SOON),
        a_run(**skipped, slot_at=TOMORROW, due_at=TOMORROW, cause=Cause.MANUAL),
        a_run(job_id=1, slot_at=TOMORROW, due_at=TOMORROW),
        a_run(job_id=2, state=RunState.SKIPPED, slot_at=TOMORROW, due_at=TOMORROW),
    )
    assert await store.read(lambda c: agenda.skipped_after(c, 1, SOON)) == [sooner, later]
    assert await store.read(lambda c: agenda.skipped_after(c, 1, TOMORROW + HOUR)) == []


async def test_a_skipped_slot_that_was_moved_past_now_lies_ahead_too(store: Store) -> None:
    [moved] = await added(store, a_run(job_id=1, state=RunState.SKIPPED, slot_at=NOW, due_at=TOMORROW))
    assert await store.read(lambda c: agenda.skipped_after(c, 1, SOON)) == [moved]


async def test_skipped_slots_are_sought_among_the_newest_rows_of_the_job(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agenda, "NEWEST", 2)
    skipped = {"state": RunState.SKIPPED, "slot_at": TOMORROW, "due_at": TOMORROW}
    old, seen, *_ = await added(
        store, a_run(job_id=1, **skipped), a_run(job_id=1, **skipped), a_run(job_id=1), a_run(job_id=2)
    )
    assert await store.read(lambda c: agenda.skipped_after(c, 1, NOW)) == [seen]
    assert await read(store, old) == old


async def test_only_skipped_slots_are_taken_out_and_their_keys_are_free_again(store: Store) -> None:
    skipped, planned, other = await added(
        store, a_run(job_id=1, state=RunState.SKIPPED), a_run(job_id=1), a_run(job_id=1, state=RunState.SKIPPED)
    )
    assert await store.run(lambda c: agenda.drop_skipped(c, [skipped.id, planned.id, NOBODY])) == 1
    assert await store.run(lambda c: agenda.drop_skipped(c, [skipped.id])) == 0
    assert await store.run(lambda c: agenda.drop_skipped(c, [])) == 0
    assert [await read(store, run) for run in (skipped, planned, other)] == [None, planned, other]
    assert await store.run(lambda c: runs.add(c, replace(skipped, state=RunState.PLANNED))) is not None


async def test_a_planned_run_is_moved_and_its_slot_stays(store: Store) -> None:
    [run] = await added(store, a_run(job_id=1))
    assert await store.run(lambda c: agenda.move(c, run, TOMORROW))
    assert await read(store, run) == replace(run, due_at=TOMORROW)


async def test_what_is_not_planned_any_more_is_not_moved(store: Store) -> None:
    rows = await added(store, *(a_run(state=state) for state in RunState if state is not RunState.PLANNED))
    assert not any(await store.run(lambda c: [agenda.move(c, run, TOMORROW) for run in rows]))
    assert [await read(store, run) for run in rows] == rows
    assert not await store.run(lambda c: agenda.move(c, replace(rows[0], id=NOBODY), TOMORROW))


async def test_the_latest_slots_are_told_in_few_words_newest_first(store: Store) -> None:
    first, _, _, second = await added(
        store,
        a_run(job_id=1, state=RunState.SKIPPED, reason="skipped by Ann", slot_at=NOW, due_at=SOON),
        a_run(job_id=1, cause=Cause.RERUN),
        a_run(job_id=2),
        a_run(job_id=1, outputs={"long": "text"}, slot_at=TOMORROW, due_at=TOMORROW),
    )
    rows = [agenda.SlotRow(run.key, run.slot_at, run.due_at, run.state, run.reason) for run in (second, first)]
    assert await store.read(lambda c: agenda.latest(c, 1, 9)) == rows
    assert await store.read(lambda c: agenda.latest(c, 1, 1)) == rows[:1]
    assert await store.read(lambda c: agenda.latest(c, 9, 1)) == []
