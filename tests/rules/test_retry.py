"""What is tried again, when, and how often."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.retry import (
    LONGEST_S,
    MAX_CUT_OFF,
    MAX_UNBEGUN,
    Again,
    retry,
)
from storage.records import Cause, Fault, Policy, Run, RunState
from tests.storage.examples import NOW, a_run

PASSING = Fault(code="server", message="The Dify server had an error.", final=False)
BEGUN = Fault(code="http_node", message="An HTTP request failed.", final=False, begun=True)
UNBEGUN = Fault(code="never_started", message="It never began.", final=False)
CUT_OFF = Fault(code="cut_off", message="The bot ended.", final=False)
FULL = Fault(code="busy", message="The app is full.", final=False)
PLAIN = Policy()


def failed(fault: Fault | None = PASSING, **told: Any) -> Run:
    return a_run(**{"state": RunState.FAILED, "fault": fault, "attempts": 1, "started_at": NOW} | told)


def pause(again: Again | None) -> float:
    assert again is not None
    return (again.at - NOW).total_seconds()


def test_a_failure_that_may_pass_is_tried_again_twice_after_30_and_60_seconds() -> None:
    assert 24 <= pause(retry(failed(), PLAIN, now=NOW)) <= 36
    assert 48 <= pause(retry(failed(retries=1), PLAIN, now=NOW)) <= 72
    assert retry(failed(retries=2), PLAIN, now=NOW) is None


@given(st.integers(0, 9), st.integers(1, 600))
def test_no_pause_is_longer_than_ten_minutes_and_a_fifth(retries: int, first_s: int) -> None:
    again = retry(failed(retries=retries), Policy(retries=10, retry_after_s=first_s), now=NOW)
    assert 0 < pause(again) <= LONGEST_S * 1.2


def test_what_failed_together_does_not_come_back_together() -> None:
    pauses = {pause(retry(failed(key=f"job:{number}@x"), PLAIN, now=NOW)) for number in range(50)}
    assert len(pauses) > 45


@pytest.mark.parametrize(
    "run",
    [
        failed(Fault(code="bad_key", message="Dify refused the key.")),
        failed(BEGUN),
        failed(None),
        failed(state=RunState.TIMED_OUT),
        failed(state=RunState.LOST),
        failed(stop_by="U1"),
        failed(cause=Cause.TEST),
    ],
)
def test_what_cannot_pass_what_had_begun_and_what_nobody_wants_is_not_tried_again(run: Run) -> None:
    assert retry(run, PLAIN, now=NOW) is None


def test_what_had_begun_is_tried_again_for_those_who_accept_its_side_effects_twice() -> None:
    assert retry(failed(BEGUN), Policy(retry_started=True), now=NOW) is not None


def test_a_run_without_a_job_is_not_tried_again_by_itself() -> None:
    assert retry(failed(), None, now=NOW) is None


@pytest.mark.parametrize("policy", [None, Policy(retries=0)])
def test_a_start_that_never_began_is_made_again_at_once_and_costs_no_retry(policy: Policy | None) -> None:
    assert retry(failed(UNBEGUN), policy, now=NOW) == Again(NOW, is_counted=False)
    assert retry(failed(UNBEGUN, attempts=MAX_UNBEGUN), policy, now=NOW) is None


def test_deaths_of_the_bot_use_up_no_start_of_the_run_until_they_are_very_many() -> None:
    assert retry(failed(CUT_OFF, attempts=MAX_UNBEGUN), None, now=NOW) == Again(NOW, is_counted=False)
    assert retry(failed(CUT_OFF, attempts=MAX_CUT_OFF), None, now=NOW) is None


@pytest.mark.parametrize("policy", [None, Policy(retries=0)])
def test_a_full_app_is_waited_for_and_burns_no_attempt(policy: Policy | None) -> None:
    assert retry(failed(FULL), policy, now=NOW) == Again(NOW, is_counted=False, is_sent=False)
