"""Whose turn it is: waiting runs that find room, in their order, and those that have waited too long."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeAlias

from sqlalchemy import Connection

from bot.hosts import host_of
from bot.operations.again import as_it_waited
from bot.operations.finish import finish
from bot.operations.gate import Gates, is_shut, look_at_gates, next_opening
from bot.rules.room import Limits, Place, Room, Way
from storage import apps, claims, gates
from storage.advisory import Lock, lock
from storage.records import App, Run, RunState

EXPIRED_AT_ONCE = 20
NOT_REACHED = "its Dify could not be reached in time"
NO_ROOM = "there was no room for it in time"


@dataclass(frozen=True, slots=True)
class Turn:
    """A run that may begin, and where it goes."""

    run_id: int
    app_id: int
    way: Way


Claim: TypeAlias = Callable[[Sequence[Turn]], list[Run]]


def take_turns(
    c: Connection,
    team_id: str,
    limits: Limits,
    free: int,
    claim: Claim,
    *,
    now: datetime,
    only: Collection[int] = (),
    own: Mapping[str, datetime],
) -> tuple[list[Run], datetime | None]:
    """Claim up to `free` runs that wait for nothing but room, of `only` where some are named; also when the next gate
    can be tried. What is full holds up nobody but its own. `own` are hosts that this server cannot reach."""
    team = apps.list_apps(c, team_id)
    found = look_at_gates(c, team, now=now, own=own)
    room = look_for_room(c, team, limits, found, now=now)
    claimed: list[Run] = []
    while (left := free - len(claimed)) > 0:
        full = room.full()
        waiting = claims.ready_runs(c, now, left, but_apps=full, only=only)
        turns = [Turn(run_id, app_id, way) for run_id, app_id in waiting if (way := room.take(app_id))]
        begun = claim(turns)
        claimed += begun
        _give_back(room, turns, begun)
        if not turns or (len(begun) == len(turns) and len(waiting) < left and room.full() == full):
            break  # who is left waits for more than a turn
    note_turns(c, room, team)
    tries = room.tries()
    for app_id in tries:
        gates.widen(c, found.full[app_id], room.running(app_id) - 1, now)
    opens = [next_opening(found, team, now=now), now + timedelta(seconds=gates.PROBE_S) if tries else None]
    return claimed, min((at for at in opens if at is not None), default=None)


def expire_overdue(c: Connection, team_id: str, owner: str, lease_s: float, *, within_s: int, now: datetime) -> None:
    """What has found no room within that time is given up, and told."""
    overdue = claims.overdue_runs(c, now - timedelta(seconds=within_s), EXPIRED_AT_ONCE)
    if not overdue:
        return
    team = apps.list_apps(c, team_id)
    found = look_at_gates(c, team, now=now)
    unreached = {app.id for app in team if found.closes(app)}
    for run in claims.claim_runs(c, overdue, owner, now, lease_s):
        reason = NOT_REACHED if run.app_id in unreached else NO_ROOM
        finish(c, replace(as_it_waited(run), state=RunState.EXPIRED, reason=reason, ended_at=now), now=now)


def look_for_room(
    c: Connection, team: Sequence[App], limits: Limits, found: Gates, *, now: datetime, but: Run | None = None
) -> Room:
    """Room as it is when `but` has made way. Where nobody has set a limit nothing need be counted. Else nobody else
    counts until we commit, so that no two claim the last free place."""
    places = {app.id: _place_of(app, found, now) for app in team}
    if limits == Limits() and not found.full and all(app.max_running is None for app in team):
        return Room(limits, places, {}, shut=found.shut, to_try=found.to_try)
    lock(c, Lock.ROOM)
    running = {
        (app_id, host_of(url) if url else ""): count for (app_id, url), count in claims.count_running(c).items()
    }
    if but is not None and but.base_url is not None:
        running[but.app_id, host_of(but.base_url)] -= 1
    return Room(limits, places, running, shut=found.shut, to_try=found.to_try)


def note_turns(c: Connection, room: Room, team: Iterable[App]) -> None:
    """Keep where the last run of an app went, where that matters to the next."""
    turned = room.turned()
    for app in team:
        if app.id in turned:
            apps.note_last(c, app, turned[app.id])


def _place_of(app: App, found: Gates, now: datetime) -> Place:
    place = Place({url: host_of(url) for url in app.base_urls}, app.routing, app.last_url, app.max_running)
    gate = found.full.get(app.id)
    return place if gate is None else replace(place, found=gate.room, may_try=not is_shut(gate, now))


def _give_back(room: Room, turns: Sequence[Turn], begun: Sequence[Run]) -> None:
    ours = {run.id for run in begun}
    for turn in turns:
        if turn.run_id not in ours:
            room.leave(turn.app_id, turn.way)
