"""Keeping what a flight has brought so far, and its end: the run and its trace in one transaction."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection

from bot.operations.finish import finish
from bot.services import Services
from storage import claims, runs
from storage.errors import StorageError
from storage.line import Line
from storage.records import NodeSpan, Run

T = TypeVar("T")

log = logging.getLogger(__name__)

FIRST_PAUSE_S = 0.3
LONGEST_PAUSE_S = 5.0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is to be kept of a flight at one instant."""

    run: Run
    spans: tuple[NodeSpan, ...]
    failed: int
    ignored: int


def keep_progress(c: Connection, shots: Sequence[Snapshot], blobs: Sequence[bytes]) -> set[int]:
    """Write how far runs are; the ids of those that have the same owner and the same state as then, for of the others
    nothing was written."""
    kept = claims.save_progress(c, [shot.run for shot in shots])
    for shot, blob in zip(shots, blobs, strict=True):
        if shot.run.id in kept:
            _keep_trace(c, shot, blob)
    return kept


def keep_waiting(c: Connection, run: Run, shot: Snapshot, blob: bytes) -> bool:
    """Write what is new of a run that waits for a person; False when it does so no more, and nothing was written."""
    saved = claims.save_waiting(c, run)
    if saved is not None:
        _keep_trace(c, shot, blob)
    return saved is not None


def keep_end(c: Connection, run: Run, shot: Snapshot, blob: bytes, now: datetime) -> Run | None:
    """Write its end and what follows from it; None when the run has another owner, and nothing was written."""
    saved = finish(c, run, now=now)
    if saved is not None:
        _keep_trace(c, shot, blob)
    return saved


async def insist(services: Services, what: str, work: Callable[[Connection], T]) -> T:
    """Do the last work for a run or a message, which the log calls `what`; a database that is away is waited for,
    since nothing else knows how it ended."""
    pause_s = FIRST_PAUSE_S
    with ExitStack() as opened:
        while True:
            try:
                return await services.store.run(work, line=Line.BULK)
            except StorageError as error:
                log.warning("How %s ended cannot be saved yet: %s", what, error)
            if pause_s == FIRST_PAUSE_S:
                opened.enter_context(services.unsaved.trying())
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)


def _keep_trace(c: Connection, shot: Snapshot, blob: bytes) -> None:
    if not shot.spans and not shot.ignored:
        return  # there is none yet, and none has been kept
    runs.put_trace(c, shot.run.id, blob, nodes=shot.run.nodes, failed=shot.failed, ignored=shot.ignored)
