"""A word that is said to a flight: whoever waits for it sleeps without a task of its own."""

import asyncio
from functools import partial
from typing import Any


class Signal:
    """What `asyncio.Event` is, for thousands that are waited for at the same time: a wait for either it or a task
    needs no second task."""

    __slots__ = ("_is_set", "_waiting")

    def __init__(self) -> None:
        self._is_set = False
        self._waiting: list[asyncio.Future[None]] = []

    def is_set(self) -> bool:
        return self._is_set

    def set(self) -> None:
        self._is_set = True
        for woken in self._waiting:
            _wake(woken)

    def clear(self) -> None:
        self._is_set = False

    async def within(self, seconds: float, task: asyncio.Task[Any] | None = None) -> bool:
        """Sleep until it is set, or the task has ended, or the time is up; whether it is set."""
        if self._is_set or (task is not None and task.done()):
            return self._is_set
        loop = asyncio.get_running_loop()
        woken: asyncio.Future[None] = loop.create_future()
        wake = partial(_wake, woken)
        timer = loop.call_later(seconds, wake)
        self._waiting.append(woken)
        if task is not None:
            task.add_done_callback(wake)
        try:
            await woken
        finally:
            timer.cancel()
            self._waiting.remove(woken)
            if task is not None:
                task.remove_done_callback(wake)
        return self._is_set


def _wake(woken: asyncio.Future[None], _: object = None) -> None:
    if not woken.done():
        woken.set_result(None)
