"""Waiting for the end of a run: its stream, and the run detail where the stream is gone."""

import asyncio
import logging
import time

from bot.dify.client import Dify, Endpoint, RunDetail
from bot.errors import DifyError

log = logging.getLogger(__name__)

FIRST_PAUSE_S = 0.3
LONGEST_PAUSE_S = 5.0
# Dify shows these once and for all; a paused run waits for a human.
SETTLED = frozenset({"succeeded", "partial-succeeded", "failed", "stopped", "paused"})


async def look_until_settled(
    dify: Dify, endpoint: Endpoint, run_id: str, patience_s: float, asked: asyncio.Event
) -> RunDetail | None:
    """The newest run detail, asked for with growing pauses until it is settled, the patience is over, or `asked` is
    set; None when Dify did not answer at all."""
    until, pause_s = time.monotonic() + patience_s, FIRST_PAUSE_S
    detail: RunDetail | None = None
    while True:
        try:
            detail = await dify.run_detail(endpoint, run_id)
        except DifyError as error:
            log.warning("Run %s cannot be looked up at Dify: %s", run_id, error.code)
        if detail is not None and detail.status in SETTLED:
            return detail
        left = until - time.monotonic()
        if left <= 0 or await _is_set_within(asked, min(pause_s, left)):
            return detail
        pause_s = min(pause_s * 1.6, LONGEST_PAUSE_S)


async def _is_set_within(asked: asyncio.Event, seconds: float) -> bool:
    try:
        await asyncio.wait_for(asked.wait(), seconds)
    except TimeoutError:
        return False
    return True


async def wait_for_either(reading: asyncio.Task[None], event: asyncio.Event, seconds: float) -> None:
    """Until the stream has ended, the event has come, or the time is up."""
    coming = asyncio.create_task(event.wait())
    try:
        await asyncio.wait({reading, coming}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        coming.cancel()
