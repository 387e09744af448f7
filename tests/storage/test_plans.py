"""Claims and lists find their rows by an index: what an engine means to do with a large table is read and judged."""

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, event, insert, text

from storage import agenda, claims, deliveries, digests, herd, jobs, prune, runs, slots
from storage.database import Store
from storage.records import Cause, DeliveryState, JobState, Policy, RunState
from storage.tables import DELIVERY, JOB, RUN
from storage.tables import deliveries as delivery_table
from storage.tables import jobs as job_table
from storage.tables import runs as run_table
from tests.storage.examples import NOW, SOON, a_delivery, a_job, a_run

ENDED = 3_000
BUSY = 100  # a job of which many rows are old: a fifth of the table, and nothing since
ROW = "PRIMARY KEY"
FEW = [1, 2]
A_RUN = a_run(id=1)
MANY = list(range(1, 201))  # as many as one tick handles


def fill(c: Connection) -> None:
    """Many rows that are done with, and a few of each kind that is looked for."""
    job = jobs.add(c, a_job(name="Daily news"))
    resting = [a_job(state=JobState.PAUSED, resume_at=NOW - timedelta(hours=1) * (n % 2)) for n in range(20)]
    settled = [a_job(channel_id=f"C{n % 50}") for n in range(ENDED)]
    c.execute(insert(job_table), JOB.news([*resting, *settled]))
    old = [a_run(state=RunState.SUCCEEDED, job_id=BUSY, ended_at=NOW) for _ in range(ENDED // 4)]
    ended = [
        a_run(state=RunState.SUCCEEDED, job_id=job.id + n % 3, ended_at=NOW, due_at=NOW - timedelta(minutes=n))
        for n in range(ENDED)
    ]
    fresh = [
        a_run(state=state, job_id=job.id, due_at=NOW, lease_until=NOW - timedelta(hours=1), owner="x")
        for state in (RunState.PLANNED, RunState.READY, RunState.RUNNING)
        for _ in range(20)
    ]
    c.execute(insert(run_table), RUN.news([*old, *ended, *fresh]))
    done = [a_delivery(state=DeliveryState.SENT, due_at=NOW - timedelta(minutes=n)) for n in range(ENDED)]
    leased = [a_delivery(lease_until=SOON) for _ in range(20)]
    owed = [a_delivery(rank=n % 3) for n in range(200)]
    c.execute(insert(delivery_table), DELIVERY.news([*done, *leased, *owed]))
    if c.dialect.name == "postgresql":
        c.execute(text("ANALYZE"))  # PostgreSQL does so by itself, SQLite never does


def plans(c: Connection, act: Any) -> str:
    """What the engine means to do for the statements of `act`."""
    word = "EXPLAIN QUERY PLAN " if c.dialect.name == "sqlite" else "EXPLAIN "
    asked: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, sql: str, parameters: Any, *_: Any) -> None:
        asked.append((sql, parameters))

    event.listen(c, "before_cursor_execute", note)
    act(c)
    event.remove(c, "before_cursor_execute", note)
    lines = [row for sql, parameters in asked for row in c.exec_driver_sql(word + sql, parameters).all()]
    return "\n".join(str(line[-1]) for line in lines)


CASES: dict[str, tuple[Any, str]] = {
    "due runs": (lambda c: claims.due_runs(c, NOW, 10), "ix_runs_planned"),
    "due herd": (lambda c: herd.due(c, NOW, NOW, 10), "ix_runs_planned"),
    "jobs of a herd": (lambda c: herd.due(c, NOW, NOW, 10), ROW),
    "planning a herd": (lambda c: herd.plan(c, [herd.Next(1, "k", NOW, NOW, Policy())], NOW), ROW),
    "busy jobs": (lambda c: slots.busy_jobs(c, MANY), "ix_runs_open"),
    "next due": (claims.next_due_at, "ix_runs_planned"),
    "old runs": (lambda c: prune.window(c, 0, 200), ROW),
    "told of old runs": (lambda c: prune.window(c, 0, 200), "ix_deliveries_run"),
    "dropping old runs": (lambda c: prune.drop_runs(c, MANY), "ix_deliveries_run"),
    "ready runs": (lambda c: claims.ready_runs(c, NOW, 10), "ix_runs_ready"),
    "claiming": (lambda c: claims.claim_runs(c, MANY, "x", NOW, 60), ROW),
    "next try": (claims.next_try_at, "ix_runs_try"),
    "newer success": (lambda c: runs.has_newer_success(c, BUSY, NOW), "ix_runs_ran"),
    "orphans": (lambda c: claims.orphans(c, NOW, 10), "ix_runs_held"),
    "running": (lambda c: runs.running(c, "T1"), "ix_runs_held"),
    "next runs": (lambda c: runs.next_runs(c, "T1", None, 5), "ix_runs_planned"),
    "planned of a job": (lambda c: runs.planned_of(c, 1), "ix_runs_open"),
    "planned of many jobs": (lambda c: runs.planned_of_many(c, [1, 2]), "ix_runs_open"),
    "dropping the planned": (lambda c: runs.drop_planned(c, 1), "ix_runs_open"),
    "active jobs": (lambda c: runs.active_of(c, [1, 2, 3]), "ix_runs_open"),
    "last ended": (lambda c: runs.last_ended(c, 1), "ix_runs_ran"),
    "last ended before": (lambda c: runs.last_ended(c, 1, NOW), "ix_runs_ran"),
    "last judged": (
        lambda c: runs.last_judged(c, BUSY, [RunState.FAILED, RunState.MISSED], [Cause.TEST]),
        "ix_runs_job",
    ),
    "last ended of many": (lambda c: runs.last_ended_of_many(c, [1, 2]), "ix_runs_ran"),
    "last success": (lambda c: runs.last_success_before(c, 1, NOW), "ix_runs_ran"),
    "runs of a job": (lambda c: runs.list_runs(c, "T1", job_id=1, limit=5), "ix_runs_job"),
    "runs of a team": (lambda c: runs.list_runs(c, "T9", limit=5), "ix_runs_team"),
    "the card of a job": (lambda c: runs.list_runs(c, "T1", job_id=BUSY, limit=5), "ix_runs_job"),
    "the history of a job": (
        lambda c: runs.list_runs(c, "T1", job_id=BUSY, states=[RunState.FAILED], limit=20, offset=20),
        "ix_runs_job",
    ),
    "number of runs": (lambda c: runs.count_runs(c, 1), "ix_runs_job"),
    "last success of an alert": (lambda c: runs.last_ended(c, 1, states=[RunState.SUCCEEDED]), "ix_runs_ran"),
    "a run": (lambda c: runs.get(c, "T1", 1), ROW),
    "wishes to stop": (lambda c: runs.stop_wishes(c, FEW), ROW),
    "reruns": (lambda c: runs.reruns_of(c, 5), "ix_runs_rerun"),
    "a run by key": (lambda c: runs.by_key(c, "x"), "runs_key"),
    "keys by prefix": (lambda c: runs.count_keys(c, "test:1/"), "runs_key"),
    "in the way": (lambda c: slots.in_the_way(c, MANY), "ix_runs_open"),
    "in the way of one": (lambda c: slots.in_the_way(c, [1]), "ix_runs_open"),
    "planned of a herd": (lambda c: runs.planned_of_many(c, MANY), "ix_runs_open"),
    "admitting": (lambda c: claims.admit(c, MANY, NOW), ROW),
    "closing": (lambda c: claims.close_planned(c, 1, RunState.MISSED, "", NOW), ROW),
    "asking to stop": (lambda c: claims.ask_stop(c, 1, "U1"), ROW),
    "putting in line": (lambda c: slots.queue(c, 1, None), ROW),
    "starting": (lambda c: slots.start(c, 1, {}, NOW), ROW),
    "closing what waits": (lambda c: slots.close_unstarted(c, 1, RunState.SKIPPED, "", NOW), ROW),
    "starts of a job": (lambda c: slots.count_starts(c, 1, None), "ix_runs_job"),
    "starts since": (lambda c: slots.count_starts(c, 1, NOW), "ix_runs_job"),
    "missed in a row": (lambda c: slots.missed_in_a_row(c, 1), "ix_runs_job"),
    "newest slots": (lambda c: slots.newest(c, BUSY, 4), "ix_runs_job"),
    "last slot": (lambda c: slots.last_slot_at(c, 1), "ix_runs_job"),
    "going": (lambda c: agenda.going_of(c, 1), "ix_runs_open"),
    "skipped slots ahead": (lambda c: agenda.skipped_after(c, 1, NOW), "ix_runs_job"),
    "bringing back": (lambda c: agenda.drop_skipped(c, FEW), ROW),
    "moving": (lambda c: agenda.move(c, A_RUN, SOON), ROW),
    "latest slots": (lambda c: agenda.latest(c, BUSY, 40), "ix_runs_job"),
    "due resumes": (lambda c: jobs.due_resumes(c, NOW, 100), "ix_jobs_resume"),
    "next resume": (jobs.next_resume_at, "ix_jobs_resume"),
    "a job": (lambda c: jobs.get(c, "T1", 1), ROW),
    "jobs of a tick": (lambda c: jobs.lock_many(c, MANY), ROW),
    "state of a job": (lambda c: jobs.mark_health(c, 1, None, 0), ROW),
    "a job by name": (lambda c: jobs.find(c, "T1", "daily NEWS"), "ix_jobs_team"),
    "jobs of a team": (lambda c: jobs.list_jobs(c, "T9"), "ix_jobs_team"),
    "jobs of a channel": (lambda c: jobs.count_jobs(c, "T1", channel_ids=["C9"]), "uq_jobs_name"),
    "due deliveries": (lambda c: claims.claim_deliveries(c, NOW, "me", 0, 60), "ix_deliveries_owed"),
    "results for a digest": (lambda c: digests.results_for(c, "C1", NOW, 500), "ix_deliveries_owed"),
    "a digest that waits": (lambda c: digests.waiting_for(c, "C1", NOW), "ix_deliveries_owed"),
    "absorbing": (lambda c: digests.absorb(c, 1, FEW), ROW),
    "a page of a digest": (lambda c: digests.page(c, 1, 0, 40), "ix_deliveries_digest"),
    "counts of a digest": (lambda c: digests.told(c, 1), "ix_deliveries_digest"),
    "jobs of a digest": (lambda c: digests.jobs_of(c, 1), "ix_deliveries_digest"),
    "hastening": (claims.hasten, "ix_deliveries"),
    "next delivery": (claims.next_delivery_at, "ix_deliveries_due"),
    "next end of a lease": (claims.next_delivery_at, "ix_deliveries_leased"),
    "deliveries of a run": (lambda c: deliveries.of_run(c, 1), "ix_deliveries_run"),
    "deliveries of a job": (lambda c: deliveries.of_job(c, 1, 5), "ix_deliveries_job"),
    "undelivered": (lambda c: deliveries.undelivered(c, "T1", NOW), "ix_deliveries_dead"),
    "dead deliveries": (lambda c: deliveries.dead(c, "T1"), "ix_deliveries_dead"),
}


# PostgreSQL weighs what it knows of the rows, so that only these are certain; SQLite goes by the rules.
CERTAIN = {
    *("due runs", "next due", "ready runs", "orphans", "due deliveries", "next delivery", "next end of a lease"),
    *("due resumes", "next resume", "the card of a job", "newest slots", "skipped slots ahead", "latest slots"),
}
# The last two are PostgreSQL's: by one it reads a table from its beginning, by the other from its end.
WHOLE_TABLE = re.compile(r"(?m)^SCAN (?!anon)\w+$|Seq Scan on (runs|jobs|deliveries)|using pk_\w+ on .*\n +Filter")


async def test_every_question_is_answered_by_its_index(store: Store) -> None:
    await store.run(fill)
    found = {name: await store.run(lambda c, act=act: plans(c, act)) for name, (act, _) in CASES.items()}
    asked = CASES if store.dialect == "sqlite" else CERTAIN
    # The unique index of a key has no name of its own on SQLite.
    missed = {
        name: found[name]
        for name in asked
        if CASES[name][1] not in found[name].replace("autoindex_runs_1", "runs_key")
    }
    assert missed == {}


async def test_no_question_reads_a_whole_table(store: Store) -> None:
    await store.run(fill)
    found = {name: await store.run(lambda c, act=act: plans(c, act)) for name, (act, _) in CASES.items()}
    assert {name: plan for name, plan in found.items() if WHOLE_TABLE.search(plan)} == {}


@pytest.mark.parametrize("case", ["due runs", "next due", "ready runs", "due deliveries"])
async def test_what_is_claimed_comes_out_of_the_index_in_order(store: Store, case: str) -> None:
    await store.run(fill)
    plan = await store.run(lambda c: plans(c, CASES[case][0]))
    assert "B-TREE FOR ORDER BY" not in plan
    assert "Sort" not in plan
