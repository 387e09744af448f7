"""Another attempt of a run that failed: owed below the same row, told in the same message."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from bot.operations.show import forget_slow, show
from bot.rules.retry import Again, retry
from storage import attempts as past
from storage import claims, runs
from storage.records import Attempt, Job, JobState, Run, RunState

OVERTAKEN = "a newer run has succeeded since"


def try_again(c: Connection, run: Run, job: Job | None, *, now: datetime) -> Run | None:
    """Owe the next attempt of a claimed run that ended as it says; None where this was its end, or the claim was
    lost."""
    again = retry(run, job.policy if job else None, now=now)
    if again is None or (job is not None and job.state is JobState.DELETED):
        return None
    saved = claims.save_run(c, _anew(run, again))
    if saved is None:
        return None
    if again.is_sent:
        failed = Attempt(
            id=0,
            run_id=run.id,
            tag=run.tag,
            asked_at=run.asked_at,
            ended_at=now,
            base_url=run.base_url,
            dify_run_id=run.dify_run_id,
            fault=run.fault,
        )
        past.append(c, failed)
    if not again.is_sent:
        forget_slow(c, saved)  # it has not begun; the alert is owed anew when it does
    if again.at > now or not again.is_sent:  # what is sent again at once has nothing to tell
        show(c, saved, now=now, rank=2)
    return saved


def is_overtaken(c: Connection, run: Run) -> bool:
    """Whether a newer slot of the job has succeeded since: its older one needs no further attempt."""
    return bool(run.retries) and run.job_id is not None and runs.has_newer_success(c, run.job_id, run.slot_at)


def as_it_waited(run: Run) -> Run:
    """A claimed run of which Dify knows nothing: its claim was no attempt, and no start."""
    attempts = run.attempts - 1
    return replace(run, attempts=attempts, started_at=run.started_at if attempts else None)


def _anew(run: Run, again: Again) -> Run:
    """Nothing of the attempt that failed stays but its fault."""
    return replace(
        run if again.is_sent else as_it_waited(run),
        state=RunState.READY,
        retries=run.retries + again.is_counted,
        try_at=again.at if again.is_sent else None,
        ready_at=again.at if again.is_sent else run.ready_at,
        tag=None,
        base_url=None,
        asked_at=None,
        heard_at=None,
        ended_at=None,
        dify_run_id=None,
        task_id=None,
        elapsed_s=None,
        tokens=None,
        steps=None,
        price=None,
        currency=None,
        nodes=0,
        nodes_done=0,
        current_node=None,
        outputs=None,
        reason=None,
    )
