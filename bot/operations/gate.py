"""The gates: before a host that cannot be reached, shut after some failures, tried by one run, opened by an answer;
and before an app that Dify has no room for, which lets in as many as have found room."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import Connection

from storage import apps, claims, gates
from storage.records import Gate, Run

# Codes of a fault.
UNREACHABLE, FULL = "unreachable", "busy"


@dataclass(frozen=True, slots=True)
class Gates:
    """Which apps nobody asks now, which of them one run may try (app id → gate), and which let in only as many as
    have found room (app id → gate)."""

    shut: frozenset[int] = frozenset()
    to_try: Mapping[int, str] = field(default_factory=dict)
    full: Mapping[int, Gate] = field(default_factory=dict)
    opens_at: datetime | None = None


def look_at_gates(c: Connection, team_id: str, *, now: datetime) -> Gates:
    """Costs one look into an empty table where all hosts are well."""
    known = {gate.name: gate for gate in gates.all_gates(c) if gate.shut_until is not None}
    if not known:
        return Gates()
    team = apps.list_apps(c, team_id)
    behind = {app.id: gate for app in team if (gate := known.get(host_of(app.base_url)))}
    full = {app.id: gate for app in team if (gate := known.get(gates.app_gate(app.id)))}
    to_try = {app_id: gate.name for app_id, gate in behind.items() if not is_shut(gate, now)}
    later = [
        gate.shut_until
        for gate in (*behind.values(), *full.values())
        if gate.shut_until is not None and is_shut(gate, now)
    ]
    return Gates(frozenset(behind), to_try, full, min(later, default=None))


def note_outcome(c: Connection, run: Run, *, now: datetime) -> None:
    """What the end of an attempt tells of the host: it was not reached, or it answered."""
    if run.fault is not None and run.fault.code == FULL and not run.fault.begun:
        gates.note_full(c, run.app_id, claims.count_running(c).get(run.app_id, 0), now)
        return
    is_unreached = run.fault is not None and run.fault.code == UNREACHABLE and not run.fault.begun
    known = {gate.name: gate for gate in gates.all_gates(c)} if run.heard_at is not None else {}
    if (full := known.get(gates.app_gate(run.app_id))) is not None:
        gates.note_end(c, full)
    if not is_unreached and not known:
        return
    app = apps.get(c, run.team_id, run.app_id)
    if app is None:
        return
    host = host_of(app.base_url)
    if is_unreached:
        gates.count_failure(c, host, now)
    else:
        gates.open_gate(c, host)


def is_shut(gate: Gate, now: datetime) -> bool:
    """Whether it is too early for anybody to try."""
    return gate.shut_until is not None and gate.shut_until > now


def host_of(url: str) -> str:
    """Scheme, host and port of an address, as one word."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}".lower()
