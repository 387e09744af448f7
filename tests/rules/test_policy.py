"""What happens when a time is busy or missed, as people write it."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import Refusal
from bot.rules.policy import (
    PRIORITIES,
    READERS,
    read_catch_up,
    read_overlap,
    read_priority,
    read_warn,
    write_catch_up,
    write_overlap,
    write_priority,
    write_warn,
)
from storage.records import Policy


@pytest.mark.parametrize(
    ("typed", "overlap", "most"),
    [
        ("skip", "skip", 1),
        ("queue", "queue", 1),
        ("Queue 3", "queue", 3),
        ("replace", "replace", 1),
        ("allow", "allow", 3),
        ("allow max=5", "allow", 5),
        ("allow max 2", "allow", 2),
    ],
)
def test_what_is_done_when_the_run_before_still_goes_is_read_and_written_back(
    typed: str, overlap: str, most: int
) -> None:
    policy = read_overlap(typed, Policy())
    assert (policy.overlap, policy.overlap_max) == (overlap, most)
    assert read_overlap(write_overlap(policy), Policy()) == policy


@pytest.mark.parametrize(
    ("typed", "catch_up", "seconds"),
    [
        ("skip", "skip", 3600),
        ("latest", "latest", 3600),
        ("all within 2h", "all", 7200),
        ("latest 1 day", "latest", 86400),
    ],
)
def test_what_is_done_with_missed_times_is_read_and_written_back(typed: str, catch_up: str, seconds: int) -> None:
    policy = read_catch_up(typed, Policy())
    assert (policy.catch_up, policy.catch_up_s) == (catch_up, seconds)
    assert read_catch_up(write_catch_up(policy), Policy()) == policy


@pytest.mark.parametrize("typed", ["wait", "queue 0", "queue 11", "allow 51", "skip 2", "", "replace 2"])
def test_an_overlap_that_is_none_is_refused_with_those_that_are(typed: str) -> None:
    with pytest.raises(Refusal) as refused:
        read_overlap(typed, Policy())
    assert refused.value.field == "overlap"
    assert refused.value.hint


@pytest.mark.parametrize("typed", ["newest", "all within 5", "latest within 1s", "all within 8d", "all 99999999h"])
def test_a_catch_up_that_is_none_is_refused_with_those_that_are(typed: str) -> None:
    with pytest.raises(Refusal) as refused:
        read_catch_up(typed, Policy())
    assert refused.value.field == "catch_up"


@given(st.text(max_size=40))
def test_any_text_is_a_policy_or_a_refusal(typed: str) -> None:
    for read in READERS.values():
        with suppress(Refusal):
            assert isinstance(read(typed, Policy()), Policy)


@pytest.mark.parametrize("word", PRIORITIES)
def test_who_starts_first_is_read_and_written_back(word: str) -> None:
    assert write_priority(read_priority(f" {word.upper()} ", Policy())) == word


def test_a_priority_that_is_none_is_refused_with_those_that_are() -> None:
    with pytest.raises(Refusal) as refused:
        read_priority("top", Policy())
    assert refused.value.choices == PRIORITIES


@pytest.mark.parametrize(
    ("typed", "spans", "written"),
    [
        ("over 10m", (600, 0), "over 10m"),
        ("Under 5 seconds", (0, 5), "under 5s"),
        ("under 5s over 90 minutes", (5400, 5), "under 5s over 90m"),
        ("off", (0, 0), ""),
    ],
)
def test_how_long_a_run_should_take_is_read_and_written_back(
    typed: str, spans: tuple[int, int], written: str
) -> None:
    policy = read_warn(typed, Policy())
    assert (policy.warn_over_s, policy.warn_under_s) == spans
    assert write_warn(policy) == written


@pytest.mark.parametrize("typed", ["", "soon", "over", "under 10m over 5m", "over 2d", "over 5m under 1s"])
def test_a_length_that_no_run_can_have_is_refused(typed: str) -> None:
    with pytest.raises(Refusal) as refused:
        read_warn(typed, Policy())
    assert refused.value.field == "warn"
