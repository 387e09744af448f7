"""Which engine wakes the loops, as the settings say."""

from collections.abc import Callable
from datetime import datetime

from bot.engine.embedded import EmbeddedEngine
from bot.engine.port import Engine
from bot.settings import Settings
from storage.address import read_address


def make_engine(settings: Settings, now: Callable[[], datetime]) -> Engine:
    """It wakes by the time that `now` tells. The settings allow a distributed one only for PostgreSQL."""
    local = EmbeddedEngine(now=now)
    if settings.engine == "embedded":
        return local
    from bot.engine.distributed import DistributedEngine  # the queue and its libraries are for those who ask for it

    return DistributedEngine(read_address(settings.database_url).dsn, local=local)
