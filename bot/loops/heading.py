"""Where a run goes: to the address that its claim gave it, and on to the next when Dify cannot be reached there."""

import logging

from bot.dify.client import Endpoint
from bot.dify.facts import Facts
from bot.errors import DifyError, Refusal
from bot.hosts import host_of
from bot.loops.ending import Ending, end_by_error
from bot.loops.logbook import Logbook
from bot.loops.reach import Reach
from bot.operations.divert import divert
from bot.operations.endpoint import open_endpoint, open_endpoints
from bot.rules.room import Limits
from bot.services import Services
from storage import apps
from storage.records import App

log = logging.getLogger(__name__)


class Heading:
    """`tried` are the addresses at which this attempt could not be begun, `reach` is what this server reaches, `app`
    is as it was read with the claim."""

    def __init__(self, logbook: Logbook, *, services: Services, limits: Limits, reach: Reach) -> None:
        self.tried: list[str] = []
        self.app: App | None = None
        self.reach = reach
        self._services = services
        self._logbook = logbook
        self._limits = limits

    async def here(self) -> Endpoint:
        """Where the run goes, or has gone. Raises Refusal."""
        return open_endpoint(self._services.vault, await self._read_app(), self._logbook.run.base_url)

    async def everywhere(self) -> tuple[Endpoint, ...]:
        """Wherever it may have gone. Raises Refusal."""
        return open_endpoints(self._services.vault, await self._read_app())

    async def turn(self) -> bool:
        """Whether it goes to another address of its app, or waits again since there is no room; False where it has
        no other, or is ours no more."""
        services, run = self._services, self._logbook.run
        self.tried.append(run.base_url or "")
        self.reach.note_failure(host_of(run.base_url or ""), services.now())
        diverted = await services.store.run(lambda c: divert(c, run, self.tried, self._limits, now=services.now()))
        if diverted is None:
            return False
        log.warning("Run %s could not be begun at %s and goes elsewhere", run.id, run.base_url)
        self._logbook.run = diverted
        return True

    def note_arrival(self) -> None:
        """Dify was reached; what waits because it was not goes on."""
        book, services = self._logbook, self._services
        book.note_heard(services.now())
        if self.reach.note_answer(host_of(book.run.base_url or "")):
            services.engine.wake("runner")

    def end_by_error(self, facts: Facts, error: DifyError | None) -> Ending | None:
        """No run was ever named; what could not be sent from here at all, another server may send."""
        ending = end_by_error(facts, error, addresses=len(self.tried))
        if ending is not None and self.reach.leaves_to_others(ending, self._logbook.run.attempts):
            return ending.elsewhere()
        return ending

    async def _read_app(self) -> App:
        run = self._logbook.run
        app = self.app or await self._services.store.read(lambda c: apps.get(c, run.team_id, run.app_id))
        if app is None:
            raise Refusal("The Dify app of this run is not connected any more.", code="no_app")
        return app
