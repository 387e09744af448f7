"""Whether a due run starts: late slots, busy jobs, jobs that were switched off, and runs that somebody asked for."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.admit import Admit, Close, Crowd, Decision, Lateness, Queue, Replace, admit, meet, why_missed
from storage.records import Cause, Job, JobState, Policy, Run, RunState
from tests.makers import patient
from tests.storage.examples import a_job, a_run

ASKED_FOR = (Cause.MANUAL, Cause.RERUN, Cause.TEST, Cause.API)
BUSY = Crowd(active=1)
FREE = Crowd()
SKIPPED = Close(RunState.SKIPPED, "the run before it was still going")


def decide(
    policy: Policy | None = None,
    run: Run | None = None,
    job: Job | None = None,
    *,
    crowd: Crowd = FREE,
    late_s: float = 0.0,
    later: int = 0,
    is_one_time: bool = False,
) -> Decision:
    lateness = Lateness(timedelta(seconds=late_s), later, is_one_time)
    return admit(run or a_run(), job or a_job(policy=policy or Policy()), crowd=crowd, lateness=lateness)


# late


@pytest.mark.parametrize("catch_up", ["skip", "latest", "all"])
@pytest.mark.parametrize("late_s", [-5, 0, 60])
def test_a_slot_within_the_grace_runs_whatever_the_policy(catch_up: str, late_s: float) -> None:
    assert decide(Policy(catch_up=catch_up, catch_up_s=60), late_s=late_s, later=99) == Admit()


@pytest.mark.parametrize(
    ("catch_up", "late_s", "later", "runs"),
    [
        ("skip", 61, 0, False),
        ("latest", 61, 0, True),
        ("latest", 3600, 0, True),
        ("latest", 3600.001, 0, False),
        ("latest", 61, 1, False),
        ("all", 61, 0, True),
        ("all", 61, 23, True),
        ("all", 61, 24, False),
        ("all", 3601, 0, False),
    ],
)
def test_beyond_the_grace_the_policy_decides(catch_up: str, late_s: float, later: int, runs: bool) -> None:
    decision = decide(Policy(catch_up=catch_up), late_s=late_s, later=later)
    assert decision == Admit() if runs else isinstance(decision, Close) and decision.state is RunState.MISSED


@pytest.mark.parametrize(
    ("policy", "late_s", "says"),
    [
        (Policy(), 7200, "found over an hour late"),
        (Policy(catch_up_s=7200), 7201, "found over 2 hours late"),
        (Policy(catch_up_s=90), 91, "found over 90 seconds late"),
        (Policy(catch_up_s=86_400), 86_401, "found over a day late"),
        (Policy(catch_up="skip"), 61, "makes up for nothing"),
    ],
)
def test_a_missed_slot_says_why(policy: Policy, late_s: float, says: str) -> None:
    assert why_missed(policy, Lateness(timedelta(seconds=late_s))).endswith(says)


@pytest.mark.parametrize("policy", [Policy(), Policy(catch_up="skip"), Policy(catch_up_s=60)])
def test_what_is_to_run_once_is_made_up_for_an_hour_whatever_the_policy(policy: Policy) -> None:
    assert decide(policy, late_s=3600, later=3, is_one_time=True) == Admit()
    assert isinstance(decide(policy, late_s=3601, is_one_time=True), Close)
    assert decide(Policy(catch_up_s=7200), late_s=7200, is_one_time=True) == Admit()


# busy


@pytest.mark.parametrize(
    ("policy", "crowd", "decision"),
    [
        (Policy(), BUSY, SKIPPED),
        (Policy(overlap="queue"), BUSY, Queue()),
        (Policy(overlap="queue"), Crowd(1, 1), Queue(drops=1)),
        (Policy(overlap="queue", overlap_max=3), Crowd(1, 2), Queue()),
        (Policy(overlap="queue", overlap_max=3), Crowd(1, 3), Queue(drops=1)),
        (Policy(overlap="queue", overlap_max=1), Crowd(1, 3), Queue(drops=3)),
        (Policy(overlap="replace"), BUSY, Replace()),
        (Policy(overlap="allow", overlap_max=2), BUSY, Admit()),
        (
            Policy(overlap="allow", overlap_max=2),
            Crowd(2),
            Close(RunState.SKIPPED, "2 runs before it were still going"),
        ),
        (Policy(overlap="allow", overlap_max=0), Crowd(99), Admit()),
    ],
)
def test_a_busy_job_follows_its_overlap_rule_for_slots_and_for_people(
    policy: Policy, crowd: Crowd, decision: Decision
) -> None:
    assert decide(policy, crowd=crowd) == meet(policy, crowd) == decision


@pytest.mark.parametrize("overlap", ["skip", "queue", "replace", "allow"])
def test_a_job_that_is_free_starts_at_once(overlap: str) -> None:
    assert decide(Policy(overlap=overlap)) == Admit()


@pytest.mark.parametrize("overlap", ["skip", "queue", "replace"])
def test_what_is_made_up_for_waits_in_line_and_for_no_limit(overlap: str) -> None:
    policy = Policy(overlap=overlap, catch_up="all")
    assert decide(policy, crowd=Crowd(1, 1), late_s=600, later=5) == Queue(is_made_up=True)
    assert decide(Policy(overlap=overlap), crowd=BUSY, late_s=600, is_one_time=True) == Queue(is_made_up=True)
    assert decide(policy, crowd=BUSY, late_s=10) == meet(policy, BUSY)


def test_with_catch_up_all_a_slot_of_a_short_absence_waits_behind_those_that_are_made_up_for() -> None:
    policy = Policy(catch_up="all")
    assert decide(policy, crowd=BUSY, late_s=11) == Queue(is_made_up=True)
    assert decide(policy, crowd=FREE, late_s=11) == Admit()
    assert decide(Policy(catch_up="latest"), crowd=BUSY, late_s=11) == SKIPPED


def test_a_slot_behind_a_run_that_is_held_says_so() -> None:
    assert decide(crowd=Crowd(active=1, held=1)) == Close(RunState.SKIPPED, "the run before it was held")


def test_the_newest_slot_of_a_busy_job_follows_the_overlap_rule() -> None:
    assert decide(crowd=BUSY, late_s=600) == SKIPPED


# switched off, and asked for


@pytest.mark.parametrize("state", [JobState.PAUSED, JobState.HELD, JobState.DELETED])
@pytest.mark.parametrize("late_s", [0, 10_000])
def test_a_job_that_was_switched_off_meanwhile_skips_and_is_not_missed(state: JobState, late_s: float) -> None:
    assert decide(job=a_job(state=state), late_s=late_s) == Close(RunState.SKIPPED, f"the job was {state}")


def test_the_last_slot_of_a_completed_job_still_runs() -> None:
    assert decide(job=a_job(state=JobState.COMPLETED)) == Admit()


@pytest.mark.parametrize("cause", ASKED_FOR)
@pytest.mark.parametrize("state", list(JobState))
def test_what_a_person_asked_for_always_passes(cause: Cause, state: JobState) -> None:
    assert decide(run=a_run(cause=cause), job=a_job(state=state), crowd=BUSY, late_s=90_000) == Admit()


def test_a_run_without_a_job_passes() -> None:
    assert admit(a_run(), None, crowd=FREE, lateness=Lateness(timedelta(days=9))) == Admit()


@patient
@given(
    cause=st.sampled_from(list(Cause)),
    state=st.sampled_from(list(JobState)),
    policy=st.builds(
        Policy,
        overlap=st.sampled_from(["skip", "queue", "replace", "allow"]),
        overlap_max=st.integers(0, 10),
        catch_up=st.sampled_from(["skip", "latest", "all"]),
        catch_up_s=st.integers(60, 10**6),
    ),
    crowd=st.builds(Crowd, st.integers(0, 50), st.integers(0, 30)),
    late_s=st.integers(-10, 10**7),
    later=st.integers(0, 30),
)
def test_what_is_not_started_is_closed_with_a_reason_and_is_no_failure(
    cause: Cause, state: JobState, policy: Policy, crowd: Crowd, late_s: int, later: int
) -> None:
    job = a_job(state=state, policy=policy)
    decided = decide(run=a_run(cause=cause), job=job, crowd=crowd, late_s=late_s, later=later)
    if isinstance(decided, Close):
        assert cause is Cause.SCHEDULE
        assert decided.state in (RunState.SKIPPED, RunState.MISSED)
        assert not decided.state.is_failure
        assert decided.reason
    if isinstance(decided, Queue):
        assert crowd.active
        assert decided.drops <= crowd.queued
