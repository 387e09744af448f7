"""What is said when a job was paused or resumed."""

from datetime import timedelta

import pytest

from bot.blocks.pausing import paused, resumed
from storage.records import JobState, RunState
from tests.blocks.makers import NOW, make_job, make_run, sound
from tests.blocks.test_job import pressed, words_of

LATER = NOW + timedelta(hours=1)


def test_a_pause_is_told_with_the_way_back() -> None:
    shown = sound(paused(make_job(state=JobState.PAUSED), "Ana"))
    assert shown.text == "Ana paused *Nightly digest*. It will not run until it is resumed."
    assert pressed(shown) == {"resume_job": "job:12"}


def test_a_pause_with_an_end_tells_it_on_both_clocks_unless_they_are_the_same() -> None:
    job = make_job(state=JobState.PAUSED, resume_at=LATER, state_reason="the model is down")
    abroad = sound(paused(job, "Ana", reader_zone="Europe/Berlin")).text
    assert f"until <!date^{int(LATER.timestamp())}^" in abroad
    assert "(Tue 24 Nov 10:00 Asia/Tokyo), and goes on by itself then." in abroad
    assert "Reason: the model is down" in abroad
    assert "Asia/Tokyo" not in paused(job, "Ana", reader_zone="Asia/Seoul").text


def test_a_run_that_goes_on_can_be_stopped_under_the_pause() -> None:
    shown = sound(paused(make_job(state=JobState.PAUSED), "Ana", [make_run(state=RunState.RUNNING)]))
    assert "Run 381 is going on, and goes on to its end." in words_of(shown)
    assert pressed(shown) == {"resume_job": "job:12", "stop_run": "run:381"}


@pytest.mark.parametrize(
    ("passed", "told"),
    [
        (0, "Ana resumed *Nightly digest*. Next: "),
        (1, "1 time passed while it was paused and was not made up. Next: "),
        (12, "12 times passed while it was paused and were not made up."),
        (1001, "Over 1,000 times passed while it was paused"),
    ],
)
def test_what_passed_in_the_pause_is_counted(passed: int, told: str) -> None:
    shown = sound(resumed(make_job(), "Ana", passed, LATER, "Asia/Tokyo"))
    assert told in shown.text
    assert pressed(shown) == {"pause_job": "job:12"}


def test_a_job_that_stays_held_says_why_and_can_be_tried_again() -> None:
    held = make_job(state=JobState.HELD, state_reason="the calendar holiday:CN has no 2031")
    shown = sound(resumed(held, "Ana"))
    assert shown.text == "*Nightly digest* is still held, and does not run: the calendar holiday:CN has no 2031."
    assert pressed(shown) == {"resume_job": "job:12"}


def test_a_job_whose_times_all_passed_says_that_nothing_comes() -> None:
    shown = sound(resumed(make_job(state=JobState.COMPLETED), "Ana", 1))
    assert "1 time passed while it was paused" in shown.text
    assert "Nothing more comes of it" in shown.text
