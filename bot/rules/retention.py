"""What of a run is kept, and for how long: all of it, then without its trace, then without its values, then nothing.
Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum

from storage.records import Aged

# What went wrong is looked into later than what went well.
FAILURES_LONGER = 2


class Fate(IntEnum):
    """How much of a run goes."""

    KEEP = 0
    TRACE = 1
    VALUES = 2
    RUN = 3


@dataclass(frozen=True, slots=True)
class Retention:
    """How many days of runs, of their inputs and outputs, and of their traces are kept; None is for ever."""

    runs: int | None = 90
    values: int | None = 30
    traces: int | None = 14


def fate(run: Aged, retention: Retention, *, is_needed: bool, now: datetime) -> Fate:
    """What becomes of a run now. One that goes on, or whose message is still owed, is left alone; one that its job
    needs (its last success, say) loses no more than its trace."""
    if run.ended_at is None or run.is_owed:
        return Fate.KEEP
    # A slot that was skipped ahead of its time must keep its row until then, or it would be planned again.
    since = max(run.ended_at, run.slot_at)
    longer = FAILURES_LONGER if run.state.is_failure else 1

    def is_over(days: int | None) -> bool:
        return days is not None and now - since > timedelta(days=days * longer)

    if is_over(retention.runs) and not is_needed:
        return Fate.RUN
    if is_over(retention.values) and not is_needed and run.cleared_at is None:
        return Fate.VALUES
    return Fate.TRACE if is_over(_shorter(retention.traces, retention.values)) and run.has_trace else Fate.KEEP


def _shorter(one: int | None, other: int | None) -> int | None:
    """The shorter of two spans: a trace holds inputs and outputs, too."""
    known = [days for days in (one, other) if days is not None]
    return min(known, default=None)
