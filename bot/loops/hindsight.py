"""Hindsight: what became of lost runs is asked of Dify again for a day, and told in place of not knowing."""

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from bot.dify.client import RunDetail
from bot.errors import DifyError, Refusal
from bot.hosts import host_of
from bot.loops.ending import end_after_all
from bot.loops.look import ENDED, SILENT
from bot.operations.correct import correct_lost
from bot.operations.endpoint import open_endpoint
from bot.services import Services
from storage import apps
from storage.lost import lost_since
from storage.records import Run

log = logging.getLogger(__name__)

EVERY_S = 300.0
FOR_HOURS = 24
MOST = 50  # the last of them; a Dify that has lost more tells little


class Hindsight:
    """Starts to ask now and then, and holds up nobody meanwhile."""

    def __init__(self, services: Services, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._services = services
        self._monotonic = monotonic
        self._asks_at = monotonic() + EVERY_S

    def once(self) -> None:
        """Ask about all of them when it is time again."""
        if self._monotonic() < self._asks_at or self._services.slack.cut_off is not None:
            return
        self._asks_at = self._monotonic() + EVERY_S
        self._services.tasks.spawn(self._ask_all(), name="hindsight")

    async def _ask_all(self) -> None:
        services = self._services
        since, silent = services.now() - timedelta(hours=FOR_HOURS), set[str]()
        for run in await services.store.read(lambda c: lost_since(c, since, MOST)):
            host = host_of(run.base_url or "")
            if host in silent:
                continue
            try:
                detail = await self._ask(run)
            except DifyError as error:
                if error.code in SILENT:
                    silent.add(host)
                continue
            if detail is not None and detail.status in ENDED:
                await self._correct(run, detail)

    async def _ask(self, run: Run) -> RunDetail | None:
        """By its id, or by the name of its attempt where Dify never said one. Raises DifyError."""
        services = self._services
        app = await services.store.read(lambda c: apps.get(c, run.team_id, run.app_id))
        if app is None:
            return None
        try:
            endpoint = open_endpoint(services.vault, app, run.base_url)
        except Refusal:
            return None
        run_id = run.dify_run_id
        if run_id is None:
            found = await services.dify.find_by_user(endpoint, run.tag or "") if endpoint.is_workflow else ()
            if not found:
                return None
            run_id = found[-1].run_id
        return await services.dify.run_detail(endpoint, run_id, run.tag)

    async def _correct(self, run: Run, detail: RunDetail) -> None:
        services, now = self._services, self._services.now()
        found = end_after_all(run, detail).apply(replace(run, dify_run_id=detail.run_id), (), now)
        if await services.store.run(lambda c: correct_lost(c, found, now=now)) is not None:
            log.info("Run %s was lost and has %s after all", run.id, found.state)
            services.engine.wake("courier")
