"""Whether the bot is well: the age of the last clock beat and of the oldest due row."""

from dataclasses import dataclass
from typing import Any

from bot.services import Services
from storage import claims
from storage.errors import StorageError

# The clock beats every 5 s; six beats missed is no hiccup.
MAX_BEAT_AGE_S = 30.0
# FEATURES: a slot unclaimed for 2 minutes past its time is an operator's matter.
MAX_DUE_AGE_S = 120.0


@dataclass(frozen=True, slots=True)
class Health:
    """Seconds; None where nothing is due. `reasons` say in words why it is not well."""

    beat_age_s: float | None
    due_age_s: float | None
    reasons: tuple[str, ...]

    @property
    def is_well(self) -> bool:
        return not self.reasons

    def as_json(self) -> dict[str, Any]:
        """The body of /healthz."""
        return {
            "status": "ok" if self.is_well else "failing",
            "clock_beat_age_s": None if self.beat_age_s is None else round(self.beat_age_s, 3),
            "oldest_due_age_s": None if self.due_age_s is None else round(self.due_age_s, 3),
            "reasons": list(self.reasons),
        }


async def check_health(services: Services) -> Health:
    """Look at the clock and at the rows."""
    reasons: list[str] = []
    beat_age_s = services.pulse.age_s()
    due_age_s: float | None = None
    try:
        due_at = await services.store.read(claims.next_due_at)
    except StorageError:
        reasons.append("the database does not answer")
    else:
        if due_at is not None and due_at <= services.now():
            due_age_s = (services.now() - due_at).total_seconds()
    if beat_age_s is not None and beat_age_s > MAX_BEAT_AGE_S:
        reasons.append(f"the clock has not beaten for {beat_age_s:.0f} s")
    if due_age_s is not None and due_age_s > MAX_DUE_AGE_S:
        reasons.append(f"a run has been due for {due_age_s:.0f} s and nobody took it")
    return Health(beat_age_s, due_age_s, tuple(reasons))
