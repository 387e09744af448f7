"""Clauses in English: wherever they stand, they are read to bounds, and their canonical words read back."""

import random
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import schedules
from bot.errors import Refusal
from bot.schedules.bounds import UNBOUND, bounds_of
from bot.schedules.calendars import TeamBook
from bot.schedules.clauses.bind import loosen
from storage.records import Calendar, CalendarRule, Schedule
from tests.schedules.rows import instant, rows_of

NOW = instant("2026-11-23T15:30:00Z")  # a Monday
ZONE = "America/New_York"
PLANT = Calendar(
    id=1,
    team_id="T1",
    name="Plant days",
    days=(date(2026, 11, 25), date(2026, 12, 1)),
    years=(2026,),
    changed_by="U1",
    changed_at=NOW,
)
BOOK = TeamBook([PLANT])


def read(text: str, zone: str = ZONE) -> Schedule:
    return schedules.read(text, zone, NOW, book=BOOK)


def try_read(text: str, zone: str, now: datetime = NOW) -> Schedule | Refusal:
    try:
        return schedules.read(text, zone, now, book=BOOK)
    except Refusal as refusal:
        return refusal


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("every day at 9 from 2026-12-01", "every day at 9:00, from 2026-12-01"),
        ("starting tomorrow every day at 9", "every day at 9:00, from 2026-11-24"),
        ("every day, starting on december 1st, at 9", "every day at 9:00, from 2026-12-01"),
        ("every day at 9 beginning next week", "every day at 9:00, from 2026-11-30"),
        ("every hour starting tomorrow at 9", "every hour, from 2026-11-24 9:00"),
        ("every day starting tomorrow at 9", "every day at 9:00, from 2026-11-24"),
        ("every 90 minutes from 2026-12-01 09:30", "every 90 minutes, from 2026-12-01 9:30"),
        (
            "every day at 9 starting 2026-04-01 until 31 December",
            "every day at 9:00, from 2026-04-01, until 2026-12-31",
        ),
        ("every day at 9 until 2026-12-31 18:00", "every day at 9:00, until 2026-12-31 18:00"),
        ("every day until friday at 9", "every day at 9:00, until 2026-11-27"),
        ("every day at 9 until the end of the year", "every day at 9:00, until 2026-12-31"),
        ("every day at 9am from april 1 to april 30", "every day at 9:00, from 2027-04-01, until 2027-04-30"),
        ("every day at 9 between 28 December and 3 January", "every day at 9:00, from 2026-12-28, until 2027-01-03"),
        ("every day at 9, 10 times", "every day at 9:00, 10 times"),
        ("every day at 9 for 10 times", "every day at 9:00, 10 times"),
        ("every day at 9, at most three runs", "every day at 9:00, 3 times"),
        ("every day at 9 for 2 weeks", "every day at 9:00, until 2026-12-07 10:29:59"),
        ("every day at 9 from 2026-12-01 for 2 weeks", "every day at 9:00, from 2026-12-01, until 2026-12-14"),
        ("every 5 minutes for 3 hours", "every 5 minutes, until 2026-11-23 13:29:59"),
        ("every weekday at 9 except holidays", "every weekday at 9:00, except holiday:US"),
        ("every weekday at 9, skip GB holidays", "every weekday at 9:00, except holiday:GB"),
        ("every weekday at 9 but not on german holidays", "every weekday at 9:00, except holiday:DE"),
        ("every day at 9 except holidays in Japan", "every day at 9:00, except holiday:JP"),
        ("every day at 9 except on 2026-12-24", "every day at 9:00, except on 2026-12-24"),
        ("every day at 9 except 24-26 December", "every day at 9:00, except on 2026-12-24 to 2026-12-26"),
        ("every day at 9 except december 24 and 25", "every day at 9:00, except on 2026-12-24, except on 2026-12-25"),
        (
            "every day at 9 except from 24 December to 2 January",
            "every day at 9:00, except on 2026-12-24 to 2027-01-02",
        ),
        ("every day at 9 except weekends", "every day at 9:00, except on sat,sun"),
        ("every day except weekends at 9", "every weekday at 9:00"),
        ("every day except weekends and holidays at 9", "every day at 9:00, except holiday:US, except on sat,sun"),
        ("every 10 minutes except from 12:00 to 13:00", "every 10 minutes, except on 12:00-13:00"),
        ("every 10 minutes except on mondays from 9 to 5pm", "every 10 minutes, except on mon 9:00-17:00"),
        ("every 10 minutes except mon 22:00-6:00", "every 10 minutes, except on mon 22:00-6:00"),
        ("every hour except cron `0 0 12 ? * MON`", "every hour, except on cron 0 0 12 ? * MON"),
        ("every day at 9 only on workdays in CN", "every day at 9:00, only on workday:CN"),
        ("at 9 only on trading days", "every day at 9:00, only on trading:XNYS"),
        ("every NYSE trading day at 9:30", "every day at 9:30, only on trading:XNYS"),
        ("every 5 minutes on trading days", "every 5 minutes, only on trading:XNYS"),
        ("every business day at 9 skipping US holidays", "every weekday at 9:00, except holiday:US"),
        ("every business day at 9", "every weekday at 9:00"),
        ("every day at 9 only on mondays", "every Monday at 9:00"),
        (
            "every weekday at 9, on holidays run the next working day",
            "every weekday at 9:00, except holiday:US rolling next",
        ),
        ("every weekday at 9 on holiday previous", "every weekday at 9:00, except holiday:US rolling previous"),
        ("every weekday at 9, on holiday skip", "every weekday at 9:00, except holiday:US"),
        (
            "every day at 9 only on workdays in CN, on holidays next",
            "every day at 9:00, only on workday:CN rolling next",
        ),
        (
            "0 0 9 ? * MON-FRI, except US holidays, on holidays next day",
            "0 0 9 ? * MON-FRI, except holiday:US rolling next",
        ),
        ("every 5 minutes jitter 1m", "every 5 minutes, jitter 1 minute"),
        ("every day at 9 with a jitter of 90 seconds", "every day at 9:00, jitter 90 seconds"),
        ("every day at 9 except plant days", 'every day at 9:00, except "Plant days"'),
        ('every day at 9 only on "PLANT DAYS"', 'every day at 9:00, only on "Plant days"'),
        ("on plant days at 9", 'every day at 9:00, only on "Plant days"'),
        ("in 5 minutes, jitter 10s", "in 5 minutes, jitter 10 seconds"),
        ("except plant days, 2027-06-01 9:00", '2027-06-01 9:00, except "Plant days"'),
        (
            "every day at 9, except 2026-12-24, from 2026-12-01 until 2026-12-31",
            "every day at 9:00, from 2026-12-01, until 2026-12-31, except on 2026-12-24",
        ),
    ],
)
def test_clauses_are_read_wherever_they_stand(typed: str, text: str) -> None:
    schedule = read(typed)
    assert schedule.text == text
    for again in (text, text.upper(), f"  {text} "):
        assert read(again) == schedule


