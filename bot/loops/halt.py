"""Asking Dify to end a run, again where it was not heard: a run that nobody stops costs until its limit."""

import asyncio
import logging

from bot.dify.client import Dify, Endpoint
from bot.errors import DifyError
from storage.records import Run

log = logging.getLogger(__name__)

TRIES = 4
# 0.5, 1 and 2 s: a proxy that restarts is back by then, and whoever waits for a newer run need not wait for long.
FIRST_PAUSE_S = 0.5


async def halt(dify: Dify, endpoint: Endpoint, run: Run, task_id: str) -> bool:
    """Whether Dify has taken the stop, which may be given twice: a second one finds nothing to end."""
    for number in range(TRIES):
        try:
            await dify.stop(endpoint, task_id, run.tag or "")
        except DifyError as error:
            log.warning("Dify did not take the stop of run %s: %s", run.id, error.code)
            if error.final:
                return False
        else:
            return True
        if number + 1 < TRIES:
            await asyncio.sleep(FIRST_PAUSE_S * 2**number)
    return False
