"""Who is told of an ended run: once when a job begins to fail, once when it works again, never in between."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.judge import Alert, Verdict, judge
from storage.records import Cause, Job, RunState
from tests.makers import patient
from tests.storage.examples import NOW, a_job, a_run

FAILURES = {
    RunState.FAILED: Alert.FAILURE,
    RunState.TIMED_OUT: Alert.TIMEOUT,
    RunState.LOST: Alert.LOST,
    RunState.MISSED: Alert.MISSED,
    RunState.EXPIRED: Alert.MISSED,
}
SUCCESSES = (RunState.SUCCEEDED, RunState.PARTIAL)
SILENT = [state for state in RunState if state not in FAILURES and state not in SUCCESSES]
EARLIER = NOW - timedelta(hours=5)
FAILING = {"failing_since": EARLIER, "failures": 3}


@pytest.mark.parametrize(("state", "alert"), FAILURES.items())
def test_the_first_failure_is_told_with_its_kind(state: RunState, alert: Alert) -> None:
    verdict = judge(a_run(state=state, ended_at=NOW), a_job())
    assert verdict == Verdict(failing_since=NOW, failures=1, alert=alert, since=NOW, count=1)


@pytest.mark.parametrize("state", FAILURES)
def test_fmea_g8_a_further_failure_is_counted_and_not_told(state: RunState) -> None:
    verdict = judge(a_run(state=state, ended_at=NOW), a_job(**FAILING))
    assert (verdict.failing_since, verdict.failures, verdict.alert) == (EARLIER, 4, None)


@pytest.mark.parametrize("state", SUCCESSES)
def test_the_first_success_after_failures_is_told_with_the_whole_streak(state: RunState) -> None:
    verdict = judge(a_run(state=state, ended_at=NOW), a_job(**FAILING))
    assert verdict == Verdict(failing_since=None, failures=0, alert=Alert.RECOVERY, since=EARLIER, count=3)


@pytest.mark.parametrize("state", SUCCESSES)
def test_a_success_of_a_sound_job_is_no_news(state: RunState) -> None:
    assert judge(a_run(state=state, ended_at=NOW), a_job()) == Verdict(failing_since=None, failures=0)


@pytest.mark.parametrize("state", SILENT)
@pytest.mark.parametrize("health", [{}, FAILING])
def test_skips_stops_and_runs_that_have_not_ended_say_nothing(state: RunState, health: dict[str, object]) -> None:
    job = a_job(**health)
    assert judge(a_run(state=state), job) == Verdict(failing_since=job.failing_since, failures=job.failures)


@pytest.mark.parametrize("state", list(RunState))
@pytest.mark.parametrize("health", [{}, FAILING])
def test_a_test_run_says_nothing_about_the_job(state: RunState, health: dict[str, object]) -> None:
    job = a_job(**health)
    verdict = judge(a_run(state=state, cause=Cause.TEST, ended_at=NOW), job)
    assert verdict == Verdict(failing_since=job.failing_since, failures=job.failures)


@pytest.mark.parametrize("cause", [Cause.MANUAL, Cause.RERUN, Cause.API, Cause.SCHEDULE])
def test_a_success_by_hand_counts_as_well_as_one_by_the_clock(cause: Cause) -> None:
    assert judge(a_run(state=RunState.SUCCEEDED, cause=cause), a_job(**FAILING)).alert is Alert.RECOVERY


def test_a_missed_slot_has_no_end_of_its_own_and_fails_from_its_due_time() -> None:
    assert judge(a_run(state=RunState.MISSED, due_at=EARLIER), a_job()).failing_since == EARLIER


def play(states: list[RunState]) -> list[tuple[RunState, Job, Verdict]]:
    """The verdicts of a whole life of a job."""
    job, seen = a_job(), []
    for step, state in enumerate(states):
        verdict = judge(a_run(state=state, ended_at=NOW + timedelta(minutes=step)), job)
        seen.append((state, job, verdict))
        job = replace(job, failing_since=verdict.failing_since, failures=verdict.failures)
    return seen


@patient
@given(st.lists(st.sampled_from(list(RunState)), max_size=60))
def test_alerts_alternate_between_failure_and_recovery_in_any_life(states: list[RunState]) -> None:
    alerts = [verdict.alert for _, _, verdict in play(states) if verdict.alert is not None]
    is_recovery = [alert is Alert.RECOVERY for alert in alerts]
    assert is_recovery == [index % 2 == 1 for index in range(len(alerts))]


@patient
@given(st.lists(st.sampled_from(list(RunState)), max_size=60))
def test_the_streak_is_the_failures_since_the_last_success(states: list[RunState]) -> None:
    streak = 0
    for state, _, verdict in play(states):
        streak = 0 if state in SUCCESSES else streak + (state in FAILURES)
        assert verdict.failures == streak
        assert (verdict.failing_since is None) is (streak == 0)
        if verdict.alert is Alert.RECOVERY:
            assert verdict.count > 0
            assert verdict.since is not None
