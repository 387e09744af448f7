"""Runs: added once, read by team and place, newest first."""

from dataclasses import replace
from datetime import timedelta

import pytest

from storage import deliveries, jobs, runs
from storage.database import Store
from storage.records import Cause, Fault, Run, RunState
from tests.storage.examples import NOBODY, NOW, SOON, TOMORROW, a_delivery, a_job, a_run


async def test_a_key_makes_a_run_once(store: Store) -> None:
    run = a_run()
    first = await store.run(lambda c: runs.add(c, run))
    assert first == replace(run, id=first.id if first else 0)
    assert await store.run(lambda c: runs.add(c, replace(run, team_id="T2", name="another"))) is None
    assert await store.read(lambda c: runs.by_key(c, run.key)) == first
    assert await store.read(lambda c: runs.by_key(c, "none")) is None


async def test_many_runs_are_added_at_once_and_known_keys_are_passed_over(store: Store) -> None:
    plain, full = a_run(), a_run(job_id=4, outputs={"a": [1, None]}, fault=Fault(code="x", message="y"), tokens=3)
    known = a_run()
    await store.run(lambda c: runs.add(c, known))
    assert await store.run(lambda c: runs.add_many(c, [plain, known, full])) == 2
    assert await store.run(lambda c: runs.add_many(c, [plain])) == 0
    assert await store.run(lambda c: runs.add_many(c, [])) == 0
    found = {run.key: run for run in await store.read(lambda c: runs.list_runs(c, "T1"))}
    assert found[full.key] == replace(full, id=found[full.key].id)
    assert found[plain.key] == replace(plain, id=found[plain.key].id)
    assert len(found) == 3


async def test_a_batch_with_one_key_twice_adds_one_run(store: Store) -> None:
    run = a_run()
    assert await store.run(lambda c: runs.add_many(c, [run, run])) == 1


async def test_a_thousand_and_more_runs_fit_into_one_batch(store: Store) -> None:
    new = [a_run() for _ in range(1200)]
    assert await store.run(lambda c: runs.add_many(c, new)) == 1200


async def test_a_run_belongs_to_its_team(store: Store) -> None:
    run = await store.run(lambda c: runs.add(c, a_run()))
    assert run is not None
    assert await store.read(lambda c: runs.get(c, "T1", run.id)) == run
    assert await store.read(lambda c: runs.get(c, "T2", run.id)) is None
    assert await store.read(lambda c: runs.list_runs(c, "T2")) == []


async def test_runs_are_listed_newest_first_by_page_and_filter(store: Store) -> None:
    new = [
        a_run(name=name, channel_id=channel, job_id=job, state=state)
        for name, channel, job, state in [
            ("a", "C1", 1, RunState.SUCCEEDED),
            ("b", "C2", 2, RunState.FAILED),
            ("c", "C1", 1, RunState.FAILED),
            ("d", "C3", 3, RunState.PLANNED),
        ]
    ]
    await store.run(lambda c: runs.add_many(c, new))

    async def names(**filters: object) -> str:
        found = await store.read(lambda c: runs.list_runs(c, "T1", **filters))  # type: ignore[arg-type]
        return "".join(run.name for run in found)

    assert await names() == "dcba"
    assert await names(job_id=1) == "ca"
    assert await names(channel_ids=["C1", "C2"]) == "cba"
    assert await names(channel_ids=[]) == ""
    assert await names(states=[RunState.FAILED]) == "cb"
    assert await names(limit=2) == "dc"
    page = await store.read(lambda c: runs.list_runs(c, "T1", limit=2))
    assert await names(before_id=page[-1].id) == "ba"


