"""The five kinds: what they count from, and what comes next."""

import inspect
from datetime import UTC, datetime, timedelta

import pytest

from bot import schedules
from bot.errors import Refusal
from bot.registry import leaves
from bot.schedules.kind import Kind

NOW = datetime(2026, 3, 11, 14, 30, tzinfo=UTC)


def test_every_kind_has_the_functions_of_its_protocol() -> None:
    wanted = {
        name: function for name, function in vars(Kind).items() if inspect.isfunction(function) and name[0] != "_"
    }
    kinds = leaves("bot.schedules.kinds")
    assert set(kinds) == {"api", "cron", "fixed_delay", "fixed_rate", "one_time"}
    for kind in kinds.values():
        for name, function in wanted.items():
            parameters = list(inspect.signature(function).parameters)[1:]
            assert list(inspect.signature(getattr(kind, name)).parameters) == parameters


def test_a_fixed_rate_counts_from_its_anchor_and_no_late_run_moves_it() -> None:
    schedule = schedules.read("every 90 minutes", "Asia/Shanghai", NOW)
    assert (schedule.kind, schedule.spec, schedule.anchor_at) == ("fixed_rate", "5400", NOW)
    assert schedules.next_after(schedule, NOW) == NOW + timedelta(minutes=90)
    assert schedules.next_after(schedule, NOW + timedelta(minutes=90)) == NOW + timedelta(minutes=180)
    assert schedules.next_after(schedule, NOW + timedelta(minutes=100)) == NOW + timedelta(minutes=180)
    assert schedules.next_after(schedule, NOW - timedelta(days=1)) == NOW + timedelta(minutes=90)


def test_a_fixed_rate_is_anchored_anew_when_it_is_saved() -> None:
    saved_at = NOW + timedelta(minutes=7, microseconds=5)
    schedule = schedules.anchor(schedules.read("every 90 minutes", "UTC", NOW), saved_at)
    assert schedules.next_after(schedule, saved_at) == NOW + timedelta(minutes=97)


def test_a_fixed_delay_counts_from_the_end_of_the_run() -> None:
    schedule = schedules.read("10 seconds after each run", "UTC", NOW)
    assert (schedule.kind, schedule.spec) == ("fixed_delay", "10")
    assert schedules.next_after(schedule, NOW) is None
    assert schedules.after_end(schedule, NOW) == NOW + timedelta(seconds=10)
    assert schedules.preview(schedule, NOW, 5) == (NOW + timedelta(seconds=10),)


def test_a_one_time_schedule_has_one_slot() -> None:
    schedule = schedules.read("2026-12-01 14:00", "Asia/Shanghai", NOW)
    instant = datetime(2026, 12, 1, 6, tzinfo=UTC)
    assert (schedule.kind, schedule.spec) == ("one_time", "2026-12-01T06:00:00Z")
    assert schedules.preview(schedule, NOW, 5) == (instant,)
    assert schedules.next_after(schedule, instant) is None
    assert schedules.after_end(schedule, NOW) is None


def test_what_counts_from_now_counts_from_the_moment_of_saving() -> None:
    draft = schedules.read("in 5 seconds", "UTC", NOW)
    assert schedules.preview(draft, NOW, 2) == (NOW + timedelta(seconds=5),)
    saved_at = NOW + timedelta(minutes=3)
    assert schedules.preview(draft, saved_at, 2) == (saved_at + timedelta(seconds=5),)
    saved = schedules.anchor(draft, saved_at)
    assert schedules.next_after(saved, saved_at) == saved_at + timedelta(seconds=5)
    assert (saved.text, saved.says) == ("2026-03-11 14:33:05", "once, on Wednesday 11 March 2026 at 14:33:05")
    assert schedules.anchor(saved, saved_at + timedelta(minutes=9)) == saved


def test_a_day_from_now_that_the_clock_skips_comes_at_the_end_of_the_gap() -> None:
    at_half_past_two = datetime(2026, 3, 7, 7, 30, tzinfo=UTC)
    draft = schedules.read("in 1 day", "America/New_York", at_half_past_two)
    assert schedules.anchor(draft, at_half_past_two).spec == "2026-03-08T07:00:00Z"


def test_an_api_schedule_has_no_slots() -> None:
    schedule = schedules.read("on api", "UTC", NOW)
    assert schedule.kind == "api"
    assert schedules.next_after(schedule, NOW) is None
    assert schedules.after_end(schedule, NOW) is None
    assert schedules.preview(schedule, NOW, 5) == ()
    assert schedules.read("on demand", "UTC", NOW) == schedule


def test_a_cron_schedule_does_not_move_when_it_is_saved() -> None:
    schedule = schedules.read("every weekday at 9", "UTC", NOW)
    assert schedules.anchor(schedule, NOW + timedelta(days=3)) == schedule
    assert schedules.after_end(schedule, NOW) is None


def test_slots_of_several_expressions_are_united_and_each_instant_comes_once() -> None:
    text = "every monday at 9:00 and on the 16th of every month at 9:00"
    slots = schedules.preview(schedules.read(text, "UTC", NOW), NOW, 3)
    assert [slot.day for slot in slots] == [16, 23, 30]


@pytest.mark.parametrize("text", ["every 9 seconds", "every second", "every 0 minutes", "every 5 seconds on mondays"])
def test_an_interval_under_ten_seconds_is_refused(text: str) -> None:
    with pytest.raises(Refusal, match="the shortest interval is 10 seconds") as refused:
        schedules.read(text, "UTC", NOW)
    assert refused.value.code == "too_often"


def test_ten_seconds_is_the_shortest_interval_and_one_second_the_shortest_delay() -> None:
    assert schedules.read("every 10 seconds", "UTC", NOW).spec == "10"
    assert schedules.read("1 second after each run", "UTC", NOW).spec == "1"
    with pytest.raises(Refusal):
        schedules.read("0 seconds after each run", "UTC", NOW)


@pytest.mark.parametrize("text", ["every 400 days", "400 days after each run", "in 500 years"])
def test_what_is_too_far_away_is_refused(text: str) -> None:
    with pytest.raises(Refusal) as refused:
        schedules.read(text, "UTC", NOW)
    assert refused.value.code == "too_far"


def test_slots_past_the_horizon_are_none() -> None:
    schedule = schedules.read("every day at 9", "America/New_York", NOW)
    assert schedules.next_after(schedule, datetime(2200, 1, 1, tzinfo=UTC)) is None
