"""Calendars as they are shown: whatever is in them, Slack takes the message, and a reader sees what changes."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.blocks.calendar import (
    DAYS,
    NAME,
    YEAR,
    BuiltInUse,
    YearChange,
    ask_delete,
    built_in_card,
    calendar_card,
    calendar_list,
    deleted,
    import_view,
    imported_view,
    list_days,
    years,
)
from tests.blocks.makers import patient, sound, sound_view
from tests.storage.examples import a_calendar
from tests.stories.sight import words_of_block

TODAY = date(2026, 9, 1)
words = st.text(max_size=200)
some_days = st.lists(st.dates(date(1970, 1, 1), date(2126, 12, 31)), max_size=20, unique=True).map(sorted)
changes = st.builds(
    YearChange,
    year=st.integers(1970, 2126),
    added=some_days,
    removed=some_days,
    is_new=st.booleans(),
    days=st.integers(0, 366),
)


@patient
@given(words, some_days, words, st.booleans(), st.integers(0, 60))
def test_any_calendar_is_shown_in_a_way_that_slack_takes(
    name: str, days: list[date], jobs: str, may_change: bool, count: int
) -> None:
    one = a_calendar(*days, id=7, name=name or "x", years=tuple(sorted({day.year for day in days})))
    used = [BuiltInUse(name=name, until=days[-1] if days else None, jobs=count)]
    sound(calendar_list([(one, count)] * count, used * count))
    sound(calendar_card(one, TODAY, jobs, may_change))
    sound(built_in_card(name, days[0] if days else None, days, jobs))
    sound(ask_delete(one))
    sound(deleted(name))


@patient
@given(st.lists(changes, max_size=20), words, words, st.text(max_size=4000))
def test_any_import_is_asked_in_a_form_that_slack_takes(
    some: list[YearChange], name: str, jobs: str, typed: str
) -> None:
    values = {NAME: name, DAYS: typed, YEAR: "2026"}
    sound_view(import_view(values, {DAYS: typed}, None, jobs))
    sound_view(import_view(values, None, some, jobs, private_metadata="{}"))
    sound_view(imported_view(name or "x", some, jobs))


def test_a_change_says_what_comes_and_what_goes_by_year() -> None:
    some = [
        YearChange(year=2026, added=[date(2026, 12, 24)], removed=[date(2026, 12, 28)], is_new=False, days=3),
        YearChange(year=2027, added=[date(2027, 1, 4)], removed=[], is_new=True, days=1),
        YearChange(year=2028, added=[], removed=[], is_new=False, days=2),
    ]
    told = "\n".join(words_of_block(block) for block in import_view({}, changes=some)["blocks"])
    assert "*2026* has 3 days then.\n+ 1 day: Thu 24 Dec\n− 1 day: Mon 28 Dec" in told
    assert "*2027* is new, with 1 day. Mon 4 Jan" in told
    assert "*2028* stays as it is, with 2 days." in told


def test_a_long_list_of_calendars_keeps_its_buttons_and_counts_the_rest() -> None:
    own = [(a_calendar(TODAY, name=f"Calendar {number}"), 0) for number in range(100)]
    told = sound(calendar_list(own, [BuiltInUse(name="holiday:US", until=TODAY, jobs=1)] * 30))
    assert any(block["type"] == "actions" for block in told.blocks)
    assert "70 more: dify-ops calendars list" in "\n".join(map(words_of_block, told.blocks))


def test_many_years_are_summed_up() -> None:
    some = [
        YearChange(year=year, added=[date(year, 1, 1)], removed=[], is_new=True, days=1) for year in range(2026, 2127)
    ]
    blocks = import_view({}, changes=some)["blocks"]
    assert len(blocks) < 25
    assert "*2038 to 2126*: 89 days more, 0 days less." in "\n".join(words_of_block(block) for block in blocks)


def test_a_long_list_of_days_is_cut_and_counted() -> None:
    days = [TODAY + timedelta(step) for step in range(40)]
    assert list_days(days).endswith("Tue 15 Sep, … 25 more")
    assert list_days(days[:1], with_year=True) == "Tue 1 Sep 2026"
    assert list_days([]) == ""


def test_years_are_told_as_spans() -> None:
    assert years((2024, 2025, 2026, 2028)) == "2024–2026, 2028"
    assert years(()) == "no year"