async def test_only_the_next_slot_of_the_schedule_can_be_dropped(store: Store) -> None:
    slot = a_run(job_id=1, due_at=TOMORROW)
    rerun = a_run(job_id=1, cause=Cause.RERUN)
    retry = a_run(job_id=1, attempts=1)
    other = a_run(job_id=2)
    await store.run(lambda c: runs.add_many(c, [slot, rerun, retry, other]))
    planned = await store.read(lambda c: runs.planned_of(c, 1))
    assert planned is not None
    assert planned.key == slot.key
    assert await store.run(lambda c: runs.drop_planned(c, 1)) == 1
    assert await store.read(lambda c: runs.planned_of(c, 1)) is None
    assert await store.run(lambda c: runs.drop_planned(c, 1)) == 0
    left = {run.key for run in await store.read(lambda c: runs.list_runs(c, "T1"))}
    assert left == {rerun.key, retry.key, other.key}
    assert await store.run(lambda c: runs.add(c, slot)) is not None


async def test_a_number_is_never_given_twice(store: Store) -> None:
    run = await store.run(lambda c: runs.add(c, a_run(job_id=1)))
    assert run is not None
    await store.run(lambda c: runs.drop_planned(c, 1))
    again = await store.run(lambda c: runs.add(c, a_run()))
    assert again is not None
    assert again.id > run.id


async def test_a_job_is_active_while_a_run_is_ready_or_running(store: Store) -> None:
    states = [RunState.READY, RunState.RUNNING, RunState.WAITING, RunState.PLANNED, RunState.FAILED]
    await store.run(lambda c: runs.add_many(c, [a_run(job_id=n, state=state) for n, state in enumerate(states)]))
    assert await store.read(lambda c: runs.active_of(c, range(9))) == {0, 1}
    assert await store.read(lambda c: runs.active_of(c, [1, 4])) == {1}
    assert await store.read(lambda c: runs.active_of(c, [])) == set()


async def test_the_last_ended_run_is_the_one_that_ended_last_and_had_started(store: Store) -> None:
    long = a_run(job_id=1, state=RunState.FAILED, ended_at=TOMORROW)
    short = a_run(job_id=1, state=RunState.SUCCEEDED, ended_at=SOON)
    skipped = a_run(job_id=1, state=RunState.SKIPPED, ended_at=TOMORROW + timedelta(days=1))
    other = a_run(job_id=2, state=RunState.SUCCEEDED, ended_at=TOMORROW + timedelta(days=1))
    await store.run(lambda c: runs.add_many(c, [long, short, skipped, other]))

    async def key(before: object = None) -> str | None:
        run = await store.read(lambda c: runs.last_ended(c, 1, before))  # type: ignore[arg-type]
        return run and run.key

    assert await key() == long.key
    assert await key(TOMORROW) == short.key
    assert await key(SOON) is None


async def test_next_and_running_runs_are_seen_in_the_channels_that_one_may_see(store: Store) -> None:
    new = [
        a_run(name="tomorrow", due_at=TOMORROW),
        a_run(name="soon", due_at=SOON),
        a_run(name="elsewhere", channel_id="C9"),
        a_run(name="second", state=RunState.RUNNING, started_at=SOON),
        a_run(name="first", state=RunState.WAITING, started_at=NOW),
        a_run(name="foreign", team_id="T2"),
    ]
    await store.run(lambda c: runs.add_many(c, new))

    def names(found: list[Run]) -> list[str]:
        return [run.name for run in found]

    assert names(await store.read(lambda c: runs.next_runs(c, "T1", ["C1"], 9))) == ["soon", "tomorrow"]
    assert names(await store.read(lambda c: runs.next_runs(c, "T1", None, 2))) == ["elsewhere", "soon"]
    assert names(await store.read(lambda c: runs.next_runs(c, "T1", [], 9))) == []
    assert names(await store.read(lambda c: runs.running(c, "T1", ["C1"]))) == ["first", "second"]
    assert names(await store.read(lambda c: runs.running(c, "T1", []))) == []


async def test_a_trace_is_kept_with_its_run_and_replaced_by_a_newer_one(store: Store) -> None:
    run = await store.run(lambda c: runs.add(c, a_run()))
    assert run is not None
    assert await store.read(lambda c: runs.get_trace(c, run.id)) is None
    await store.run(lambda c: runs.put_trace(c, run.id, b"old", 1, 0, 0))
    await store.run(lambda c: runs.put_trace(c, run.id, b"new", 2, 1, 0))
    assert await store.read(lambda c: runs.get_trace(c, run.id)) == b"new"


