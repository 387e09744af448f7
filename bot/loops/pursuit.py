"""Following a run at Dify without its stream: by its run detail, or by its name where Dify has given it none."""

import logging
import time
from collections.abc import Callable
from dataclasses import replace

from sqlalchemy import Connection

from bot.dify.client import Endpoint, RunDetail
from bot.hosts import host_of
from bot.loops.ending import Ending, Wish, end_by_detail, end_by_search, end_unheard, read_wish
from bot.loops.halt import halt
from bot.loops.keep import insist
from bot.loops.logbook import Logbook
from bot.loops.look import SETTLED, WAITS, Heard, Sought, go_on, look_until_settled, seek
from bot.loops.reach import SILENCES, Reach
from bot.loops.signal import Signal
from bot.operations.stray import report_stray
from bot.services import Services
from storage import claims

log = logging.getLogger(__name__)

STOP_PATIENCE_S = 30.0  # Dify ends a stopped run within a second; a node that hangs can take longer
FOLLOWED_FOR_S = 60.0  # for a person who pressed Stop, what Dify says is worth a minute in all
TRUTH_PATIENCE_S = 3.0  # after `stopped`, run detail may read `running` for a second or so


def patience_of(wish: Wish, waited_s: float = 0.0) -> float:
    """How long a run that was asked to end is still looked at. Who waits for room, or for the alert of a time limit,
    waits no longer than a stop that is heeded takes."""
    return max(0.0, (FOLLOWED_FOR_S if wish is Wish.STOP else STOP_PATIENCE_S) - waited_s)


class Pursuit:
    """`asked` is set when somebody wants the run to end, or when it is ours no more (`is_over`). Each way to an end
    gives None where it is over, or where the run was left to other servers for they may `reach` its Dify."""

    def __init__(
        self,
        services: Services,
        endpoint: Endpoint,
        logbook: Logbook,
        *,
        deadline: float,
        asked: Signal,
        reach: Reach,
        is_over: Callable[[], bool],
    ) -> None:
        self._services = services
        self._endpoint = endpoint
        self._logbook = logbook
        self._deadline = deadline
        self._asked = asked
        self._reach = reach
        self._silences = 0
        self._is_over = is_over

    async def stop(self) -> None:
        """Ask Dify to end it, where it can be asked."""
        task_id = self._logbook.task_id
        if task_id is not None:
            await halt(self._services.dify, self._endpoint, self._logbook.run, task_id)

    async def look(self, patience_s: float = TRUTH_PATIENCE_S, heard: Heard = go_on) -> RunDetail | None:
        """What Dify says of it, once that is settled or the patience is over."""
        dify, endpoint, run = self._services.dify, self._endpoint, self._logbook.run
        run_id = self._logbook.dify_run_id or ""
        return await look_until_settled(dify, endpoint, run_id, run.tag, patience_s, self._asked, heard)

    async def follow(self, wish: Wish | None, *, had_line: bool = False) -> Ending | None:
        """A started run without its stream is finished from run detail, patiently. One that has no end at its limit
        has timed out where its stream stood until then (`had_line`), and is lost where it did not."""
        patience_s, is_unheard = 0.0, False
        if wish is not None:
            patience_s = patience_of(wish, waited_s=STOP_PATIENCE_S)
        else:
            detail = await self.look(max(0.0, self._deadline - time.monotonic()), self._note)
            if self._is_over():
                return None
            if self._is_left:
                await self._leave_to_others()
                return None
            # What waits for a person is settled for all but one who wants it to end.
            if (
                detail is not None
                and detail.status in SETTLED
                and not (detail.status == WAITS and self._asked.is_set())
            ):
                return end_by_detail(detail, None)
            wish = read_wish(self._logbook.run.stop_by if self._asked.is_set() else None)
            patience_s = patience_of(wish)
            await self.stop()
            is_unheard = wish is Wish.TIMEOUT and not had_line
        self._asked.clear()  # it has been passed on; what follows is patience
        detail = await self.look(patience_s)
        if self._is_over():
            return None
        if is_unheard and (detail is None or detail.status not in SETTLED):
            return end_unheard(detail)
        return end_by_detail(detail, wish)

    async def find(self) -> bool:
        """Whether Dify knows a run of this name now; it is ours then."""
        run, services = self._logbook.run, self._services
        found = await seek(services.dify, self._endpoint, run.tag or "", 0.0, self._is_over, self._asked)
        if found.runs:
            await self._adopt(found)
        return bool(found.runs)

    async def _adopt(self, found: Sought) -> None:
        """The earliest is ours. The log names no tasks, so that any other cannot be stopped: it is told."""
        services, (ours, *others) = self._services, found.runs
        run = self._logbook.run = replace(self._logbook.run, dify_run_id=ours.run_id)
        self._logbook.is_changed = True
        if not others:
            return
        log.warning("Dify has %s runs named %s; the earliest is followed", len(found.runs), run.tag)
        now = services.now()

        def report(c: Connection) -> None:
            for one in others:
                report_stray(c, run, one.run_id, is_stopped=False, now=now)

        await insist(services, f"run {run.id}", report)
        services.engine.wake("courier")

    def _note(self, has_answered: bool) -> bool:
        """Whether Dify was silent to us so often in a row that others should have the run."""
        self._silences = 0 if has_answered else self._silences + 1
        return self._is_left

    @property
    def _is_left(self) -> bool:
        return not self._reach.is_alone and self._silences >= SILENCES and time.monotonic() < self._deadline

    def _has_given_up(self) -> bool:
        return self._is_over() or self._is_left

    async def _leave_to_others(self) -> None:
        """The run goes on at Dify, and whoever reaches it follows it."""
        run, services = self._logbook.run, self._services
        log.warning("Run %s is left to other servers: its Dify cannot be reached from here", run.id)
        now = services.now()
        self._reach.note_failure(host_of(self._endpoint.base_url), now)
        await insist(services, f"run {run.id}", lambda c: claims.hand_over(c, services.owner, [run.id], now))

    async def search(self, *, is_orphan: bool = False, had_line: bool = False) -> Ending | None:
        """Nobody knows whether Dify has begun it: look for it by its name, and follow what is found.

        What Dify has taken may wait there for long; otherwise it is the grace for a log that is late. `is_orphan`
        where the owner that asked has died: then the grace begins anew, for the clock may have been set since.
        """
        run, services = self._logbook.run, self._services
        since_s = 0.0 if is_orphan else time.monotonic() - (self._deadline - run.timeout_s)
        patience_s = services.settings.start_grace_s - since_s
        if self._logbook.heard_at is not None:
            patience_s = max(patience_s, self._deadline - time.monotonic())
        found = await seek(
            services.dify, self._endpoint, run.tag or "", patience_s, self._has_given_up, self._asked, self._note
        )
        if self._is_over():
            return None
        if self._is_left and not found.runs:
            await self._leave_to_others()
            return None
        if not found.runs:
            stop_by = self._logbook.run.stop_by
            wish = read_wish(stop_by) if stop_by else None
            return end_by_search(run, found.is_certain, wish, is_orphan=is_orphan)
        await self._adopt(found)
        return await self.follow(None, had_line=had_line)
