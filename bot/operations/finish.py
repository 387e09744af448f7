"""The end of a run: closed, judged, told and followed by what comes next, in one transaction."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from bot.operations.again import try_again
from bot.operations.backfill import serve_batch
from bot.operations.gate import note_outcome
from bot.operations.line import serve_next, why_unstarted
from bot.operations.plan import plan, plan_after_end
from bot.operations.show import forget_slow, refresh_messages, show, touch_batch
from bot.rules.judge import JUDGED, UNJUDGED, Verdict, judge, recovery
from storage import claims, deliveries, jobs, runs, slots
from storage.records import Delivery, DeliveryKind, Job, JobState, Run, RunState


def finish(c: Connection, run: Run, *, now: datetime) -> Run | None:
    """Close a claimed run with the end that it carries, or owe its next attempt where that was not the last and
    nobody wants it to stop; None when the claim was lost, and nothing was written.

    The job is locked before the run, as everybody does who decides for a job.
    """
    job = _job_of(c, run)
    saved = again = try_again(c, run, job, now=now)
    if again is not None and again.stop_by is not None:  # the wish came after the last beat, and there is no next try
        saved = slots.close_unstarted(c, again.id, RunState.STOPPED, why_unstarted(again), now)
        again = None
    if saved is None:
        saved = claims.save_run(c, run)
    if saved is None:
        return None
    note_outcome(c, run, now=now)
    if again is not None:
        return again
    _follow(c, saved, job, now)
    return saved


def follow(c: Connection, run: Run, *, now: datetime) -> None:
    """What an ended run owes: its message, an alert, the run that waits for it, the next slot of a job that runs
    after each end."""
    _follow(c, run, _job_of(c, run), now)


def owe_alert(c: Connection, run: Run, job: Job, verdict: Verdict, *, now: datetime, **facts: Any) -> None:
    """Keep the verdict's count of failures, and owe its alert to the job's channel, if there is one."""
    if (verdict.failing_since, verdict.failures) != (job.failing_since, job.failures):
        jobs.mark_health(c, job.id, verdict.failing_since, verdict.failures)
    if verdict.alert is not None and job.state is not JobState.DELETED:
        deliveries.owe(c, _alert(c, run, job, verdict, now, facts))


def judge_anew(c: Connection, job: Job, run: Run, *, is_good: bool, now: datetime) -> None:
    """What is known or said of an ended run only later. What ended last tells how a job is, and it may be said of a
    stop and of a skip as well, of which `judge` says nothing."""
    last = runs.last_judged(c, job.id, JUDGED, UNJUDGED)
    if run.cause in UNJUDGED or (last is not None and _order(last) > _order(run)):
        return
    if not is_good:
        if job.failing_since is None:
            jobs.mark_health(c, job.id, run.ended_at or now, 1)
    elif job.failing_since is not None:
        owe_alert(c, run, job, recovery(job), now=now)


def _order(run: Run) -> tuple[datetime, int]:
    return run.ended_at or run.due_at, run.id


def _follow(c: Connection, run: Run, job: Job | None, now: datetime) -> None:
    if run.batch is not None and job is not None:
        touch_batch(c, run.batch, now=now)
        serve_batch(c, job, run.batch, now=now)
    if run.rerun_of is not None:
        refresh_messages(c, run.rerun_of, now=now)
    forget_slow(c, run)
    if run.state not in (RunState.SKIPPED, RunState.MISSED):
        show(c, run, now=now, rank=1)
    if job is None:
        return
    owe_alert(c, run, job, judge(run, job), now=now)
    serve_next(c, job, now=now)
    plan_after_end(c, job, run.ended_at or now, now=now)
    if any(schedule.times is not None for schedule in job.schedules) and runs.planned_of(c, job.id) is None:
        plan(c, job, now, now=now)  # the last of its times has begun now, or did not and is to be had again


def _job_of(c: Connection, run: Run) -> Job | None:
    return jobs.lock_many(c, [run.job_id]).get(run.job_id) if run.job_id is not None else None


def _alert(c: Connection, run: Run, job: Job, verdict: Verdict, now: datetime, facts: dict[str, Any]) -> Delivery:
    success = runs.last_ended(c, job.id, states=(RunState.SUCCEEDED, RunState.PARTIAL))
    told: dict[str, Any] = {
        "alert": str(verdict.alert),
        "since": verdict.since.isoformat() if verdict.since else None,
        "failures": verdict.count,
        "last_success_at": success.ended_at.isoformat() if success and success.ended_at else None,
    }
    return Delivery(
        id=0,
        team_id=run.team_id,
        key=f"alert:{run.id}/{verdict.alert}>{job.channel_id}",
        kind=DeliveryKind.ALERT,
        target=job.channel_id,
        run_id=run.id,
        job_id=job.id,
        rank=0,
        facts=told | facts,
        due_at=now,
        created_at=now,
    )
