"""How fast an app may call: Slack's tiers as token buckets, by the server's clock."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

POST_PER_SECOND = 1.0  # chat.postMessage, one channel
POST_BURST = 5  # short bursts are tolerated; the figure is not documented
WORKSPACE_PER_MINUTE = 300  # "several hundred" for special methods, all channels together
RESPONSE_BURST = 5


class Tier(Enum):
    """Calls a minute per method. SPECIAL methods: several hundred; FREE is not counted."""

    ONE = 1
    TWO = 20
    THREE = 50
    FOUR = 100
    SPECIAL = WORKSPACE_PER_MINUTE
    FREE = 0


# Tier 1 is "1+" a minute, yet a client that reconnects calls apps.connections.open in bursts.
_BURST = {Tier.ONE: 20}


@dataclass(slots=True)
class _Bucket:
    tokens: float
    seen_at: float


class Pace:
    """Counts calls. `scale` multiplies all rates; `enabled = False` lets everything pass."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._buckets: dict[tuple[str, str], _Bucket] = {}
        self.enabled = True
        self.scale = 1.0

    def delay(self, method: str, tier: Tier, channel: str = "") -> int:
        """0 and the call is counted, or the whole seconds to wait (Retry-After)."""
        if not self.enabled or tier is Tier.FREE:
            return 0
        if method == "chat.postMessage":
            wait = self._take((method, channel), POST_PER_SECOND, POST_BURST)
            return wait or self._take((method, ""), tier.value / 60, tier.value)
        return self._take((method, ""), tier.value / 60, _BURST.get(tier, tier.value))

    def delay_response(self, pass_id: str) -> int:
        """The same for posts to one response_url."""
        return self._take(("response_url", pass_id), 1.0, RESPONSE_BURST) if self.enabled else 0

    def _take(self, key: tuple[str, str], per_second: float, burst: int) -> int:
        rate, most = per_second * self.scale, burst * self.scale
        now = self._clock()
        bucket = self._buckets.setdefault(key, _Bucket(most, now))
        bucket.tokens = min(most, bucket.tokens + max(0.0, now - bucket.seen_at) * rate)
        bucket.seen_at = now
        if bucket.tokens < 1:
            return max(1, math.ceil((1 - bucket.tokens) / rate))
        bucket.tokens -= 1
        return 0
