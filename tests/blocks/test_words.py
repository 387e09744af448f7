"""The words for times, amounts and causes."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.blocks import words
from storage.records import Cause, JobState, RunState
from tests.blocks.makers import NOW, make_job, make_run, make_span, patient


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "0 ms"), (0.32, "320 ms"), (1, "1 s"), (4.25, "4.2 s"), (9.96, "10 s"), (42.4, "42 s"), (59.7, "1 min"),
        (192, "3 min 12 s"), (600, "10 min"), (3599.6, "1 h"), (7500, "2 h 5 min"), (90_000, "1 d 1 h"), (-5, "0 ms"),
    ],
)  # fmt: skip
def test_durations_have_two_units_at_most(seconds: float, expected: str) -> None:
    assert words.duration(seconds) == expected


@patient
@given(st.floats(0, 1e9))
def test_a_duration_never_says_sixty(seconds: float) -> None:
    assert not words.duration(seconds).endswith(("60 s", "60 min", "24 h"))


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        ("0.12", "USD", "≈ $0.12"),
        ("0.12", None, "≈ $0.12"),
        ("0.12", "EUR", "≈ 0.12 EUR"),
        ("0.0012345", "USD", "≈ $0.0012"),
        ("12.345", "USD", "≈ $12.34"),
        ("0", "USD", "≈ $0.00"),
        (None, "USD", None),
        ("x", "USD", None),
        ("NaN", "USD", None),
        ("-1", "USD", None),
        ("1E+400", "USD", None),
        ("0.5", "<!here>", "≈ 0.50"),
        ("0.000000000000000001", "USD", None),
    ],
)
def test_prices_are_rounded_and_unknown_ones_left_out(
    amount: str | None, currency: str | None, expected: str
) -> None:
    assert words.price(amount, currency) == expected


def test_a_time_is_told_in_its_zone() -> None:
    assert words.local(NOW, "Asia/Tokyo") == "Tue 24 Nov 09:00 Asia/Tokyo"
    assert words.local(NOW, "UTC") == "Tue 24 Nov 00:00 UTC"
    assert words.local(NOW, "UTC+08:00") == "Tue 24 Nov 08:00 UTC+08:00"
    assert words.local(NOW, "GMT-3") == "Mon 23 Nov 21:00 GMT-3"


@pytest.mark.parametrize("zone", ["", "Nowhere/None", "../etc/passwd", "x" * 3000, "\x00", "UTC+99"])
def test_an_unknown_zone_is_told_as_utc(zone: str) -> None:
    assert words.local(NOW, zone) == "Tue 24 Nov 00:00 UTC"


def test_summer_time_moves_the_clock_but_not_the_job() -> None:
    assert words.local(datetime(2026, 7, 1, 7, tzinfo=UTC), "Europe/Berlin") == "Wed 1 Jul 09:00 Europe/Berlin"
    assert words.local(datetime(2026, 12, 1, 8, tzinfo=UTC), "Europe/Berlin") == "Tue 1 Dec 09:00 Europe/Berlin"


def test_seconds_and_another_year_are_told_only_when_they_matter() -> None:
    at = datetime(2027, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert words.local(at, "UTC", now=NOW) == "Sat 2 Jan 2027 03:04:05 UTC"
    assert words.local(NOW, "UTC", now=NOW) == "Tue 24 Nov 00:00 UTC"


def test_every_state_has_a_word_and_an_icon() -> None:
    assert set(words.STATES) == set(RunState)
    assert set(words.JOB_STATES) == set(JobState)
    assert all(icon and word.strip() for icon, word in [*words.STATES.values(), *words.NODE_STATES.values()])


def test_an_unknown_node_state_is_told_as_it_is() -> None:
    assert words.node_state(make_span(state="odd")) == "odd"
    assert words.node_state(make_span(state="")) == "unknown"
    assert words.node_icon(make_span(state="odd"))


def test_a_job_with_failures_is_called_failing() -> None:
    assert words.job_state(make_job(failures=2)) == "failing"
    assert words.job_state(make_job(failures=2, state=JobState.PAUSED)) == "paused"


@pytest.mark.parametrize(
    ("cause", "facts", "expected"),
    [
        (Cause.SCHEDULE, {}, "by schedule"),
        (Cause.MANUAL, {"asked_by": "U1"}, "by Ana"),
        (Cause.MANUAL, {"asked_by": "U2"}, "by hand"),
        (Cause.RERUN, {"asked_by": "U1", "rerun_of": 380}, "run 380 again, by Ana"),
        (Cause.RERUN, {}, "a run again"),
        (Cause.TEST, {"asked_by": "U1"}, "a test, by Ana"),
        (Cause.API, {}, "by the API"),
    ],
)
def test_causes_name_people_only_when_their_names_are_known(
    cause: Cause, facts: dict[str, str], expected: str
) -> None:
    assert words.cause(make_run(cause=cause, **facts), {"U1": "Ana"}) == expected


def test_soon_is_told_in_minutes() -> None:
    assert words.until(725) == "in 12 min"
    assert words.until(59) == "now"
    assert words.until(90_061) == "in 1 d 1 h"
