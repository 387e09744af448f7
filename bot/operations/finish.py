"""The end of a run: closed, judged, told and followed by what comes next, in one transaction."""

from datetime import datetime

from sqlalchemy import Connection

from bot.operations.plan import plan_after_end
from bot.operations.show import refresh_messages, show
from bot.rules.judge import Verdict, judge
from storage import claims, deliveries, jobs, runs
from storage.records import Delivery, DeliveryKind, Job, JobState, Run, RunState


def finish(c: Connection, run: Run, *, now: datetime) -> Run | None:
    """Close a claimed run with the end that it carries; None when the claim was lost, and nothing was written."""
    saved = claims.save_run(c, run)
    if saved is None:
        return None
    follow(c, saved, now=now)
    return saved


def follow(c: Connection, run: Run, *, now: datetime) -> None:
    """What an ended run owes: its message, an alert, the next slot of a job that runs after each end."""
    job = jobs.get(c, run.team_id, run.job_id) if run.job_id is not None else None
    if run.rerun_of is not None:
        refresh_messages(c, run.rerun_of, now=now)
    if run.state not in (RunState.SKIPPED, RunState.MISSED):
        show(c, run, now=now, rank=1)
    if job is None:
        return
    verdict = judge(run, job)
    if (verdict.failing_since, verdict.failures) != (job.failing_since, job.failures):
        jobs.mark_health(c, job.id, verdict.failing_since, verdict.failures)
    if verdict.alert is not None and job.state is not JobState.DELETED:
        deliveries.owe(c, _alert(c, run, job, verdict, now))
    plan_after_end(c, job, run.ended_at or now, now=now)


def _alert(c: Connection, run: Run, job: Job, verdict: Verdict, now: datetime) -> Delivery:
    success = runs.last_ended(c, job.id, states=(RunState.SUCCEEDED, RunState.PARTIAL))
    return Delivery(
        id=0,
        team_id=run.team_id,
        key=f"alert:{run.id}/{verdict.alert}>{job.channel_id}",
        kind=DeliveryKind.ALERT,
        target=job.channel_id,
        run_id=run.id,
        job_id=job.id,
        rank=0,
        facts={
            "alert": str(verdict.alert),
            "since": verdict.since.isoformat() if verdict.since else None,
            "failures": verdict.count,
            "last_success_at": success.ended_at.isoformat() if success and success.ended_at else None,
        },
        due_at=now,
        created_at=now,
    )