async def test_a_trace_or_a_message_of_no_run_is_refused(store: Store) -> None:
    with pytest.raises(Exception, match=r"(?i)foreign key"):
        await store.run(lambda c: runs.put_trace(c, NOBODY, b"", 0, 0, 0))
    with pytest.raises(Exception, match=r"(?i)foreign key"):
        await store.run(lambda c: deliveries.owe(c, a_delivery(run_id=NOBODY)))


async def test_slots_and_last_runs_of_many_jobs_are_read_at_once(store: Store) -> None:
    new = [
        a_run(job_id=1, due_at=SOON, name="next of 1"),
        a_run(job_id=1, state=RunState.SUCCEEDED, ended_at=TOMORROW, name="last of 1"),
        a_run(job_id=1, state=RunState.FAILED, ended_at=SOON, name="older, of 1"),
        a_run(job_id=2, cause=Cause.RERUN, name="rerun of 2"),
        a_run(job_id=2, state=RunState.SKIPPED, ended_at=SOON),
        a_run(job_id=3, name="next of 3"),
    ]
    real = [await store.run(lambda c: jobs.add(c, a_job())) for _ in range(3)]
    ids = [job.id for job in real]
    await store.run(lambda c: runs.add_many(c, [replace(run, job_id=ids[(run.job_id or 0) - 1]) for run in new]))
    planned = await store.read(lambda c: runs.planned_of_many(c, ids[:2]))
    assert [run.name for run in planned] == ["next of 1"]
    ended = await store.read(lambda c: runs.last_ended_of_many(c, ids))
    assert [run.name for run in ended] == ["last of 1"]
    assert await store.read(lambda c: runs.planned_of_many(c, [])) == []
    assert await store.read(lambda c: runs.last_ended_of_many(c, [])) == []
    assert await store.read(lambda c: runs.count_runs(c, ids[0])) == 3


async def test_the_last_run_of_some_outcome_is_found(store: Store) -> None:
    good = a_run(job_id=1, state=RunState.SUCCEEDED, ended_at=NOW)
    bad = a_run(job_id=1, state=RunState.FAILED, ended_at=SOON)
    await store.run(lambda c: runs.add_many(c, [good, bad]))
    found = await store.read(lambda c: runs.last_ended(c, 1, states=[RunState.SUCCEEDED]))
    assert found is not None
    assert found.key == good.key


async def test_reruns_are_known_to_their_run_newest_first(store: Store) -> None:
    new = [a_run(rerun_of=rerun_of, name=name) for name, rerun_of in [("a", 7), ("b", 8), ("c", 7)]]
    await store.run(lambda c: runs.add_many(c, new))
    assert [run.name for run in await store.read(lambda c: runs.reruns_of(c, 7))] == ["c", "a"]


async def test_keys_are_counted_by_their_beginning_among_ended_runs(store: Store) -> None:
    keys = ["test:a_b/0", "test:a_b/1", "test:aXb/0", "test:a_b", "test:a_c/0"]
    await store.run(lambda c: runs.add_many(c, [a_run(key=key, ended_at=NOW) for key in keys]))
    await store.run(lambda c: runs.add(c, a_run(key="test:a_b/2")))
    assert await store.read(lambda c: runs.count_keys(c, "test:a_b/")) == 2


async def test_wishes_to_stop_are_read_for_many_runs(store: Store) -> None:
    stopped, other = [await store.run(lambda c, by=by: runs.add(c, a_run(stop_by=by))) for by in ("U2", None)]
    assert stopped is not None
    assert other is not None
    assert await store.read(lambda c: runs.stop_wishes(c, [stopped.id, other.id])) == {stopped.id: "U2"}
    assert await store.read(lambda c: runs.stop_wishes(c, [])) == {}
