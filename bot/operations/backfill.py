"""Backfill: past slots of a job are run after all, one after the other, and told in one thread."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import Connection

from bot import schedules
from bot.errors import Refusal
from bot.operations.calendar import book_of
from bot.operations.fill import fill_inputs, zone_of_job
from bot.operations.find import job_by_id
from bot.operations.line import give_way
from bot.operations.note import note
from bot.operations.plan import planned_run
from bot.operations.show import show_batch, touch_batch
from bot.rules.access import Action, Actor
from bot.schedules.allowed import LONGEST_ROLL
from bot.schedules.kind import NoData, Slot
from storage import batches, claims, jobs, runs, slots
from storage.records import Cause, Job, JobState, Run, RunState

MODES = ("missing", "failed", "all")
MOST = 500
CONFIRMED_ABOVE = 20
GOING = (RunState.PLANNED, RunState.QUEUED, RunState.READY, RunState.RUNNING, RunState.WAITING)
DONE = (RunState.SUCCEEDED, RunState.PARTIAL)
FAILED = (RunState.FAILED, RunState.TIMED_OUT, RunState.LOST)
CANCELLED = "the backfill was cancelled"
SAMPLE = 5
# No job is older, and beyond the years that a date can have nothing can be counted.
EARLIEST, LATEST = date(1970, 1, 2), date(9998, 12, 31)


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a backfill would do: its slots, and what the last runs of the job took on average, where that is known."""

    job: Job
    wanted: tuple[Slot, ...]
    seconds: float | None
    tokens: int | None

    @property
    def slots(self) -> tuple[datetime, ...]:
        """When they came."""
        return tuple(slot.at for slot in self.wanted)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """From the first to the last local day, both included; `daily_at` is one slot a day instead of the schedule's."""

    since: date
    until: date
    mode: str = "missing"
    daily_at: time | None = None


def estimate(c: Connection, actor: Actor, job_id: int, span: Span, *, now: datetime) -> Estimate:
    """Which slots would be run. A span without any, in the future, or with too many is a Refusal."""
    job = job_by_id(c, actor, Action.RUN, job_id)
    if span.since < EARLIEST or span.until > LATEST:
        raise Refusal(
            f"From {span.since} to {span.until} is longer than anything that can be run.",
            f"Take days from {EARLIEST} on.",
            code="too_long",
        )
    start, end = _bounds(job, span)
    if start > now:
        raise Refusal(
            f"{span.since} has not come yet; only what is past can be made up for.",
            f"`/dify next #{job.id}` shows what comes by itself.",
            code="future",
        )
    wanted = _wanted(c, job, span, start, min(end, now))
    if not wanted:
        raise Refusal(
            f"There is nothing to run from {span.since} to {span.until} ({span.mode}).",
            "`missing` takes slots that never ran, `failed` those whose last run failed, `all` each one.",
            code="nothing",
        )
    last = runs.list_runs(c, job.team_id, job_id=job.id, states=[*DONE], limit=SAMPLE)
    took = [run.elapsed_s for run in last if run.elapsed_s is not None]
    used = [run.tokens for run in last if run.tokens is not None]
    return Estimate(
        job,
        tuple(wanted),
        len(wanted) * sum(took) / len(took) if took else None,
        len(wanted) * sum(used) // len(used) if used else None,
    )


def backfill(c: Connection, actor: Actor, job_id: int, span: Span, *, now: datetime) -> Estimate:
    """Write the runs, and start the first. A job is backfilled once at a time."""
    jobs.lock_many(c, [job_id])
    found = estimate(c, actor, job_id, span, now=now)
    job, before = found.job, batches.last_of(c, job_id)
    if before is not None and not batches.progress(c, before).is_over:
        raise Refusal(
            f"A backfill of “{job.name}” is going on.",
            f"Wait for its end, or type `/dify backfill #{job.id} cancel`.",
            code="busy",
        )
    batch = f"{job.id}/{int(before.rpartition('/')[2]) + 1 if before else 1}"
    new = [replace(_run_of(job, slot, batch, now), asked_by=actor.user_id) for slot in found.wanted]
    runs.add_many(c, new)
    told = {"slots": len(new), "from": str(span.since), "to": str(span.until), "mode": span.mode}
    note(c, actor, "backfill", f"job:{job.id}", now=now, detail=told)
    show_batch(c, job, batch, actor.user_id, f"{span.since} to {span.until}", now=now)
    serve_batch(c, job, batch, now=now)
    return found


