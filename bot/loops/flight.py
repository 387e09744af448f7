"""One run in flight: its stream is read without ever waiting for the database or for Slack."""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from bot.dify.client import Endpoint, RunDetail
from bot.dify.spans import close_spans
from bot.dify.trace import Trace
from bot.errors import DifyError, Refusal
from bot.loops.ending import Ending, Wish, end_by_detail, end_by_error, end_by_stream, end_in_doubt, read_wish
from bot.loops.keep import Snapshot, insist, keep_end, keep_progress
from bot.loops.look import SETTLED, look_until_settled, wait_for_either
from bot.operations.endpoint import open_endpoint
from bot.services import Services
from storage import apps, runs
from storage.records import Fault, NodeSpan, Run, RunState
from storage.runs import pack_trace, unpack_trace

log = logging.getLogger(__name__)

STOP_PATIENCE_S = 30.0  # Dify ends a stopped run within a second; a node that hangs can take longer
FOLLOWED_FOR_S = 60.0  # how long a run that does not heed a stop is still looked at
TRUTH_PATIENCE_S = 3.0  # after `stopped`, run detail may read `running` for a second or so
WAITING_LOOK_S = 60  # how often a run that waits for a human is looked at
LIVE_AFTER = timedelta(seconds=2)  # a run shorter than this is told once, by its result
LIVE_EVERY = timedelta(seconds=3)  # Slack's own advice for edits of one message


