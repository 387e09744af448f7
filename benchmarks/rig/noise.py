"""What the machine itself adds: a fixed loop, the disk's sync, and a heartbeat that shows stalls of an event loop."""

import asyncio
import gc
import os
import tempfile
import time

from benchmarks.rig.child import Line
from benchmarks.rig.figures import median, percentile

LOOPS = 250_000
REPEATS = 9
BEAT_S = 0.005
SYNCS = 50


def cal_ms() -> float:
    """A fixed CPU loop; how much longer it takes than on a quiet day tells how noisy the machine is."""
    return median([_loop_ms() for _ in range(REPEATS)])


def _loop_ms() -> float:
    began, total = time.perf_counter(), 0
    for number in range(LOOPS):
        total += number & 7
    return (time.perf_counter() - began) * 1000


def sync_ms() -> float:
    """One fdatasync of a page in the folder where the databases are made (TMPDIR)."""
    with tempfile.TemporaryFile() as file:
        return median([_sync_ms(file.fileno()) for _ in range(SYNCS)])


def _sync_ms(file: int) -> float:
    os.write(file, bytes(4096))
    began = time.perf_counter()
    os.fdatasync(file)
    return (time.perf_counter() - began) * 1000


def print_noise() -> None:
    print(
        f"machine: cal_ms {cal_ms():.1f} (a fixed loop), fdatasync {sync_ms():.2f} ms, load {os.getloadavg()[0]:.1f}"
    )


class Collections:
    """How long the garbage collector held the whole process up, at the longest, since the last time asked."""

    def __init__(self) -> None:
        self._longest_ms, self._began = 0.0, 0.0
        gc.callbacks.append(self._note)

    def longest_ms(self) -> float:
        longest, self._longest_ms = self._longest_ms, 0.0
        return longest

    def _note(self, phase: str, _: object) -> None:
        if phase == "start":
            self._began = time.perf_counter()
        else:
            self._longest_ms = max(self._longest_ms, (time.perf_counter() - self._began) * 1000)


class Heart:
    """Beats every 5 ms in an event loop; what a beat comes too late is a stall."""

    def __init__(self) -> None:
        self._late_ms: list[float] = []
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._late_ms = []
        self._task = asyncio.create_task(self._beat())

    def stop(self) -> dict[str, float]:
        """How late the beats were, in ms."""
        assert self._task is not None
        self._task.cancel()
        late = self._late_ms or [0.0]
        return {
            "p50": percentile(late, 50),
            "p99": percentile(late, 99),
            "max": max(late),
            "over_50": float(sum(1 for one in late if one > 50)),
        }

    async def _beat(self) -> None:
        while True:
            began = time.perf_counter()
            await asyncio.sleep(BEAT_S)
            self._late_ms.append(max(0.0, (time.perf_counter() - began - BEAT_S) * 1000))


async def run_control(line: Line) -> None:
    """A child that does nothing but beat: what it sees is the machine's doing."""
    heart = Heart()

    async def start() -> None:
        heart.start()

    async def stop() -> dict[str, float]:
        return heart.stop()

    line.say("ready")
    await line.serve(start=start, stop=stop)
