"""A copy of a SQLite database each day, and the old ones thrown away. A PostgreSQL has tools of its own."""

import asyncio
import logging
from datetime import datetime, timedelta
from pathlib import Path

from bot.services import Services
from storage.backup import back_up
from storage.errors import StorageError

log = logging.getLogger(__name__)

EVERY = timedelta(days=1)
# What could not be copied is tried again after this; a full disk does not mend itself in seconds.
AGAIN_AFTER = timedelta(hours=1)
# Only what is named so is ours to throw away.
NAME, STAMP = "daily-*.sqlite3", "daily-%Y%m%dT%H%M%SZ.sqlite3"


class Copies:
    """Stand in `backups` of the data folder, the newest few."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._folder = services.settings.data_folder / "backups"
        self._kept = services.settings.backups
        self._looks_at: datetime | None = None

    async def once(self) -> bool:
        """Make one if the last is a day old; whether it was made."""
        services, now = self._services, self._services.now()
        if not self._kept or services.store.dialect != "sqlite" or (self._looks_at and now < self._looks_at):
            return False
        newest = await asyncio.to_thread(self._newest_at)
        if newest is not None and now - newest < EVERY:
            self._looks_at = newest + EVERY
            return False
        self._looks_at = now + AGAIN_AFTER
        try:
            await asyncio.to_thread(back_up, services.settings.database_url, self._folder / now.strftime(STAMP))
        except StorageError as error:
            log.warning("The daily copy of the database was not made, and is tried again in an hour: %s", error)
            return False
        self._looks_at = now + EVERY
        await asyncio.to_thread(self._throw_away)
        return True

    def _newest_at(self) -> datetime | None:
        found = self._found()
        if not found:
            return None
        return datetime.strptime(f"{found[-1].name}+0000", f"{STAMP}%z")

    def _found(self) -> list[Path]:
        """Those that are ours, the oldest first."""
        return sorted(path for path in self._folder.glob(NAME) if _is_ours(path))

    def _throw_away(self) -> None:
        for old in self._found()[: -self._kept]:
            old.unlink(missing_ok=True)


def _is_ours(path: Path) -> bool:
    try:
        datetime.strptime(path.name, STAMP)  # noqa: DTZ007 - only its form is looked at
    except ValueError:
        return False
    return True
