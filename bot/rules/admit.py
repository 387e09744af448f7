"""Whether a due run may start: the decision, with the reason that people read."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from storage.records import Cause, Job, JobState, Run, RunState

# A slot found later than this is not made up: an hour covers a restart or a short outage, and no report is
# useful when it arrives a night late.
CATCH_UP = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Admit:
    """Start it."""


@dataclass(frozen=True, slots=True)
class Close:
    """Do not start it: the end state and why."""

    state: RunState
    reason: str


def admit(run: Run, job: Job | None, *, is_busy: bool, now: datetime) -> Admit | Close:
    """Decide about one due run; `is_busy` tells that another run of its job is active."""
    if run.cause is not Cause.SCHEDULE or job is None:
        return Admit()
    if job.state in (JobState.PAUSED, JobState.HELD, JobState.DELETED):
        return Close(RunState.SKIPPED, f"the job was {job.state}")
    if now - run.due_at > CATCH_UP:
        return Close(RunState.MISSED, "the bot was not running at its time, and it was found over an hour late")
    if is_busy and job.policy.overlap == "skip":
        return Close(RunState.SKIPPED, "the run before it was still going")
    return Admit()
