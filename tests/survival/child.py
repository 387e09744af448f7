"""The bot in a process that dies at a named point, wrapped from outside: the product knows nothing of it.

`CRASH=point:n` is SIGKILL at the n-th passing of the point, `PAUSE=point:n` is SIGSTOP there, `LEASE_S` is how long a
lease lasts. Points are `<work>:inside` (all is written, nothing is committed), `<work>:after` (committed, and nobody
knows yet), `dify:before`, `dify:after`, `slack:before`, `slack:after` (around the one request that cannot be taken
back), and `named` (Dify has named the run).
"""

import os
import signal
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import bot.watch as watches
from bot.app import Bot, build
from bot.loops import courier, janitor, leave, runner
from bot.loops.logbook import Logbook
from bot.process import serve
from bot.settings import read

WORKS = {
    "tick": "tick",
    "claim": "Runner.once",
    "leave": "Leave._ask_group",
    "save": "Runner._save",
    "end": "close",
    "fetch": "Courier._claim",
    "mark": "mark_sending",
    "settle": "settle",
}
POINTS = (
    *(f"{work}:{when}" for work in WORKS for when in ("inside", "after")),
    "dify:before",
    "dify:after",
    "named",
    "slack:before",
    "slack:after",
)


class Trap:
    """Counts the passings of one point."""

    def __init__(self, order: str, deed: signal.Signals = signal.SIGKILL) -> None:
        self._signal = deed
        self._point, _, count = order.rpartition(":")
        self._left = int(count or 0)

    def spring(self, point: str) -> None:
        if point == self._point:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), self._signal)


def lay(bot: Bot, *traps: Trap) -> None:
    """Wrap what the bot asks of the database, of Dify and of Slack."""
    for trap in traps:
        lay_one(bot, trap)


def lay_one(bot: Bot, trap: Trap) -> None:
    store: Any = bot.services.store
    store.run = _wrap_run(store.run, trap)
    http: Any = bot.services.dify._http
    http.send = _wrap_call(http.send, trap, "dify", lambda request: request.method == "POST")
    slack: Any = bot.services.slack
    slack._call = _wrap_call(slack._call, trap, "slack", lambda method: method == "chat.postMessage")
    note_named = Logbook.note_named

    def named(book: Logbook) -> None:
        note_named(book)
        trap.spring("named")

    Logbook.note_named = named  # type: ignore[method-assign]


def _wrap_run(run: Callable[[Any], Awaitable[Any]], trap: Trap) -> Callable[[Any], Awaitable[Any]]:
    async def wrapped(work: Any, **more: Any) -> Any:
        point = _name_of(work)

        def inside(c: Any) -> Any:
            result = work(c)
            if result:  # a look that found nothing is no work
                trap.spring(f"{point}:inside")
            return result

        inside.__qualname__ = _qualname_of(work)  # another trap may lie around this one
        result = await run(inside, **more)
        if result:
            trap.spring(f"{point}:after")
        return result

    return wrapped


def _wrap_call(
    call: Callable[..., Awaitable[Any]], trap: Trap, name: str, is_meant: Callable[[Any], bool]
) -> Callable[..., Awaitable[Any]]:
    async def wrapped(what: Any, *args: Any, **more: Any) -> Any:
        if is_meant(what):
            trap.spring(f"{name}:before")
        answer = await call(what, *args, **more)
        if is_meant(what):
            trap.spring(f"{name}:after")
        return answer

    return wrapped


def _qualname_of(work: Any) -> str:
    function = work.func if isinstance(work, partial) else work
    return getattr(function, "__qualname__", "")


def _name_of(work: Any) -> str:
    name = _qualname_of(work)
    return next((point for point, begins in WORKS.items() if name == begins or name.startswith(f"{begins}.")), name)


def shorten_leases(lease_s: float) -> None:
    """Everything that a lease decides, in the same proportions, so that a test need not wait for 15 s."""
    leave.SELF_FENCE_S = lease_s / 2
    watches.WARY_S = lease_s
    runner.LEASE_S = janitor.LEASE_S = lease_s
    courier.LEASE_S = lease_s  # type: ignore[assignment]


async def main() -> None:
    if "LEASE_S" in os.environ:
        shorten_leases(float(os.environ["LEASE_S"]))
    bot = await build(read(os.environ, None))
    lay(bot, Trap(os.environ.get("CRASH", "")), Trap(os.environ.get("PAUSE", ""), signal.SIGSTOP))
    await serve(bot)
