"""Whether a due run starts: late slots, busy jobs, paused jobs, and runs that somebody asked for."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.admit import CATCH_UP, Admit, Close, admit
from storage.records import Cause, Job, JobState, Policy, Run, RunState
from tests.makers import patient
from tests.storage.examples import NOW, a_job, a_run

ASKED_FOR = (Cause.MANUAL, Cause.RERUN, Cause.TEST, Cause.API)


def decide(run: Run | None = None, job: Job | None = None, *, is_busy: bool = False, late_s: float = 0.0) -> object:
    return admit(run or a_run(), job or a_job(), is_busy=is_busy, now=NOW + timedelta(seconds=late_s))


@pytest.mark.parametrize("late_s", [0, 1, 59, 60, 61, 3599, 3600])
def test_a_slot_within_the_hour_runs_late_rather_than_never(late_s: float) -> None:
    assert decide(late_s=late_s) == Admit()


@pytest.mark.parametrize("late_s", [3600.001, 7200, 86_400 * 400])
def test_a_slot_found_over_an_hour_late_is_missed_and_says_why(late_s: float) -> None:
    closed = decide(late_s=late_s)
    assert isinstance(closed, Close)
    assert closed.state is RunState.MISSED
    assert "hour late" in closed.reason


def test_a_slot_is_skipped_while_the_run_before_it_goes_on() -> None:
    assert decide(is_busy=True) == Close(RunState.SKIPPED, "the run before it was still going")


def test_a_job_that_allows_overlap_is_not_skipped() -> None:
    assert decide(job=a_job(policy=Policy(overlap="allow")), is_busy=True) == Admit()


@pytest.mark.parametrize("state", [JobState.PAUSED, JobState.DELETED])
@pytest.mark.parametrize("late_s", [0, 10_000])
def test_a_job_that_was_switched_off_meanwhile_skips_and_is_not_missed(state: JobState, late_s: float) -> None:
    assert decide(job=a_job(state=state), late_s=late_s) == Close(RunState.SKIPPED, f"the job was {state}")


def test_the_last_slot_of_a_completed_job_still_runs() -> None:
    assert decide(job=a_job(state=JobState.COMPLETED)) == Admit()


@pytest.mark.parametrize("cause", ASKED_FOR)
@pytest.mark.parametrize("state", list(JobState))
def test_what_a_person_asked_for_always_passes(cause: Cause, state: JobState) -> None:
    run = a_run(cause=cause)
    assert decide(run, a_job(state=state), is_busy=True, late_s=90_000) == Admit()


def test_a_run_without_a_job_passes() -> None:
    assert admit(a_run(), None, is_busy=False, now=NOW + 2 * CATCH_UP) == Admit()


@patient
@given(
    cause=st.sampled_from(list(Cause)),
    state=st.sampled_from(list(JobState)),
    overlap=st.sampled_from(["skip", "allow"]),
    is_busy=st.booleans(),
    late_s=st.integers(-10, 10**7),
)
def test_what_is_not_started_is_closed_with_a_reason_and_is_no_failure(
    cause: Cause, state: JobState, overlap: str, is_busy: bool, late_s: int
) -> None:
    decided = decide(
        a_run(cause=cause), a_job(state=state, policy=Policy(overlap=overlap)), is_busy=is_busy, late_s=late_s
    )
    if isinstance(decided, Close):
        assert cause is Cause.SCHEDULE
        assert decided.state in (RunState.SKIPPED, RunState.MISSED)
        assert decided.state.has_ended
        assert not decided.state.is_failure
        assert decided.reason
