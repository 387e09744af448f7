"""A database in which nothing can be saved: told once in Slack, over a path that needs no row, and again when it can.

Nothing begins meanwhile, since a claim is a write; what comes due stays planned.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from bot.blocks.notice import notice
from bot.errors import DeliveryError
from bot.services import Services
from storage import meta, runs
from storage.errors import StorageError
from storage.tag import EVENT, token_of

log = logging.getLogger(__name__)

# What another server, or this one before a restart, has told within so long is not told again.
TOLD_WITHIN = timedelta(days=1)
FULL = (
    "*Nothing can be saved.* {why} No run begins and nothing can be changed until then; what comes due is made up for"
    " as each job says. Make room on the disk of the database; the bot goes on by itself."
)
READ_ONLY = (
    "*Nothing can be saved.* {why} Jobs can be looked at; no run begins and nothing can be changed. Make the file and"
    " its folder writable, then start the bot again."
)
DISPLACED = (
    "*Nothing can be saved.* {why} No run begins and nothing can be changed. Put the file back, and the bot goes on"
    " by itself; to serve another one, start the bot again."
)
OVER = "The database can be saved again, and runs begin. It could not for a while; what came due is made up for."
# The keys under which the two are found again in a history.
STUCK, WELL = "unwritable", "writable"


class Disk:
    """Looks at each beat; costs nothing while all is well."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._stands: list[tuple[str, str]] | None = None

    async def once(self) -> bool:
        """Whether something can be saved."""
        store = self._services.store
        if store.unwritable is None and self._stands is None and not store.is_displaced:
            return True
        if await self._can_save():
            await self._tell_end()
            return True
        if self._stands is None and store.unwritable is not None:
            await self._tell(store.unwritable)
        return False

    async def _can_save(self) -> bool:
        store = self._services.store
        try:
            await store.run(meta.prove_room)
        except StorageError:
            return False
        store.unwritable = None
        return True

    async def _tell(self, why: str) -> None:
        log.error("Nothing can be saved, so no run begins: %s", why)
        store = self._services.store
        words = READ_ONLY if store.is_read_only else DISPLACED if store.is_displaced else FULL
        targets = await self._targets()
        stands = [place for one in targets if (place := await self._place(one, words.format(why=why))) is not None]
        # Whom nobody can write to is passed over: else the others would be told at each beat, and never of the end.
        if stands or not targets:
            self._stands = stands

    async def _tell_end(self) -> None:
        if self._stands is None:
            return
        log.warning("The database can be saved again")
        for channel, ts in self._stands:
            try:
                await self._services.slack.update(channel, ts, self._payload(OVER, WELL), rank=0)
            except DeliveryError as error:
                log.warning("That all is well again cannot be told in Slack: %s", error.code)
        self._stands = None
        for kind in ("clock", "runner", "courier"):
            self._services.engine.wake(kind)

    async def _targets(self) -> Sequence[str]:
        """The admins that the settings name; without any, the channel of the run that would begin next."""
        services = self._services
        if services.settings.admins:
            return sorted(services.settings.admins)
        coming = await services.store.read(lambda c: runs.next_runs(c, services.team_id, limit=1))
        return [run.channel_id for run in coming]

    async def _place(self, target: str, words: str) -> tuple[str, str] | None:
        """Where it stands, told now or before; None where Slack does not take it."""
        try:
            return await self._find(target) or await self._post(target, words)
        except DeliveryError as error:
            log.warning("That nothing can be saved cannot be told to %s in Slack: %s", target, error.code)
            return None

    async def _find(self, target: str) -> tuple[str, str] | None:
        """Where it stands already; a history that cannot be read is no reason to say nothing."""
        services = self._services
        token = token_of(services.installation, STUCK)
        try:
            return await services.slack.history.find(target, token, services.now() - TOLD_WITHIN)
        except DeliveryError:
            return None

    async def _post(self, target: str, words: str) -> tuple[str, str]:
        posted = await self._services.slack.post(target, self._payload(words, STUCK), rank=0)
        return posted.channel, posted.ts

    def _payload(self, words: str, key: str) -> Mapping[str, Any]:
        told, token = notice(words), token_of(self._services.installation, key)
        metadata = {"event_type": EVENT, "event_payload": {"delivery": token}}
        return {"text": told.text, "blocks": told.blocks, "metadata": metadata}
