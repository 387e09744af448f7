"""Schedules around clock changes, against recorded rows and against a scan of every minute."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from bot import schedules
from bot.schedules import shifts
from tests.schedules.rows import rows_of
from tests.schedules.test_quartz import fire_times

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
ZONES = (
    "America/New_York",
    "Europe/London",
    "Australia/Lord_Howe",  # half an hour
    "America/Santiago",  # at midnight
    "America/Havana",
    "Africa/Casablanca",  # back and forth around Ramadan
    "Asia/Beirut",
    "Antarctica/Troll",  # two hours
    "Pacific/Chatham",  # 45 minutes past the hour
    "Asia/Kathmandu",  # never
)
# (expression, hours, minutes, whether it repeats)
SHAPES = (
    ("30 2 * * *", {2}, {30}, False),
    ("0 0 * * *", {0}, {0}, False),
    ("15,45 0-3 * * *", {0, 1, 2, 3}, {15, 45}, False),
    ("59 23 * * *", {23}, {59}, False),
    ("*/15 * * * *", set(range(24)), {0, 15, 30, 45}, True),
    ("5 * * * *", set(range(24)), {5}, True),
    ("*/20 1-2 * * *", {1, 2}, {0, 20, 40}, True),
    ("0 0/30 0-2 * * ?", {0, 1, 2}, {0, 30}, True),
    ("0 45 1 * * ?", {1}, {45}, False),
)


def test_the_recorded_rows_hold() -> None:
    rows = [row for row in rows_of("quartz_dst") if row["policy_next"] is not None]
    assert len(rows) > 300
    assert [(row["expr"], row["tz"]) for row in rows if fire_times(row, row["n"]) != row["policy_next"]] == []


def changes_of(zone: str) -> Iterator[datetime]:
    """The days in 2026 and 2027 after which the offset is another."""
    day = datetime(2026, 1, 1, tzinfo=UTC)
    while day.year < 2028:
        if day.astimezone(ZoneInfo(zone)).utcoffset() != (day + DAY).astimezone(ZoneInfo(zone)).utcoffset():
            yield day
        day += DAY


def scan(zone: str, start: datetime, days: int, hours: set[int], minutes: set[int], repeats: bool) -> set[datetime]:
    """The fire times by the rule itself, found by looking at every minute."""
    moments = [start + n * MINUTE for n in range(days * 1440)]
    walls = [(moment, moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)) for moment in moments]
    if repeats:
        return {moment for moment, wall in walls if wall.hour in hours and wall.minute in minutes}
    fires = set()
    for date in {wall.date() for _, wall in walls}:
        for wanted in (datetime(date.year, date.month, date.day, h, m) for h in hours for m in minutes):  # noqa: DTZ001
            exact = [moment for moment, wall in walls if wall == wanted]
            later = [moment for moment, wall in walls if wall > wanted]
            fires.update((exact or later)[:1])
    return fires


@pytest.mark.parametrize("zone", ZONES)
def test_every_fire_time_is_where_a_scan_of_all_minutes_finds_it(zone: str) -> None:
    for change in list(changes_of(zone)) or [datetime(2026, 6, 1, tzinfo=UTC)]:
        start = change - DAY
        for expression, hours, minutes, repeats in SHAPES:
            right = scan(zone, start - DAY, 5, hours, minutes, repeats)
            right = {fire for fire in right if start < fire < start + 3 * DAY}
            schedule = schedules.read(expression, zone, start)
            found = [fire for fire in schedules.preview(schedule, start, 400) if fire < start + 3 * DAY]
            assert found == sorted(right), (zone, change, expression)


@pytest.mark.parametrize("zone", ZONES)
def test_the_same_slot_follows_from_every_moment_before_it(zone: str) -> None:
    for change in changes_of(zone):
        for expression, *_ in SHAPES[:5]:
            schedule = schedules.read(expression, zone, change)
            slots = schedules.preview(schedule, change, 8)
            for before, slot in pairwise(slots):
                between = before + (slot - before) / 3
                assert schedules.next_after(schedule, before) == slot
                assert schedules.next_after(schedule, between) == slot
                assert schedules.next_after(schedule, slot - timedelta(microseconds=1)) == slot


def test_a_skipped_time_fires_once_at_the_end_of_the_gap() -> None:
    schedule = schedules.read("every day at 2:10 and 2:50", "America/New_York", datetime(2026, 3, 7, 12, tzinfo=UTC))
    slots = schedules.preview(schedule, datetime(2026, 3, 8, 5, tzinfo=UTC), 2)
    assert slots == (datetime(2026, 3, 8, 7, tzinfo=UTC), datetime(2026, 3, 9, 6, 10, tzinfo=UTC))


def test_a_repeated_time_fires_once_at_its_first_occurrence() -> None:
    schedule = schedules.read("every day at 1:30", "America/New_York", datetime(2026, 10, 31, 12, tzinfo=UTC))
    slots = schedules.preview(schedule, datetime(2026, 11, 1, 4, tzinfo=UTC), 2)
    assert slots == (datetime(2026, 11, 1, 5, 30, tzinfo=UTC), datetime(2026, 11, 2, 6, 30, tzinfo=UTC))


def test_a_rhythm_bound_to_days_follows_the_clock_through_the_repeated_hour() -> None:
    start = datetime(2026, 11, 1, 4, 45, tzinfo=UTC)
    schedule = schedules.read("every 30 minutes on sundays", "America/New_York", start)
    assert [slot.hour for slot in schedules.preview(schedule, start, 6)] == [5, 5, 6, 6, 7, 7]


def test_a_rhythm_on_one_date_of_the_year_goes_on_in_the_repeated_hour() -> None:
    """The next matching date is a year away, and yet the clock shows this one again."""
    start = datetime(2026, 11, 1, 5, 45, tzinfo=UTC)  # 01:45 for the first time
    schedule = schedules.read("*/30 1 1 11 *", "America/New_York", start)
    slots = schedules.preview(schedule, start, 3)
    assert slots[:2] == (datetime(2026, 11, 1, 6, tzinfo=UTC), datetime(2026, 11, 1, 6, 30, tzinfo=UTC))
    assert slots[2] == datetime(2027, 11, 1, 5, tzinfo=UTC)


def test_the_spans_of_a_zone_join_without_a_hole() -> None:
    for zone in ZONES:
        stamp = shifts.stamp_of(datetime(2025, 1, 1, tzinfo=UTC))
        while stamp < shifts.stamp_of(datetime(2027, 6, 1, tzinfo=UTC)):
            end, offset = shifts.next_change(zone, stamp)
            assert end > stamp
            assert offset == shifts.offset_of(zone, stamp) == shifts.offset_of(zone, end - 1)
            stamp = end


def test_fmea_c13_an_interval_knows_no_clock_changes() -> None:
    start = datetime(2026, 3, 8, 6, tzinfo=UTC)
    slots = schedules.preview(schedules.read("every 90 minutes", "America/New_York", start), start, 3)
    assert [slot - start for slot in slots] == [timedelta(minutes=90 * n) for n in (1, 2, 3)]


def test_fmea_c3_a_zone_that_skipped_a_whole_date_goes_on_after_it() -> None:
    start = datetime(2011, 12, 29, 12, tzinfo=UTC)
    slots = schedules.preview(schedules.read("0 8 * * *", "Pacific/Apia", start), start, 3)
    days = [(slot.day, slot.hour) for slot in slots]
    assert days == [(29, 18), (30, 10), (30, 18)]  # the 30th is over before it began: its run is at the 31st, 0:00


def test_the_zone_data_is_that_of_the_package() -> None:
    """Vancouver keeps summer time from 2026 on; older system copies do not know."""
    winter = shifts.stamp_of(datetime(2027, 1, 1, tzinfo=UTC))
    assert shifts.offset_of("America/Vancouver", winter) == -7 * 3600
