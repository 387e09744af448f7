"""What must be true of the rows whatever has happened, and which of them it is not true of."""

from sqlalchemy import Connection, select

from storage.records import RunState
from storage.revision import check_schema
from storage.tables import JOB, RUN_HELD, RUN_OPEN, apps, calendars, deliveries, jobs, meta, runs
from storage.vitals import jobs_without_next

MOST = 20
# A whole check of so much takes some three seconds of a core (measured: 0.8 s for 65 MB with 100,000 runs).
WHOLE_BYTES = 256 * 1024 * 1024


def check(c: Connection, shown: str) -> list[str]:
    """Sentences about what is wrong, at most `MOST` of a kind; none where all is well."""
    check_schema(c, shown)
    return [*_check_file(c), *_check_runs(c), *_check_jobs(c), *_check_deliveries(c)]


def check_file(c: Connection) -> list[str]:
    """What is damaged in a SQLite file, as far as seconds can tell: what decides about firings is compared with its
    second copy, the rest of a large file is looked at page by page."""
    if c.dialect.name != "sqlite":
        return []
    pages, size = (c.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in ("page_count", "page_size"))
    looks = ["integrity_check(1)"]
    if pages * size > WHOLE_BYTES:
        looks = ["quick_check(1)", *(f"integrity_check({table.name})" for table in (jobs, calendars, apps, meta))]
    try:
        found = [str(row[0]) for look in looks for row in c.exec_driver_sql(f"PRAGMA {look}")]
        JOB.all(c.execute(select(*JOB.columns)))
    except Exception as error:  # noqa: BLE001 - what reads rows may raise anything where they are damaged
        return [f"its rows cannot be read ({type(error).__name__})"]
    return [one for one in found if one != "ok"]


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
