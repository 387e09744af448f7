"""How far our clock and Slack's are apart, told by the `Date` of its answers."""

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

log = logging.getLogger(__name__)

# Bolt and Slack refuse signed requests that are older than this.
MOST = timedelta(minutes=5)
TOLD_EVERY_S = 3600.0


def read_skew(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds by which our clock is ahead of who answered; None where the answer has no date that can be read."""
    try:
        told = parsedate_to_datetime(headers.get("date") or headers.get("Date") or "")
    except ValueError:
        return None
    return (now - (told if told.tzinfo else told.replace(tzinfo=UTC))).total_seconds()


class Skew:
    """Told in the log, at most once an hour. `ahead_s` is what the last answer told, None before there was one."""

    def __init__(self, monotonic: Callable[[], float], now: Callable[[], datetime]) -> None:
        self._monotonic = monotonic
        self._now = now
        self._rests_until = float("-inf")
        self.ahead_s: float | None = None

    def look(self, headers: Mapping[str, str]) -> None:
        """An answer has come."""
        self.ahead_s = read_skew(headers, self._now())
        if self.ahead_s is None or is_well(self.ahead_s) or self._monotonic() < self._rests_until:
            return
        self._rests_until = self._monotonic() + TOLD_EVERY_S
        log.warning("%s", describe(self.ahead_s))


def is_well(ahead_s: float) -> bool:
    return abs(ahead_s) <= MOST.total_seconds()


def describe(ahead_s: float) -> str:
    """ "The clock of this machine is 312 s ahead of Slack's; …"."""
    side = "ahead of" if ahead_s > 0 else "behind"
    return (
        f"The clock of this machine is {abs(ahead_s):.0f} s {side} Slack's; requests may be refused as too old, and "
        "jobs run at the wrong time. Let NTP set it."
    )
