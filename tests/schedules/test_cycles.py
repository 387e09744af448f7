"""Every other day, week or month: anchored rhythms."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import schedules
from bot.errors import Refusal
from bot.schedules.cron.fields import Cycle, Dates, days_in
from tests.schedules.rows import instant

NOW = instant("2026-03-11T14:30:00Z")  # a Wednesday


def days_of(text: str, count: int = 4, zone: str = "UTC", now: datetime = NOW) -> list[str]:
    slots = schedules.preview(schedules.read(text, zone, now), now, count)
    return [slot.strftime("%m-%d %H:%M").removesuffix(" 09:00") for slot in slots]


@pytest.mark.parametrize(
    ("typed", "text", "days"),
    [
        ("every other day at 9", "every 2 days at 9:00", ["03-12", "03-14", "03-16"]),
        ("every 3rd day at 9am", "every 3 days at 9:00", ["03-12", "03-15", "03-18"]),
        ("every 2 days at 9 and 17:00", "every 2 days at 9:00 and 17:00", ["03-11 17:00", "03-13", "03-13 17:00"]),
        ("every other monday at 9", "every 2 weeks on Monday at 9:00", ["03-16", "03-30", "04-13"]),
        (
            "fortnightly on mon and thu at 9",
            "every 2 weeks on Monday and Thursday at 9:00",
            ["03-12", "03-23", "03-26"],
        ),
        ("mondays at 9 every 3 weeks", "every 3 weeks on Monday at 9:00", ["03-16", "04-06", "04-27"]),
        ("every 2 weeks on weekdays at 9", "every 2 weeks on weekdays at 9:00", ["03-12", "03-13", "03-23"]),
        ("on the 10th of every other month at 9", "every 2 months on the 10th at 9:00", ["04-10", "06-10"]),
        ("every 3 months on the first monday at 9", "every 3 months on the 1st Monday at 9:00", ["04-06", "07-06"]),
        ("every other month on the last day at 9", "every 2 months on the last day at 9:00", ["03-31", "05-31"]),
        ("every other year on 1 may at 9", "every 2 years on the 1st of May at 9:00", ["05-01", "05-01"]),
    ],
)
def test_a_cycle_counts_from_its_first_day(typed: str, text: str, days: list[str]) -> None:
    schedule = schedules.read(typed, "UTC", NOW)
    assert (schedule.kind, schedule.text) == ("cron", text)
    assert days_of(typed, len(days)) == days


def test_a_cycle_is_counted_from_its_first_day_after_save() -> None:
    draft = schedules.read("every 2 weeks on Monday at 9", "UTC", NOW)
    saved_at = NOW + timedelta(days=7)
    saved = schedules.anchor(draft, saved_at)
    assert saved.text == "every 2 weeks on Monday at 9:00 counted from 2026-03-23"
    assert saved.says == "every 2 weeks on Monday at 09:00 counted from 2026-03-23"
    assert schedules.next_after(saved, saved_at) == datetime(2026, 3, 23, 9, tzinfo=UTC)
    assert schedules.anchor(saved, saved_at + timedelta(days=30)) == saved
    later = saved_at + timedelta(days=100)
    assert schedules.read(saved.text, "UTC", later) == saved


def test_an_anchor_that_lies_ahead_is_the_first_day() -> None:
    text = "every 2 weeks on Monday at 9:00 counted from 2026-11-23"
    assert days_of(text, 2) == ["11-23", "12-07"]


@settings(max_examples=150, deadline=None)
@given(
    every=st.integers(2, 9),
    unit=st.sampled_from(("days", "weeks on Tuesday and Sunday", "months on the 3rd and 17th")),
    hour=st.integers(0, 23),
    after=st.integers(0, 400),
    zone=st.sampled_from(("UTC", "America/New_York", "Asia/Shanghai", "Pacific/Apia")),
)
def test_a_saved_cycle_reads_back_and_keeps_its_days(every: int, unit: str, hour: int, after: int, zone: str) -> None:
    saved = schedules.anchor(schedules.read(f"every {every} {unit} at {hour}:30", zone, NOW), NOW)
    later = NOW + timedelta(days=after)
    assert schedules.read(saved.text, zone, later) == saved
    slots = schedules.preview(saved, NOW, 12)
    upcoming = [slot for slot in slots if slot > later]
    if upcoming:
        assert schedules.next_after(saved, later) == upcoming[0]


def test_weeks_of_a_cycle_begin_on_monday_and_nothing_comes_before_the_anchor() -> None:
    dates = Dates(cycle=Cycle("week", 2, datetime(2026, 3, 12, tzinfo=UTC).date()))
    assert days_in(dates, 2026, 3) == (12, 13, 14, 15, 23, 24, 25, 26, 27, 28, 29)


@pytest.mark.parametrize(
    ("typed", "choices"),
    [
        ("every other day", ("every 2 days at 9:00", "every 48 hours")),
        ("every 3 days", ("every 3 days at 9:00", "every 72 hours")),
        ("biweekly at 10", ("every 2 weeks on Monday at 10:00",)),
        ("every other month at 9", ("every 2 months on the 1st at 9:00", "every 2 months on the last day at 9:00")),
        ("bimonthly", ("on the 1st and 15th of every month at 9:00", "every 2 months on the 1st at 9:00")),
        ("every third day of the week", ("every Wednesday at 9:00", "every 3 days at 9:00")),
        ("every other weekday at 9", ("every Monday, Wednesday and Friday at 9:00", "every 2 days at 9:00")),
    ],
)
def test_a_cycle_that_lacks_its_day_or_time_is_asked_back(typed: str, choices: tuple[str, ...]) -> None:
    with pytest.raises(Refusal) as refused:
        schedules.read(typed, "UTC", NOW)
    assert (refused.value.code, refused.value.choices) == ("ambiguous", choices)
    assert all(schedules.read(choice, "UTC", NOW).text == choice for choice in choices)


@pytest.mark.parametrize(
    "typed", ["every 400 days at 9", "every 200 weeks on monday at 9", "every 99 years on may 1 at 9"]
)
def test_a_cycle_that_comes_too_rarely_is_refused(typed: str) -> None:
    with pytest.raises(Refusal) as refused:
        schedules.read(typed, "UTC", NOW)
    assert refused.value.code == "too_far"


def test_a_day_of_the_month_and_a_weekday_can_both_be_asked() -> None:
    schedule = schedules.read("every friday the 13th at 13:00", "UTC", NOW)
    assert schedule.text == "every Friday that falls on the 13th of the month at 13:00"
    slots = schedules.preview(schedule, NOW, 3)
    assert [f"{slot:%Y-%m-%d %a}" for slot in slots] == ["2026-03-13 Fri", "2026-11-13 Fri", "2027-08-13 Fri"]
    assert schedules.read(schedule.text, "UTC", NOW) == schedule
