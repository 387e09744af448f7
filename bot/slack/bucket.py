"""How often each method may be called, and the tokens that count it."""

from typing import NamedTuple


class Rate(NamedTuple):
    """How often a method may be called: so many a minute, and `burst` at once after a rest."""

    per_minute: float
    burst: int


class Bucket:
    """Tokens that come back with time; one is taken for each call."""

    def __init__(self, rate: Rate, now: float) -> None:
        self._rate = rate
        self._tokens = float(rate.burst)
        self._seen_at = now

    def delay(self, now: float) -> float:
        """Seconds until a token is there, 0 when one is."""
        self._refill(now)
        # a hair's breadth, or rounding could leave a wait too short to ever end
        return max(0.0, (1 - self._tokens) * 60 / self._rate.per_minute) if self._tokens < 1 - 1e-9 else 0.0

    def take(self) -> None:
        """Before a call; `answered` comes after it, whatever became of it."""
        self._tokens -= 1

    def answered(self, now: float) -> None:
        """Slack may have counted the call as late as now: its own token is not back before a whole pause from now,
        or one call more than allowed could arrive together with it."""
        self._refill(now)
        self._tokens = min(self._tokens, self._rate.burst - 1)

    def is_full(self, now: float) -> bool:
        self._refill(now)
        return self._tokens >= self._rate.burst

    def _refill(self, now: float) -> None:
        gained = max(0.0, now - self._seen_at) * self._rate.per_minute / 60
        self._tokens = min(self._rate.burst, self._tokens + gained)
        self._seen_at = now


# Slack's tiers, a little below: update is tier 3 (50), uploads tier 4 (100), posting "several hundred" a workspace.
UPDATES = Rate(45, burst=5)
UPLOADS = Rate(90, burst=10)
POSTS = Rate(240, burst=20)
POSTS_A_CHANNEL = Rate(60, burst=3)
