"""The herd: plain slots are let in together, and all comes to the same as when each is decided about alone."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select, update

from bot.operations.hold import hold
from bot.operations.launch import launch_job
from bot.operations.pause import pause
from bot.operations.tick import Ticked, decide_due, tick
from bot.rules.admit import GRACE
from storage import calendars, herd, jobs, runs
from storage.database import Store
from storage.records import DeliveryKind, Job, JobState, Policy, RunState
from storage.tables import DELIVERY, JOB, RUN, deliveries
from storage.tables import jobs as job_table
from storage.tables import runs as run_table
from tests.makers import NOW, an_actor, fresh_job, runs_of, save_job
from tests.storage.examples import a_calendar

DUE = NOW + timedelta(minutes=5)

# name → when it runs, and what else is said of it
PLAIN: dict[str, tuple[str, dict[str, Any]]] = {
    "often": ("every 5 minutes", {}),
    "urgent": ("every 5 minutes", {"policy": Policy(priority=3, warn_over_s=60)}),
    "daily": ("every day at 7:05", {}),
    "several": ("every 5 minutes; 7 * * * *", {}),
    "spread": ("every 5 minutes spread over 2 minutes", {}),
    "holidays": ("every day at 7:05 except us holidays", {}),
    "bounded": ("every 5 minutes until 2026-09-03", {}),
    "odd inputs": ("every 5 minutes", {"inputs": {"topic": '{"a": [{}]}', "ünï": "{ {"}}),
}
CLOSER: dict[str, tuple[str, dict[str, Any]]] = {
    "counted": ("every 5 minutes, 2 times", {}),
    "once": ("2026-09-01 7:05", {}),
    "macro": ("every 5 minutes", {"inputs": {"topic": "{{ today }}"}}),
    "own calendar": ("every 5 minutes except closing days", {}),
    "busy": ("every 5 minutes", {}),
    "held": ("every 5 minutes", {}),
    "paused": ("every 5 minutes", {}),
    "after each": ("10 minutes after each run", {}),
}


def fill(c: Connection) -> dict[str, Job]:
    calendars.put(c, a_calendar(datetime(2026, 12, 24, tzinfo=NOW.tzinfo).date()))
    saved = {
        name: save_job(c, when, name=name, **{"inputs": {"topic": name}} | said).job
        for name, (when, said) in (PLAIN | CLOSER).items()
    }
    launch_job(c, an_actor(), saved["busy"].id, None, key="typed:1", now=NOW)
    held = runs.planned_of(c, saved["held"].id)
    assert held is not None
    hold(c, an_actor(), held.id, now=NOW)
    return saved


def let_in(c: Connection, at: datetime) -> set[str]:
    """The names of those that the herd takes."""
    found = {due.job_id for due in herd.due(c, at - GRACE, at, 100)}
    return {job.name for job in jobs.get_many(c, found).values()}


def all_rows(c: Connection) -> dict[str, list[Any]]:
    """What stands in the tables, whatever its numbers are."""
    runs_by_id = {run.id: run for run in RUN.all(c.execute(select(*RUN.columns)))}
    owed = DELIVERY.all(c.execute(select(*DELIVERY.columns).where(deliveries.c.kind != DeliveryKind.NOTICE)))
    return {
        "runs": sorted((replace(run, id=0) for run in runs_by_id.values()), key=lambda run: run.key),
        "owed": sorted((runs_by_id[one.run_id].key, one.wanted) for one in owed if one.run_id in runs_by_id),
        "jobs": JOB.all(c.execute(select(*JOB.columns).order_by(job_table.c.id))),
        "turns": sorted(map(tuple, c.execute(select(run_table.c.key, run_table.c.turn_at)))),
    }


async def test_the_herd_comes_to_the_same_as_a_decision_about_each(store: Store) -> None:
    def come_to(c: Connection, act: Callable[[Connection, datetime], Ticked], at: datetime) -> tuple[Any, set[str]]:
        with c.begin_nested() as undo:
            taken = let_in(c, at)
            ticked = act(c, at)
            assert ticked.count > 0
            rows = all_rows(c)
            undo.rollback()
        return rows, taken

    def story(c: Connection) -> None:
        fill(c)
        for at in (DUE, DUE + timedelta(seconds=30), DUE + timedelta(minutes=2)):
            one, taken = come_to(c, tick, at)
            other, _ = come_to(c, decide_due, at)
            assert one == other
            if at == DUE:
                assert {*PLAIN} - {"spread"} <= taken

    await store.run(story)


async def test_who_is_late_paused_held_moved_or_to_be_filled_in_is_no_part_of_it(store: Store) -> None:
    def story(c: Connection) -> None:
        saved = fill(c)
        pause(c, an_actor(), saved["paused"].id, now=NOW)
        assert not let_in(c, DUE) & {"macro", "held", "paused", "after each"}
        assert let_in(c, DUE + GRACE + timedelta(seconds=1)) <= {"spread"}

    await store.run(story)


async def test_a_second_slot_of_one_job_finds_the_first_in_its_way(store: Store) -> None:
    def story(c: Connection) -> None:
        job = save_job(c, "every 5 minutes").job
        first = runs.planned_of(c, job.id)
        assert first is not None
        at = DUE + timedelta(seconds=1)
        runs.add(c, replace(first, id=0, key=f"job:{job.id}@{at.isoformat()}", slot_at=at, due_at=at))
        assert tick(c, at).count == 2
        assert Counter(run.state for run in runs_of(c, job)) == {
            RunState.READY: 1, RunState.SKIPPED: 1, RunState.PLANNED: 1,
        }  # fmt: skip

    await store.run(story)


async def test_a_slot_whose_row_is_there_already_is_passed_over_by_the_herd(store: Store) -> None:
    def story(c: Connection) -> None:
        job = save_job(c, "every 5 minutes").job
        taken = runs.planned_of(c, job.id)
        assert taken is not None
        at = DUE + timedelta(minutes=5)
        ended = replace(taken, id=0, key=f"job:{job.id}@{at.isoformat()}", slot_at=at, state=RunState.SKIPPED)
        runs.add(c, ended)
        tick(c, DUE)
        planned = runs.planned_of(c, job.id)
        assert planned is not None
        assert planned.slot_at == at + timedelta(minutes=5)

    await store.run(story)


async def test_fmea_g3_a_job_that_cannot_be_read_is_held_and_the_others_are_on_time(store: Store) -> None:
    def story(c: Connection) -> None:
        broken, lame, sound = (save_job(c, "every 5 minutes", name=name).job for name in ("broken", "lame", "sound"))
        c.execute(update(job_table).where(job_table.c.id == broken.id), {"schedules": [{"kind": "moon", "spec": 1}]})
        known = {"spec": "x", "zone": "UTC", "text": "x", "says": "x"}
        c.execute(update(job_table).where(job_table.c.id == lame.id), {"schedules": [{"kind": "moon"} | known]})
        assert tick(c, DUE).count == 3
        for job in (broken, lame):
            assert fresh_job(c, job).state is JobState.HELD
            assert "cannot be read" in (fresh_job(c, job).state_reason or "")
        planned = runs.planned_of(c, sound.id)
        assert planned is not None
        assert planned.slot_at == DUE + timedelta(minutes=5)

    await store.run(story)
