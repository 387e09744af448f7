"""A channel's day as one list: what a line says of each kind of slot."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.blocks.day import Day, Entry, Often, day_list
from storage.records import CalendarRule, JobState, RunState
from tests.blocks.makers import NOW, WEEKDAYS, jobs, make_job, moments, nasty_text, patient, sound
from tests.blocks.test_job import words_of

TITLE, TOKYO = "Tue 24 Nov in <#C0FFEE>", "Asia/Tokyo"
LATER = NOW + timedelta(hours=2)


def an_entry(**facts: Any) -> Entry:
    known = {"job": make_job(), "at": LATER, "came_at": LATER, "nominal_at": LATER} | facts
    return Entry(**known)


def lines(*entries: Entry, often: tuple[Often, ...] = (), reader: str = TOKYO) -> str:
    return words_of(sound(day_list(Day(entries, often, ()), TITLE, reader, NOW)))


@patient
@given(st.lists(st.tuples(jobs, moments, st.sampled_from(RunState), nasty_text), max_size=120))
def test_whatever_happened_on_a_day_slack_takes_the_list(found: list[Any]) -> None:
    entries = tuple(an_entry(job=job, at=at, state=state, reason=why, note=why) for job, at, state, why in found)
    often = tuple(Often(job=job, times=13, ended={state: 3}, next_at=at) for job, at, state, _ in found)
    sound(day_list(Day(entries, often, tuple(job for job, *_ in found)), TITLE, TOKYO, NOW))


def test_a_quiet_day_says_so() -> None:
    assert day_list(Day((), (), ()), TITLE, TOKYO, NOW).text == f"*{TITLE}*: nothing came and nothing comes."


def test_a_line_tells_time_job_state_and_clash() -> None:
    told = lines(an_entry(together=3))
    assert f"🗓️ <!date^{int(LATER.timestamp())}^{{time}}|" in told
    assert "*Nightly digest* · planned · ⚠️ 3 at once" in told
    assert "(Tue 24 Nov 11:00 Asia/Tokyo)" in lines(an_entry(), reader="Europe/Berlin")
    assert "1 time, 1 still to come." in told


def test_a_skipped_slot_says_by_whom_and_not_twice_that_it_was_skipped() -> None:
    told = lines(an_entry(state=RunState.SKIPPED, reason="skipped by Ana", at=LATER + timedelta(hours=1)))
    assert "*Nightly digest* · skipped by Ana" in told
    assert "0 times, 0 still to come." in told
    missed = lines(an_entry(state=RunState.MISSED, reason="the bot was not running"))
    assert "missed · the bot was not running" in missed


def test_a_moved_run_tells_its_own_time_but_not_for_a_spread_of_its_schedule() -> None:
    late = an_entry(at=LATER + timedelta(seconds=90))
    assert "moved from <!date^" in lines(late)
    spread = replace(WEEKDAYS, jitter_s=120)
    assert "moved" not in lines(replace(late, job=make_job(schedules=(spread,))))
    calendar = an_entry(note="moved", nominal_at=LATER - timedelta(days=1))
    assert "moved by its calendar from Mon 23 Nov 11:00 Asia/Tokyo" in lines(calendar)
    assert "shifted by the clock change" in lines(an_entry(note="shifted"))


def test_a_day_that_is_left_out_is_struck_through_with_its_reason() -> None:
    rule = CalendarRule(calendar="holiday:US", only=False)
    job = make_job(schedules=(replace(WEEKDAYS, calendars=(rule,)),))
    told = lines(an_entry(job=job, note="holiday", is_struck=True))
    assert "🚫 ~<!date^" in told
    assert "skipped: holiday in US" in told
    assert "0 times, 0 still to come." in told


def test_a_job_that_runs_often_is_one_line() -> None:
    often = Often(job=make_job(), times=288, ended={RunState.SUCCEEDED: 120, RunState.FAILED: 2}, next_at=LATER)
    told = lines(often=(often,))
    assert "288 times · ✅ 120 finished · ❌ 2 failed · next <!date^" in told
    assert "over 1,000 times" in lines(often=(replace(often, times=1001),))


def test_jobs_of_which_nothing_comes_are_named() -> None:
    resting = make_job(state=JobState.PAUSED, resume_at=LATER)
    shown = sound(day_list(Day((), (), (resting,)), TITLE, TOKYO, NOW))
    assert "*Nightly digest* is paused until <!date^" in words_of(shown)
