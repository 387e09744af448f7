"""Slots: what is in the way, who stands in line, what started and what was missed, and steps that are taken once."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection

from storage import runs, slots
from storage.database import Store
from storage.records import Cause, Run, RunState
from tests.storage.examples import NOW, SOON, TOMORROW, a_run

HOUR = timedelta(hours=1)
Act = Callable[[Connection, Run], object]


async def added(store: Store, *new: Run) -> list[Run]:
    return await store.run(lambda c: [run for one in new if (run := runs.add(c, one)) is not None])


async def read(store: Store, run: Run) -> Run:
    found = await store.read(lambda c: runs.by_key(c, run.key))
    assert found is not None
    return found


async def act_on(store: Store, rows: Iterable[Run], act: Act) -> list[object]:
    return await store.run(lambda c: [act(c, run) for run in rows])


async def test_queued_ready_and_running_runs_are_in_the_way_oldest_first(store: Store) -> None:
    states = [RunState.PLANNED, RunState.QUEUED, RunState.READY, RunState.RUNNING, RunState.WAITING, RunState.FAILED]
    later, *_ = await added(store, a_run(job_id=1, state=RunState.READY, due_at=SOON))
    old = await added(store, *(a_run(job_id=1, state=state) for state in states))
    [other, _] = await added(store, a_run(job_id=2, state=RunState.RUNNING), a_run(job_id=3, state=RunState.QUEUED))
    assert await store.read(lambda c: slots.in_the_way(c, [1])) == [*old[1:4], later]
    assert await store.read(lambda c: slots.in_the_way(c, {1, 2, 9})) == [*old[1:4], other, later]
    assert await store.read(lambda c: slots.in_the_way(c, [])) == []


@pytest.mark.parametrize("reason", [None, slots.MADE_UP])
async def test_a_planned_run_takes_its_place_in_line_once(store: Store, reason: str | None) -> None:
    [run] = await added(store, a_run(job_id=1))
    await store.run(lambda c: slots.queue(c, run.id, reason))
    assert await read(store, run) == replace(run, state=RunState.QUEUED, reason=reason)
    await store.run(lambda c: slots.queue(c, run.id, "again"))
    assert (await read(store, run)).reason == reason


async def test_only_a_planned_run_is_put_in_line(store: Store) -> None:
    states = [state for state in RunState if state not in (RunState.PLANNED, RunState.QUEUED)]
    rows = await added(store, *(a_run(state=state) for state in states))
    await act_on(store, rows, lambda c, run: slots.queue(c, run.id, None))
    assert [await read(store, run) for run in rows] == rows


@pytest.mark.parametrize("state", [RunState.PLANNED, RunState.QUEUED])
async def test_a_run_starts_with_its_inputs_and_forgets_why_it_waited(store: Store, state: RunState) -> None:
    [run] = await added(store, a_run(state=state, reason=slots.MADE_UP))
    await store.run(lambda c: slots.start(c, run.id, {"topic": "tea"}, NOW))
    ready = replace(run, state=RunState.READY, reason=None, inputs={"topic": "tea"}, ready_at=NOW)
    assert await read(store, run) == ready
    await store.run(lambda c: slots.start(c, run.id, {"topic": "twice"}, NOW))
    assert await read(store, run) == ready


async def test_what_has_begun_or_ended_is_not_started_again(store: Store) -> None:
    states = [state for state in RunState if state not in (RunState.PLANNED, RunState.QUEUED)]
    rows = await added(store, *(a_run(state=state, reason="its own") for state in states))
    await act_on(store, rows, lambda c, run: slots.start(c, run.id, {}, NOW))
    assert [await read(store, run) for run in rows] == rows


@pytest.mark.parametrize("state", [RunState.QUEUED, RunState.READY])
async def test_a_run_that_has_not_begun_is_closed_once(store: Store, state: RunState) -> None:
    [run] = await added(store, a_run(state=state, reason=slots.MADE_UP))
    closed = replace(run, state=RunState.SKIPPED, reason="superseded", ended_at=SOON)
    for answer in (closed, None):
        found = await store.run(lambda c: slots.close_unstarted(c, run.id, RunState.SKIPPED, "superseded", SOON))
        assert found == answer
    assert await read(store, run) == closed


async def test_what_is_planned_has_begun_or_has_ended_is_not_closed(store: Store) -> None:
    states = [state for state in RunState if state not in (RunState.QUEUED, RunState.READY)]
    rows = await added(store, *(a_run(state=state) for state in states))
    closed = await act_on(store, rows, lambda c, run: slots.close_unstarted(c, run.id, RunState.STOPPED, "x", SOON))
    assert set(closed) == {None}
    assert [await read(store, run) for run in rows] == rows


async def test_starts_are_those_that_have_begun_and_those_that_may_at_any_moment(store: Store) -> None:
    await added(
        store,
        a_run(job_id=1, state=RunState.SUCCEEDED, started_at=NOW),
        a_run(job_id=1, state=RunState.RUNNING, started_at=NOW, slot_at=SOON),
        a_run(job_id=1, state=RunState.READY, slot_at=SOON),
        a_run(job_id=1, state=RunState.QUEUED, slot_at=TOMORROW),
        a_run(job_id=1, slot_at=TOMORROW),
        a_run(job_id=1, state=RunState.SKIPPED),
        a_run(job_id=1, state=RunState.RUNNING, started_at=NOW, cause=Cause.RERUN),
        a_run(job_id=2, state=RunState.READY),
    )
    assert await store.read(lambda c: slots.count_starts(c, 1, None)) == (2, 2)
    assert await store.read(lambda c: slots.count_starts(c, 1, SOON)) == (1, 2)
    assert await store.read(lambda c: slots.count_starts(c, 1, TOMORROW)) == (0, 1)
    assert await store.read(lambda c: slots.count_starts(c, 9, None)) == (0, 0)


async def test_a_run_that_goes_back_for_another_attempt_is_one_start(store: Store) -> None:
    await added(store, a_run(job_id=1, state=RunState.READY, started_at=NOW, attempts=1))
    assert await store.read(lambda c: slots.count_starts(c, 1, None)) == (1, 0)


async def test_slots_missed_in_a_row_are_counted_back_to_whatever_else_happened(store: Store) -> None:
    _, _, _, _, last, _, _ = await added(
        store,
        a_run(job_id=1, state=RunState.MISSED, slot_at=NOW - 3 * HOUR),
        a_run(job_id=1, state=RunState.SUCCEEDED, slot_at=NOW - 2 * HOUR),
        a_run(job_id=1, state=RunState.MISSED, slot_at=NOW - HOUR),
        a_run(job_id=2, state=RunState.SUCCEEDED),
        a_run(job_id=1, state=RunState.MISSED, slot_at=NOW),
        a_run(job_id=2, state=RunState.MISSED, slot_at=NOW),
        a_run(job_id=1, slot_at=TOMORROW),
    )
    found = await store.read(lambda c: slots.missed_in_a_row(c, 1))
    assert found == slots.Missed(count=2, since=NOW - HOUR, last=last)


async def test_a_job_that_has_only_ever_missed_has_missed_all(store: Store) -> None:
    rows = await added(store, *(a_run(job_id=1, state=RunState.MISSED, slot_at=NOW + n * HOUR) for n in range(3)))
    found = await store.read(lambda c: slots.missed_in_a_row(c, 1))
    assert found == slots.Missed(count=3, since=NOW, last=rows[-1])


async def test_slots_that_came_due_after_all_before_were_closed_are_counted_by_themselves(store: Store) -> None:
    def missed(due: float, closed: float) -> Run:
        at = NOW + due * HOUR
        return a_run(job_id=1, state=RunState.MISSED, slot_at=at, due_at=at, ended_at=NOW + closed * HOUR)

    *_, last = await added(store, missed(0, 3), missed(1, 3), missed(4, 6), missed(5, 6), missed(5.5, 6.5))
    found = await store.read(lambda c: slots.missed_in_a_row(c, 1))
    assert found == slots.Missed(count=3, since=NOW + 4 * HOUR, last=last)


async def test_nothing_is_missed_where_the_last_thing_was_another(store: Store) -> None:
    await added(store, a_run(job_id=1, state=RunState.MISSED), a_run(job_id=1, state=RunState.SKIPPED))
    assert await store.read(lambda c: slots.missed_in_a_row(c, 1)) is None
    assert await store.read(lambda c: slots.missed_in_a_row(c, 9)) is None


async def test_the_newest_slots_are_those_that_came_due_last_written_first(store: Store) -> None:
    first, _, second, _, third, _ = await added(
        store,
        a_run(job_id=1, state=RunState.SKIPPED),
        a_run(job_id=1, state=RunState.SUCCEEDED, cause=Cause.MANUAL),
        a_run(job_id=1, state=RunState.RUNNING),
        a_run(job_id=2, state=RunState.SKIPPED),
        a_run(job_id=1, state=RunState.MISSED, slot_at=NOW - HOUR),
        a_run(job_id=1, slot_at=TOMORROW),
    )
    assert await store.read(lambda c: slots.newest(c, 1, 9)) == [third, second, first]
    assert await store.read(lambda c: slots.newest(c, 1, 2)) == [third, second]
    assert await store.read(lambda c: slots.newest(c, 9, 2)) == []


async def test_the_last_slot_is_the_latest_time_and_not_the_last_row(store: Store) -> None:
    await added(
        store,
        a_run(job_id=1, slot_at=TOMORROW),
        a_run(job_id=1, state=RunState.MISSED, slot_at=NOW),
        a_run(job_id=1, cause=Cause.RERUN, slot_at=TOMORROW + HOUR),
        a_run(job_id=2, slot_at=TOMORROW + HOUR),
    )
    assert await store.read(lambda c: slots.last_slot_at(c, 1)) == TOMORROW
    assert await store.read(lambda c: slots.last_slot_at(c, 9)) is None
