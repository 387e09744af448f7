"""How the bot does: what is read of its rows, and what of it is a reason to worry."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from sqlalchemy import Connection

from bot.operations.cut_off import CutOff, read_cut_off
from storage import apps, claims, gates, vitals
from storage.gates import app_gate
from storage.records import App, Gate, Vitals

# The clock beats every 5 s; FEATURES and every watcher outside take it for dead when two beats are missed.
MAX_BEAT_AGE_S = 10.0
# A slot that nobody has taken for two minutes past its time is a matter for the operator.
MAX_DUE_AGE_S = 120.0
UNSAVED = "nothing can be saved in the database; no run begins until it can"


@dataclass(frozen=True, slots=True)
class Health:
    """`due_at` is the oldest time that has come and that the clock has not handled; `gates` are the hosts and apps of
    Dify that are left alone."""

    vitals: Vitals
    due_at: datetime | None
    gates: tuple[Gate, ...]
    full: tuple[App, ...]
    cut_off: CutOff | None

    def due_age_s(self, now: datetime) -> float | None:
        """How long it has been due; None where nothing is, or nothing is let in for want of a token."""
        if self.due_at is None or self.due_at > now or self.cut_off is not None:
            return None
        return (now - self.due_at).total_seconds()


def look_at_health(c: Connection, team_id: str, *, now: datetime) -> Health:
    """Costs a few counts of what is open, however much has ended."""
    shut = [gate for gate in gates.all_gates(c) if gate.shut_until is not None]
    names = {gate.name for gate in shut}
    full = [app for app in apps.list_apps(c, team_id) if app_gate(app.id) in names] if shut else []
    hosts = tuple(gate for gate in shut if gate.room is None)
    return Health(vitals.take_vitals(c, now), claims.next_due_at(c), hosts, tuple(full), read_cut_off(c))


def worries(
    beat_age_s: float | None, due_age_s: float | None, cut_off: CutOff | None = None, *, can_save: bool = True
) -> list[str]:
    """Why runs may not begin at their time."""
    found = [] if can_save else [UNSAVED]
    if cut_off is not None:
        found.append(cut_off.says)
    if beat_age_s is not None and beat_age_s > MAX_BEAT_AGE_S:
        found.append(f"the clock has not beaten for {beat_age_s:.0f} s")
    if due_age_s is not None and due_age_s > MAX_DUE_AGE_S:
        found.append(f"a run has been due for {due_age_s:.0f} s and nobody took it")
    return found


def lags(starts: Sequence[tuple[datetime, datetime]]) -> tuple[float, float] | None:
    """How many seconds after their time the newest runs began: half of them within the first, all in the second."""
    late = [max(0.0, (began - due).total_seconds()) for began, due in starts]
    return (median(late), max(late)) if late else None
