"""How long `serve` takes to its first tick with many jobs, and how much memory it needs, beside none and beside imports."""

import asyncio
import tempfile
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path

from benchmarks.rig.crowd import fill
from benchmarks.rig.figures import median, print_goal, print_table
from benchmarks.rig.serving import Began, import_only, imported_by_serve, serve
from benchmarks.rig.slack import environ_of, open_slack

COUNTS = (0, 100_000, 1_000_000)
NONE, FEW, MANY = COUNTS
ROUNDS = 5
SETTLE_S = 8.0  # the first beat is over, and what is loaded after the start is loaded
GOAL_FLOOR, GOAL_SAME, GOAL_BYTES = 1.5, 0.1, 100.0


async def measure(asked: Namespace) -> None:
    """All take turns; the memory is that of one more start, looked at later."""
    began: dict[int, list[Began]] = {count: [] for count in COUNTS}
    floor: list[Began] = []
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        async with open_slack() as slack:
            slack.set_limits(enabled=False)  # it is started more often than Slack lets sockets be opened
            homes = {count: environ_of(slack, f"{folder}/{count}", socket=True) for count in COUNTS}
            for count, environ in homes.items():
                Path(environ["DIFY_OPS_HOME"]).mkdir()
                await fill(environ, count)
            names = await imported_by_serve(homes[NONE])
            for _ in range(ROUNDS):
                floor.append(await import_only(homes[NONE], names))
                for count, environ in homes.items():
                    async with serve(environ) as serving:
                        began[count].append(serving.began)
            memory = {count: await _settled_bytes(environ) for count, environ in homes.items()}
    _report(floor, began, memory)


async def _settled_bytes(environ: Mapping[str, str]) -> int:
    async with serve(environ) as serving:
        await asyncio.sleep(SETTLE_S)
        return serving.rss_bytes()


def _report(floor: list[Began], began: dict[int, list[Began]], memory: dict[int, int]) -> None:
    rows: list[list[object]] = [["a process that only imports the same", *_figures(floor), None]]
    rows += [
        [f"serve, {count:,} jobs, to its first tick", *_figures(found), memory[count] / 1e6]
        for count, found in began.items()
    ]
    heads = ("SQLite", "s", "CPU s", "memory later MB")
    print_table(f"From the start of the process (medians of {ROUNDS})", heads, rows)
    told = {count: _passed_s(found) for count, found in began.items()}
    says = f"first tick with {FEW:,} jobs ≤ {GOAL_FLOOR} × the imports"
    print_goal(says, told[FEW] / _passed_s(floor), at_most=GOAL_FLOOR)
    says = f"{MANY:,} jobs start as {FEW:,} do (± {GOAL_SAME:.0%})"
    print_goal(says, told[MANY] / told[FEW], at_least=1 - GOAL_SAME, at_most=1 + GOAL_SAME)
    bytes_each = (memory[FEW] - memory[NONE]) / FEW
    print_goal(f"≤ {GOAL_BYTES:.0f} B of memory a job with {FEW:,}", bytes_each, at_most=GOAL_BYTES)


def _passed_s(found: list[Began]) -> float:
    return median([one.passed_s for one in found])


def _figures(found: list[Began]) -> list[float]:
    return [_passed_s(found), median([one.cpu_s for one in found])]
