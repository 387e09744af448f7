"""The watchdog: a thread that sees when the event loop stands still, and writes down where."""

import asyncio
import logging
import sys
import threading
import time
import traceback
from collections.abc import Callable
from types import FrameType

log = logging.getLogger(__name__)

# Slack gives an ack 3 s. What holds the loop up for longer than this is a bug, or a machine without a core to spare.
STILL_S = 1.0
# How often the loop is asked. Twice a second costs a few hundredths of a percent of one core.
LOOK_EVERY_S = 0.5


class Watchdog:
    """Must be started inside the loop that it watches. A pause is told once, with the stack, and once more when it is
    over."""

    def __init__(
        self,
        *,
        still_s: float = STILL_S,
        look_every_s: float = LOOK_EVERY_S,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._still_s = still_s
        self._look_every_s = look_every_s
        self._monotonic = monotonic
        self._answered = threading.Event()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        loop, watched = asyncio.get_running_loop(), threading.get_ident()
        self._thread = threading.Thread(target=self._watch, args=(loop, watched), name="watchdog", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Nothing where it was not started."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _watch(self, loop: asyncio.AbstractEventLoop, watched: int) -> None:
        while not self._ended.wait(self._look_every_s):
            self._answered.clear()
            since = self._monotonic()
            try:
                loop.call_soon_threadsafe(self._answered.set)
            except RuntimeError:  # the loop is closed
                return
            is_still = not self._answered.wait(self._still_s)
            # Who was away for much longer was stopped together with the loop, and knows nothing of it.
            if is_still and self._monotonic() - since < 2 * self._still_s:
                self._tell(sys._current_frames().get(watched))
                self._wait_out(since)

    def _wait_out(self, since: float) -> None:
        while not self._answered.wait(self._look_every_s):
            if self._ended.is_set():
                return
        log.warning("The event loop goes on; it stood still for %.1f s", self._monotonic() - since)

    def _tell(self, frame: FrameType | None) -> None:
        """Lines of code and no values: a stack holds no secret."""
        if not log.isEnabledFor(logging.WARNING):
            return
        words = "The event loop has stood still for %.1f s; acks, streams and leases wait for what it does here"
        record = log.makeRecord(log.name, logging.WARNING, __file__, 0, words, (self._still_s,), None)
        # `stack_info=True` would be the stack of this thread.
        record.stack_info = "".join(traceback.format_stack(frame)).rstrip() if frame is not None else None
        log.handle(record)
