"""What must be true of the rows whatever has happened, and which of them it is not true of."""

from sqlalchemy import Connection, select

from storage.records import RunState
from storage.revision import check_schema
from storage.tables import RUN_HELD, RUN_OPEN, deliveries, runs
from storage.vitals import jobs_without_next

MOST = 20


def check(c: Connection, shown: str) -> list[str]:
    """Sentences about what is wrong, at most `MOST` of a kind; none where all is well."""
    check_schema(c, shown)
    return [*_check_file(c), *_check_runs(c), *_check_jobs(c), *_check_deliveries(c)]


def _check_file(c: Connection) -> list[str]:
    if c.dialect.name != "sqlite":
        return []
    damaged = [str(row[0]) for row in c.exec_driver_sql(f"PRAGMA integrity_check({MOST})")]
    strays = c.exec_driver_sql("PRAGMA foreign_key_check").all()[:MOST]
    return [f"The file is damaged: {one}." for one in damaged if one != "ok"] + [
        f"Row {row[1]} of {row[0]} points to a row of {row[2]} that is not there." for row in strays
    ]


def _check_runs(c: Connection) -> list[str]:
    ended = [state for state in RunState if state.has_ended]
    wrong = {
        "is held by nobody and would never be taken over": (RUN_HELD, runs.c.lease_until.is_(None)),
        "is open and has an end": (RUN_OPEN, runs.c.ended_at.is_not(None)),
        "has ended at no time": (runs.c.state.in_(ended), runs.c.ended_at.is_(None)),
    }
    return [
        f"Run {run_id} {what}."
        for what, conditions in wrong.items()
        for run_id in c.execute(select(runs.c.id).where(*conditions).limit(MOST)).scalars()
    ]


def _check_jobs(c: Connection) -> list[str]:
    return [f"Job {job.id} ({job.name}) is active and has no next time." for job in jobs_without_next(c)[:MOST]]


def _check_deliveries(c: Connection) -> list[str]:
    known = select(runs.c.id).where(runs.c.id == deliveries.c.run_id).exists()
    lost = select(deliveries.c.id).where(deliveries.c.run_id.is_not(None), ~known).limit(MOST)
    return [f"Message {one} is about a run that is not there." for one in c.execute(lost).scalars()]
