"""Keeping what a flight has brought so far, and its end: the run and its trace in one transaction."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.operations.finish import finish
from storage import claims, runs
from storage.records import NodeSpan, Run


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is to be kept of a flight at one instant."""

    run: Run
    spans: tuple[NodeSpan, ...]
    failed: int
    ignored: int


def keep_progress(c: Connection, shot: Snapshot, blob: bytes) -> bool:
    """Write how far it is; False when the run has another owner, and nothing was written."""
    if claims.save_run(c, shot.run) is None:
        return False
    _keep_trace(c, shot, blob)
    return True


def keep_end(c: Connection, run: Run, shot: Snapshot, blob: bytes, now: datetime) -> Run | None:
    """Write its end and what follows from it; None when the run has another owner, and nothing was written."""
    saved = finish(c, run, now=now)
    if saved is not None:
        _keep_trace(c, shot, blob)
    return saved


def _keep_trace(c: Connection, shot: Snapshot, blob: bytes) -> None:
    runs.put_trace(c, shot.run.id, blob, nodes=shot.run.nodes, failed=shot.failed, ignored=shot.ignored)
