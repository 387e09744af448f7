"""The canonical text of a schedule reads back to that schedule."""

from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import schedules
from bot.errors import Refusal
from storage.records import Schedule
from tests.schedules.rows import instant, rows_of

NOW = instant("2026-03-11T14:30:00Z")
DAYS = ("monday", "tuesday", "wed", "thursdays", "friday", "sat", "sunday")
MONTHS = ("january", "feb", "march", "june", "december")


def joined(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]


NAMES = st.lists(st.sampled_from(DAYS), min_size=1, max_size=4, unique=True).map(joined)
NTH = st.sampled_from(("1st", "first", "2nd", "third", "4th", "fifth", "last"))
MONTH_DAYS = st.lists(st.integers(1, 28), min_size=1, max_size=4).map(
    lambda days: joined(
        [f"{day}{'th' if 3 < day < 21 else {1: 'st', 2: 'nd', 3: 'rd'}.get(day % 10, 'th')}" for day in days]
    )
)
DATES = st.one_of(
    st.sampled_from(
        ("every day", "daily", "every weekday", "every weekend", "mon-fri", "every single day", "on weekdays")
    ),
    NAMES.map(lambda names: f"every {names}"),
    st.tuples(NTH, st.sampled_from(DAYS[:3])).map(lambda pair: f"every {pair[0]} {pair[1]}"),
    MONTH_DAYS.map(lambda days: f"on the {days} of every month"),
    st.sampled_from(("on the last day of every month", "last weekday of the month", "3 days before month end")),
    st.tuples(MONTH_DAYS, st.lists(st.sampled_from(MONTHS), min_size=1, max_size=3, unique=True)).map(
        lambda pair: f"every year on the {pair[0]} of {joined(pair[1])}"
    ),
    st.tuples(st.just("every day in"), st.sampled_from(MONTHS)).map(" ".join),
)
TIMES = st.lists(
    st.tuples(st.integers(0, 23), st.integers(0, 59)).map(lambda time: f"{time[0]}:{time[1]:02}"),
    min_size=1,
    max_size=4,
).map(joined)
CALENDAR = st.tuples(DATES, st.just("at"), TIMES).map(" ".join)
INTERVALS = st.tuples(st.integers(10, 5000), st.sampled_from(("seconds", "min", "h"))).map(
    lambda p: f"every {p[0]} {p[1]}"
)
WINDOWS = st.tuples(
    st.sampled_from((5, 10, 15, 30, 60, 120)),
    st.integers(0, 11),
    st.integers(12, 24),
    st.sampled_from(("", " on weekdays")),
).map(lambda p: f"every {p[0]} minutes from {p[1]}:00 to {p[2]}:00{p[3]}".replace("24:00", "midnight"))
DELAYS = st.integers(1, 10_000).map(lambda seconds: f"{seconds} seconds after each run")
DISTANCES = st.tuples(
    st.integers(1, 400), st.sampled_from(("seconds", "minutes", "hours", "days", "weeks", "months"))
).map(lambda pair: f"in {pair[0] if pair[1] != 'months' else pair[0] % 50 + 1} {pair[1]}")
DATED = st.datetimes(instant("2026-04-01").replace(tzinfo=None), instant("2100-01-01").replace(tzinfo=None)).map(
    lambda moment: moment.strftime("%Y-%m-%d %H:%M:%S")
)
ZONES = st.sampled_from(("UTC", "Asia/Shanghai", "America/New_York", "Australia/Lord_Howe", "UTC+5:30"))


def try_read(text: str, zone: str, now: datetime) -> Schedule | Refusal:
    try:
        return schedules.read(text, zone, now)
    except Refusal as refusal:
        return refusal


@settings(max_examples=600, deadline=None)
@given(text=st.one_of(CALENDAR, CALENDAR, INTERVALS, WINDOWS, DELAYS, DISTANCES, DATED), zone=ZONES)
def test_any_schedule_reads_back_from_its_own_text(text: str, zone: str) -> None:
    schedule = try_read(text, zone, NOW)
    if isinstance(schedule, Refusal):  # an interval beyond a year, an hour that the clock skips
        assert schedule.code == "too_far" or "does not exist" in schedule.message, text
        return
    assert schedules.read(schedule.text, schedule.zone, NOW) == schedule
    assert schedules.read(schedule.text.upper(), schedule.zone, NOW) == schedule


@settings(max_examples=200, deadline=None)
@given(text=st.one_of(CALENDAR, INTERVALS, DISTANCES, DATED), zone=ZONES)
def test_slots_rise_and_lie_ahead(text: str, zone: str) -> None:
    schedule = try_read(text, zone, NOW)
    if isinstance(schedule, Refusal):
        return
    slots = schedules.preview(schedule, NOW, 6)
    assert list(slots) == sorted(set(slots))
    assert slots
    assert slots[0] > NOW


@pytest.mark.parametrize("name", ["recurring_phrases", "onetime_phrases"])
def test_every_phrase_of_the_ground_truth_reads_back(name: str) -> None:
    for row in rows_of(name, lang="en"):
        now = instant(row["now"])
        schedule = try_read(row["phrase"], row["tz"], now)
        if isinstance(schedule, Refusal):
            continue
        assert schedules.read(schedule.text, schedule.zone, now) == schedule


def test_every_expression_of_the_ground_truth_reads_back() -> None:
    for row in rows_of("quartz_next"):
        schedule = try_read(row["expr"], row["tz"], instant(row["start"]))
        if isinstance(schedule, Refusal):
            assert schedule.code in ("never", "past")
            continue
        assert schedules.read(schedule.text, schedule.zone, instant(row["start"])) == schedule
