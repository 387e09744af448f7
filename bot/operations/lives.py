"""The lives of the bot's processes: that they die again and again soon after their start is told to the operators by
the next, for whoever starts it anew tells nobody."""

import json
from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.operations.alarm import alarm
from storage import meta

KEY = "lives"
WITHIN = timedelta(minutes=5)
CRASHES = 3


def begin_life(
    c: Connection,
    team_id: str,
    owner: str,
    *,
    is_alive: Callable[[str], bool],
    admins: Collection[str],
    now: datetime,
) -> int:
    """Note that a process has started (`owner`, as in claims); how many on its host have died lately, without having
    been told to end. `is_alive` tells it of an owner on this host."""
    host = _host_of(owner)
    lives = _read(c, host, now)
    dead = [name for name in lives if not is_alive(name)]
    if len(dead) >= CRASHES:
        says = (
            f"has died {len(dead)} times within five minutes on {host}, and was started anew each time. "
            "The end of its log tells why; no run is lost by that"
        )
        alarm(c, team_id, admins, says, occasion=f"crashes:{host}/{now:%Y-%m-%dT%H}", now=now)
    _write(c, host, {**lives, owner: now})
    return len(dead)


def end_life(c: Connection, owner: str, *, now: datetime) -> None:
    """It was told to end."""
    host = _host_of(owner)
    lives = _read(c, host, now)
    lives.pop(owner, None)
    _write(c, host, lives)


def _host_of(owner: str) -> str:
    return owner.partition("/")[0]


def _read(c: Connection, host: str, now: datetime) -> dict[str, datetime]:
    known = json.loads(meta.get(c, f"{KEY}:{host}") or "{}")
    begun = {name: datetime.fromisoformat(at) for name, at in known.items()}
    return {name: at for name, at in begun.items() if timedelta(0) <= now - at <= WITHIN}


def _write(c: Connection, host: str, lives: dict[str, datetime]) -> None:
    if lives:
        meta.put(c, f"{KEY}:{host}", json.dumps({name: at.isoformat() for name, at in lives.items()}))
    else:
        meta.drop(c, f"{KEY}:{host}")
