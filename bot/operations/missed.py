"""Slots that came and went while nobody looked: how late one is, a row for each that is missed, one alert for all."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from bot import schedules
from bot.errors import Refusal
from bot.operations.finish import owe_alert
from bot.operations.foresight import A_MOMENT
from bot.operations.plan import Books, came_at, left_of, plan_after, planned_run, spread_out
from bot.rules.admit import GRACE, LATER_AT_MOST, Lateness, why_missed
from bot.rules.judge import judge
from bot.schedules.kind import NoData, Slot
from storage import slots
from storage.records import Job, Run, RunState

# As many rows at most in one transaction: it stays short, and acks are written in between.
ROWS_AT_ONCE = 500
LOOK_AHEAD = max(LATER_AT_MOST.values()) + 1


@dataclass(frozen=True, slots=True)
class Due:
    """A slot that has come, and when its run was due."""

    slot: Slot
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Past:
    """What is known of a due slot: how late it is, and the slots that have come due after it, as far as looked."""

    lateness: Lateness
    later: tuple[Due, ...] = ()
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class Walk:
    """The rows of missed slots that follow each other, the slot from which to plan, and whether any later slot has
    come due: one that is not missed, or one that was not looked at any more."""

    rows: tuple[Run, ...]
    after: datetime
    is_cut: bool
    is_made_up: bool


def look_back(c: Connection, job: Job, run: Run, *, now: datetime, most: int, books: Books) -> Past:
    """How late a due slot is; where it is later than the grace, also the slots since, `most` and a few more."""
    late = now - run.due_at
    if late <= GRACE:
        return Past(Lateness(late))
    limit = most + LOOK_AHEAD
    later = _slots_since(c, job, plan_after(job, run), now, limit, books)
    is_one_time = _is_one_time(job, came_at(run))
    return Past(Lateness(late, len(later), is_one_time), later, is_cut=len(later) == limit)


def walk(job: Job, run: Run, past: Past, *, now: datetime, most: int) -> Walk:
    """From a missed slot over those that are missed after it, up to the first that is not."""
    rows: list[Run] = []
    after = plan_after(job, run)
    for index, due in enumerate(past.later[:most]):
        rest = len(past.later) - index - 1
        lateness = Lateness(now - due.due_at, rest, _is_one_time(job, due.slot.at))
        reason = why_missed(job.policy, lateness)
        if not reason:
            return Walk(tuple(rows), after, is_cut=False, is_made_up=True)
        row = planned_run(job, due.slot, due_at=due.due_at, now=now)
        rows.append(replace(row, state=RunState.MISSED, reason=reason, ended_at=now))
        after = due.slot.at
    is_cut = len(rows) < len(past.later) or past.is_cut
    return Walk(tuple(rows), after, is_cut=is_cut, is_made_up=False)


def report(c: Connection, job: Job, walked: Walk, *, now: datetime) -> None:
    """Tell of all slots that were missed in a row, once the last of them has its row. Nothing where the newest slot
    runs in the place of those before it, as the job's policy has it: the history has them."""
    if walked.is_cut or (walked.is_made_up and job.policy.catch_up == "latest"):
        return
    missed = slots.missed_in_a_row(c, job.id)
    if missed is None:
        return
    verdict = judge(replace(missed.last, ended_at=missed.since), job)
    failures = job.failures + missed.count
    verdict = replace(verdict, failures=failures, count=failures)
    first = missed.since.isoformat()
    owe_alert(c, missed.last, job, verdict, now=now, missed=missed.count, missed_from=first)


def _slots_since(
    c: Connection, job: Job, after: datetime, now: datetime, limit: int, books: Books
) -> tuple[Due, ...]:
    found: list[Due] = []
    left, book = left_of(c, job), books.of(job)
    try:
        while len(found) < limit and (slot := schedules.union_next(left, after, book)) is not None and slot.at <= now:
            due_at = spread_out(job, slot, book)
            if due_at > now:
                break
            found.append(Due(slot, due_at))
            after = slot.at
    except (NoData, Refusal):
        pass  # whoever plans the next slot holds the job
    return tuple(found)


def _is_one_time(job: Job, at: datetime) -> bool:
    instants = [schedule for schedule in job.schedules if schedule.kind == "one_time"]
    slot = schedules.union_next(instants, at - A_MOMENT, None) if instants else None
    return slot is not None and slot.at == at
