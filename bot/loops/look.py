"""Looking for a run at Dify: its end, by the run detail, and whether it began at all, by the name of its attempt."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from bot.dify.client import Dify, Endpoint, RunDetail
from bot.dify.codes import Code
from bot.errors import DifyError
from bot.loops.signal import Signal

log = logging.getLogger(__name__)

FIRST_PAUSE_S = 0.3
LONGEST_PAUSE_S = 5.0
WAITS = "paused"  # for a human
# Dify shows these once and for all, or until a human comes.
ENDED = frozenset({"succeeded", "partial-succeeded", "failed", "stopped"})
SETTLED = ENDED | {WAITS}


# So many searches in a row, after all patience, to which Dify gave no answer, before that is the end: one may be
# spoilt by a pause of our own.
LAST_TRIES = 3
# What Dify was not heard by: it says nothing about the run, and all about the line.
SILENT = (Code.UNREACHABLE, Code.TIMEOUT)

# Told of every question whether it was answered; True ends the looking.
Heard: TypeAlias = Callable[[bool], bool]


def go_on(has_answered: bool) -> bool:
    """No silence is too long."""
    return False


async def look_until_settled(
    dify: Dify,
    endpoint: Endpoint,
    run_id: str,
    user: str | None,
    patience_s: float,
    asked: Signal,
    heard: Heard = go_on,
) -> RunDetail | None:
    """The newest run detail, asked for with growing pauses until it is settled, the patience is over, or `asked` is
    set, or was `heard` enough of; None when Dify did not answer at all."""
    until, pause_s = time.monotonic() + patience_s, FIRST_PAUSE_S
    detail: RunDetail | None = None
    while True:
        has_answered = True
        try:
            detail = await dify.run_detail(endpoint, run_id, user)
        except DifyError as error:
            has_answered = error.code not in SILENT
            log.warning("Run %s cannot be looked up at Dify: %s", run_id, error.code)
        is_enough = heard(has_answered)
        if detail is not None and detail.status in SETTLED:
            return detail
        left = until - time.monotonic()
        if left <= 0 or is_enough or await asked.within(min(pause_s, left)):
            return detail
        pause_s = min(pause_s * 1.6, LONGEST_PAUSE_S)


@dataclass(frozen=True, slots=True)
class Sought:
    """What a search by name has brought: the runs found, the earliest first. Without any, `is_certain` tells that
    Dify's log was read after all patience and shows none."""

    runs: tuple[RunDetail, ...] = ()
    is_certain: bool = False


async def seek(
    dify: Dify,
    endpoint: Endpoint,
    user: str,
    patience_s: float,
    given_up: Callable[[], bool],
    asked: Signal,
    heard: Heard = go_on,
) -> Sought:
    """Search Dify's log for the runs of this name until there is one, for Dify queues a run before it logs it.

    Ends at once when `given_up`, which is looked at whenever `asked` is set.
    """
    if not endpoint.is_workflow:
        return Sought()
    until, pause_s, failed = time.monotonic() + patience_s, FIRST_PAUSE_S, 0
    while True:
        left = until - time.monotonic()
        found, is_certain = await _search(dify, endpoint, user, heard)
        failed = 0 if is_certain else failed + 1
        is_last = left <= 0 and (is_certain or failed >= LAST_TRIES)
        if found or is_last or given_up():
            return Sought(found, is_certain)
        wait_s = min(pause_s, left) if left > 0 else pause_s
        await asked.within(wait_s)
        if given_up():
            return Sought()
        if asked.is_set():  # a wish to stop is kept for the end of the search
            await asyncio.sleep(wait_s)
        pause_s = min(pause_s * 1.6, LONGEST_PAUSE_S)


async def _search(dify: Dify, endpoint: Endpoint, user: str, heard: Heard) -> tuple[tuple[RunDetail, ...], bool]:
    try:
        found = await dify.find_by_user(endpoint, user)
    except DifyError as error:
        log.warning("Dify's log cannot be searched for %s: %s", user, error.code)
        heard(error.code not in SILENT)
        return (), False
    heard(True)
    return tuple(reversed(found)), True
