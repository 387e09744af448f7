"""The circuit breakers: hosts that could not be reached lately, and apps that Dify has no room for."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, case, delete, select

from storage.columns import Utc
from storage.records import Gate
from storage.rows import each_engine
from storage.tables import GATE, gates

# So many failures to connect in a row shut a gate, for so long; then one run tries.
FAILURES = 5
SHUT_S = 60
# A full app is asked again after so long, and less and less often; a request that it has taken shows within PROBE_S.
FULL_S, FULL_LONGEST_S, FULL_GROWTH = 15.0, 300.0, 1.5
# From there on the pause is the longest; a float overflows after some two thousand steps.
MAX_GROWTHS = 10
PROBE_S = 2
# A full app for which nobody has waited since is forgotten.
FORGOTTEN_AFTER_S = 600

_ALL = select(*GATE.columns).order_by(gates.c.name)
_GET = select(*GATE.columns).where(gates.c.name == bindparam("gate"))
_OPEN = delete(gates).where(gates.c.name == bindparam("gate"))
_FORGET = delete(gates).where(gates.c.room.is_not(None), gates.c.shut_until < bindparam("before", type_=Utc))
_AGAIN = bindparam("until", type_=Utc)


def _count(insert: Any) -> Any:
    statement = insert(gates)
    return statement.on_conflict_do_update(
        index_elements=["name"],
        set_={
            "failures": gates.c.failures + 1,
            "shut_until": case((gates.c.failures + 1 >= FAILURES, _AGAIN), else_=gates.c.shut_until),
        },
    )


def _fill(insert: Any) -> Any:
    statement = insert(gates)
    news = {name: statement.excluded[name] for name in ("failures", "shut_until", "room")}
    return statement.on_conflict_do_update(index_elements=["name"], set_=news)


_COUNT = each_engine(_count)
_FILL = each_engine(_fill)
_PROBE = (
    gates.update().where(gates.c.name == bindparam("gate"), gates.c.shut_until.is_not(None)).values(shut_until=_AGAIN)
)


def all_gates(c: Connection) -> list[Gate]:
    """Those of which anything is known; none in peace."""
    return GATE.all(c.execute(_ALL))


def count_failure(c: Connection, name: str, now: datetime) -> None:
    """One more failure to connect; the fifth in a row shuts the gate."""
    until = now + timedelta(seconds=SHUT_S)
    c.execute(_COUNT[c.dialect.name], {"name": name, "failures": 1, "shut_until": None, "until": until})


def begin_probe(c: Connection, name: str, now: datetime) -> None:
    """One run tries; the gate stays shut for the others until that is decided."""
    c.execute(_PROBE, {"gate": name, "until": now + timedelta(seconds=SHUT_S)})


def open_gate(c: Connection, name: str) -> None:
    """The host was reached."""
    c.execute(_OPEN, {"gate": name})


def app_gate(app_id: int) -> str:
    """The name of the gate of an app."""
    return f"app:{app_id}"


def note_full(c: Connection, app_id: int, running: int, now: datetime) -> None:
    """Dify took no further request of the app while so many of ours went on."""
    known = GATE.one(c.execute(_GET, {"gate": app_gate(app_id)}))
    failures = known.failures if known else 0
    pause_s = min(FULL_S * FULL_GROWTH ** min(failures, MAX_GROWTHS), FULL_LONGEST_S)
    until = now + timedelta(seconds=pause_s)
    _set(c, Gate(name=app_gate(app_id), failures=failures + 1, shut_until=until, room=running))


def widen(c: Connection, gate: Gate, running: int, now: datetime) -> None:
    """One more of the app tries; when it is taken there is room for that many."""
    until = now + timedelta(seconds=PROBE_S)
    _set(c, replace(gate, shut_until=until, room=max(running, gate.room or 0) + 1))


def note_end(c: Connection, gate: Gate) -> None:
    """A run of the app has ended, so that there is reason to ask it as often as at first."""
    _set(c, replace(gate, failures=0))


def forget_full(c: Connection, now: datetime) -> None:
    """Apps for which nobody has waited lately may have room again."""
    c.execute(_FORGET, {"before": now - timedelta(seconds=FORGOTTEN_AFTER_S)})


def _set(c: Connection, gate: Gate) -> None:
    c.execute(_FILL[c.dialect.name], GATE.values(gate))
