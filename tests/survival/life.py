"""Lives of the bot: processes forked off one that has imported everything, so that a life costs no import.

They are real processes: they are killed, frozen and told to end by their ids, and have exit codes of their own.
"""

import asyncio
import contextlib
import multiprocessing
import os
import signal
import sys
from collections.abc import Mapping
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path

from bot.process import run

_FORKS: ForkServerContext = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["__main__", "tests.survival.warm"])
END_S = 10.0  # what nobody reaps within this is no end of ours


class Life:
    """One process of the bot, from its first breath to its exit code."""

    def __init__(self, process: ForkServerProcess) -> None:
        self._process = process
        self._over = asyncio.Event()
        asyncio.get_running_loop().add_reader(process.sentinel, self._end)

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """As the system tells it: −9 after `kill -9`, None while it lives."""
        return self._process.exitcode

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def send_signal(self, number: signal.Signals) -> None:
        if self.returncode is None:
            with contextlib.suppress(ProcessLookupError):  # its end has not been told yet
                os.kill(self.pid, number)

    async def wait(self) -> int:
        await self._over.wait()
        assert self.returncode is not None
        return self.returncode

    async def end(self) -> None:
        """Killed, if it still lives; nothing of it is left."""
        self.kill()
        async with asyncio.timeout(END_S):
            await self._over.wait()
        self._process.close()

    def _end(self) -> None:
        asyncio.get_running_loop().remove_reader(self._process.sentinel)
        self._over.set()


async def begin(environ: Mapping[str, str], log_file: Path) -> Life:
    """A bot with this environment and no other; what it says is added to the file."""
    process = _FORKS.Process(target=_live, args=(dict(environ), str(log_file)))
    await asyncio.to_thread(process.start)
    return Life(process)


def _live(environ: dict[str, str], log_file: str) -> None:
    """In the new process: its own environment and log, then the bot until its end."""
    from tests.survival import child

    os.environ.clear()
    os.environ.update(environ)
    log = os.open(log_file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(log, stream.fileno())
    run(child.main())
