"""One tick of the clock: due runs are let in, put in line or closed, and each job's next slot is planned."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import Connection

from bot.errors import Refusal
from bot.operations.fill import fill_inputs
from bot.operations.finish import follow
from bot.operations.herd import let_in_herd
from bot.operations.hint import hint_busy
from bot.operations.line import Line, lines_of, make_room
from bot.operations.missed import ROWS_AT_ONCE, Past, Walk, look_back, report, walk
from bot.operations.plan import Books, plan_after, plan_after_end, plan_many
from bot.operations.show import show
from bot.rules.admit import GRACE, Close, Decision, Lateness, Queue, admit
from storage import claims, jobs, runs, slots
from storage.errors import StatementFailed
from storage.records import Cause, Job, Run, RunState

# PERFORMANCE: 100 to 500 a transaction is the best rate that keeps the writer free for acks.
BATCH = 200


@dataclass(slots=True)
class _Tick:
    """What is found and what is to be done at one instant."""

    c: Connection
    now: datetime
    books: Books
    lines: dict[int, Line]
    rows_each: int
    admitted: list[int] = field(default_factory=list)
    started: list[int] = field(default_factory=list)
    closed: list[tuple[Job, Run]] = field(default_factory=list)
    walks: list[tuple[Job, Walk]] = field(default_factory=list)
    plans: list[tuple[Job, datetime]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Ticked:
    """How many due runs were handled, which of them are ready, and whether there may be more."""

    count: int = 0
    ready: tuple[int, ...] = ()
    is_full: bool = False

    def __bool__(self) -> bool:
        return self.count > 0


def tick(c: Connection, now: datetime) -> Ticked:
    """Handle one batch of due runs: first of those about which there is little to decide, then of the others."""
    herd = let_in_herd(c, now=now)
    if herd.is_full:
        return Ticked(len(herd.ready), herd.ready, is_full=True)
    rest = decide_due(c, now)
    return Ticked(len(herd.ready) + rest.count, herd.ready + rest.ready, rest.is_full)


def decide_due(c: Connection, now: datetime) -> Ticked:
    """Handle one batch of due runs, whatever they are. A slot that was missed takes those after it along, so that
    the slot that is planned next may have come due already: there is more to do until nothing is due."""
    return _decide_all(c, claims.due_runs(c, now, BATCH), now)


@dataclass(frozen=True, slots=True)
class Apart:
    """What could be decided, and about which runs it could not, and why."""

    ticked: Ticked
    failed: tuple[tuple[Run, Exception], ...]


def decide_apart(c: Connection, now: datetime) -> Apart:
    """As `decide_due`, each run by itself: after an error that nobody has foreseen, so that one job does not hold up
    all others. About whom nothing can be decided stays due."""
    ticked: list[Ticked] = []
    failed: list[tuple[Run, Exception]] = []
    for run in claims.due_runs(c, now, BATCH):
        try:
            with c.begin_nested():
                ticked.append(_decide_all(c, [run], now))
        except StatementFailed:
            raise
        except Exception as error:  # noqa: BLE001 - the clock logs it
            failed.append((run, error))
    ready = tuple(run_id for one in ticked for run_id in one.ready)
    return Apart(
        Ticked(len(ticked), ready, is_full=len(ticked) + len(failed) == BATCH and bool(ticked)), tuple(failed)
    )


def _decide_all(c: Connection, due: Sequence[Run], now: datetime) -> Ticked:
    found = jobs.lock_many(c, {run.job_id for run in due if run.job_id is not None})
    late = sum(1 for run in due if now - run.due_at > GRACE)
    doing = _Tick(c, now, Books(c), lines_of(c, list(found)), rows_each=max(1, ROWS_AT_ONCE // max(1, late)))
    for run in due:
        job = found.get(run.job_id) if run.job_id is not None else None
        if job is None:
            doing.admitted.append(run.id)
            doing.started.append(run.id)
        else:
            _decide(doing, job, run)
    if doing.admitted:
        claims.admit(c, doing.admitted, now)
    runs.add_many(c, [row for _, walked in doing.walks for row in walked.rows])
    plan_many(c, doing.plans, now=now, books=doing.books)
    _follow_up(doing)
    return Ticked(len(due), tuple(doing.started), is_full=len(due) == BATCH)


def _decide(doing: _Tick, job: Job, run: Run) -> None:
    is_slot = run.cause is Cause.SCHEDULE and run.attempts == 0
    if is_slot:
        past = look_back(doing.c, job, run, now=doing.now, most=doing.rows_each, books=doing.books)
    else:
        past = Past(Lateness(doing.now - run.due_at))
    line = doing.lines[job.id]
    decision = admit(run, job, crowd=line.crowd, lateness=past.lateness)
    after = plan_after(job, run) if is_slot else None
    if isinstance(decision, Close):
        if decision.state is RunState.MISSED and is_slot:
            walked = walk(job, run, past, now=doing.now, most=doing.rows_each)
            doing.walks.append((job, walked))
            after = walked.after
        _close(doing, job, run, decision)
    else:
        _let_in(doing, job, run, line, decision)
    if after is not None:
        doing.plans.append((job, after))


def _let_in(doing: _Tick, job: Job, run: Run, line: Line, decision: Decision) -> None:
    c, now = doing.c, doing.now
    if make_room(c, job, line, decision, now=now) is RunState.QUEUED:
        is_made_up = isinstance(decision, Queue) and decision.is_made_up
        reason = slots.MADE_UP if is_made_up else None
        slots.queue(c, run.id, reason)
        line.queued.append(replace(run, state=RunState.QUEUED, reason=reason))
        return
    try:
        inputs = run.inputs if run.cause is Cause.RERUN or run.attempts else fill_inputs(c, job, run)
    except Refusal as error:
        _close(doing, job, run, Close(RunState.BLOCKED, str(error)))
        return
    if inputs is run.inputs:
        doing.admitted.append(run.id)
    else:
        slots.start(c, run.id, inputs, now)
    doing.started.append(run.id)
    line.active.append(run)
    if run.hold_by is not None:
        show(c, run, now=now, rank=1)


def _close(doing: _Tick, job: Job, run: Run, decision: Close) -> None:
    claims.close_planned(doing.c, run.id, decision.state, decision.reason, doing.now)
    closed = replace(run, state=decision.state, reason=decision.reason, ended_at=doing.now)
    doing.closed.append((job, closed))


def _follow_up(doing: _Tick) -> None:
    """What follows from what was closed, now that every job has its next slot."""
    c, now = doing.c, doing.now
    for job, run in doing.closed:
        if run.state is RunState.MISSED and run.attempts == 0:
            plan_after_end(c, job, now, now=now)
            continue
        follow(c, run, now=now)
        if run.state is RunState.SKIPPED:
            hint_busy(c, job, now=now)
    for job, walked in doing.walks:
        report(c, job, walked, now=now)