@pytest.mark.parametrize(
    "typed",
    [
        "every 15 minutes between 9am and 6pm on weekdays",
        "every 30 minutes from 8:00 to 20:00",
        "every day from november to february at 6am",
        "monday to friday at 9am",
        "three times a day at 8, 12 and 18:00",
        "every 20 minutes starting at 5 past",
        "tomorrow at 9",
        "in 3 days at 9am",
        "2 hours from now",
    ],
)
def test_a_rhythm_keeps_the_words_that_clauses_use(typed: str) -> None:
    schedule = read(typed)
    assert (schedule.start_at, schedule.until_at, schedule.times, schedule.calendars) == (None, None, None, ())
    assert schedule.exclusions == ()


@pytest.mark.parametrize(
    ("typed", "code", "part"),
    [
        ("every day at 9 until yesterday", "past", "past"),
        ("every day at 9 until 2026-11-01", "past", "past"),
        ("every day at 9 starting 2027-05-01 until 2027-04-01", "never", "before the start"),
        ("every day at 9 until friday until saturday", "ambiguous", "twice"),
        ("every day at 9 except company-days", "unknown_calendar", "company-days"),
        ('every day at 9 except "company days"', "unknown_calendar", "company days"),
        ("every day at 9 only on company days", "unknown_calendar", "company days"),
        ("every day at 9 UTC except holidays", "unknown_calendar", "Whose holidays"),
        ("every monday at 9am but not the first one", "unknown_calendar", "first one"),
        ("every day at 9 only on US holidays except US holidays", "never", "nothing is left"),
        ("every day at 9, 0 times", "unreadable", "0 times"),
        ("every day at 9 jitter 2 days", "unreadable", "jitter"),
        ("on api until friday", "unreadable", "only when asked"),
        ("every weekend except saturday and sunday at 9am", "never", "too rarely"),
        ("every day at 9 except 2026-13-45", "unreadable", "2026-13-45"),
        ("every day at 9 until friday banana", "unreadable", "banana"),
        ("every day at 9 from 03/04", "ambiguous", "03/04"),
        ("except holidays", "unreadable", "only what bounds it"),
    ],
)
def test_a_clause_that_cannot_be_is_refused_with_the_reason(typed: str, code: str, part: str) -> None:
    with pytest.raises(Refusal) as refused:
        read(typed)
    assert (refused.value.code, part in refused.value.message) == (code, True), refused.value
    assert refused.value.hint


