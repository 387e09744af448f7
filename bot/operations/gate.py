"""The gate before a host that cannot be reached: shut after some failures, tried by one run, opened by an answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import Connection

from storage import apps, gates
from storage.records import Gate, Run

UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Gates:
    """Which apps nobody asks now, and which of them one run may try (app id → gate)."""

    shut: frozenset[int] = frozenset()
    to_try: Mapping[int, str] | None = None
    opens_at: datetime | None = None


def look_at_gates(c: Connection, team_id: str, *, now: datetime) -> Gates:
    """Costs one look into an empty table where all hosts are well."""
    known = {gate.name: gate for gate in gates.all_gates(c) if gate.shut_until is not None}
    if not known:
        return Gates()
    behind = {app.id: gate for app in apps.list_apps(c, team_id) if (gate := known.get(host_of(app.base_url)))}
    to_try = {app_id: gate.name for app_id, gate in behind.items() if not _is_shut(gate, now)}
    later = [gate.shut_until for gate in behind.values() if gate.shut_until is not None and _is_shut(gate, now)]
    return Gates(frozenset(behind), to_try, min(later, default=None))


def note_outcome(c: Connection, run: Run, *, now: datetime) -> None:
    """What the end of an attempt tells of the host: it was not reached, or it answered."""
    is_unreached = run.fault is not None and run.fault.code == UNREACHABLE and not run.fault.begun
    if not is_unreached and (run.heard_at is None or not gates.all_gates(c)):
        return
    app = apps.get(c, run.team_id, run.app_id)
    if app is None:
        return
    host = host_of(app.base_url)
    if is_unreached:
        gates.count_failure(c, host, now)
    else:
        gates.open_gate(c, host)


def _is_shut(gate: Gate, now: datetime) -> bool:
    return gate.shut_until is not None and gate.shut_until > now


def host_of(url: str) -> str:
    """Scheme, host and port of an address, as one word."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}".lower()
