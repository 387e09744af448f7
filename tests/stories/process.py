"""The bot as an operator runs it: `dify-ops serve` in a process of its own, which can be killed."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]


class Serving:
    """A running `dify-ops serve`; its log is in `log_file`."""

    def __init__(self, process: asyncio.subprocess.Process, log_file: Path) -> None:
        self._process = process
        self.log_file = log_file

    @property
    def pid(self) -> int:
        return self._process.pid

    async def kill(self) -> None:
        """SIGKILL: nothing is said, nothing is saved."""
        self._process.kill()
        await self._process.wait()

    async def end(self, within_s: float = 15) -> int:
        """SIGTERM, as a service manager sends it; the exit code."""
        self._process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(within_s):
            return await self._process.wait()


@asynccontextmanager
async def serve(environ: Mapping[str, str], log_file: Path, *, files: int | str = "hard") -> AsyncIterator[Serving]:
    """Starts it, with so many file descriptors at most; ends it for good when the story is over."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("SLACK_", "DIFY_OPS_"))}
    with log_file.open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *("sh", "-c", f'ulimit -n {files}; exec "$0" -m bot serve', sys.executable),
            cwd=ROOT,
            env=clean | dict(environ),
            stdout=log,
            stderr=log,
        )
        try:
            yield Serving(process, log_file)
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()
