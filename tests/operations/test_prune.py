"""Prune: old rows go window by window, what a day came to stays, and each run is counted once."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from bot.errors import Refusal
from bot.operations.launch import rerun
from bot.operations.prune import WINDOW, let_go, look_for_old
from bot.rules.access import system
from bot.rules.retention import Retention
from storage import audit, deliveries, jobs, rollups, runs
from storage.database import Store
from storage.records import AuditEntry, DeliveryState, JobState, Run, RunState, Schedule
from tests.makers import list_entries
from tests.storage.examples import NOW, a_delivery, a_job, a_run

TEN_TIMES = Schedule(kind="cron", spec="0 9 * * *", zone="UTC", text="every day at 9", says="", times=10)
BLOB = runs.pack_trace(())


def aged(days: float, **fields: Any) -> Run:
    at = NOW - timedelta(days=days)
    return a_run(
        **{"state": RunState.SUCCEEDED, "ended_at": at, "created_at": at, "due_at": at, "slot_at": at} | fields
    )


def sweep(c: Connection, now: datetime = NOW, retention: Retention = Retention()) -> int:
    """All windows, from the first row to the last; how many."""
    after_run: int | None = 0
    after_delivery: int | None = 0
    count = 0
    while after_run is not None or after_delivery is not None:
        found = look_for_old(c, retention, after_run=after_run, after_delivery=after_delivery, now=now)
        let_go(c, found, now=now)
        after_run, after_delivery = found.next_run, found.next_delivery
        count += 1
    return count


def added(c: Connection, run: Run, *, trace: bool = True, told: DeliveryState | None = DeliveryState.SENT) -> Run:
    kept = runs.add(c, run)
    assert kept is not None
    if trace:
        runs.put_trace(c, kept.id, BLOB, 1, 0, 0)
    if told is not None:
        deliveries.owe(c, a_delivery(key=f"run:{kept.id}>C1", run_id=kept.id))
        c.exec_driver_sql(f"UPDATE deliveries SET state = '{told}' WHERE run_id = {kept.id}")
    return kept


async def test_a_run_loses_its_trace_then_its_values_then_it_goes(store: Store) -> None:
    def check(c: Connection) -> None:
        fresh, middle, old, gone = (added(c, aged(days, outputs={"text": "x"})) for days in (1, 20, 40, 100))
        sweep(c)
        assert [runs.get_trace(c, run.id) is not None for run in (fresh, middle, old)] == [True, False, False]
        assert runs.get(c, "T1", middle.id) == middle
        cleared = runs.get(c, "T1", old.id)
        assert cleared == replace(old, inputs={}, outputs=None, cleared_at=NOW)
        assert not deliveries.of_run(c, old.id)
        assert runs.get(c, "T1", gone.id) is None
        with pytest.raises(Refusal, match="not kept"):
            rerun(c, system("T1"), old.id, generation=None, now=NOW)

    await store.run(check)


async def test_what_goes_is_added_up_by_job_day_state_and_currency_once(store: Store) -> None:
    def check(c: Connection) -> None:
        told: dict[str, Any] = {"job_id": 7, "tokens": 10, "elapsed_s": 1.5, "price": "0.0010", "currency": "USD"}
        for days in (100.01, 100.02, 100.03, 101.01):
            added(c, aged(days, **told))
        added(c, aged(200, job_id=7, state=RunState.FAILED, price="free"))
        sweep(c)
        sweep(c)
        failed, earlier, fine = rollups.of_job(c, "T1", 7)
        assert (failed.state, failed.runs, failed.price, failed.currency) == (RunState.FAILED, 1, "0", "")
        assert (earlier.runs, earlier.price) == (1, "0.0010")
        assert (fine.state, fine.runs, fine.tokens, fine.elapsed_s) == (RunState.SUCCEEDED, 3, 30, 4.5)
        assert (fine.price, fine.currency) == ("0.0030", "USD")
        added(c, aged(100.04, **told))
        sweep(c)
        assert rollups.of_job(c, "T1", 7)[-1].runs == 4

    await store.run(check)


async def test_what_goes_on_is_owed_or_needed_stays(store: Store) -> None:
    def check(c: Connection) -> None:
        job = jobs.add(c, a_job(name="Daily"))
        counted = jobs.add(c, a_job(name="Ten times", schedules=(TEN_TIMES,)))
        deleted = jobs.add(c, a_job(name="Gone", state=JobState.DELETED))
        goes_on = added(c, aged(300, state=RunState.WAITING, ended_at=None))
        owed = added(c, aged(300), told=DeliveryState.OWED)
        success = added(c, aged(250, job_id=job.id, outputs={"text": "last"}))
        gone = added(c, aged(240, job_id=job.id, state=RunState.FAILED))
        failure = added(c, aged(230, job_id=job.id, state=RunState.FAILED))
        many = [added(c, aged(days, job_id=counted.id)) for days in (400, 300, 200)]
        of_deleted = added(c, aged(100, job_id=deleted.id))
        sweep(c)
        for run in (goes_on, owed, success, failure, *many):
            assert runs.get(c, "T1", run.id) == run
        assert runs.get(c, "T1", gone.id) is None
        assert runs.get(c, "T1", of_deleted.id) is None

    await store.run(check)


async def test_fmea_b13_old_rows_go_in_windows_until_the_last(store: Store) -> None:
    def check(c: Connection) -> None:
        runs.add_many(c, [aged(100) for _ in range(2 * WINDOW + 10)])
        newest = added(c, aged(1))
        assert sweep(c) == 3
        assert [run.id for run in runs.list_runs(c, "T1", limit=10)] == [newest.id]
        assert sum(one.runs for one in rollups.of_job(c, "T1", 0)) == 2 * WINDOW + 10

    await store.run(check)


async def test_notices_and_the_audit_go_as_well(store: Store) -> None:
    def check(c: Connection) -> None:
        long_ago = NOW - timedelta(days=500)
        old, _, fresh = (
            deliveries.owe(c, a_delivery(key=key, created_at=at))
            for key, at in (("old", long_ago), ("owed", long_ago), ("fresh", NOW))
        )
        c.exec_driver_sql(f"UPDATE deliveries SET state = 'dead' WHERE id IN ({old.id}, {fresh.id})")
        for at in (long_ago, NOW):
            audit.append(c, AuditEntry(id=0, team_id="T1", at=at, actor="U1", action="pause", about="job:1"))
        sweep(c)
        left = c.exec_driver_sql("SELECT key FROM deliveries ORDER BY id").scalars().all()
        assert left == ["owed", "fresh"]
        assert [entry.at for entry in list_entries(c, "T1")] == [NOW]

    await store.run(check)


async def test_what_is_owed_or_gone_since_it_was_looked_at_is_left_alone(store: Store) -> None:
    def check(c: Connection) -> None:
        old, gone, cleared = (added(c, aged(days, job_id=7), told=None) for days in (100, 101, 40))
        found = look_for_old(c, Retention(), after_run=0, after_delivery=0, now=NOW)
        assert (found.runs, found.values) == ((old.id, gone.id), (cleared.id,))
        for run in (old, cleared):
            deliveries.owe(c, a_delivery(key=f"run:{run.id}>C1", run_id=run.id))
        let_go(c, found, now=NOW)
        let_go(c, found, now=NOW)
        assert [runs.get(c, "T1", run.id) for run in (old, cleared)] == [old, cleared]
        assert runs.get(c, "T1", gone.id) is None
        assert sum(one.runs for one in rollups.of_job(c, "T1", 7)) == 1

    await store.run(check)
