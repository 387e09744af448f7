"""What a claim costs with a million jobs, beside the same with a hundred thousand."""

import tempfile
from argparse import Namespace
from contextlib import AsyncExitStack
from pathlib import Path
from typing import NamedTuple

from benchmarks.rig.child import Child, start
from benchmarks.rig.crowd import run_crowd
from benchmarks.rig.figures import median, print_goal, print_table
from benchmarks.rig.postgres import open_postgres
from benchmarks.rig.slack import environ_of, open_slack
from bot.demo.slack import LocalSlack

FEW, MANY = 100_000, 1_000_000
# Of how many jobs one is due. A claim dirties the pages in which its job stands, and shares them with whoever else is
# due there: only with equal shares does the size of the table alone make the difference.
ONE_OF = 100
ROUNDS = 5
ENGINES = ("SQLite", "PostgreSQL")
GOAL = 1.3


class Claim(NamedTuple):
    """One herd of a crowd: seconds, CPU seconds of the bot, and the longest stall of its loop."""

    passed_s: float
    cpu_s: float
    stall_ms: float


async def measure(asked: Namespace) -> None:
    """Both crowds stand in databases of their own and take turns; each time others of them are due."""
    taken: dict[tuple[str, int], list[Claim]] = {}
    for engine in ENGINES:
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            async with open_slack() as slack, AsyncExitStack() as opened:
                crowds = {count: await _open(opened, slack, engine, Path(folder), count) for count in (FEW, MANY)}
                for offset in range(ROUNDS):
                    for count, child in crowds.items():
                        claim = Claim(*await child.ask("claim", offset=offset, due=count // ONE_OF))
                        taken.setdefault((engine, count), []).append(claim)
    _report(taken)


async def _open(opened: AsyncExitStack, slack: LocalSlack, engine: str, folder: Path, count: int) -> Child:
    home = folder / str(count)
    home.mkdir()
    environ = environ_of(slack, str(home), socket=True)
    if engine == "PostgreSQL":
        environ |= {"DATABASE_URL": opened.enter_context(open_postgres())}
    return await opened.enter_async_context(start(run_crowd, environ, count))


def _report(taken: dict[tuple[str, int], list[Claim]]) -> None:
    costs = {
        key: median([claim.passed_s for claim in found]) / (key[1] // ONE_OF) * 1e6 for key, found in taken.items()
    }
    rows = [
        [
            engine,
            f"{count:,}",
            costs[engine, count],
            median([claim.cpu_s for claim in found]) / (count // ONE_OF) * 1e6,
            median([claim.stall_ms for claim in found]),
        ]
        for (engine, count), found in taken.items()
    ]
    heads = ("engine", "jobs", "µs a claim", "CPU µs", "longest stall ms")
    print_table(f"One of {ONE_OF} due, from all over the table (medians of {ROUNDS})", heads, rows)
    for engine in ENGINES:
        told = f"{engine}: {MANY:,} jobs cost ≤ {GOAL} × of {FEW:,} a claim"
        print_goal(told, costs[engine, MANY] / costs[engine, FEW], at_most=GOAL)