def test_holidays_are_those_of_the_zone_that_the_text_names() -> None:
    assert read("weekdays at 9 Europe/London, skip holidays").calendars == (
        CalendarRule(calendar="holiday:GB", only=False),
    )
    tokyo = read("every day at 9 except holidays Asia/Tokyo, until 2026-12-31")
    assert (tokyo.zone, tokyo.calendars[0].calendar) == ("Asia/Tokyo", "holiday:JP")
    assert tokyo.until_at == instant("2026-12-31T14:59:59Z")


def test_the_words_for_people_name_every_clause() -> None:
    schedule = read(
        "every day at 9 from 2026-12-01 until 2026-12-31 18:00, 10 times, skip holidays, except 12:00-13:00"
    )
    assert schedule.says == (
        "every day at 09:00, from 1 December 2026, until 31 December 2026 at 18:00, 10 times, "
        "except on US holidays, except between 12:00 and 13:00"
    )


def test_a_saved_schedule_keeps_its_clauses() -> None:
    for text in (
        "in 5 minutes, jitter 10s",
        "every 5 minutes, 3 times, except on sat,sun",
        "every day at 9, 3 times",
    ):
        draft = read(text)
        saved = schedules.anchor(draft, NOW + timedelta(minutes=7))
        assert (saved.times, saved.exclusions, saved.jitter_s) == (draft.times, draft.exclusions, draft.jitter_s)
        assert saved.text.partition(", ")[2] == draft.text.partition(", ")[2]
        assert schedules.anchor(saved, NOW + timedelta(minutes=7)) == saved


RHYTHMS = (
    "every weekday at 9:00",
    "every 10 minutes",
    "30 minutes after each run",
    "0 0 9 ? * MON-FRI",
    "2027-06-01 9:00",
)
WINDOWS = st.tuples(
    st.sampled_from(("", "from 2026-12-01", "starting 2026-11-25 7:15", "from 2027-11-07T06:30:00Z")),
    st.sampled_from(("", "until 2028-01-31", "until 2028-01-31 18:00:30", "for 2 years")),
).map(lambda pair: " ".join(pair).strip())
LEFT_OUT = st.lists(
    st.sampled_from(
        (
            "holidays",
            "US holidays",
            "plant days",
            "2026-12-24",
            "24-26 december",
            "weekends",
            "tue 9:00-12:00",
            "12:00-13:00",
        )
    ),
    max_size=3,
    unique=True,
).map(lambda items: f"except {' and '.join(items)}" if items else "")
OTHERS = st.sampled_from(("", "5 times", "jitter 30s", "only on workdays in US", "on holidays next day"))


@settings(max_examples=150, deadline=None)
@given(
    rhythm=st.sampled_from(RHYTHMS),
    clauses=st.tuples(WINDOWS, LEFT_OUT, OTHERS).flatmap(st.permutations),
    leading=st.integers(0, 3),
    zone=st.sampled_from((ZONE, "Europe/London", "Asia/Shanghai")),
)
def test_any_clauses_in_any_order_read_back(rhythm: str, clauses: list[str], leading: int, zone: str) -> None:
    said = [clause for clause in clauses if clause]
    text = ", ".join([*said[:leading], rhythm, *said[leading:]])
    schedule = try_read(text, zone)
    if isinstance(schedule, Refusal):  # a single day that is left out, or lies outside of its window
        assert schedule.code == "never", (text, schedule)
        return
    assert read(schedule.text, schedule.zone) == schedule
    assert read(schedule.text.upper(), schedule.zone) == schedule
    assert len(schedules.preview(schedule, NOW, 3, BOOK)) <= 3


