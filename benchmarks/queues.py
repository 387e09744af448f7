"""From word to work through the two queues of PostgreSQL, at fifty a second: what choosing between them rests on."""

from argparse import Namespace

from benchmarks.rig.child import start
from benchmarks.rig.figures import median, percentile, print_table
from benchmarks.rig.herd import HERD
from benchmarks.rig.postgres import open_postgres
from benchmarks.rig.queues import run_pgqueuer, run_procrastinate

ROUNDS = 3


async def measure(asked: Namespace) -> None:
    """Each has a database of its own each time; they take turns."""
    rows: dict[str, list[list[float]]] = {}
    for _ in range(ROUNDS):
        for name, work in (("PgQueuer 1.6", run_pgqueuer), ("Procrastinate 3.10", run_procrastinate)):
            with open_postgres() as url:
                async with start(work, url) as child:
                    passed_s, stall_ms = await child.ask("claim")
                    delays = await child.ask("pace")
            taken = [HERD / passed_s, stall_ms, percentile(delays, 50), percentile(delays, 99)]
            rows.setdefault(name, []).append(taken)
    heads = ("queue", "drained/s", "longest stall ms", "word to work p50 ms", "p99 ms")
    table = [[name, *(median(list(column)) for column in zip(*taken, strict=True))] for name, taken in rows.items()]
    print_table(f"{HERD:,} small jobs drained, then 50 a second (medians of {ROUNDS})", heads, table)