def cancel_backfill(c: Connection, actor: Actor, job_id: int, *, now: datetime) -> int:
    """What has not begun, or waits for its next try, is not begun; how many. A run that goes on is asked to stop."""
    job = job_by_id(c, actor, Action.RUN, job_id)
    jobs.lock_many(c, [job.id])
    batch = batches.last_of(c, job.id)
    left = batches.progress(c, batch) if batch else None
    if batch is None or left is None or left.is_over:
        raise Refusal(f"No backfill of “{job.name}” is going on.", "There is nothing to cancel.", code="nothing")
    waiting = batches.waiting(c, batch, MOST)
    for run in waiting:
        slots.close_unstarted(c, run.id, RunState.SKIPPED, CANCELLED, now)
    count = len(waiting)
    for run in batches.on_their_way(c, batch):
        claims.ask_stop(c, run.id, actor.user_id)
        if run.state is RunState.READY and give_way(c, run, RunState.STOPPED, CANCELLED, now):
            count += 1
    note(c, actor, "cancel", f"job:{job.id}", now=now, detail={"slots": count})
    touch_batch(c, batch, now=now)
    return count


def serve_batch(c: Connection, job: Job, batch: str, *, now: datetime) -> None:
    """The next one begins when none is on its way."""
    if batches.on_their_way(c, batch):
        return
    while waiting := batches.waiting(c, batch, 1):
        [run] = waiting
        if job.state is JobState.DELETED:
            slots.close_unstarted(c, run.id, RunState.SKIPPED, f"the job was {job.state}", now)
            continue
        try:
            slots.start(c, run.id, fill_inputs(c, job, run), now)
            return
        except Refusal as error:
            slots.close_unstarted(c, run.id, RunState.BLOCKED, str(error), now)


def _run_of(job: Job, slot: Slot, batch: str, now: datetime) -> Run:
    run = planned_run(job, slot, now=now, due_at=now)
    key = f"backfill:{batch}@{slot.at.isoformat()}"
    return replace(run, key=key, cause=Cause.BACKFILL, state=RunState.QUEUED, batch=batch)


def _bounds(job: Job, span: Span) -> tuple[datetime, datetime]:
    zone = schedules.zone_of(zone_of_job(job))
    start = datetime.combine(span.since, time(), zone)
    return start, datetime.combine(span.until + timedelta(days=1), time(), zone) - timedelta(microseconds=1)


def _wanted(c: Connection, job: Job, span: Span, start: datetime, end: datetime) -> list[Slot]:
    reach = _reach_of(job)
    known = batches.states_of_slots(c, job.id, start - reach, end + reach)
    found = []
    for slot in _slots(c, job, span, start, end):
        if _is_wanted(known.get(slot.nominal_at, []), span.mode):
            found.append(slot)
        if len(found) > MOST:
            raise Refusal(
                f"From {span.since} to {span.until} there are more than {MOST} times.",
                "Take a shorter span, or one run a day: daily 9:00.",
                code="too_many",
            )
    return found


def _reach_of(job: Job) -> timedelta:
    """How far a slot may have moved from its nominal time, by which its runs are known."""
    is_moved = any(rule.roll != "skip" for schedule in job.schedules for rule in schedule.calendars)
    return timedelta(days=LONGEST_ROLL if is_moved else 0)


def _is_wanted(states: list[RunState], mode: str) -> bool:
    if batches.is_any(states, GOING):
        return False
    if mode == "all":
        return True
    if mode == "failed":
        return bool(states) and states[-1] in FAILED
    return not batches.is_any(states, (*DONE, *FAILED, RunState.STOPPED))


def _slots(c: Connection, job: Job, span: Span, start: datetime, end: datetime) -> Iterator[Slot]:
    if span.daily_at is not None:
        zone = schedules.zone_of(zone_of_job(job))
        for number in range((span.until - span.since).days + 1):
            at = datetime.combine(span.since + timedelta(days=number), span.daily_at, zone).astimezone(UTC)
            if at <= end:
                yield Slot(at, at)
        return
    after, book = start - timedelta(seconds=1), book_of(c, job.team_id)
    clocked = [replace(one, start_at=None) for one in job.schedules if one.kind not in ("api", "fixed_delay")]
    try:
        while (slot := schedules.union_next(clocked, after, book)) is not None and slot.at <= end:
            yield slot
            after = slot.at
    except NoData as unknown:
        raise Refusal(f"The calendar {unknown.calendar} has no {unknown.year}.", code="no_data") from None
