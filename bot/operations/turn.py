"""Whose turn it is: waiting runs that find room, in their order, and those that have waited too long."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.operations.again import NO_ROOM, NOT_REACHED
from bot.operations.finish import finish
from bot.operations.gate import Gates, host_of, look_at_gates
from bot.rules.retry import START_WITHIN_S
from bot.rules.room import Limits, Place, Room
from storage import apps, claims
from storage.records import Run, RunState

EXPIRED_AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class Turn:
    """A run that may begin; `gate` where it is the one that tries whether a host answers again."""

    run_id: int
    app_id: int
    gate: str | None = None


def take_turns(
    c: Connection, team_id: str, limits: Limits, free: int, claim: Callable[[Turn], Run | None], *, now: datetime
) -> tuple[list[Run], datetime | None]:
    """Claim, one after the other, up to `free` runs that wait for nothing but room; also when the next gate can be
    tried. What is full holds up nobody but its own."""
    gates, room = look_at_gates(c, team_id, now=now), _look_for_room(c, team_id, limits)
    claimed: list[Run] = []
    for turn in _turns(c, gates, room, lambda: free - len(claimed), now):
        if room is not None and not room.has(turn.app_id):
            continue
        run = claim(turn)
        if run is not None:
            claimed.append(run)
            if room is not None:
                room.take(turn.app_id)
    return claimed, gates.opens_at


def expire_overdue(c: Connection, team_id: str, owner: str, lease_s: float, *, now: datetime) -> None:
    """What has found no room for an hour is given up, and told."""
    overdue = claims.overdue_runs(c, now - timedelta(seconds=START_WITHIN_S), EXPIRED_AT_ONCE)
    if not overdue:
        return
    shut = look_at_gates(c, team_id, now=now).shut
    for run_id in overdue:
        run = claims.claim_run(c, run_id, owner, now, lease_s)
        if run is not None:
            reason = NOT_REACHED if run.app_id in shut else NO_ROOM
            finish(c, replace(run, state=RunState.EXPIRED, reason=reason, ended_at=now), now=now)


def _look_for_room(c: Connection, team_id: str, limits: Limits) -> Room | None:
    """None where nobody has set a limit: then nothing need be counted."""
    known = apps.list_apps(c, team_id)
    if limits == Limits() and all(app.max_running is None for app in known):
        return None
    claims.lock_turns(c)
    places = {app.id: Place(host_of(app.base_url), app.max_running) for app in known}
    return Room(limits, places, claims.count_running(c))


def _turns(c: Connection, gates: Gates, room: Room | None, left: Callable[[], int], now: datetime) -> Iterator[Turn]:
    """Those whose turn it is; looked up again without what has become full, until nothing new has."""
    full = room.full() if room is not None else frozenset()
    while left() > 0:
        for run_id, app_id in claims.ready_runs(c, now, left(), but_apps=gates.shut | full):
            yield Turn(run_id, app_id)
        before, full = full, room.full() if room is not None else frozenset()
        if full == before:
            break
    for gate in sorted(set((gates.to_try or {}).values())):
        behind = [app_id for app_id, name in (gates.to_try or {}).items() if name == gate]
        if left() > 0:
            for run_id, app_id in claims.ready_runs(c, now, 1, but_apps=full, of_apps=behind):
                yield Turn(run_id, app_id, gate)