class Flight:
    """Owns one claimed run from its start at Dify to its end."""

    def __init__(
        self, services: Services, run: Run, *, on_started: Callable[[], None], has_asked: bool = False
    ) -> None:
        self.run = run
        self.is_flying = True
        self.is_changed = False
        self.has_asked = has_asked  # whether Dify may have heard of it
        self._services = services
        self._on_started = on_started
        self._trace = Trace()
        self._earlier: tuple[NodeSpan, ...] = ()
        self._asked = asyncio.Event()
        self._named = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._shown_at: datetime | None = None
        self._shown_nodes = 0
        # The time that a human takes does not count; after a form was filled in, the limit begins anew.
        begun_at = None if run.state is RunState.WAITING else run.started_at
        passed_s = (services.now() - begun_at).total_seconds() if begun_at else 0.0
        self._deadline = time.monotonic() + run.timeout_s - max(0.0, passed_s)

    async def fly(self) -> None:
        """Start the run at Dify and follow its stream to the end."""
        await self._hold(self._fly())

    async def rejoin(self) -> None:
        """Follow a run that another process started, by its run detail; its trace stays as far as it was saved."""
        await self._hold(self._rejoin())

    def abandon(self) -> None:
        """Let go without an end: another owner has the run now, or will have it."""
        self.is_flying = False
        if self._task is not None:
            self._task.cancel()

    def wish_stop(self, by: str) -> None:
        """Somebody wants it to end."""
        if self.run.stop_by is None:
            self.run = replace(self.run, stop_by=by)
        self._asked.set()

    def snapshot(self) -> Snapshot:
        """The run and its trace as they now are; what comes later marks the flight as changed again."""
        self.is_changed = False
        facts, spans = self._trace.facts, self._spans()
        run = replace(
            self.run,
            dify_run_id=facts.run_id or self.run.dify_run_id,
            task_id=facts.task_id or self.run.task_id,
            workflow_id=facts.workflow_id or self.run.workflow_id,
            nodes=facts.nodes or self.run.nodes,
            nodes_done=facts.nodes_done or self.run.nodes_done,
            current_node=facts.current_node,
        )
        self.run = run
        return Snapshot(run, spans, sum(1 for span in spans if span.state == "failed"), facts.ignored_events)

    def begin_showing(self, now: datetime) -> bool:
        """Whether its message should be edited now; at most every few seconds, and only for something new."""
        is_early = self.run.started_at is None or now - self.run.started_at < LIVE_AFTER
        is_soon = self._shown_at is not None and now - self._shown_at < LIVE_EVERY
        if is_early or is_soon or self.run.nodes_done == self._shown_nodes:
            return False
        self._shown_at, self._shown_nodes = now, self.run.nodes_done
        return True

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

    async def _fly(self) -> None:
        endpoint = await self._open_app()
        if endpoint is None:
            return
        reading = asyncio.create_task(self._read(endpoint), name=f"stream of run {self.run.id}")
        try:
            wish = await self._watch(reading)
            if wish is not None:
                await self._stop(endpoint, reading, wish)
        finally:
            reading.cancel()
            await asyncio.wait({reading})
        error = None if reading.cancelled() else reading.exception()
        if error is not None and not isinstance(error, DifyError):
            raise error
        self._trace.close()
        await self._end(await self._conclude(endpoint, wish, error))

    async def _rejoin(self) -> None:
        blob = await self._services.store.read(lambda c: runs.get_trace(c, self.run.id))
        self._earlier = close_spans(await asyncio.to_thread(unpack_trace, blob) if blob is not None else ())
        if self.run.dify_run_id is None:
            await self._end(end_in_doubt("the bot was stopped before Dify had named the run"))
            return
        if self.run.stop_by is not None:
            self._asked.set()
        endpoint = await self._open_app()
        if endpoint is not None:
            await self._end(await self._follow(endpoint, None))

    async def _open_app(self) -> Endpoint | None:
        """Where the run goes; without it the run has failed already."""
        app = await self._services.store.read(lambda c: apps.get(c, self.run.team_id, self.run.app_id))
        try:
            if app is None:
                raise Refusal("The Dify app of this run is not connected any more.", code="no_app")
            return open_endpoint(self._services.vault, app)
        except Refusal as error:
            await self._end(Ending(RunState.FAILED, Fault(code=error.code, message=str(error))))
            return None

    async def _read(self, endpoint: Endpoint) -> None:
        """The read loop: it waits for the network and for nothing else, else Dify drops events."""
        assert self.run.tag is not None
        if not self.is_flying:
            return
        self.has_asked = True
        async with self._services.dify.start(endpoint, self.run.inputs, self.run.tag) as events:
            async for event in events:
                self._trace.fold(event)
                if self._trace.run_id is not None and self.run.dify_run_id is None:
                    self.run = replace(self.run, dify_run_id=self._trace.run_id, task_id=self._trace.task_id)
                    self._named.set()
                    self._on_started()
                self.is_changed = True

    async def _watch(self, reading: asyncio.Task[None]) -> Wish | None:
        """Wait for the end of the stream, for somebody's wish, or for the limit; which of the last two it was."""
        await wait_for_either(reading, self._asked, max(0.0, self._deadline - time.monotonic()))
        if reading.done():
            return None
        return read_wish(self.run.stop_by if self._asked.is_set() else None)

    async def _stop(self, endpoint: Endpoint, reading: asyncio.Task[None], wish: Wish) -> None:
        """Ask Dify, and give the stream its time to end; a newer run waits no longer than that in all."""
        since = time.monotonic()
        await wait_for_either(reading, self._named, STOP_PATIENCE_S)  # what has no name yet cannot be stopped
        await self._ask_to_stop(endpoint)
        waited_s = time.monotonic() - since if wish is Wish.REPLACE else 0.0
        await asyncio.wait({reading}, timeout=max(0.0, STOP_PATIENCE_S - waited_s))

    async def _ask_to_stop(self, endpoint: Endpoint) -> None:
        task_id = self._trace.task_id or self.run.task_id
        try:
            if task_id is not None:
                await self._services.dify.stop(endpoint, task_id, self.run.tag or "")
        except DifyError as error:
            log.warning("Dify did not take the stop of run %s: %s", self.run.id, error.code)

    async def _conclude(self, endpoint: Endpoint, wish: Wish | None, error: DifyError | None) -> Ending:
        facts = self._trace.facts
        if facts.complete:
            detail = None
            if facts.status == "stopped" and wish is None:
                # A limit of the server says "Stopped by user." in the stream, and the truth in the run detail.
                detail = await self._look(endpoint, TRUTH_PATIENCE_S)
            return end_by_stream(facts, self._spans(), wish, detail)
        if facts.run_id is None:
            return end_by_error(facts, error, wish)
        return await self._follow(endpoint, wish)

    async def _follow(self, endpoint: Endpoint, wish: Wish | None) -> Ending:
        """A started run without its stream is finished from run detail, patiently."""
        patience_s = 0.0 if wish is Wish.REPLACE else FOLLOWED_FOR_S
        if wish is None:
            detail = await self._look(endpoint, max(0.0, self._deadline - time.monotonic()))
            if detail is not None and detail.status in SETTLED:
                return end_by_detail(detail, None)
            wish = read_wish(self.run.stop_by if self._asked.is_set() else None)
            patience_s = STOP_PATIENCE_S if wish is Wish.REPLACE else FOLLOWED_FOR_S
            await self._ask_to_stop(endpoint)
        self._asked.clear()  # it has been passed on; what follows is patience
        detail = await self._look(endpoint, patience_s)
        return end_by_detail(detail, wish)

    async def _look(self, endpoint: Endpoint, patience_s: float) -> RunDetail | None:
        run_id = self._trace.run_id or self.run.dify_run_id or ""
        return await look_until_settled(self._services.dify, endpoint, run_id, patience_s, self._asked)

    async def _end(self, ending: Ending) -> None:
        """Close the run in one transaction."""
        if not self.is_flying:
            return
        services, now = self._services, self._services.now()
        shot = self.snapshot()
        run = ending.apply(shot.run, shot.spans, now)
        if run.state is RunState.WAITING:
            run = replace(run, lease_until=now + timedelta(seconds=WAITING_LOOK_S))
        still_waits = shot.run.state is run.state is RunState.WAITING  # nothing that anybody should be told
        blob = await asyncio.to_thread(pack_trace, shot.spans)

        def write(c: Connection) -> bool:
            if still_waits:
                return keep_progress(c, replace(shot, run=run), blob)
            return keep_end(c, run, shot, blob, now) is not None

        if not await insist(services.store, run.id, write):
            log.warning("Run %s had another owner at its end", run.id)
        services.engine.wake("courier")
        services.engine.wake("clock")

    def _spans(self) -> tuple[NodeSpan, ...]:
        return self._trace.spans() or self._earlier
