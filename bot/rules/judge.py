"""Whether somebody must be told of a run: on the first failure of a row, on recovery, when it is done too soon."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from storage.records import Cause, Job, Run, RunState


class Alert(StrEnum):
    FAILURE = "failure"
    TIMEOUT = "timeout"
    LOST = "lost"
    MISSED = "missed"
    RECOVERY = "recovery"
    SLOW = "slow"  # it still goes on
    FAST = "fast"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What an ended run means for its job: the streak from now on, and the alert to send, if any.

    `since` and `failures` describe the streak of which the alert speaks, which is over after a recovery.
    """

    failing_since: datetime | None
    failures: int
    alert: Alert | None = None
    since: datetime | None = None
    count: int = 0


ALERTS = {
    RunState.FAILED: Alert.FAILURE,
    RunState.TIMED_OUT: Alert.TIMEOUT,
    RunState.LOST: Alert.LOST,
    RunState.MISSED: Alert.MISSED,
    RunState.EXPIRED: Alert.MISSED,
}
# A test, a backfill, a stop and a skip say nothing about the health of a job.
JUDGED = frozenset({*ALERTS, *(state for state in RunState if state.is_success)})
UNJUDGED = frozenset({Cause.TEST, Cause.BACKFILL})


def judge(run: Run, job: Job) -> Verdict:
    """Judge one ended run."""
    ended_at = run.ended_at or run.due_at
    if run.cause in UNJUDGED or run.state not in JUDGED:
        return Verdict(failing_since=job.failing_since, failures=job.failures)
    if run.state.is_success:
        return _judge_success(run, job)
    failures = job.failures + 1
    since = job.failing_since or ended_at
    alert = ALERTS[run.state] if job.failing_since is None else None
    return Verdict(failing_since=since, failures=failures, alert=alert, since=since, count=failures)


def recovery(job: Job) -> Verdict:
    """The streak of the job is over."""
    return Verdict(failing_since=None, failures=0, alert=Alert.RECOVERY, since=job.failing_since, count=job.failures)


def _judge_success(run: Run, job: Job) -> Verdict:
    if job.failing_since is None:
        is_fast = run.elapsed_s is not None and run.elapsed_s < job.policy.warn_under_s
        return Verdict(failing_since=None, failures=0, alert=Alert.FAST if is_fast else None)
    return recovery(job)
