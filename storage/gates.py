"""The circuit breakers: hosts that could not be reached lately, and since when nobody asks them."""

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

_ALL = select(*GATE.columns).order_by(gates.c.name)
_OPEN = delete(gates).where(gates.c.name == bindparam("gate"))
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


_COUNT = each_engine(_count)
_PROBE = gates.update().where(gates.c.name == bindparam("gate")).values(shut_until=_AGAIN)


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
