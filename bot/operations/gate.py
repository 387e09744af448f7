"""The gates: before a host that cannot be reached, shut after some failures, tried by one run, opened by an answer;
and before an app that Dify has no room for, which lets in as many as have found room."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import Connection

from bot.hosts import host_of
from storage import claims, gates
from storage.records import App, Gate, Run

# Codes of a fault.
UNREACHABLE, FULL = "unreachable", "busy"


@dataclass(frozen=True, slots=True)
class Gates:
    """Which hosts nobody asks now (host → until when), which of them one run may try, and which apps let in only as
    many as have found room (app id → gate)."""

    shut: Mapping[str, datetime] = field(default_factory=dict)
    to_try: frozenset[str] = frozenset()
    full: Mapping[int, Gate] = field(default_factory=dict)

    def closes(self, app: App) -> bool:
        """Whether nobody asks any of its addresses now, or only one run does."""
        return all(host in self.shut or host in self.to_try for host in map(host_of, app.base_urls))


def look_at_gates(
    c: Connection, team: Sequence[App], *, now: datetime, own: Mapping[str, datetime] = MappingProxyType({})
) -> Gates:
    """Costs one look into an empty table where all hosts are well. `own` are the hosts that this server alone leaves
    alone (host → until when)."""
    known = {gate.name: gate for gate in gates.all_gates(c) if gate.shut_until is not None}
    for host, rests_until in own.items():
        if (shared := known.get(host)) is None or not is_shut(shared, rests_until):
            known[host] = Gate(name=host, failures=1, shut_until=rests_until)
    if not known:
        return Gates()
    hosts = {host_of(url) for app in team for url in app.base_urls} & known.keys()
    shut = {host: until for host in hosts if (until := known[host].shut_until) is not None and until > now}
    full = {app.id: gate for app in team if (gate := known.get(gates.app_gate(app.id)))}
    return Gates(shut, frozenset(hosts - shut.keys()), full)


def next_opening(found: Gates, team: Sequence[App], *, now: datetime) -> datetime | None:
    """When the next gate can be tried that keeps an app from all of its addresses, or is its own."""
    later = [until for gate in found.full.values() if (until := gate.shut_until) is not None and until > now]
    for app in team if found.shut else ():
        hosts = {host_of(url) for url in app.base_urls}
        if hosts <= found.shut.keys():
            later.append(min(found.shut[host] for host in hosts))
    return min(later, default=None)


def note_outcome(c: Connection, run: Run, *, now: datetime) -> None:
    """What the end of an attempt tells of the host: it was not reached, or it answered. One that was never sent says
    nothing, whatever fault an earlier one has left."""
    if run.asked_at is None:
        return
    if run.fault is not None and run.fault.code == FULL and not run.fault.begun:
        running = sum(count for (app_id, _), count in claims.count_running(c).items() if app_id == run.app_id)
        gates.note_full(c, run.app_id, running, now)
        return
    is_unreached = run.fault is not None and run.fault.code == UNREACHABLE and not run.fault.begun
    known = {gate.name: gate for gate in gates.all_gates(c)} if run.heard_at is not None else {}
    if (full := known.get(gates.app_gate(run.app_id))) is not None:
        gates.note_end(c, full)
    if run.base_url is None:
        return
    host = host_of(run.base_url)
    if is_unreached:
        gates.count_failure(c, host, now)
    elif host in known:
        gates.open_gate(c, host)


def is_shut(gate: Gate, now: datetime) -> bool:
    """Whether it is too early for anybody to try."""
    return gate.shut_until is not None and gate.shut_until > now
