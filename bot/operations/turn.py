"""Whose turn it is: waiting runs that find room, in their order, and those that have waited too long."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeAlias

from sqlalchemy import Connection

from bot.operations.finish import finish
from bot.operations.gate import Gates, host_of, is_shut, look_at_gates
from bot.rules.room import Limits, Place, Room
from storage import apps, claims, gates
from storage.advisory import Lock, lock
from storage.records import App, Gate, Run, RunState

EXPIRED_AT_ONCE = 20
NOT_REACHED = "its Dify could not be reached in time"
NO_ROOM = "there was no room for it in time"


@dataclass(frozen=True, slots=True)
class Turn:
    """A run that may begin; `gate` where it is the one that tries whether a host answers again."""

    run_id: int
    app_id: int
    gate: str | None = None


Claim: TypeAlias = Callable[[Sequence[Turn]], list[Run]]


def take_turns(
    c: Connection, team_id: str, limits: Limits, free: int, claim: Claim, *, now: datetime, only: Collection[int] = ()
) -> tuple[list[Run], datetime | None]:
    """Claim up to `free` runs that wait for nothing but room, of `only` where some are named; also when the next gate
    can be tried. What is full holds up nobody but its own."""
    found = look_at_gates(c, team_id, now=now)
    room = _look_for_room(c, team_id, limits, found.full, now)
    claimed: list[Run] = []
    while (left := free - len(claimed)) > 0:
        full = room.full()
        waiting = claims.ready_runs(c, now, left, but_apps=found.shut | full, only=only)
        turns = [Turn(run_id, app_id) for run_id, app_id in waiting if room.take(app_id)]
        begun = claim(turns)
        claimed += begun
        _give_back(room, turns, begun)
        if not turns or (len(begun) == len(turns) and len(waiting) < left and room.full() == full):
            break  # who is left waits for more than a turn
    claimed += _try_gates(c, found, room, free - len(claimed), claim, now)
    tries = room.tries()
    for app_id in tries:
        gates.widen(c, found.full[app_id], room.running(app_id) - 1, now)
    opens = [found.opens_at, now + timedelta(seconds=gates.PROBE_S) if tries else None]
    return claimed, min((at for at in opens if at is not None), default=None)


def expire_overdue(c: Connection, team_id: str, owner: str, lease_s: float, *, within_s: int, now: datetime) -> None:
    """What has found no room within that time is given up, and told."""
    overdue = claims.overdue_runs(c, now - timedelta(seconds=within_s), EXPIRED_AT_ONCE)
    if not overdue:
        return
    shut = look_at_gates(c, team_id, now=now).shut
    for run in claims.claim_runs(c, overdue, owner, now, lease_s):
        reason = NOT_REACHED if run.app_id in shut else NO_ROOM
        finish(c, replace(run, state=RunState.EXPIRED, reason=reason, ended_at=now), now=now)


def _look_for_room(c: Connection, team_id: str, limits: Limits, full: Mapping[int, Gate], now: datetime) -> Room:
    """Where nobody has set a limit nothing need be counted. Else nobody else counts until we commit, so that no two
    claim the last free place."""
    if limits == Limits() and not full and not apps.has_limits(c):
        return Room(limits, {}, {})
    lock(c, Lock.ROOM)
    places = {app.id: _place_of(app, full.get(app.id), now) for app in apps.list_apps(c, team_id)}
    return Room(limits, places, claims.count_running(c))


def _place_of(app: App, gate: Gate | None, now: datetime) -> Place:
    host = host_of(app.base_url)
    if gate is None:
        return Place(host, app.max_running)
    return Place(host, app.max_running, found=gate.room, may_try=not is_shut(gate, now))


def _give_back(room: Room, turns: Sequence[Turn], begun: Sequence[Run]) -> None:
    ours = {run.id for run in begun}
    for turn in turns:
        if turn.run_id not in ours:
            room.leave(turn.app_id)


def _try_gates(c: Connection, found: Gates, room: Room, free: int, claim: Claim, now: datetime) -> list[Run]:
    """One run for each gate that can be tried."""
    turns: list[Turn] = []
    for gate in sorted(set(found.to_try.values()))[: max(0, free)]:
        behind = [app_id for app_id, name in found.to_try.items() if name == gate]
        for run_id, app_id in claims.ready_runs(c, now, 1, but_apps=room.full(), of_apps=behind):
            if room.take(app_id):
                turns.append(Turn(run_id, app_id, gate))
    return claim(turns)
