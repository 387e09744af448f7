"""What people are told of a schedule before they save it."""

import pytest

from bot import schedules
from bot.errors import Refusal
from bot.schedules.warnings import check_pace, warnings
from tests.schedules.rows import instant

NOW = instant("2026-11-23T14:30:00Z")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("every 10 seconds", "Every 10 seconds is often: 8,640 runs a day."),
        ("every 45 seconds", "Every 45 seconds is often: 1,920 runs a day."),
        ("0/30 * * * * ?", "Every 30 seconds is often: 2,880 runs a day."),
    ],
)
def test_more_than_one_run_a_minute_is_told(text: str, told: str) -> None:
    assert warnings(schedules.read(text, "UTC", NOW), NOW) == (told,)


@pytest.mark.parametrize(
    "text",
    ["every minute", "every 5 minutes", "* * * * *", "every weekday at 9", "on api", "10 seconds after each run"],
)
def test_most_schedules_need_no_warning(text: str) -> None:
    assert warnings(schedules.read(text, "America/New_York", NOW), NOW) == ()


@pytest.mark.parametrize(
    ("text", "zone", "told"),
    [
        (
            "every day at 2:30",
            "America/New_York",
            ("02:30 does not exist on 14 March 2027 in America/New_York: it runs at 03:00.",),
        ),
        (
            "every Sunday at 1:30 and 2:15:30",
            "America/New_York",
            (
                "02:15:30 does not exist on 14 March 2027 in America/New_York: it runs at 03:00.",
                "01:30 comes twice on 7 November 2027 in America/New_York: it runs once, at the first.",
            ),
        ),
        (
            "every day at 2:15",
            "Australia/Lord_Howe",
            ("02:15 does not exist on 3 October 2027 in Australia/Lord_Howe: it runs at 02:30.",),
        ),
        ("every Monday at 2:30", "America/New_York", ()),
        ("every day in June at 2:30", "America/New_York", ()),
        ("every day at 2:30", "Asia/Shanghai", ()),
        ("*/30 * * * *", "America/New_York", ()),
    ],
)
def test_a_clock_change_within_a_year_is_told_where_it_touches_a_time(
    text: str, zone: str, told: tuple[str, ...]
) -> None:
    assert warnings(schedules.read(text, zone, NOW), NOW) == told


@pytest.mark.parametrize("text", ["* * * * * ?", "0/5 * * * * ?", "0,5 0 9 * * ?", "3,55 * * * * ?"])
def test_an_expression_that_fires_within_ten_seconds_is_not_to_be_saved(text: str) -> None:
    schedule = schedules.read(text, "UTC", NOW)
    with pytest.raises(Refusal, match="the shortest interval is 10 seconds") as refused:
        check_pace(schedule)
    assert refused.value.code == "too_often"
    assert all(schedules.read(choice, "UTC", NOW).text == choice for choice in refused.value.choices)


@pytest.mark.parametrize("text", ["0/10 * * * * ?", "3,55 0/2 * * * ?", "* * * * *", "every 10 seconds on weekdays"])
def test_ten_seconds_and_more_may_be_saved(text: str) -> None:
    check_pace(schedules.read(text, "UTC", NOW))
