"""Virtual time: instants at which something happens to the world, and an event loop for each of its processes."""

import asyncio
import heapq
import itertools
from collections import deque
from collections.abc import Callable, Coroutine, Generator
from contextvars import Context
from typing import Any

# Far from 0, so that nobody takes the beginning for "never".
BEGINNING_S = 1000.0

Deed = Callable[[], object]


class Timeline:
    """Seconds that pass only when nobody has anything left to do."""

    def __init__(self) -> None:
        self.now = BEGINNING_S
        self._deeds: list[tuple[float, int, Deed]] = []
        self._orders = itertools.count()

    def after(self, seconds: float, deed: Deed) -> None:
        """Do it so many seconds from now."""
        heapq.heappush(self._deeds, (self.now + max(0.0, seconds), next(self._orders), deed))

    @property
    def next_at(self) -> float:
        return self._deeds[0][0] if self._deeds else float("inf")

    def do_due(self) -> bool:
        """Do the next deed whose time has come; False where there is none."""
        if not self._deeds or self._deeds[0][0] > self.now:
            return False
        heapq.heappop(self._deeds)[2]()
        return True


class ProcessLoop(asyncio.AbstractEventLoop):
    """The loop of one process: it never runs by itself, but one handle a `step`. Who is not stepped stands still;
    who is never stepped again is dead, and nothing of it is cleaned up."""

    def __init__(self, timeline: Timeline, on_bug: Callable[[dict[str, Any]], None]) -> None:
        self._timeline = timeline
        self._on_bug = on_bug
        self._ready: deque[asyncio.Handle] = deque()
        self._timers: list[tuple[float, int, asyncio.TimerHandle]] = []
        self._orders = itertools.count()
        self._tasks: list[asyncio.Task[Any]] = []
        self._is_closed = False

    def step(self) -> bool:
        """Run one handle; False where nothing is ready."""
        while self._timers and self._timers[0][0] <= self._timeline.now:
            timer = heapq.heappop(self._timers)[2]
            if not timer.cancelled():
                self._ready.append(timer)
        while self._ready:
            handle = self._ready.popleft()
            if not handle.cancelled():
                asyncio._set_running_loop(self)
                try:
                    handle._run()
                finally:
                    asyncio._set_running_loop(None)
                return True
        return False

    @property
    def next_at(self) -> float:
        """When the next timer ends."""
        while self._timers and self._timers[0][2].cancelled():
            heapq.heappop(self._timers)
        return self._timers[0][0] if self._timers else float("inf")

    def tear_down(self) -> None:
        """The world is over: let go of what never ended, without a word."""
        self._is_closed = True
        asyncio._set_running_loop(self)
        try:
            for task in self._tasks:
                if not task.done():
                    task._log_destroy_pending = False  # type: ignore[attr-defined]
                    _close(task.get_coro())
        finally:
            asyncio._set_running_loop(None)
        self._tasks.clear()
        self._ready.clear()
        self._timers.clear()

    def time(self) -> float:
        return self._timeline.now

    def call_soon(self, callback: Any, *args: Any, context: Context | None = None) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self, context)
        self._ready.append(handle)
        return handle

    def call_soon_threadsafe(self, callback: Any, *args: Any, context: Context | None = None) -> asyncio.Handle:
        return self.call_soon(callback, *args, context=context)

    def call_later(
        self, delay: float, callback: Any, *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        return self.call_at(self._timeline.now + delay, callback, *args, context=context)

    def call_at(self, when: float, callback: Any, *args: Any, context: Context | None = None) -> asyncio.TimerHandle:
        timer = asyncio.TimerHandle(when, callback, args, self, context)
        heapq.heappush(self._timers, (when, next(self._orders), timer))
        return timer

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """It is passed over when its time comes."""

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)

    def create_task(  # type: ignore[override]
        self, coro: Coroutine[Any, Any, Any], *, name: str | None = None, context: Context | None = None
    ) -> asyncio.Task[Any]:
        task = asyncio.Task(coro, loop=self, name=name, context=context)
        self._tasks.append(task)
        if len(self._tasks) > 500:
            self._tasks = [task for task in self._tasks if not task.done()]
        return task

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> asyncio.Future[Any]:  # type: ignore[override]
        """Threads are not deterministic: it is done at once, and told in the next step."""
        told = self.create_future()
        try:
            told.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - it belongs to whoever waits
            told.set_exception(error)
        done = self.create_future()
        self.call_soon(_pass_on, told, done)
        return done

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        if not self._is_closed:
            self._on_bug(context)

    def get_debug(self) -> bool:
        return False

    def is_running(self) -> bool:
        return True

    def is_closed(self) -> bool:
        return self._is_closed


def _pass_on(told: asyncio.Future[Any], done: asyncio.Future[Any]) -> None:
    if done.cancelled():
        return
    error = told.exception()
    if error is not None:
        done.set_exception(error)
    else:
        done.set_result(told.result())


def _close(coroutine: Generator[Any, Any, Any] | Coroutine[Any, Any, Any] | None) -> None:
    """What waits again while it is closed is closed again."""
    for _ in range(10):
        try:
            if coroutine is not None:
                coroutine.close()
        except BaseException:  # noqa: BLE001 - of a dead process nothing is heard any more
            continue
        return
