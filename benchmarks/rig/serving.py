"""The real `dify-ops serve` as a process, and what the system tells of it: CPU seconds, memory, the first tick."""

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
PATIENCE_S = 120.0  # on a machine that has much else to do

# Nothing is added but the sentence that it has ticked, and on request what it had imported by then.
_WATCHED = """
import sys, time
from bot.loops.clock import Clock
once = Clock.once
async def told(self):
    done = await once(self)
    if Clock.once is told:
        Clock.once = once
        print(time.monotonic(), time.process_time(), flush=True)
        if len(sys.argv) > 2:
            print(*list(sys.modules), flush=True)
            sys.argv.pop()
    return done
Clock.once = told
from bot.cli.serve import command
command(["--roles", sys.argv[1]])
"""
_IMPORTS = """
import importlib, sys, time
for name in sys.argv[1].split():
    try:
        importlib.import_module(name)
    except ImportError:
        pass
print(time.monotonic(), time.process_time(), flush=True)
"""


@dataclass(frozen=True, slots=True)
class Began:
    """How long after its start a process had come so far, and the CPU seconds until then."""

    passed_s: float
    cpu_s: float


@dataclass(frozen=True, slots=True)
class Serving:
    """A bot that has ticked."""

    pid: int
    began: Began

    def cpu_s(self) -> float:
        """Of all its threads, since its start."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS_PER_S

    def rss_bytes(self) -> int:
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")


@asynccontextmanager
async def serve(environ: Mapping[str, str], roles: str = "bot,web,worker") -> AsyncIterator[Serving]:
    """`dify-ops serve` from its start until the block ends."""
    since = time.monotonic()
    process = await _start(_WATCHED, environ, roles)
    try:
        yield Serving(process.pid, await _hear(process, since))
    finally:
        await _end(process)


async def imported_by_serve(environ: Mapping[str, str]) -> str:
    """The names of the modules that `serve` has imported at its first tick, in their order."""
    process = await _start(_WATCHED, environ, "bot,web,worker", "names")
    try:
        await _hear(process, 0)
        return (await _line(process)).strip()
    finally:
        await _end(process)


async def import_only(environ: Mapping[str, str], names: str) -> Began:
    """A process that imports these and does nothing else."""
    since = time.monotonic()
    process = await _start(_IMPORTS, environ, names)
    try:
        return await _hear(process, since)
    finally:
        await _end(process)


async def _start(script: str, environ: Mapping[str, str], *arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        script,
        *arguments,
        env={**os.environ, **environ},
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 20,
    )


async def _hear(process: asyncio.subprocess.Process, since: float) -> Began:
    """What is said is told by the clock of the whole machine."""
    at, cpu_s = (await _line(process)).split()
    return Began(float(at) - since, float(cpu_s))


async def _line(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE_S):
        line = (await process.stdout.readline()).decode()
    if not line:
        raise RuntimeError("the process ended by itself; its error stands above")
    return line


async def _end(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(PATIENCE_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
