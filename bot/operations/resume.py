"""Resume: the next slot is planned from now; nothing that passed in the pause is made up."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.errors import Refusal
from bot.operations.announce import announce, announce_by_itself
from bot.operations.coming import MOST_COUNTED, count_passed
from bot.operations.find import job_by_id
from bot.operations.note import note
from bot.operations.plan import plan, plan_after_end
from bot.operations.show import refresh_buttons
from bot.rules.access import Action, Actor, system
from storage import jobs, runs
from storage.records import Job, JobState, Run

# A hundred jobs that were all paused until Monday are one short transaction.
BATCH = 100
AN_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Resumed:
    """The job as it now is, how many slots passed in the pause (MOST_COUNTED + 1 means more), and its next run."""

    job: Job
    passed: int = 0
    planned: Run | None = None


def resume(c: Connection, actor: Actor, job_id: int, *, now: datetime, pressed: str = "") -> Resumed:
    """Resuming an active job changes nothing and is no error. A one-time job whose time has passed is completed.

    One that a calendar holds is tried again, and stays held with its reason while that calendar knows no more.
    """
    job = job_by_id(c, actor, Action.PAUSE, job_id)
    if job.state is JobState.ACTIVE:
        return Resumed(job, planned=runs.planned_of(c, job.id))
    if job.state is JobState.COMPLETED:
        raise Refusal(
            f"“{job.name}” has run for the last time.",
            f"`/dify edit #{job.id}` gives it a new time.",
            code="completed",
        )
    resumed = _restart(c, actor, job, after=now, passed_until=now, now=now)
    if resumed.job.state is JobState.HELD:
        return resumed
    note(c, actor, "resume", f"job:{job.id}", now=now, detail={"passed": resumed.passed})
    announce(c, job, actor, "resumed *{name}*", now=now)
    refresh_buttons(c, job.id, pressed, now=now)
    return resumed


def resume_due(c: Connection, now: datetime) -> int:
    """Resume the jobs whose pause is over, at most BATCH at once; how many. Their channels are told.

    A slot at the very end of the pause runs. Slots between that end and `now` were missed, not paused: what becomes
    of them is the clock's to decide.
    """
    due = jobs.due_resumes(c, now, BATCH)
    for job in due:
        if job.state is not JobState.PAUSED or job.resume_at is None:
            jobs.set_state(c, job.id, job.state, by=job.state_by, reason=job.state_reason)
            continue
        actor = system(job.team_id)
        after = job.resume_at - AN_INSTANT
        resumed = _restart(c, actor, job, after=after, passed_until=job.resume_at, now=now)
        note(c, actor, "resume", f"job:{job.id}", now=now, detail={"passed": resumed.passed})
        times = [resumed.planned.due_at] if resumed.planned else []
        announce_by_itself(c, job, _tell_end(resumed), now=now, times=times)
        refresh_buttons(c, job.id, "", now=now)
    return len(due)


def _restart(
    c: Connection, actor: Actor, job: Job, *, after: datetime, passed_until: datetime, now: datetime
) -> Resumed:
    passed = count_passed(c, job, passed_until) if job.state is JobState.PAUSED else 0
    active = jobs.set_state(c, job.id, JobState.ACTIVE, by=actor.user_id, reason=None)
    if plan_after_end(c, active, now, now=now) is None:
        plan(c, active, after, now=now)
    fresh = jobs.get(c, job.team_id, job.id)
    assert fresh is not None
    return Resumed(fresh, passed, runs.planned_of(c, job.id))


def _tell_end(resumed: Resumed) -> str:
    """The sentence after "Dify Ops", for the channel."""
    if resumed.job.state is JobState.HELD:
        return f"would resume *{{name}}*, whose pause is over, but it is held: {resumed.job.state_reason}"
    told = "resumed *{name}*, whose pause is over"
    if resumed.passed:
        told += f"; {count_slots(resumed.passed)} passed in the pause and {were(resumed.passed)} not made up"
    return told + ("; next {at0}" if resumed.planned else "")


def count_slots(passed: int) -> str:
    """ "1 time", "12 times", "over 1,000 times"."""
    if passed > MOST_COUNTED:
        return f"over {MOST_COUNTED:,} times"
    return f"{passed:,} time{'' if passed == 1 else 's'}"


def were(count: int) -> str:
    return "is" if count == 1 else "are"
