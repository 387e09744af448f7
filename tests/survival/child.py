"""The bot in a process that dies at a named point, wrapped from outside: the product knows nothing of it.

`CRASH=point:n` is SIGKILL at the n-th passing of the point, `PAUSE=point:n` is SIGSTOP there. `LEASE_S` is how long a
lease lasts, `DELIVERY_LEASE_S` that of a message; `DIFY_PORT` is where Dify is reached; `BAD_WAKES` is the share of
wake-ups that are lost, and of those that come twice; `ONLY_UPGRADE` ends when the schema is made.

Points are `<work>:inside` (all is written, nothing is committed), `<work>:after` (committed, and nobody knows yet),
`dify:before`, `dify:after`, `slack:before`, `slack:after` (around the one request that cannot be taken back), `named`
(Dify has named the run), `edit:before`, `edit:after`, `alert:before`, `alert:after` (around an edit, and around the
post of an alert), and `alert:inside` (it is owed, nothing is committed). Before there is a bot: `migrate:inside` (a
statement of `db upgrade` is done), `rotate:inside` (a key is sealed anew) and `rotate:after`.
"""

import os
import random
import signal
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from sqlalchemy import Engine, event

import bot.watch as watches
from bot import app
from bot.app import Bot, build
from bot.dify import client as dify_client
from bot.dify.client import Dify
from bot.loops import courier, janitor, leave, runner
from bot.loops.logbook import Logbook
from bot.operations import finish as ends
from bot.process import serve
from bot.settings import read
from bot.slack.client import Slack
from storage import apps
from storage.schema import upgrade

WORKS = {
    "tick": "tick",
    "claim": "Runner.once",
    "leave": "Leave._ask_group",
    "name": "save_progress",
    "save": "Runner._save",
    "end": "close",
    "fetch": "Courier._claim",
    "mark": "mark_sending",
    "settle": "settle",
}
# Only passed where a run lasts long enough for its message to be edited.
EDIT_POINTS = ("save:inside", "save:after", "edit:before", "edit:after")
POINTS = (
    *(point for work in WORKS for when in ("inside", "after") if (point := f"{work}:{when}") not in EDIT_POINTS),
    "dify:before",
    "dify:after",
    "named",
    "slack:before",
    "slack:after",
)
# Only passed where a run fails.
ALERT_POINTS = ("alert:inside", "alert:before", "alert:after")


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
    http.handle_async_request = _wrap_call(
        http.handle_async_request, trap, "dify", lambda asked: asked.method == "POST"
    )
    slack: Any = bot.services.slack
    slack._call = _wrap_call(slack._call, trap, "slack", lambda method, _: method == "chat.postMessage")
    slack._call = _wrap_call(slack._call, trap, "edit", lambda method, _: method == "chat.update")
    slack._call = _wrap_call(slack._call, trap, "alert", is_alert)
    owe_alert = ends.owe_alert

    def owed(c: Any, run: Any, job: Any, verdict: Any, **facts: Any) -> None:
        owe_alert(c, run, job, verdict, **facts)
        if verdict.alert is not None:
            trap.spring("alert:inside")

    ends.owe_alert = owed
    note_named = Logbook.note_named

    def named(book: Logbook) -> None:
        note_named(book)
        trap.spring("named")

    Logbook.note_named = named  # type: ignore[method-assign]


def is_alert(method: str, arguments: Mapping[str, Any]) -> bool:
    """An alert calls somebody first of all."""
    return method == "chat.postMessage" and str(arguments.get("text")).startswith("<@")


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
    call: Callable[..., Awaitable[Any]], trap: Trap, name: str, is_meant: Callable[..., bool]
) -> Callable[..., Awaitable[Any]]:
    async def wrapped(what: Any, *args: Any, **more: Any) -> Any:
        if is_meant(what, *args):
            trap.spring(f"{name}:before")
        answer = await call(what, *args, **more)
        if is_meant(what, *args):
            trap.spring(f"{name}:after")
        return answer

    return wrapped


def _qualname_of(work: Any) -> str:
    function = work.func if isinstance(work, partial) else work
    return getattr(function, "__qualname__", "")


def _name_of(work: Any) -> str:
    name = _qualname_of(work)
    return next((point for point, begins in WORKS.items() if name == begins or name.startswith(f"{begins}.")), name)


def shorten_leases(lease_s: float, delivery_s: float) -> None:
    """Everything that a lease decides, and how long anybody waits for an answer, in the same proportions, so that a
    test need not wait for 15 s. The lease of a delivery is given by itself."""
    scale = lease_s / runner.LEASE_S
    leave.SELF_FENCE_S *= scale
    watches.WARY_S *= scale
    runner.LEASE_S = janitor.LEASE_S = lease_s  # type: ignore[assignment]
    courier.LEASE_S = delivery_s  # type: ignore[assignment]
    dify_client.ANSWER_S *= scale
    for made, patience in ((Slack, "timeout_s"), (Dify, "silence_s")):
        made.__init__.__kwdefaults__[patience] *= scale  # type: ignore[misc, index]


def take_line(bot: Bot, port: int) -> None:
    """Dify is asked over this port of the machine, whatever the address of the app says."""
    http: Any = bot.services.dify._http
    handle = http.handle_async_request

    async def handled(request: Any) -> Any:
        request.url = request.url.copy_with(port=port)
        return await handle(request)

    http.handle_async_request = handled


def wake_badly(bot: Bot, share: float) -> None:
    """So many wake-ups of the loops are lost, and as many come twice."""
    engine: Any = bot.services.engine
    chance = random.Random()
    for woken in (engine, engine._local):
        woken.wake = _wrap_wake(woken.wake, chance, share)


def _wrap_wake(wake: Callable[..., None], chance: random.Random, share: float) -> Callable[..., None]:
    def wrapped(kind: str, *args: Any, **more: Any) -> None:
        drawn = chance.random()
        for _ in range(0 if drawn < share else 2 if drawn < 2 * share else 1):
            wake(kind, *args, **more)

    return wrapped


def lay_before_start(trap: Trap) -> None:
    """What happens before there is a bot: its schema is made, and keys are sealed anew."""
    event.listen(Engine, "after_cursor_execute", lambda *_: trap.spring("migrate:inside"))
    set_key, check_keys = apps.set_key, app.check_keys

    def resealed(*args: Any) -> None:
        set_key(*args)
        trap.spring("rotate:inside")

    async def checked(*args: Any) -> None:
        await check_keys(*args)
        trap.spring("rotate:after")

    apps.set_key, app.check_keys = resealed, checked


async def main() -> None:
    crash, pause = Trap(os.environ.get("CRASH", "")), Trap(os.environ.get("PAUSE", ""), signal.SIGSTOP)
    lay_before_start(crash)
    settings = read(os.environ, None)
    if "LEASE_S" in os.environ:
        lease_s = float(os.environ["LEASE_S"])
        shorten_leases(lease_s, float(os.environ.get("DELIVERY_LEASE_S", lease_s)))
    if "ONLY_UPGRADE" in os.environ:
        await upgrade(settings.database_url)
        return
    bot = await build(settings)
    if "DIFY_PORT" in os.environ:
        take_line(bot, int(os.environ["DIFY_PORT"]))
    if "BAD_WAKES" in os.environ:
        wake_badly(bot, float(os.environ["BAD_WAKES"]))
    lay(bot, crash, pause)
    await serve(bot)
