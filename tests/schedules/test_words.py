"""What comes again, in words."""

from datetime import datetime
from typing import Any

import pytest

from bot import schedules
from bot.errors import Refusal
from tests.schedules.rows import instant, rows_of

NOW = instant("2026-03-11T14:30:00Z")


def instants_of(row: dict[str, Any]) -> list[str] | int:
    """The first instants of a phrase, or the delay in seconds of one that counts from the end of a run."""
    now = instant(row["now"])
    schedule = schedules.read(row["phrase"], row["tz"], now)
    if schedule.kind == "fixed_delay":
        return int(schedule.spec)
    return [slot.strftime("%Y-%m-%dT%H:%M:%SZ") for slot in schedules.preview(schedule, now, 6)]


def test_every_phrase_of_the_ground_truth_is_read_right() -> None:
    """Where no time of day was typed, it is asked for; all others are read."""
    wrong, refused = [], []
    for row in rows_of("recurring_phrases", lang="en"):
        meant = [row["schedule"], *(row.get("also_accept") or [])]
        right = [option.get("next", option.get("seconds")) for option in meant]
        try:
            if instants_of(row) not in right:
                wrong.append(row["phrase"])
        except Refusal:
            if "default_time" not in row["tags"]:
                refused.append(row["phrase"])
    assert wrong == []
    assert refused == []


@pytest.mark.parametrize("row", rows_of("recurring_refuse", lang="en"), ids=lambda row: row["phrase"])
def test_a_phrase_that_is_no_schedule_is_refused(row: dict[str, Any]) -> None:
    with pytest.raises(Refusal) as refused:
        schedules.read(row["phrase"], row["tz"], instant(row["now"]))
    assert refused.value.message
    assert refused.value.hint


@pytest.mark.parametrize(
    ("typed", "text", "says"),
    [
        ("every weekday at 9", "every weekday at 9:00", "every weekday at 09:00"),
        ("Daily at 9", "every day at 9:00", "every day at 09:00"),
        ("every weekend at 9:30pm", "every Saturday and Sunday at 21:30", "every Saturday and Sunday at 21:30"),
        (
            "every monday, wednesday and friday at 10:30",
            "every Monday, Wednesday and Friday at 10:30",
            "every Monday, Wednesday and Friday at 10:30",
        ),
        ("every month on the 1st at 8:00", "on the 1st of every month at 8:00", "on the 1st of every month at 08:00"),
        ("1st of every month at noon", "on the 1st of every month at 12:00", "on the 1st of every month at 12:00"),
        (
            "on the last day of every month at midnight",
            "on the last day of every month at 0:00",
            "on the last day of every month at 00:00",
        ),
        (
            "every 2nd tuesday at 9am",
            "on the 2nd Tuesday of every month at 9:00",
            "on the 2nd Tuesday of every month at 09:00",
        ),
        ("hourly", "every hour", "every hour"),
        ("every 90 min", "every 90 minutes", "every 90 minutes"),
        ("every 120 minutes", "every 2 hours", "every 2 hours"),
        ("10s after each run", "10 seconds after each run", "10 seconds after each run ends"),
        ("every 2h between 8 and 18", "every 2 hours from 8:00 to 18:00", "every 2 hours from 08:00 to 18:00"),
        (
            "every 15 minutes on weekdays between 9 and 5pm",
            "every 15 minutes from 9:00 to 17:00, every weekday",
            "every 15 minutes from 09:00 to 17:00, every weekday",
        ),
        (
            "every monday at 9 and every friday at 16:00",
            "every Monday at 9:00 and every Friday at 16:00",
            "every Monday at 09:00 and every Friday at 16:00",
        ),
    ],
)
def test_words_are_given_back_in_canonical_form(typed: str, text: str, says: str) -> None:
    schedule = schedules.read(typed, "Asia/Shanghai", NOW)
    assert (schedule.text, schedule.says) == (text, says)
    assert schedules.describe(schedule) == says
    assert schedules.read(text, "Asia/Shanghai", NOW) == schedule


@pytest.mark.parametrize(
    ("typed", "unread"),
    [
        ("every day at 9am banana", "banana"),
        ("every monday at 9 if it rains", "if it rains"),
        ("every day at 9 on the moon", "on the moon"),
        ("hello", "hello"),
    ],
)
def test_the_part_that_was_not_understood_is_named(typed: str, unread: str) -> None:
    with pytest.raises(Refusal, match=f"I could not read “{unread}”") as refused:
        schedules.read(typed, "UTC", NOW)
    assert refused.value.code == "unreadable"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("every wekday at 9", "every weekday at 9:00"),
        ("every mnday at 9am", "every Monday at 9:00"),
        ("evry 5 minuts", "every 5 minutes"),
        ("tommorow at 9", "2026-03-12 9:00"),
    ],
)
def test_a_slip_of_the_finger_is_answered_with_what_was_meant(typed: str, meant: str) -> None:
    with pytest.raises(Refusal, match="I could not read") as refused:
        schedules.read(typed, "UTC", NOW)
    assert refused.value.choices[0] == meant


@pytest.mark.parametrize(
    "typed", ["every monday", "every weekday", "daily", "every morning", "every month on the 1st"]
)
def test_days_without_a_time_are_asked_back_with_whole_texts(typed: str) -> None:
    with pytest.raises(Refusal, match="At what time") as refused:
        schedules.read(typed, "UTC", NOW)
    assert refused.value.code == "ambiguous"
    assert [schedules.read(choice, "UTC", NOW).text for choice in refused.value.choices] == list(
        refused.value.choices
    )


def test_an_hour_that_may_be_in_the_morning_or_evening_is_refused() -> None:
    with pytest.raises(Refusal, match="9am or 9pm"):
        schedules.read("every monday at 9 and 10pm", "UTC", NOW)


def test_a_text_is_read_the_same_at_any_moment_of_the_day() -> None:
    morning, evening = (datetime.fromisoformat(f"2026-03-11T{hour}:00:00Z") for hour in ("06", "22"))
    text = "every weekday at 9"
    assert schedules.read(text, "UTC", morning) == schedules.read(text, "UTC", evening)


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("every evening at 7", "every day at 19:00"),
        ("at 7 every evening", "every day at 19:00"),
        ("every morning at 7 and 9:30", "every day at 7:00 and 9:30"),
        ("every monday at 3 in the afternoon", "every Monday at 15:00"),
        ("every day at 11 at night", "every day at 23:00"),
    ],
)
def test_the_part_of_the_day_tells_which_half_is_meant(typed: str, text: str) -> None:
    assert schedules.read(typed, "UTC", NOW).text == text


@pytest.mark.parametrize(
    "typed", ["every evening at 9am", "every morning at 19:00", "every afternoon at 9:30", "every evening at 0:00"]
)
def test_a_time_outside_its_part_of_the_day_is_refused(typed: str) -> None:
    with pytest.raises(Refusal, match="is not in the"):
        schedules.read(typed, "UTC", NOW)


@pytest.mark.parametrize("typed", ["every friday night at 12", "every friday night at 1am", "tomorrow night at 1am"])
def test_a_night_that_runs_into_the_next_day_is_asked_about(typed: str) -> None:
    with pytest.raises(Refusal) as refused:
        schedules.read(typed, "Europe/Berlin", instant("2026-11-24T03:00:00Z"))
    assert refused.value.code == "ambiguous"
    assert schedules.read("every night at 1am", "Europe/Berlin", instant("2026-11-24T03:00:00Z")).spec
