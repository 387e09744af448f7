"""Leave to ask Dify: given only to runs that are still held, in one transaction for all that ask at the same time."""

import asyncio
from time import monotonic

from bot.services import Services
from storage import claims
from storage.line import Line
from storage.records import Run

# Whoever was held up for longer between the answer and its use asks again: others may have taken its runs over.
SELF_FENCE_S = 7.5
TOLD_AT_ONCE = 10  # whoever has leave sends at once: a hundred requests in one turn of the loop hold up every ack


def is_fresh(since: float) -> bool:
    """Whether a leave that was given at that monotonic instant, or asked for then, may still be used."""
    return monotonic() - since < SELF_FENCE_S


class Leave:
    """Asked right before a request leaves that cannot be taken back."""

    def __init__(self, services: Services, lease_s: float) -> None:
        self._services = services
        self._lease_s = lease_s
        self._waiting: dict[int, tuple[Run, asyncio.Future[bool]]] = {}
        self._is_asking = False

    async def ask(self, run: Run) -> bool:
        """Whether the run may leave now, which is noted on its row. Raises StorageError: then it may not."""
        while True:
            since = monotonic()
            has_leave = await self._join(run)
            if not has_leave or is_fresh(since):
                return has_leave

    async def _join(self, run: Run) -> bool:
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting[run.id] = (run, answer)
        if not self._is_asking:
            self._is_asking = True
            self._services.tasks.spawn(self._ask_all(), name="leave to ask Dify")
        return await answer

    async def _ask_all(self) -> None:
        try:
            while self._waiting:
                asking, self._waiting = self._waiting, {}
                await self._ask_group(asking)
        finally:
            self._is_asking = False

    async def _ask_group(self, asking: dict[int, tuple[Run, asyncio.Future[bool]]]) -> None:
        services = self._services
        fences = {run_id: run.fence for run_id, (run, _) in asking.items()}
        try:
            await services.foreground.give_way()
            held = await services.store.run(
                lambda c: claims.mark_asked(c, services.owner, fences, services.now(), self._lease_s), line=Line.BULK
            )
        except BaseException as error:
            for _, answer in asking.values():
                if not answer.done():
                    answer.set_exception(error if isinstance(error, Exception) else asyncio.CancelledError())
            if not isinstance(error, Exception):
                raise
            return
        for told, (run_id, (_, answer)) in enumerate(asking.items(), 1):
            if not answer.done():
                answer.set_result(run_id in held)
            if told % TOLD_AT_ONCE == 0:
                await asyncio.sleep(0)
