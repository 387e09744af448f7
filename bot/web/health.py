"""Whether the bot is well, as a watcher outside asks it."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from bot.operations.health import Health, look_at_health, worries
from bot.services import Services
from storage.errors import StorageError


@dataclass(frozen=True, slots=True)
class Answer:
    """Seconds; None where nothing is due, or where no clock runs in this process. `reasons` say in words why it is
    not well, `remarks` what is less than it was meant to be; `rows` is None when the database does not answer."""

    beat_age_s: float | None
    due_age_s: float | None
    rows: Health | None
    reasons: tuple[str, ...]
    remarks: tuple[str, ...] = ()

    @property
    def is_well(self) -> bool:
        return not self.reasons

    def as_json(self) -> dict[str, Any]:
        """The body of /healthz."""
        told = {
            "status": "failing" if self.reasons else "degraded" if self.remarks else "ok",
            "clock_beat_age_s": None if self.beat_age_s is None else round(self.beat_age_s, 3),
            "oldest_due_age_s": None if self.due_age_s is None else round(self.due_age_s, 3),
            "reasons": [*self.reasons, *self.remarks],
        }
        if self.rows is not None:
            vitals = self.rows.vitals
            told |= {"runs_waiting": vitals.ready, "runs_running": vitals.running, "messages_waiting": vitals.owed}
            told["dify_hosts_unreached"] = len(self.rows.gates)
        return told


async def check_health(services: Services) -> Answer:
    """Look at the clock and at the rows."""
    beat_age_s, now = services.pulse.age_s(), services.now()
    can_save = services.store.unwritable is None
    try:
        rows = await services.store.read(partial(look_at_health, team_id=services.team_id, now=now))
    except StorageError:
        found = worries(beat_age_s, None, can_save=can_save)
        return Answer(beat_age_s, None, None, ("the database does not answer", *found))
    due_age_s = rows.due_age_s(now)
    reasons = worries(beat_age_s, due_age_s, rows.cut_off, can_save=can_save)
    return Answer(beat_age_s, due_age_s, rows, tuple(reasons), services.remarks)
