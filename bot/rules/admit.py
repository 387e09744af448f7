"""Whether a due run may start, waits, or is closed: late slots, busy jobs, jobs that were switched off. Pure."""

from dataclasses import dataclass
from datetime import timedelta

from storage.records import Cause, Job, JobState, Policy, Run, RunState

# Up to here a run is simply late: a restart or a busy minute is nobody's concern.
GRACE = timedelta(seconds=60)
# A clock at work finds a slot within its beat of 5 s: later than this it was away, and the run before, which is
# in the way now, was not at the time of the slot.
AWAY = timedelta(seconds=10)
# A report that was wanted once is worth an hour's delay, whatever the job says of slots that come again.
ONE_TIME_CATCH_UP_S = 3600
# How many later slots may have come where one is still made up for: `all` makes up for a day of hours.
LATER_AT_MOST = {"skip": 0, "latest": 0, "all": 23}
STILL_GOING = "still going"
HELD_UP = "the run before it was held"


@dataclass(frozen=True, slots=True)
class Admit:
    """Start it."""


@dataclass(frozen=True, slots=True)
class Queue:
    """It waits until its job is free; so many of those that wait already, the oldest, give way to it.

    `is_made_up` tells that it waits because it is made up for, and so counts for no limit.
    """

    drops: int = 0
    is_made_up: bool = False


@dataclass(frozen=True, slots=True)
class Replace:
    """What runs is stopped for it."""


@dataclass(frozen=True, slots=True)
class Close:
    """Do not start it: the end state and why."""

    state: RunState
    reason: str


Decision = Admit | Queue | Replace | Close


@dataclass(frozen=True, slots=True)
class Crowd:
    """How many other runs of the job are active, how many of them are held, and how many wait by its overlap rule."""

    active: int = 0
    queued: int = 0
    held: int = 0


@dataclass(frozen=True, slots=True)
class Lateness:
    """What is known of a slot that has come due: for how long, how many later ones have come due as well (counting
    further than the rules look is not needed), and whether it is the instant of a one-time schedule."""

    late: timedelta
    later: int = 0
    is_one_time: bool = False


def admit(run: Run, job: Job | None, *, crowd: Crowd, lateness: Lateness) -> Decision:
    """Decide about one due run. What a person asked for was decided when it was asked for."""
    if run.cause is not Cause.SCHEDULE or job is None:
        return Admit()
    if job.state in (JobState.PAUSED, JobState.HELD, JobState.DELETED):
        return Close(RunState.SKIPPED, f"the job was {job.state}")
    missed = why_missed(job.policy, lateness)
    if missed:
        return Close(RunState.MISSED, missed)
    is_wanted = lateness.late > AWAY and job.policy.catch_up == "all"
    is_made_up = is_wanted or (lateness.late > GRACE and lateness.is_one_time)
    if crowd.active and is_made_up and job.policy.overlap != "allow":
        return Queue(is_made_up=True)
    return meet(job.policy, crowd)


def meet(policy: Policy, crowd: Crowd) -> Decision:
    """What the overlap rule says of one more run: of a slot, or of one that a person asks for."""
    if not crowd.active:
        return Admit()
    if policy.overlap == "queue":
        return Queue(drops=max(0, crowd.queued + 1 - max(1, policy.overlap_max)))
    if policy.overlap == "replace":
        return Replace()
    if policy.overlap != "allow":
        return Close(RunState.SKIPPED, HELD_UP if crowd.held else f"the run before it was {STILL_GOING}")
    if 0 < policy.overlap_max <= crowd.active:
        return Close(RunState.SKIPPED, f"{crowd.active} runs before it were {STILL_GOING}")
    return Admit()


def why_missed(policy: Policy, lateness: Lateness) -> str:
    """The reason for which a slot is not made up for, or nothing when it runs."""
    if lateness.late <= GRACE:
        return ""
    within_s = max(policy.catch_up_s, ONE_TIME_CATCH_UP_S) if lateness.is_one_time else policy.catch_up_s
    if lateness.late > timedelta(seconds=within_s):
        return f"the bot was not running at its time, and it was found over {_span(within_s)} late"
    if lateness.is_one_time:
        return ""
    if policy.catch_up == "skip":
        return "the bot was not running at its time, and the job makes up for nothing"
    if lateness.later > LATER_AT_MOST.get(policy.catch_up, 0):
        return "the bot was not running at its time, and a later time has come since"
    return ""


def _span(seconds: int) -> str:
    for name, length in (("day", 86_400), ("hour", 3600), ("minute", 60)):
        count, rest = divmod(seconds, length)
        if count and not rest:
            return f"{count} {name}s" if count > 1 else "an hour" if name == "hour" else f"a {name}"
    return f"{seconds} seconds"
