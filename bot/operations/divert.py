"""A run goes to another address of its app, since Dify could not be reached where it was to go."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from bot.hosts import host_of
from bot.operations.gate import Gates, look_at_gates
from bot.operations.turn import look_for_room, note_turns
from bot.rules.room import Limits
from storage import apps, claims, gates
from storage.records import Run


def divert(c: Connection, run: Run, tried: Collection[str], limits: Limits, *, now: datetime) -> Run | None:
    """The run as it goes to the next address that has not been `tried`, or as it waits again where there is no room
    for it; None where no address is left, or the claim was lost, and nothing was written.

    Only for a run of which nothing can have come to Dify.
    """
    app = apps.get(c, run.team_id, run.app_id)
    if app is None or run.base_url is None:
        return None
    found = _pass_over(look_at_gates(c, [app], now=now), {host_of(url) for url in tried}, now)
    if all(host_of(url) in found.shut for url in app.base_urls):
        return None
    room = look_for_room(c, [app], limits, found, now=now, but=run)
    way = room.take(app.id)
    unasked = replace(run, base_url=way.base_url if way else None, asked_at=None)
    saved = claims.save_run(c, unasked) if way else claims.put_back(c, unasked)
    if saved is None:
        return None
    gates.count_failure(c, host_of(run.base_url), now)
    if way is not None and way.is_try:
        gates.begin_probe(c, way.host, now)
    note_turns(c, room, [app])
    return saved


def _pass_over(found: Gates, hosts: Collection[str], now: datetime) -> Gates:
    return replace(found, shut={**found.shut, **dict.fromkeys(hosts, now)}, to_try=found.to_try - set(hosts))
