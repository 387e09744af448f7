"""The queues in which messages wait for their turn, so that Slack never has to say "slow down" twice.

Of several edits of one message that wait, only the newest is sent. Lower ranks go first. Nobody waits longer than
`PATIENCE_S`: who would is told at once how long to stay away, and the row that owes the message keeps it meanwhile.
"""

import asyncio
import heapq
import itertools
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from bot.errors import DeliveryError
from bot.slack.bucket import Bucket, Rate

# Shorter than the lease of whoever waits here, so that nobody else takes the message over in between.
PATIENCE_S = 20.0
SHORTEST_PAUSE_S = 0.001  # less may be lost in rounding, and the queue would spin
# A queue is a few hundred bytes; a workspace that posts into more channels than this forgets the idle ones.
LANES_KEPT = 500

Send: TypeAlias = Callable[[], Awaitable[Any]]
Clock: TypeAlias = Callable[[], float]
Pause: TypeAlias = Callable[[float], Awaitable[None]]


@dataclass(slots=True, eq=False)
class _Entry:
    """One message in a queue, and everybody who waits for it: an edit that was overtaken waits for the newer one."""

    send: Send
    rank: int
    order: int
    key: Hashable
    give_up_at: float
    waiters: list[asyncio.Future[Any]] = field(default_factory=list)

    @property
    def is_wanted(self) -> bool:
        return any(not waiter.done() for waiter in self.waiters)


