"""What a schedule costs: the next fire time beside cronsim's (no memo), reading a text, importing the room."""

import json
import subprocess
import sys
import time
from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from benchmarks.rig.figures import median, percentile, print_goal, print_table
from bot import schedules
from bot.schedules.cron.parse import parse, write_canonical
from bot.schedules.cron.search import find_next
from bot.schedules.shifts import stamp_of

ROWS = Path(__file__).parent.parent / "tests" / "schedules" / "data" / "unix_next.jsonl"
ROUNDS = 9
READINGS = 30
IMPORTS = 7
GOAL_RATIO, GOAL_READ_MS, GOAL_IMPORT_MS = 1.2, 1.0, 150.0
NOW = datetime.fromisoformat("2026-11-23T08:00:00+00:00")
# A text is another one at each reading, so that no memo answers.
LIKELY = (
    *("every day at {hour}:{minute}", "every weekday at {hour}:{minute}", "every monday at {hour}:{minute}"),
    *("daily at {hour}:{minute} Asia/Tokyo", "every {minute} minutes", "every {hour} hours"),
    *("every month on the 1st at {hour}:{minute}", "0/{minute} {hour} * * *", "{minute} {hour} * * 1-5"),
    *("0 {minute} {hour} * * ?", "0 {minute} {hour} ? * MON-FRI"),
)
EMPTY, ROOM = "pass", "import bot.schedules"

Row = Mapping[str, Any]


async def measure(asked: Namespace) -> None:
    """Every figure is the median of rounds in which the compared take turns."""
    _measure_fire_times()
    _measure_reading()
    _measure_import()


def _measure_fire_times() -> None:
    rows = [json.loads(line) for line in ROWS.read_text(encoding="utf-8").splitlines()]
    rows = [row for row in rows if _is_right(_by_cronsim, row)]
    if wrong := [row["expr"] for row in rows if not _is_right(_by_us, row)]:
        raise RuntimeError(f"wrong fire times: {wrong}")
    rounds = [[(_time_us(_by_us, row), _time_us(_by_cronsim, row)) for row in rows] for _ in range(ROUNDS)]
    ours, theirs = ([median([found[at][who] for found in rounds]) for at in range(len(rows))] for who in (0, 1))
    ratios = [our / their for our, their in zip(ours, theirs, strict=True)]
    print_table(
        f"The next fire time, µs over the {len(rows)} rows that cronsim can do",
        ("no memo", "p50", "p95", "max", "mean"),
        [["ours", *_figures(ours)], ["cronsim", *_figures(theirs)], ["ratio, row by row", *_figures(ratios)]],
    )
    print_goal(
        f"a fire time costs at most {GOAL_RATIO} × cronsim's (mean)", _mean(ours) / _mean(theirs), at_most=GOAL_RATIO
    )


def _measure_reading() -> None:
    medians = {text: median([_read_ms(_fill(text, turn)) for turn in range(READINGS)]) for text in LIKELY}
    print_table("Reading a likely text", ("text", "p50 ms"), [[text, found] for text, found in medians.items()])
    print_goal(f"every likely text is read within {GOAL_READ_MS:.0f} ms", max(medians.values()), at_most=GOAL_READ_MS)


def _measure_import() -> None:
    turns = [(_run_ms(EMPTY), _run_ms(ROOM)) for _ in range(IMPORTS)]
    cost = median([room - empty for empty, room in turns])
    print_goal(f"importing bot.schedules adds at most {GOAL_IMPORT_MS:.0f} ms", cost, at_most=GOAL_IMPORT_MS)


def _by_us(row: Row) -> Callable[[], list[datetime] | list[int]]:
    """The function to be timed, with all that is done once for a schedule done already."""
    cron, zone, count, start = parse(write_canonical(row["expr"])), row["tz"], row["n"], stamp_of(_start(row))

    def fire() -> list[int]:
        found, stamp = [], start
        for _ in range(count):
            stamp = find_next(cron, zone, stamp) or 0
            found.append(stamp)
        return found

    return fire


def _by_cronsim(row: Row) -> Callable[[], list[datetime] | list[int]]:
    cron, count = CronSim(row["expr"], _start(row).astimezone(ZoneInfo(row["tz"]))), row["n"]
    return lambda: [next(cron) for _ in range(count)]


def _is_right(make: Callable[[Row], Callable[[], list[datetime] | list[int]]], row: Row) -> bool:
    try:
        found = make(row)()
    except (CronSimError, StopIteration):
        return False
    stamps = [stamp_of(one) if isinstance(one, datetime) else one for one in found]
    return stamps == [stamp_of(datetime.fromisoformat(text)) for text in row["next"]]


def _time_us(make: Callable[[Row], Callable[[], object]], row: Row) -> float:
    fire = make(row)
    began = time.perf_counter()
    fire()
    return (time.perf_counter() - began) * 1e6 / int(row["n"])


def _fill(text: str, turn: int) -> str:
    return text.format(hour=turn % 12 + 2, minute=turn + 12)


def _read_ms(text: str) -> float:
    began = time.perf_counter()
    schedules.read(text, "America/New_York", NOW)
    return (time.perf_counter() - began) * 1000


def _run_ms(program: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", program], check=True)
    return (time.perf_counter() - began) * 1000


def _start(row: Row) -> datetime:
    return datetime.fromisoformat(row["start"])


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _figures(values: Sequence[float]) -> list[float]:
    return [median(values), percentile(values, 95), max(values), _mean(values)]
