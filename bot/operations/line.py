"""The line before a busy job: who is served, who waits, who gives way to a newer run."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from bot.errors import Refusal
from bot.operations.fill import fill_inputs
from bot.operations.show import forget_slow, show
from bot.rules.admit import Admit, Crowd, Decision, Queue, meet
from storage import claims, slots
from storage.records import Cause, Job, JobState, Run, RunState

# Who a run was asked to stop for: it is no person, and the flight ends it sooner.
REPLACE = "replace"
REPLACED = "replaced by a newer run"
SUPERSEDED = "superseded by a newer time"


@dataclass(slots=True)
class Line:
    """What is in the way of one more run of a job; oldest first."""

    active: list[Run] = field(default_factory=list)
    queued: list[Run] = field(default_factory=list)

    @property
    def waiting(self) -> list[Run]:
        """Those that wait by the overlap rule."""
        return [run for run in self.queued if run.reason != slots.MADE_UP]

    @property
    def crowd(self) -> Crowd:
        return Crowd(len(self.active), len(self.waiting), sum(1 for run in self.active if run.hold_by is not None))


def lines_of(c: Connection, job_ids: Collection[int]) -> dict[int, Line]:
    """The line of each of these jobs. Good as long as the jobs are locked."""
    lines = {job_id: Line() for job_id in job_ids}
    for run in slots.in_the_way(c, job_ids):
        if run.job_id is not None:
            line = lines[run.job_id]
            (line.queued if run.state is RunState.QUEUED else line.active).append(run)
    return lines


def make_room(c: Connection, job: Job, line: Line, decision: Decision, *, now: datetime) -> RunState:
    """Do to the others what the decision about a new run asks for; whether it is then ready, or queued."""
    if isinstance(decision, Admit):
        return RunState.READY
    waiting = line.waiting
    drops = waiting[: decision.drops] if isinstance(decision, Queue) else waiting
    for run in drops:
        give_way(c, run, RunState.SKIPPED, SUPERSEDED, now)
        line.queued.remove(run)
    if isinstance(decision, Queue):
        return RunState.QUEUED
    for run in list(line.active):
        if run.stop_by is None:
            claims.ask_stop(c, run.id, REPLACE)
        if run.state is RunState.READY and give_way(c, run, RunState.STOPPED, REPLACED, now):
            line.active.remove(run)
    _serve(c, job, line, now)  # nothing that ends would do it where all that was in the way has gone already
    return RunState.QUEUED if line.active or line.queued else RunState.READY


def serve_next(c: Connection, job: Job, *, now: datetime) -> None:
    """Let in the oldest that waits, as soon as its job is free. What a job that was switched off would have run by
    itself is closed instead."""
    _serve(c, job, lines_of(c, [job.id])[job.id], now)


def _serve(c: Connection, job: Job, line: Line, now: datetime) -> None:
    for run in list(line.queued):
        if job.state in (JobState.PAUSED, JobState.DELETED) and run.cause is Cause.SCHEDULE:
            slots.close_unstarted(c, run.id, RunState.SKIPPED, f"the job was {job.state}", now)
        elif not _is_free(job, line):
            continue
        elif start(c, job, run, now=now):
            line.active.append(run)
        line.queued.remove(run)


def _is_free(job: Job, line: Line) -> bool:
    return not line.active or (job.policy.overlap == "allow" and meet(job.policy, line.crowd) == Admit())


def start(c: Connection, job: Job, run: Run, *, now: datetime) -> bool:
    """A queued run becomes ready with the inputs that it starts with; it is blocked where they cannot be told."""
    try:
        inputs = run.inputs if run.rerun_of is not None else fill_inputs(c, job, run)
    except Refusal as error:
        give_way(c, run, RunState.BLOCKED, str(error), now)
        return False
    slots.start(c, run.id, inputs, now)
    return True


def why_unstarted(run: Run) -> str:
    """Why a run that waited when somebody stopped it has not begun."""
    if run.stop_by == REPLACE:
        return REPLACED
    return "it waited for its next try" if run.attempts else "it had not started"


def give_way(c: Connection, run: Run, state: RunState, reason: str, now: datetime) -> bool:
    """Close a run that has not begun, and tell those who had been told of it."""
    closed = slots.close_unstarted(c, run.id, state, reason, now)
    if closed is None:
        return False
    forget_slow(c, closed)
    if run.cause is not Cause.SCHEDULE or state is not RunState.SKIPPED:
        show(c, closed, now=now, rank=1)
    return True
