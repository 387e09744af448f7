"""How fast a herd that comes due in one instant is claimed, beside bare loops, APScheduler and two queues."""

import tempfile
from argparse import Namespace
from pathlib import Path
from typing import Any

from benchmarks.rig.child import Work, start
from benchmarks.rig.figures import median, print_goal, print_table
from benchmarks.rig.herd import (
    HERD,
    run_apscheduler,
    run_bare_postgres,
    run_bare_rows_postgres,
    run_bare_rows_sqlite,
    run_bare_sqlite,
    run_clock,
)
from benchmarks.rig.postgres import open_postgres
from benchmarks.rig.queues import run_pgqueuer, run_procrastinate
from benchmarks.rig.slack import environ_of, open_slack
from bot.demo.slack import LocalSlack

ROUNDS = 3
GOAL_PEER, GOAL_LIMIT, GOAL_LIMIT_POSTGRES = 6.0, 0.25, 0.3
GOAL_PGQUEUER, GOAL_PROCRASTINATE = 1.0, 20.0
PGQUEUER, PROCRASTINATE = "PostgreSQL: PgQueuer drains", "PostgreSQL: Procrastinate drains"
APSCHEDULER_POSTGRES = "PostgreSQL: APScheduler 3.11"
OURS, BARE_SQLITE, APSCHEDULER = (
    "SQLite: ours, clock.once",
    "SQLite: bare loop, one table",
    "SQLite: APScheduler 3.11",
)
OURS_POSTGRES, BARE_POSTGRES = "PostgreSQL: ours, clock.once", "PostgreSQL: bare loop, one table"
BARE_ROWS_SQLITE, BARE_ROWS_POSTGRES = "SQLite: bare loop, our tables", "PostgreSQL: bare loop, our tables"


async def measure(asked: Namespace) -> None:
    """Whoever is measured has a process and a database of its own each time; all take turns."""
    taken: dict[str, list[tuple[float, float]]] = {}
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        async with open_slack() as slack:
            for number in range(ROUNDS):
                for name, work, argument in _on_sqlite(slack, Path(folder) / str(number)):
                    taken.setdefault(name, []).append(await _claim(work, argument))
                with open_postgres() as url:
                    for name, work, argument in _on_postgres(slack, Path(folder) / f"{number}-pg", url):
                        taken.setdefault(name, []).append(await _claim(work, argument))
    _report({name: [HERD / passed_s for passed_s, _ in found] for name, found in taken.items()}, taken)


def _on_sqlite(slack: LocalSlack, folder: Path) -> list[tuple[str, Work, Any]]:
    folder.mkdir()
    (folder / "rows").mkdir()
    return [
        (OURS, run_clock, environ_of(slack, str(folder), socket=True)),
        (BARE_ROWS_SQLITE, run_bare_rows_sqlite, environ_of(slack, str(folder / "rows"), socket=True)),
        (BARE_SQLITE, run_bare_sqlite, str(folder / "bare.sqlite3")),
        (APSCHEDULER, run_apscheduler, f"sqlite:///{folder / 'apscheduler.sqlite3'}"),
    ]


def _on_postgres(slack: LocalSlack, folder: Path, url: str) -> list[tuple[str, Work, Any]]:
    folder.mkdir()
    environ = environ_of(slack, str(folder), socket=True) | {"DATABASE_URL": url}
    psycopg_url = url.replace("postgresql://", "postgresql+psycopg://")
    return [
        (OURS_POSTGRES, run_clock, environ),
        (BARE_ROWS_POSTGRES, run_bare_rows_postgres, environ),
        (BARE_POSTGRES, run_bare_postgres, url),
        (PGQUEUER, run_pgqueuer, url),
        (PROCRASTINATE, run_procrastinate, url),
        (APSCHEDULER_POSTGRES, run_apscheduler, psycopg_url),
    ]


async def _claim(work: Work, argument: Any) -> tuple[float, float]:
    async with start(work, argument) as child:
        taken: tuple[float, float] = await child.ask("claim")
        return taken


def _report(rates: dict[str, list[float]], taken: dict[str, list[tuple[float, float]]]) -> None:
    claims = {name: median(found) for name, found in rates.items()}
    rows = [
        [
            name,
            claims[name],
            median([stall_ms for _, stall_ms in taken[name]]),
            claims[name] / claims[BARE_POSTGRES if name.startswith("Post") else BARE_SQLITE],
        ]
        for name in taken
    ]
    heads = ("due in one instant", "claims/s", "longest stall ms", "of the bare loop")
    print_table(
        f"{HERD:,} jobs claimed, their runs written and their next slots planned (medians of {ROUNDS})", heads, rows
    )
    print_goal(f"≥ {GOAL_PEER:.0f} × APScheduler on SQLite", claims[OURS] / claims[APSCHEDULER], at_least=GOAL_PEER)
    ours = claims[OURS_POSTGRES]
    for rate, bare, goal in (
        (claims[OURS], BARE_SQLITE, GOAL_LIMIT),
        (claims[OURS], BARE_ROWS_SQLITE, GOAL_LIMIT),
        (ours, BARE_POSTGRES, GOAL_LIMIT_POSTGRES),
        (ours, BARE_ROWS_POSTGRES, GOAL_LIMIT_POSTGRES),
    ):
        print_goal(f"≥ {goal} of {bare}", rate / claims[bare], at_least=goal)
    print_goal(f"≥ {GOAL_PGQUEUER:.0f} × PgQueuer", ours / claims[PGQUEUER], at_least=GOAL_PGQUEUER)
    print_goal(
        f"≥ {GOAL_PROCRASTINATE:.0f} × Procrastinate", ours / claims[PROCRASTINATE], at_least=GOAL_PROCRASTINATE
    )
