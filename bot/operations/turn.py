"""Whose turn it is: waiting runs that find room, in their order, and those that have waited too long."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeAlias

from sqlalchemy import Connection

from bot.operations.again import NO_ROOM, NOT_REACHED
from bot.operations.finish import finish
from bot.operations.gate import Gates, host_of, look_at_gates
from bot.rules.retry import START_WITHIN_S
from bot.rules.room import Limits, Place, Room
from storage import apps, claims
from storage.advisory import Lock, lock
from storage.records import Run, RunState

EXPIRED_AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class Turn:
    """A run that may begin; `gate` where it is the one that tries whether a host answers again."""

    run_id: int
    app_id: int
    gate: str | None = None


Claim: TypeAlias = Callable[[Sequence[Turn]], list[Run]]


def take_turns(
    c: Connection, team_id: str, limits: Limits, free: int, claim: Claim, *, now: datetime
) -> tuple[list[Run], datetime | None]:
    """Claim up to `free` runs that wait for nothing but room; also when the next gate can be tried. What is full
    holds up nobody but its own."""
    gates, room = look_at_gates(c, team_id, now=now), _look_for_room(c, team_id, limits)
    claimed: list[Run] = []
    while (left := free - len(claimed)) > 0:
        full = room.full()
        waiting = claims.ready_runs(c, now, left, but_apps=gates.shut | full)
        turns = [Turn(run_id, app_id) for run_id, app_id in waiting if room.take(app_id)]
        begun = claim(turns)
        claimed += begun
        _give_back(room, turns, begun)
        if not turns or (len(begun) == len(turns) and len(waiting) < left and room.full() == full):
            break  # who is left waits for more than a turn
    return claimed + _try_gates(c, gates, room, free - len(claimed), claim, now), gates.opens_at


def expire_overdue(c: Connection, team_id: str, owner: str, lease_s: float, *, now: datetime) -> None:
    """What has found no room for an hour is given up, and told."""
    overdue = claims.overdue_runs(c, now - timedelta(seconds=START_WITHIN_S), EXPIRED_AT_ONCE)
    if not overdue:
        return
    shut = look_at_gates(c, team_id, now=now).shut
    for run in claims.claim_runs(c, overdue, owner, now, lease_s):
        reason = NOT_REACHED if run.app_id in shut else NO_ROOM
        finish(c, replace(run, state=RunState.EXPIRED, reason=reason, ended_at=now), now=now)


def _look_for_room(c: Connection, team_id: str, limits: Limits) -> Room:
    """Where nobody has set a limit nothing need be counted. Else nobody else counts until we commit, so that no two
    claim the last free place."""
    if limits == Limits() and not apps.has_limits(c):
        return Room(limits, {}, {})
    lock(c, Lock.ROOM)
    places = {app.id: Place(host_of(app.base_url), app.max_running) for app in apps.list_apps(c, team_id)}
    return Room(limits, places, claims.count_running(c))


def _give_back(room: Room, turns: Sequence[Turn], begun: Sequence[Run]) -> None:
    ours = {run.id for run in begun}
    for turn in turns:
        if turn.run_id not in ours:
            room.leave(turn.app_id)


def _try_gates(c: Connection, gates: Gates, room: Room, free: int, claim: Claim, now: datetime) -> list[Run]:
    """One run for each gate that can be tried."""
    to_try = gates.to_try or {}
    turns: list[Turn] = []
    for gate in sorted(set(to_try.values()))[: max(0, free)]:
        behind = [app_id for app_id, name in to_try.items() if name == gate]
        for run_id, app_id in claims.ready_runs(c, now, 1, but_apps=room.full(), of_apps=behind):
            if room.take(app_id):
                turns.append(Turn(run_id, app_id, gate))
    return claim(turns)
