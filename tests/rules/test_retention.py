"""Retention: a run loses its trace, then its values, then it goes; never what goes on, is owed or is needed."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.retention import Fate, Retention, fate
from storage.records import Aged, RunState
from tests.makers import NOW

USUAL = Retention()


def ended(days: float, state: RunState = RunState.SUCCEEDED) -> Aged:
    at = NOW - timedelta(days=days)
    return Aged(1, 1, state, at, at, None, True, False)


@pytest.mark.parametrize(
    ("days", "found"),
    [(13, Fate.KEEP), (15, Fate.TRACE), (29, Fate.TRACE), (31, Fate.VALUES), (89, Fate.VALUES), (91, Fate.RUN)],
)
def test_the_older_a_run_is_the_less_of_it_is_kept(days: int, found: Fate) -> None:
    assert fate(ended(days), USUAL, is_needed=False, now=NOW) is found


@pytest.mark.parametrize(("days", "found"), [(27, Fate.KEEP), (59, Fate.TRACE), (179, Fate.VALUES), (181, Fate.RUN)])
def test_what_went_wrong_is_kept_twice_as_long(days: int, found: Fate) -> None:
    assert fate(ended(days, RunState.TIMED_OUT), USUAL, is_needed=False, now=NOW) is found


@given(st.integers(0, 4000), st.sampled_from(list(RunState)))
def test_what_goes_on_or_is_owed_or_needed_is_never_let_go_of(days: int, state: RunState) -> None:
    run = ended(days, state)
    assert fate(replace(run, ended_at=None), USUAL, is_needed=False, now=NOW) is Fate.KEEP
    assert fate(replace(run, is_owed=True), USUAL, is_needed=False, now=NOW) is Fate.KEEP
    assert fate(run, USUAL, is_needed=True, now=NOW) <= Fate.TRACE


def test_a_slot_that_was_skipped_ahead_keeps_its_row_until_its_time_has_passed() -> None:
    ahead = replace(ended(400, RunState.SKIPPED), slot_at=NOW + timedelta(days=3))
    assert fate(ahead, USUAL, is_needed=False, now=NOW) is Fate.KEEP


def test_values_that_have_gone_do_not_go_again() -> None:
    cleared = replace(ended(40), cleared_at=NOW, has_trace=False)
    assert fate(cleared, USUAL, is_needed=False, now=NOW) is Fate.KEEP


def test_who_keeps_values_for_a_week_does_not_keep_them_in_the_trace() -> None:
    assert fate(ended(8), Retention(values=7, traces=None), is_needed=True, now=NOW) is Fate.TRACE


def test_for_ever_is_for_ever() -> None:
    assert fate(ended(9999), Retention(None, None, None), is_needed=False, now=NOW) is Fate.KEEP