CLAUSES = (
    *("from 2027-01-04", "starting next month", "until 2028-03-01", "until 31 December", "until 2028-03-01 18:00"),
    *("10 times", "for 10 times", "for 3 months", "except holidays", "skip GB holidays", "except on 2026-12-24"),
    *("except 24-26 December", "except weekends", "except from 12:00 to 13:00", "except tuesdays", "jitter 5m"),
    *("on holidays run the next working day", "excluding US holidays and 2026-12-24", "except mon 9:00-12:00"),
    *("from april 1 to april 30", "but not on sundays", "spread over 2 minutes"),
)
REFUSED = ("never", "past", "ambiguous")  # left with nothing, over, or said twice


@pytest.mark.parametrize("name", ["recurring_phrases", "onetime_phrases"])
def test_clauses_before_or_behind_leave_the_rhythm_as_it_is(name: str) -> None:
    dice = random.Random(20261123)
    for row in rows_of(name, lang="en"):
        now, zone = instant(row["now"]), row["tz"]
        bare = try_read(row["phrase"], zone, now)
        if isinstance(bare, Refusal) or {"calendar", "bounds"} & set(row["tags"]):
            continue
        assert bounds_of(bare) == UNBOUND, row["phrase"]
        said = ", ".join(dice.sample(CLAUSES, dice.randint(1, 2)))
        for text in (f"{said}, {row['phrase']}", f"{row['phrase']} {said}", f"{row['phrase']}, {said}"):
            schedule = try_read(text, zone, now)
            if isinstance(schedule, Refusal):
                # Half a year of a zone without a country has no holidays.
                assert schedule.code in REFUSED or bare.zone.startswith("UTC"), (text, schedule)
                continue
            assert uncounted(loosen(schedule).text) == uncounted(bare.text), text
            assert schedules.read(schedule.text, schedule.zone, now, book=BOOK) == schedule, text


def uncounted(text: str) -> str:
    """Without the day from which a cycle counts, which a start moves."""
    return text.partition(" counted from ")[0]


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("every monday except holidays", "every Monday at 9:00, except holiday:US"),
        ("every monday Asia/Tokyo", "every Monday at 9:00 Asia/Tokyo"),
        ("every day at 9am CST except holidays", "every day at 9am, except holiday:CN Asia/Shanghai"),
        ("every wekday at 9 except holidays", "every weekday at 9:00, except holiday:US"),
        ("on the 15th at 9, until 2027-06-01", "on the 15th of every month at 9:00, until 2027-06-01"),
    ],
)
def test_what_is_offered_says_all_that_was_typed(typed: str, offered: str) -> None:
    with pytest.raises(Refusal) as refused:
        schedules.read(typed, "America/New_York", NOW)
    assert offered in refused.value.choices
    assert all(schedules.read(choice, "America/New_York", NOW) for choice in refused.value.choices)


def test_what_cannot_be_within_its_clauses_is_not_offered() -> None:
    with pytest.raises(Refusal) as refused:
        schedules.read("on the 15th at 9, on holidays run the next working day", "America/New_York", NOW)
    assert refused.value.choices
    assert all("roll" in choice or "next" in choice for choice in refused.value.choices)


@pytest.mark.parametrize(
    "typed",
    [
        "every day at 9am until 03/04",
        "every day at 9 except 2026-12-24..2026-12-26",
        "every day at 9 +08:00 or so",
        "every hour except fri 22:00-sat 06:00",
        "every day at 9 catch up all",
        "every day at 9 Sydny-side, Sydney",
    ],
)
def test_nothing_is_offered_that_leaves_out_a_bound_or_a_zone(typed: str) -> None:
    with pytest.raises(Refusal) as refused:
        schedules.read(typed, ZONE, NOW)
    assert refused.value.choices == ()


def test_what_is_offered_for_one_of_several_schedules_keeps_the_others() -> None:
    with pytest.raises(Refusal) as refused:
        schedules.read_all("every 15 minutes; every monday; every day at 8", ZONE, NOW)
    assert refused.value.choices[0] == "every 15 minutes; every Monday at 9:00; every day at 8"


def test_a_calendar_with_a_japanese_name_stands_in_quotes_in_an_english_text() -> None:
    book = TeamBook([replace(PLANT, name="日本の休み")])
    found = schedules.read('every day at 9 except "日本の休み"', ZONE, NOW, book=book)
    assert found.calendars == (CalendarRule(calendar="日本の休み", only=False),)
    assert schedules.read(found.text, ZONE, NOW, book=book) == found
