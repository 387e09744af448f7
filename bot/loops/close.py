"""Writing the end of a flight, and all that follows from it, in one transaction."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Connection

from bot.loops.ending import Ending
from bot.loops.keep import insist, keep_end, keep_waiting
from bot.loops.logbook import Logbook
from bot.services import Services
from storage.records import RunState
from storage.runs import pack_trace

WAITING_LOOK_S = 60  # how often a run that waits for a human is looked at


async def close(services: Services, logbook: Logbook, ending: Ending) -> bool:
    """False when the run has another owner, and nothing was written."""
    await services.foreground.give_way()
    now = services.now()
    shot = logbook.snapshot()
    run = ending.apply(shot.run, shot.spans, now)
    if run.state is RunState.WAITING:
        run = replace(run, lease_until=now + timedelta(seconds=WAITING_LOOK_S))
    still_waits = shot.run.state is run.state is RunState.WAITING  # nothing that anybody should be told
    blob = await asyncio.to_thread(pack_trace, shot.spans)

    def write(c: Connection) -> bool:
        if still_waits:
            return keep_waiting(c, run, shot, blob)
        return keep_end(c, run, shot, blob, now) is not None

    is_ours = await insist(services, f"run {run.id}", write)
    services.engine.wake("courier")
    services.engine.wake("clock")
    return is_ours
