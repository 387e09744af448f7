"""The time that all servers of one database agree on: the database's, counted on by a clock that never jumps."""

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from storage.database import Store
from storage.errors import StorageError

log = logging.getLogger(__name__)

# Less than this is the network, more is a clock that was set.
JUMP = timedelta(seconds=1)
# For so long after a jump, or after the database was away, nobody is taken for dead: all renew their leases first.
WARY_S = 15.0


def machine_time() -> datetime:
    return datetime.now(UTC)


class Watch:
    """Called, it tells the time. A SQLite file has one server, so that the machine's own time will do."""

    def __init__(
        self, *, machine: Callable[[], datetime] = machine_time, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._machine = machine
        self._monotonic = monotonic
        self._set: tuple[datetime, float] | None = None
        self._wary_until = float("-inf")
        self._before: tuple[datetime, float] | None = None

    def __call__(self) -> datetime:
        if self._set is None:
            return self._machine()
        at, since = self._set
        return at + timedelta(seconds=self._monotonic() - since)

    @property
    def is_steady(self) -> bool:
        """Whether a lease that has run out tells that its owner is dead."""
        return self._monotonic() >= self._wary_until

    async def sync(self, store: Store) -> None:
        """Look at the clock of the database, or at the machine's. One that is away leaves the time as it is."""
        began = self._monotonic()
        try:
            told = await store.time()
        except StorageError:
            self._be_wary()
            return
        ended = self._monotonic()
        if self._before is not None and ended - began > JUMP.total_seconds():
            self._be_wary()  # when in between it was read cannot be known
            return
        expected = self._expected(ended)
        if told is not None:
            told += timedelta(seconds=(ended - began) / 2)
            self._set = (told, ended)
        shown = told or self._machine()
        if expected is not None and abs(shown - expected) > JUMP:
            by_s = (shown - expected).total_seconds()
            log.warning("The clock was set by %.1f s; nobody is taken for dead meanwhile", by_s)
            self._be_wary()
        self._before = (shown, ended)

    def _expected(self, now: float) -> datetime | None:
        if self._before is None:
            return None
        at, since = self._before
        return at + timedelta(seconds=now - since)

    def _be_wary(self) -> None:
        self._wary_until = self._monotonic() + WARY_S