class Lane:
    """One queue: one call after the other, as its buckets allow. It has a task only while something waits."""

    def __init__(self, name: str, buckets: tuple[Bucket, ...], monotonic: Clock, pause: Pause) -> None:
        self._name = name
        self._buckets = buckets
        self._monotonic = monotonic
        self._pause = pause
        self._heap: list[tuple[int, int, int, _Entry]] = []
        self._waiting: dict[Hashable, _Entry] = {}
        self._orders = itertools.count()
        self._blocked_until = 0.0
        self._task: asyncio.Task[None] | None = None

    @property
    def is_idle(self) -> bool:
        now = self._monotonic()
        return (
            self._task is None and self._blocked_until <= now and all(bucket.is_full(now) for bucket in self._buckets)
        )

    async def put(self, send: Send, *, rank: int, key: Hashable = None) -> Any:
        """The result of the call, or of a newer one with the same `key`. Raises DeliveryError."""
        now = self._monotonic()
        order = next(self._orders)
        entry = _Entry(send, rank, order, order if key is None else (key,), now + PATIENCE_S)
        waiter: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        entry.waiters.append(waiter)
        self._join(entry)
        if self._task is None:
            self._task = asyncio.create_task(self._work(), name=f"slack {self._name}")
        return await waiter

    async def close(self) -> None:
        """End at once; who still waits is told so."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        for entry in self._waiting.values():
            _fail(entry, DeliveryError("The bot is stopping.", permanent=False, code="stopping"))
        self._waiting.clear()
        self._heap.clear()

    def _join(self, entry: _Entry) -> None:
        """Stand in the queue; an edit takes over the place and the waiters of the one that it replaces."""
        older = self._waiting.get(entry.key)
        if older is not None:
            entry.waiters = older.waiters + entry.waiters
            entry.rank, entry.order = min(older.rank, entry.rank), older.order
        self._waiting[entry.key] = entry
        heapq.heappush(self._heap, (entry.rank, entry.order, next(self._orders), entry))

    async def _work(self) -> None:
        """Send until nobody waits."""
        try:
            while (entry := await self._next()) is not None:
                await self._send(entry)
        finally:
            if self._task is asyncio.current_task():
                self._task = None

    async def _next(self) -> _Entry | None:
        """The first in the queue once its time has come; None when the queue is empty."""
        while True:
            delay = self._delay()
            self._dismiss(delay)
            if not self._waiting:
                self._heap.clear()
                return None
            if delay <= 0:
                return self._pop()
            await self._pause(max(delay, SHORTEST_PAUSE_S))

    def _pop(self) -> _Entry | None:
        while True:
            entry = heapq.heappop(self._heap)[-1]
            if self._waiting.get(entry.key) is entry:
                del self._waiting[entry.key]
                return entry

    def _delay(self) -> float:
        now = self._monotonic()
        return max(self._blocked_until - now, *(bucket.delay(now) for bucket in self._buckets))

    def _dismiss(self, delay: float) -> None:
        """Send away who would wait too long, and forget what nobody waits for any more."""
        turn_at = self._monotonic() + max(0.0, delay)
        for entry in list(self._waiting.values()):
            if not entry.is_wanted or entry.give_up_at < turn_at:
                del self._waiting[entry.key]
                _fail(entry, _busy(self._name, max(1.0, delay)))

    async def _send(self, entry: _Entry) -> None:
        try:
            result = await self._ask(entry)
        except DeliveryError as error:
            if error.code == "ratelimited":
                self._wait_out(entry, error.retry_after_s or 1.0)
            else:
                _fail(entry, error)
        except asyncio.CancelledError:
            _fail(entry, DeliveryError("The bot stopped while Slack was asked.", permanent=False, code="unanswered"))
            raise
        except Exception as error:  # noqa: BLE001 - a bug belongs to who asked, and must not end the queue
            _fail(entry, error)
        else:
            for waiter in entry.waiters:
                if not waiter.done():
                    waiter.set_result(result)

    async def _ask(self, entry: _Entry) -> Any:
        for bucket in self._buckets:
            bucket.take()
        try:
            return await entry.send()
        finally:
            now = self._monotonic()
            for bucket in self._buckets:
                bucket.answered(now)

    def _wait_out(self, entry: _Entry, retry_after_s: float) -> None:
        """Slack said when to come back: this queue rests until then, and the message keeps its place in it."""
        self._blocked_until = self._monotonic() + retry_after_s
        newer = self._waiting.pop(entry.key, None)
        self._join(entry)
        if newer is not None:  # what is overtaken while it rests is not sent again
            self._join(newer)


class Pacer:
    """All queues of one workspace, made when they are first needed."""

    def __init__(self, monotonic: Clock, pause: Pause) -> None:
        self._monotonic = monotonic
        self._pause = pause
        self._lanes: dict[Hashable, Lane] = {}
        self._shared: dict[str, Bucket] = {}
        self._is_closed = False

    async def put(
        self,
        method: str,
        send: Send,
        *,
        rate: Rate,
        rank: int,
        key: Hashable = None,
        channel: str | None = None,
        channel_rate: Rate | None = None,
    ) -> Any:
        """Wait in the queue of the method; with `channel` in one of its own, under the method's rate all together."""
        if self._is_closed:
            raise DeliveryError("The bot is stopping.", permanent=False, code="stopping")
        lane = self._lanes.get((method, channel)) or self._open(method, channel, rate, channel_rate)
        return await lane.put(send, rank=rank, key=key)

    async def close(self) -> None:
        self._is_closed = True
        for lane in list(self._lanes.values()):
            await lane.close()

    def _open(self, method: str, channel: str | None, rate: Rate, channel_rate: Rate | None) -> Lane:
        if len(self._lanes) >= LANES_KEPT:
            self._lanes = {name: lane for name, lane in self._lanes.items() if not lane.is_idle}
        now = self._monotonic()
        buckets = [self._shared.setdefault(method, Bucket(rate, now))]
        if channel_rate is not None:
            buckets.append(Bucket(channel_rate, now))
        lane = Lane(f"{method} {channel or ''}".strip(), tuple(buckets), self._monotonic, self._pause)
        self._lanes[method, channel] = lane
        return lane


def _fail(entry: _Entry, error: Exception) -> None:
    for waiter in entry.waiters:
        if not waiter.done():
            waiter.set_exception(error)


def _busy(name: str, wait_s: float) -> DeliveryError:
    return DeliveryError(f"Too much waits for {name}.", permanent=False, code="busy", retry_after_s=wait_s)
