"""Bounds: what windows, calendars and exclusions leave of a rhythm, and where what they move goes."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import schedules
from bot.errors import Refusal
from bot.schedules.kind import NoData, Slot
from storage.records import CalendarRule, Schedule
from tests.schedules.rows import instant

NOW = instant("2026-11-23T15:30:00Z")
NEW_YORK = "America/New_York"
DAY = timedelta(days=1)


class Marked:
    """A book with one calendar, `own`, that knows the years 2026 and 2027."""

    def __init__(self, *days: date) -> None:
        self.days = frozenset(days)

    def find(self, words: str, zone: str) -> str | None:
        return "own" if words.lower() == "own" else None

    def has(self, calendar: str, day: date) -> bool:
        if day.year not in (2026, 2027):
            raise NoData(calendar, day.year)
        return day in self.days

    def known_until(self, calendar: str) -> date | None:
        return date(2027, 12, 31)


def read(text: str, zone: str = NEW_YORK, now: datetime = NOW) -> Schedule:
    return schedules.read(text, zone, now)


def shown(slots: tuple[Slot, ...], zone: str = NEW_YORK) -> list[str]:
    return [f"{slot.at.astimezone(ZoneInfo(zone)):%m-%d %H:%M} {slot.note}".strip() for slot in slots]


def preview(text: str, count: int = 4, now: datetime = NOW) -> list[str]:
    return shown(schedules.preview_slots(read(text, now=now), now, count))


def test_start_and_end_are_inclusive() -> None:
    assert preview("every day at 9, from 2026-12-01 9:00, until 2026-12-03 9:00") == [
        "12-01 09:00",
        "12-02 09:00",
        "12-03 09:00",
    ]
    schedule = read("every day at 9, until 2026-11-24 9:00")
    last = instant("2026-11-24T14:00:00Z")
    assert schedules.next_after(schedule, last - timedelta(seconds=1)) == last
    assert schedules.next_after(schedule, last) is None


def test_a_day_that_ends_a_window_counts_to_its_last_second() -> None:
    assert preview("every 12 hours until 2026-11-25 from 2026-11-24") == [
        "11-24 00:00",
        "11-24 12:00",
        "11-25 00:00",
        "11-25 12:00",
    ]
    assert read("every day at 9 until 2026-11-25").until_at == instant("2026-11-26T04:59:59Z")


def test_an_interval_counts_from_the_start_that_is_named_and_not_from_save() -> None:
    schedule = read("every 90 minutes from 2026-12-01 09:00")
    saved = schedules.anchor(schedule, NOW + timedelta(minutes=7))
    assert saved == schedule
    assert shown(schedules.preview_slots(saved, NOW, 2)) == ["12-01 09:00", "12-01 10:30"]


def test_a_preview_ends_with_the_number_of_times_and_next_slot_does_not_look_at_it() -> None:
    schedule = read("every day at 9, 2 times")
    assert len(schedules.preview(schedule, NOW, 9)) == 2
    assert schedules.next_after(schedule, NOW + 30 * DAY) is not None


def test_exclusions_strike_out_what_lies_in_them() -> None:
    assert preview("every day at 9 except 2026-11-25 to 2026-11-27") == [
        "11-24 09:00",
        "11-28 09:00",
        "11-29 09:00",
        "11-30 09:00",
    ]
    assert preview("every day at 9 except weekends and wednesdays") == [
        "11-24 09:00",
        "11-26 09:00",
        "11-27 09:00",
        "11-30 09:00",
    ]
    assert preview("every 30 minutes on weekdays except 11:00-13:00") == [
        "11-23 13:00",
        "11-23 13:30",
        "11-23 14:00",
        "11-23 14:30",
    ]
    assert preview("every hour on the hour except cron 0 0 12-22 * * ?") == [
        "11-23 11:00",
        "11-23 23:00",
        "11-24 00:00",
        "11-24 01:00",
    ]


def test_what_is_struck_out_can_be_shown_with_its_reason() -> None:
    schedule = read("every day at 9 except US holidays, except on 2026-11-25")
    assert shown(schedules.preview_slots(schedule, NOW, 2, struck=True)) == [
        "11-24 09:00",
        "11-25 09:00 excluded",
        "11-26 09:00 holiday",
        "11-27 09:00",
    ]


def test_a_slot_on_a_holiday_moves_to_the_next_working_day_and_keeps_its_nominal_time() -> None:
    independence = instant("2026-06-30T12:00:00Z")
    schedule = read("every friday at 9, on US holidays next day", now=independence)
    first, second = schedules.preview_slots(schedule, independence, 2)
    assert first.at == instant("2026-07-06T13:00:00Z")  # the 3rd is a holiday, and then comes a weekend
    assert first.nominal_at == instant("2026-07-03T13:00:00Z")
    assert first.note == "moved"
    assert second == Slot(instant("2026-07-10T13:00:00Z"), instant("2026-07-10T13:00:00Z"))


def test_a_slot_can_move_to_the_working_day_before() -> None:
    before = instant("2026-06-30T12:00:00Z")
    assert preview("every friday at 9, on US holidays previous day", 2, before) == [
        "07-02 09:00 moved",
        "07-10 09:00",
    ]
    assert preview("on the 1st of every month at 9 only on workday:US rolling previous", 3, before) == [
        "07-01 09:00",
        "07-31 09:00 moved",
        "09-01 09:00",
    ]


def test_two_slots_on_one_instant_are_one_and_it_is_the_one_that_never_moved() -> None:
    before = instant("2026-07-02T20:00:00Z")
    assert preview("every weekday at 9, on US holidays next day", 3, before) == [
        "07-06 09:00",
        "07-07 09:00",
        "07-08 09:00",
    ]


def test_fixed_delay_goes_on_on_the_next_day_that_counts_at_the_same_time() -> None:
    schedule = read("30 minutes after each run except weekends and 2026-11-30")
    friday = instant("2026-11-27T15:00:00Z")
    assert schedules.after_end(schedule, friday) == friday + timedelta(minutes=30)
    assert schedules.after_end(schedule, friday + DAY) == instant("2026-12-01T15:30:00Z")
    window = read("30 minutes after each run except 12:00-13:00")
    assert schedules.after_end(window, instant("2026-11-27T16:45:00Z")) == instant("2026-11-27T18:00:00Z")
    ended = read("30 minutes after each run until 2026-11-27")
    assert schedules.after_end(ended, instant("2026-11-28T04:45:00Z")) is None
    later = read("30 minutes after each run from 2026-12-01")
    assert schedules.preview(later, NOW, 3) == (instant("2026-12-01T05:00:00Z"),)


def test_an_interval_and_a_single_time_keep_to_calendars_too() -> None:
    assert preview("every 12 hours, only on trading:XNYS", 3, instant("2026-11-25T23:00:00Z")) == [
        "11-27 06:00",
        "11-27 18:00",
        "11-30 06:00",
    ]
    assert preview("2026-12-25 9:00, on US holidays next day") == ["12-28 09:00 moved"]
    with pytest.raises(Refusal) as refused:
        read("2026-12-25 9:00 except US holidays")
    assert refused.value.code == "never"


def test_a_year_without_data_is_never_guessed() -> None:
    schedule = read("every day at 9, only on workday:CN", "Asia/Shanghai", instant("2026-12-01T00:00:00Z"))
    with pytest.raises(NoData) as missing:
        schedules.next_slot(schedule, instant("2026-12-31T02:00:00Z"))
    assert (missing.value.calendar, missing.value.year) == ("workday:CN", 2027)
    assert len(schedules.preview(schedule, instant("2026-12-30T02:00:00Z"), 5)) == 1
    assert schedules.preview(schedule, instant("2026-12-31T02:00:00Z"), 5) == ()


def test_a_union_says_what_is_sure_and_raises_where_an_unknown_slot_could_come_first() -> None:
    unknown = read("every day at 9, only on workday:CN", "Asia/Shanghai")
    often, rarely = read("every day at 9", "UTC"), read("on the 20th of every month at 9", "UTC")
    late = instant("2026-12-30T02:00:00Z")
    assert schedules.union_next((unknown, often), late) == schedules.next_slot(often, late)
    with pytest.raises(NoData):
        schedules.union_next((unknown, rarely), instant("2026-12-31T02:00:00Z"))


def test_a_union_has_each_instant_once() -> None:
    both = schedules.read_all("every day at 9; every monday at 9 and 17:00; every day at 9", "UTC", NOW)
    assert len(both) == 2
    assert [f"{slot.at:%d %H}" for slot in schedules.union_preview(both, NOW, 4)] == [
        "23 17",
        "24 09",
        "25 09",
        "26 09",
    ]
    with pytest.raises(Refusal, match="too many"):
        schedules.read_all("; ".join(f"every day at {hour}:00" for hour in range(11)), "UTC", NOW)


def test_a_shifted_slot_is_marked() -> None:
    start = instant("2027-03-13T12:00:00Z")
    assert preview("every day at 2:30", 2, start) == ["03-14 03:00 shifted", "03-15 02:30"]
    assert preview("every day at 2:30, except 2027-03-20", 2, start) == ["03-14 03:00 shifted", "03-15 02:30"]
    assert preview("every day at 3:00", 1, start) == ["03-14 03:00"]


def test_what_is_left_of_nothing_is_refused_within_the_budget() -> None:
    for text in (
        "every weekend except saturday and sunday at 9",
        "every 10 minutes except 0:00-12:00 and 12:00-0:00",
    ):
        with pytest.raises(Refusal) as refused:
            read(text)
        assert refused.value.code == "never"


def test_the_spread_is_stable_and_stays_before_half_of_the_gap() -> None:
    schedule = read("every 10 minutes, jitter 5m")
    slots = schedules.preview(schedule, NOW, 50)
    starts = [schedules.spread(schedule, 12, slot, slot + timedelta(minutes=10)) for slot in slots]
    assert starts == [schedules.spread(schedule, 12, slot, slot + timedelta(minutes=10)) for slot in slots]
    delays = [(start - slot).total_seconds() for start, slot in zip(starts, slots, strict=True)]
    assert all(0 <= delay < 300 for delay in delays)
    assert len(set(delays)) > 30
    near = [schedules.spread(schedule, 12, slot, slot + timedelta(seconds=60)) - slot for slot in slots]
    assert max(near) < timedelta(seconds=30)
    assert schedules.spread(read("every day at 9"), 12, NOW, None) == NOW


def expect(schedule: Schedule, book: Marked, start: datetime, end: datetime, zone: ZoneInfo) -> list[datetime]:
    """Every slot within a span, by looking at each nominal one: what `next_slot` must give one after another."""
    rule = schedule.calendars[0]
    free = schedules.read(schedule.text.split(",")[0], schedule.zone, NOW)
    step = -1 if rule.roll == "previous" else 1
    found = set()
    at = schedules.next_after(free, start - 40 * DAY)
    while at is not None and at < end + 40 * DAY:
        local = at.astimezone(zone)
        day = local.date()
        if (day in book.days) != rule.only:
            if rule.roll == "skip":
                day = date.min
            while rule.roll != "skip" and (day in book.days) != rule.only:
                day += step * DAY
        if day > date.min:
            moved = datetime.combine(day, local.time(), zone).astimezone(UTC)
            found.add(at if day == local.date() else moved)
        at = schedules.next_after(free, at)
    return sorted(slot for slot in found if start < slot <= end)


@settings(max_examples=150, deadline=None)
@given(
    marked=st.sets(st.integers(0, 60), max_size=25),
    text=st.sampled_from(
        ("every day at 9:00", "every Monday and Friday at 9:00 and 17:30", "on the 1st of every month at 8:00")
    ),
    roll=st.sampled_from(("skip", "next", "previous")),
    zone=st.sampled_from(("UTC", "Asia/Tokyo", NEW_YORK)),
)
def test_moved_slots_are_those_of_a_search_day_by_day(marked: set[int], text: str, roll: str, zone: str) -> None:
    first = date(2026, 11, 20)
    book = Marked(*(first + days * DAY for days in marked))
    schedule = schedules.read(f"{text}, except own rolling {roll}", zone, NOW, book=book)
    assert schedule.calendars == (CalendarRule(calendar="own", only=False, roll=roll),)
    start = datetime.combine(first + 7 * DAY, time(13), UTC)
    end = start + 60 * DAY
    found, at = [], start
    while (slot := schedules.next_slot(schedule, at, book)) is not None and slot.at <= end:
        found.append(slot.at)
        at = slot.at
    assert found == expect(schedule, book, start, end, ZoneInfo(zone))
