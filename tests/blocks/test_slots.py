"""Slots in words: marks, struck-out days, what was skipped or moved."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.blocks.slots import Coming, ask_skip, moved, next_list, say_calendar, say_note, skipped, unskipped
from storage.records import CalendarRule
from tests.blocks.makers import NOW, WEEKDAYS, days, jobs, make_job, moments, nasty_text, patient, sound
from tests.blocks.test_job import pressed, words_of

LATER = NOW + timedelta(hours=1)


@patient
@given(jobs, st.lists(moments, min_size=1, max_size=60), st.none() | moments, nasty_text)
def test_whatever_is_skipped_slack_takes_the_answer(job: object, times: list, next_at: object, note: str) -> None:  # type: ignore[type-arg]
    sound(skipped(job, times, next_at, "Europe/Berlin"))  # type: ignore[arg-type]
    sound(unskipped(job, times, next_at))  # type: ignore[arg-type]
    sound(moved(job, times[0], times[-1], NOW))  # type: ignore[arg-type]
    sound(next_list(note, [Coming(at, note, is_struck=True) for at in times], "UTC"))


def test_a_struck_out_time_is_struck_through_and_says_why() -> None:
    shown = words_of(next_list("every day", [Coming(NOW, "skipped: holiday in US", is_struck=True)], "UTC"))
    assert "~Tue 24 Nov 00:00 UTC" in shown
    assert "~ skipped: holiday in US" in shown


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        (CalendarRule(calendar="holiday:US", only=False), "holiday in US"),
        (CalendarRule(calendar="workday:CN", only=True), "no workday in CN"),
        (CalendarRule(calendar="trading:XNYS", only=True), "no trading day at XNYS"),
        (CalendarRule(calendar="release-days", only=True), "not a day of release-days"),
        (CalendarRule(calendar="quiet days", only=False), "a day of quiet days"),
    ],
)
def test_a_calendar_says_why_a_day_is_left_out(rule: CalendarRule, told: str) -> None:
    assert say_calendar(rule) == told
    one = replace(WEEKDAYS, calendars=(rule,))
    assert say_note("holiday", [one], NOW, "UTC") == f"skipped: {told}"
    assert "calendars" in say_note("holiday", [one, one], NOW, "UTC")


def test_a_moved_time_tells_where_it_came_from_and_a_plain_one_nothing() -> None:
    assert (
        say_note("moved", [WEEKDAYS], NOW, "Asia/Tokyo") == "moved by its calendar from Tue 24 Nov 09:00 Asia/Tokyo"
    )
    assert say_note("", [WEEKDAYS], NOW, "UTC") == ""


def test_skipping_names_the_times_and_what_comes_next_and_offers_the_way_back() -> None:
    one = sound(skipped(make_job(), days(1), LATER, "Asia/Tokyo"))
    assert one.text.startswith("Skipped *Nightly digest* at <!date^")
    assert "Next: <!date^" in one.text
    assert pressed(one) == {"skip_undo": "job:12"}
    many = sound(skipped(make_job(), days(50), None)).text
    assert "Skipped 50 times of *Nightly digest*:" in many
    assert many.count("• ") == 10
    assert "… and 40 more, the last at " in many
    assert "Nothing of it is planned after that." in many


def test_the_question_names_the_slot_that_would_be_skipped() -> None:
    asked = sound(ask_skip(make_job(), NOW))
    assert pressed(asked) == {"skip_next": "job:12 slot:2026-11-24T00:00:00+00:00"}


def test_moving_shows_old_and_new_and_the_way_back_while_it_is_elsewhere() -> None:
    away = sound(moved(make_job(), NOW, LATER, NOW, "Europe/Berlin"))
    assert "(Tue 24 Nov 09:00 Asia/Tokyo) to <!date^" in away.text
    assert "(Tue 24 Nov 10:00 Asia/Tokyo)." in away.text
    assert pressed(away) == {"move_back": "job:12"}
    assert pressed(sound(moved(make_job(), LATER, NOW, NOW))) == {}
    assert "already" in moved(make_job(), NOW, NOW, NOW).text
