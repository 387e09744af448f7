"""One instant in words."""

from typing import Any

import pytest

from bot import schedules
from bot.errors import Refusal
from tests.schedules.rows import instant, rows_of

NOW = instant("2026-03-11T14:30:00Z")  # a Wednesday


@pytest.mark.parametrize("row", rows_of("onetime_phrases", lang="en"), ids=lambda row: row["phrase"])
def test_fmea_c12_a_phrase_means_its_instant_or_is_refused(row: dict[str, Any]) -> None:
    if row["expect"] != "instant":
        with pytest.raises(Refusal):
            schedules.read(row["phrase"], row["tz"], instant(row["now"]))
        return
    if "day only" in row["tags"]:  # “on the 5th” may be every month, too: both are offered
        with pytest.raises(Refusal) as refused:
            schedules.read(row["phrase"], row["tz"], instant(row["now"]))
        assert schedules.read(refused.value.choices[0], row["tz"], instant(row["now"])).spec == row["value"]
        return
    schedule = schedules.read(row["phrase"], row["tz"], instant(row["now"]))
    assert schedule.kind == "one_time"
    assert schedule.spec in {row["value"], *(row.get("tolerable") or [])}


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("tomorrow at 9am", "2026-03-12 9:00"),
        ("today at 17:00", "2026-03-11 17:00"),
        ("at 15:30", "2026-03-11 15:30"),
        ("at 9", "2026-03-12 9:00"),
        ("noon", "2026-03-12 12:00"),
        ("midnight", "2026-03-12 0:00"),
        ("monday at 9", "2026-03-16 9:00"),
        ("Friday 17:30:15", "2026-03-13 17:30:15"),
        ("2026-12-01 14:00", "2026-12-01 14:00"),
        ("2026-12-01T14:00:00+08:00", "2026-12-01 6:00"),
        ("1 December at 2pm", "2026-12-01 14:00"),
        ("Sunday, March 15th at 9am", "2026-03-15 9:00"),
        ("11 March 9:00", "2027-03-11 9:00"),
        ("in half an hour", "in 30 minutes"),
        ("in an hour and 5 minutes", "in 65 minutes"),
        ("2 hours from now", "in 2 hours"),
        ("in 3 weeks and 2 days at 10:00", "2026-04-03 10:00"),
    ],
)
def test_a_moment_is_given_back_as_a_date_or_a_distance(typed: str, text: str) -> None:
    schedule = schedules.read(typed, "UTC", NOW)
    assert schedule.text == text
    assert schedules.read(text, "UTC", NOW) == schedule


@pytest.mark.parametrize(
    ("typed", "choices"),
    [
        ("03/04", ("2027-03-04 9:00", "2026-04-03 9:00")),
        ("4/5/2026 at 14:00", ("2026-04-05 14:00", "2026-05-04 14:00")),
        ("next friday at 9", ("2026-03-13 9:00", "2026-03-20 9:00")),
        ("tomorrow", ("2026-03-12 9:00",)),
        ("monday", ("2026-03-16 9:00",)),
        ("next friday", ("2026-03-13 9:00", "2026-03-20 9:00")),
        ("on the 1st at 08:00", ("2026-04-01 8:00", "on the 1st of every month at 8:00")),
        ("the 15th", ("2026-03-15 9:00", "on the 15th of every month at 9:00")),
        ("end of day", ("2026-03-11 17:00", "2026-03-11 18:00")),
    ],
)
def test_what_can_mean_two_moments_is_refused_with_both(typed: str, choices: tuple[str, ...]) -> None:
    with pytest.raises(Refusal) as refused:
        schedules.read(typed, "UTC", NOW)
    assert refused.value.code == "ambiguous"
    assert refused.value.choices == choices
    assert all(schedules.read(choice, "UTC", NOW).text == choice for choice in choices)


@pytest.mark.parametrize(
    "typed", ["today at 9:00", "2026-03-11 14:30", "2025-01-01 9:00", "yesterday at 9", "2 hours ago"]
)
def test_the_past_is_refused(typed: str) -> None:
    with pytest.raises(Refusal) as refused:
        schedules.read(typed, "UTC", NOW)
    assert refused.value.code == "past"


def test_last_friday_is_past_and_offered_as_a_rhythm() -> None:
    with pytest.raises(Refusal) as refused:
        schedules.read("last friday 17:00", "UTC", NOW)
    assert schedules.read(refused.value.choices[0], "UTC", NOW).text == "on the last Friday of every month at 17:00"


def test_a_time_that_the_clock_skips_is_refused_with_the_next_that_exists() -> None:
    with pytest.raises(Refusal, match="does not exist in America/New_York") as refused:
        schedules.read("2027-03-14 2:30", "America/New_York", NOW)
    assert refused.value.choices == ("2027-03-14 3:00",)


def test_the_second_pass_of_a_repeated_hour_keeps_its_offset() -> None:
    first = schedules.read("2026-11-01 1:30", "America/New_York", NOW)
    second = schedules.read("2026-11-01T06:30:00Z", "America/New_York", NOW)
    assert (first.spec, second.spec) == ("2026-11-01T05:30:00Z", "2026-11-01T06:30:00Z")
    assert first.text == "2026-11-01 1:30"
    assert second.text == "2026-11-01 01:30:00-05:00"
    assert schedules.read(second.text, "America/New_York", NOW) == second


@pytest.mark.parametrize(
    "typed", ["may", "1", "may on 9am", "5m 8 9:30", "10-11-12 9:00", "9 10 11", "2026-02-30 9:00"]
)
def test_nothing_is_guessed_from_loose_words_and_figures(typed: str) -> None:
    with pytest.raises(Refusal):
        schedules.read(typed, "UTC", NOW)


def test_a_wrong_weekday_beside_a_date_is_refused() -> None:
    with pytest.raises(Refusal, match="2026-03-16 is a Monday"):
        schedules.read("Tuesday 16 March 2026 at 9", "UTC", NOW)


def test_the_weekday_and_month_are_told_in_words() -> None:
    assert schedules.read("2026-12-01 14:00", "UTC", NOW).says == "once, on Tuesday 1 December 2026 at 14:00"


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("4th thursday of november at 8", "every year on the 4th Thursday of November at 8"),
        ("on the first Monday in May", "every year on the first Monday of May at 9:00"),
    ],
)
def test_a_weekday_by_its_number_in_a_month_may_be_that_of_every_year(typed: str, offered: str) -> None:
    with pytest.raises(Refusal) as refused:
        schedules.read(typed, "America/New_York", instant("2026-11-23T08:00:00Z"))
    assert (refused.value.code, refused.value.choices) == ("ambiguous", (offered,))
    assert schedules.read(offered, "America/New_York", instant("2026-11-23T08:00:00Z")).kind == "cron"
