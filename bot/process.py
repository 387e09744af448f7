"""The process around the bot: signals, memory, file descriptors."""

import asyncio
import logging
import os
import resource
import signal
from collections.abc import Coroutine
from typing import Any, Protocol

import uvloop

from bot.memory import settle_memory
from bot.rounds import Rounds
from bot.watchdog import Watchdog

log = logging.getLogger(__name__)

# One file descriptor a stream; the usual soft limit of 1,024 would cap the streams.
WANTED_FILES = 65_536
# So many are left to the database, to Slack, to a log and to who asks meanwhile, and so many runs go on for all that.
KEPT_FILES, FEWEST_STREAMS = 48, 4
# SIGTERM to exit takes at most 15 s.
STOP_S = 14.0
STUCK = 75  # EX_TEMPFAIL of sysexits.h


class Served(Protocol):
    """What runs until the process is told to end."""

    roles: frozenset[str]
    rounds: Rounds

    async def start(self) -> None: ...
    async def stop(self) -> None: ...


def run(main: Coroutine[Any, Any, None]) -> None:
    """Like `asyncio.run`, on libuv's event loop, which takes less of the processor for each of many short steps."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main)


async def serve(bot: Served) -> None:
    """Run until SIGTERM or SIGINT; a second signal exits at once, which loses nothing either."""
    loop, asked, watchdog = asyncio.get_running_loop(), asyncio.Event(), Watchdog()

    def on_signal() -> None:
        if asked.is_set():
            os._exit(130)
        asked.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, on_signal)
    try:
        await bot.start()
        settle_memory()
        watchdog.start()
        log.info("Dify Ops is ready (%s)", ", ".join(sorted(bot.roles)))
        await _until_asked(bot, asked)
        log.info("Stopping: the runs in flight go on at Dify and are joined again at the next start")
    finally:
        watchdog.stop()
        await _stop(bot)


async def _until_asked(bot: Served, asked: asyncio.Event) -> None:
    """What hangs for minutes hangs for ever. The leases end, others take over, and whoever began us does it anew."""
    standstill = asyncio.create_task(bot.rounds.wait_for_standstill())
    waiting = asyncio.create_task(asked.wait())
    await asyncio.wait({standstill, waiting}, return_when=asyncio.FIRST_COMPLETED)
    if not waiting.done():
        log.error("The %s hangs: the process ends, so that it is started anew and goes on", standstill.result())
        logging.shutdown()
        os._exit(STUCK)
    standstill.cancel()


async def _stop(bot: Served) -> None:
    """What hangs, in a database that is deaf for instance, is cut off: that loses nothing, and whoever waits for our
    end would kill us a little later."""
    stopping = asyncio.ensure_future(bot.stop())
    if not (await asyncio.wait({stopping}, timeout=STOP_S))[0]:
        log.warning(
            "Not everything has ended within %s s; it is cut off, and taken up again at the next start", STOP_S
        )
        logging.shutdown()
        os._exit(0)
    await stopping


def raise_file_limit() -> int:
    """As many file descriptors as the system lets this process have, up to what a full house needs; how many."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = WANTED_FILES if hard == resource.RLIM_INFINITY else min(WANTED_FILES, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return max(soft, wanted)


def streams_within(files: int, wanted: int) -> int:
    """How many runs can be streamed at once, if so many files may be open."""
    return min(wanted, max(FEWEST_STREAMS, files - KEPT_FILES))
