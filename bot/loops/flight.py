"""One run in flight: its stream is read without ever waiting for the database or for Slack."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from bot.dify.client import Endpoint, NoLeave
from bot.dify.hearing import Hearing, explain_end
from bot.dify.outage import was_unreached
from bot.dify.spans import close_spans
from bot.errors import DifyError, Refusal
from bot.loops.close import close
from bot.loops.disown import disown
from bot.loops.ending import Ending, Wish, end_before_asking, end_by_stream, read_wish, tell_line
from bot.loops.heading import Heading
from bot.loops.leave import is_fresh
from bot.loops.logbook import Logbook
from bot.loops.pursuit import STOP_PATIENCE_S, Pursuit
from bot.loops.signal import Signal
from bot.services import Services
from storage import runs
from storage.errors import StorageError
from storage.records import App, Fault, Run, RunState
from storage.runs import unpack_trace

T = TypeVar("T")

log = logging.getLogger(__name__)

NEWS_PATIENCE_S, LOOK_AGAIN_S = 15.0, 0.5  # within a lease we hear why there was no leave


class Flight:
    """Owns one claimed run from its start at Dify to its end.

    `leave` tells whether the run may be sent to Dify now; it is asked right before.
    """

    def __init__(
        self,
        services: Services,
        run: Run,
        *,
        on_started: Callable[[], None],
        leave: Callable[[Run], Awaitable[bool]],
        head: Callable[[Logbook], Heading],
    ) -> None:
        self.logbook = Logbook(run)
        self.is_flying = True
        self._services = services
        self._on_started = on_started
        self._leave = leave
        self._heading = head(self.logbook)
        self._hearing, self._heard = Hearing(), ""
        self._asked, self._named = Signal(), Signal()
        self._task: asyncio.Task[None] | None = None
        self._left_at: float | None = None  # the leave of this request, by monotonic time
        # The time that a human takes does not count; after a form was filled in, the limit begins anew.
        begun_at = None if run.state is RunState.WAITING else run.asked_at
        passed_s = (services.now() - begun_at).total_seconds() if begun_at else 0.0
        self._deadline = time.monotonic() + run.timeout_s - max(0.0, passed_s)

    @property
    def run(self) -> Run:
        return self.logbook.run

    @property
    def has_asked(self) -> bool:
        """Whether Dify may have heard of this attempt."""
        return self.run.asked_at is not None

    async def fly(self, app: App | None) -> None:
        """Start the run at Dify and follow its stream to the end; `app` as it was when the run was claimed."""
        await self._hold(self._fly(app))

    async def rejoin(self) -> None:
        """Follow a run that another process started, by its run detail; its trace stays as far as it was saved."""
        await self._hold(self._rejoin())

    def abandon(self) -> None:
        """Let go without an end: another owner will have it."""
        self.is_flying = False
        if self._task is not None:
            self._task.cancel()

    def lose(self) -> None:
        """Another owner has it: write nothing more, and leave no second run behind at Dify."""
        self.is_flying = False
        self._asked.set()

    def wish_stop(self, by: str) -> None:
        """Somebody wants it to end. It is told at each beat, and passed on once."""
        if self.run.stop_by is None:
            self.logbook.run = replace(self.run, stop_by=by)
            self._asked.set()

    async def _hold(self, work: Coroutine[Any, Any, None]) -> None:
        if not self.is_flying:  # abandoned before its first step
            work.close()
            return
        self._task = asyncio.current_task()
        try:
            await work
        except asyncio.CancelledError:
            if self.is_flying:
                raise
        finally:
            self.is_flying = False

    async def _fly(self, app: App | None) -> None:
        self._heading.app = app
        if await self._join_what_ran_before():
            return
        try:
            while self.is_flying and (endpoint := await self._open(self._heading.here)) is not None:
                wish, error = await self._stream(endpoint)
                if not await self._turn(wish, error):
                    self.logbook.trace.close()
                    ending = await self._conclude(endpoint, wish, error)
                    await self._end(endpoint, ending and self._tell_line(ending, endpoint, error))
                    break
        except StorageError as error:
            log.warning("Run %s is not started for now: %s", self.run.id, error)  # it waits when our lease has ended

    async def _stream(self, endpoint: Endpoint) -> tuple[Wish | None, DifyError | None]:
        """Start it there and read on until it has ended, was stopped, or nothing more is heard of it."""
        self._left_at = None
        reading = asyncio.create_task(self._read(endpoint), name=f"stream of run {self.run.id}")
        try:
            wish = await self._watch(reading)
            self._heard = "" if reading.done() else self._hearing.tell(time.monotonic())
            if not self.is_flying:
                await self._named.within(STOP_PATIENCE_S, reading)
            elif wish is not None:
                await self._stop(endpoint, reading, wish)
        finally:
            reading.cancel()
            await asyncio.wait({reading})
        error = None if reading.cancelled() else reading.exception()
        if error is None or isinstance(error, DifyError):
            return wish, error
        raise error

    async def _turn(self, wish: Wish | None, error: DifyError | None) -> bool:
        """Whether Dify was not reached there, and there is another address to go to."""
        if not self.is_flying or wish is not None or not was_unreached(error) or not await self._heading.turn():
            return False
        self.is_flying = self.run.state is RunState.RUNNING
        return True

    async def _join_what_ran_before(self) -> bool:
        """Whether it has run already, before the database was put back from a copy: then it is followed."""
        restored_at = self._services.restored_at
        if restored_at is None or self.run.due_at > restored_at:
            return False
        for endpoint in await self._open(self._heading.everywhere) or ():
            pursuit = self._pursue(endpoint)
            if await pursuit.find():
                self.logbook.run = replace(self.run, base_url=endpoint.base_url)
                await self._end(endpoint, await pursuit.follow(None))
                return True
        return False

    async def _rejoin(self) -> None:
        blob = await self._services.store.read(lambda c: runs.get_trace(c, self.run.id))
        self.logbook.earlier = close_spans(await asyncio.to_thread(unpack_trace, blob) if blob is not None else ())
        if self.run.stop_by is not None:
            self._asked.set()
        endpoint = await self._open(self._heading.here)
        if endpoint is not None:
            pursuit = self._pursue(endpoint)
            is_named = self.run.dify_run_id is not None
            await self._end(endpoint, await (pursuit.follow(None) if is_named else pursuit.search(is_orphan=True)))

    async def _open(self, find: Callable[[], Awaitable[T]]) -> T | None:
        """Where it goes; None when it has failed for having nowhere to go."""
        try:
            return await find()
        except Refusal as error:
            await self._end(None, Ending(RunState.FAILED, Fault(code=error.code, message=str(error))))
            self.is_flying = False
            return None

    async def _read(self, endpoint: Endpoint) -> None:
        """The read loop: it waits for the network and for nothing else, else Dify drops events."""
        dify, book, tag = self._services.dify, self.logbook, self.run.tag
        assert tag is not None
        line = dify.start(endpoint, self.run.inputs, tag, leave=self._ask_leave, hearing=self._hearing)
        async with line as events:
            self._heading.note_arrival()
            async for event in events:
                book.trace.fold(event)
                if book.trace.run_id is not None and book.run.dify_run_id is None:
                    book.note_named()
                    self._named.set()
                    self._on_started()
                if event.name != "workflow_started":  # which brings names, and nothing else to save
                    book.is_changed = True

    async def _ask_leave(self) -> bool:
        if not self.is_flying:
            return False
        if self._left_at is not None and is_fresh(self._left_at):
            return True
        now, left_at = self._services.now(), time.monotonic()
        if not await self._leave(self.run):
            return False
        self._left_at = left_at
        self.logbook.run, self._hearing.since = replace(self.run, asked_at=now), time.monotonic()
        self._deadline = self._hearing.since + self.run.timeout_s
        return True

    async def _watch(self, reading: asyncio.Task[None]) -> Wish | None:
        """Wait for the end of the stream, for somebody's wish, or for the limit; which of the last two it was."""
        while not reading.done() and not self._asked.is_set():
            left_s = self._deadline - time.monotonic()
            if left_s <= 0 and self.has_asked:
                break
            # The limit counts from when the run leaves, and is set anew then.
            await self._asked.within(left_s if self.has_asked else max(left_s, LOOK_AGAIN_S), reading)
        if reading.done() or not self.is_flying:
            return None
        return read_wish(self.run.stop_by if self._asked.is_set() else None)

    async def _stop(self, endpoint: Endpoint, reading: asyncio.Task[None], wish: Wish) -> None:
        """Ask Dify, and give the stream its time to end; a newer run waits no longer than that in all."""
        since = time.monotonic()
        await self._named.within(STOP_PATIENCE_S, reading)  # what has no name yet cannot be stopped
        await self._pursue(endpoint).stop()
        waited_s = time.monotonic() - since if wish is Wish.REPLACE else 0.0
        await asyncio.wait({reading}, timeout=max(0.0, STOP_PATIENCE_S - waited_s))

    async def _conclude(self, endpoint: Endpoint, wish: Wish | None, error: DifyError | None) -> Ending | None:
        if not self.is_flying:
            return None
        facts, pursuit = self.logbook.trace.facts, self._pursue(endpoint)
        if isinstance(error, NoLeave):
            await self._asked.within(NEWS_PATIENCE_S)
            return end_before_asking(self.run.stop_by)
        if facts.complete:
            # A limit of the server says "Stopped by user." in the stream, and the truth in the run detail.
            detail = await pursuit.look() if facts.status == "stopped" and wish is None else None
            return end_by_stream(facts, self.logbook.spans, wish, detail)
        if facts.run_id is not None:
            return await pursuit.follow(wish)
        return self._heading.end_by_error(facts, error) or await pursuit.search(had_line=wish is Wish.TIMEOUT)

    def _tell_line(self, ending: Ending, endpoint: Endpoint, error: DifyError | None) -> Ending:
        version = self._services.dify.version(endpoint)
        return tell_line(ending, self._heard or explain_end(error), self._hearing.version, version)

    def _pursue(self, endpoint: Endpoint) -> Pursuit:
        pursuit = partial(Pursuit, self._services, endpoint, self.logbook, deadline=self._deadline)
        return pursuit(asked=self._asked, reach=self._heading.reach, is_over=lambda: not self.is_flying)

    async def _end(self, endpoint: Endpoint | None, ending: Ending | None) -> None:
        """Close the run, or let go of it where another has it."""
        if ending is not None and self.is_flying and not await close(self._services, self.logbook, ending):
            log.warning("Run %s had another owner at its end", self.run.id)
            self.lose()
        if not self.is_flying and endpoint is not None and self.has_asked:
            await disown(self._services, self.logbook.snapshot().run, endpoint)
