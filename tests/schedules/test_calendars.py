"""Calendars: the days of the built-in ones, the years that nobody knows yet, and how people call them."""

import subprocess
import sys
from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from time import perf_counter
from typing import Any

import pytest

from bot.schedules.calendars import BUILT_IN, TeamBook, warm
from bot.schedules.kind import Book, NoData
from storage.records import Calendar
from tests.schedules.rows import rows_of

NEW_YORK, SHANGHAI, TOKYO, LONDON, BERLIN = (
    "America/New_York",
    "Asia/Shanghai",
    "Asia/Tokyo",
    "Europe/London",
    "Europe/Berlin",
)


def own(name: str, *days: date, years: tuple[int, ...] = (2026,)) -> Calendar:
    return Calendar(
        id=1,
        team_id="T1",
        name=name,
        days=days,
        years=years,
        changed_by="U1",
        changed_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


def month_of(row: dict[str, Any]) -> Iterator[date]:
    year, month = map(int, row["month"].split("-"))
    return (date(year, month, day) for day in range(1, monthrange(year, month)[1] + 1))


@pytest.mark.parametrize("row", rows_of("calendars"), ids=lambda row: f"{row['calendar']} {row['month']}")
def test_the_days_of_a_month_are_those_that_were_published(row: dict[str, Any]) -> None:
    calendar, days = row["calendar"], list(month_of(row))
    assert [day.day for day in days if BUILT_IN.has(calendar, day)] == row["days"]
    if "holidays" in row:
        holiday = calendar.replace("workday", "holiday")
        assert [day.day for day in days if day.weekday() < 5 and BUILT_IN.has(holiday, day)] == row["holidays"]
    if "make_up" in row:
        assert [day.day for day in days if day.weekday() > 4 and BUILT_IN.has(calendar, day)] == row["make_up"]


def test_weekends_inside_a_chinese_holiday_belong_to_it_and_other_weekends_do_not() -> None:
    in_october = [day for day in range(1, 32) if BUILT_IN.has("holiday:CN", date(2026, 10, day))]
    assert in_october == [1, 2, 3, 4, 5, 6, 7]
    assert not BUILT_IN.has("holiday:CN", date(2026, 10, 10)), "a Saturday on which people work"
    assert BUILT_IN.has("workday:CN", date(2026, 10, 10))
    assert not BUILT_IN.has("trading:XSHG", date(2026, 10, 10))


def test_a_working_day_is_one_of_the_weeks_of_its_country() -> None:
    friday, sunday = date(2026, 6, 12), date(2026, 6, 14)
    assert (BUILT_IN.has("workday:IL", friday), BUILT_IN.has("workday:IL", sunday)) == (False, True)
    assert (BUILT_IN.has("workday:US", friday), BUILT_IN.has("workday:US", sunday)) == (True, False)


def test_a_part_of_a_country_has_its_own_holidays() -> None:
    epiphany = date(2026, 1, 6)
    assert (BUILT_IN.has("holiday:DE-BY", epiphany), BUILT_IN.has("holiday:DE", epiphany)) == (True, False)
    assert BUILT_IN.has("holiday:GB", date(2026, 4, 6)), "GB is England, which has Easter Monday"
    assert not BUILT_IN.has("holiday:GB-SCT", date(2026, 4, 6))


@pytest.mark.parametrize(
    ("calendar", "year"),
    [
        ("holiday:CN", 2027),  # not announced yet
        ("workday:CN", 2027),
        ("trading:XSHG", 2027),
        ("workday:CN", 2003),
        ("holiday:AE", 2027),  # only estimated
        ("workday:ID", 2027),
        ("holiday:JO", 2026),
        ("holiday:LK", 2027),  # beyond the library's own data
        ("holiday:US", 2036),  # beyond the tables of moving feasts
        ("holiday:IN", 2036),
        ("trading:XNYS", 2036),
        ("holiday:US", 1900),
        ("holiday:US", 9999),
        ("holiday:ZZ", 2026),  # no such country, part, market, calendar
        ("holiday:DE-XX", 2026),
        ("trading:XXXX", 2026),
        ("closing days", 2026),
        ("", 2026),
        ("holiday:", 2026),
    ],
)
def test_a_year_that_nobody_knows_is_never_guessed(calendar: str, year: int) -> None:
    with pytest.raises(NoData) as missing:
        BUILT_IN.has(calendar, date(year, 6, 15))
    assert (missing.value.calendar, missing.value.year) == (calendar, year)
    with pytest.raises(NoData):
        BUILT_IN.has(calendar, date(year, 6, 15))


@pytest.mark.parametrize(
    ("calendar", "day"),
    [
        ("holiday:CN", date(2026, 12, 31)),
        ("workday:CN", date(2026, 12, 31)),
        ("trading:XSHG", date(2026, 12, 31)),
        ("holiday:AE", date(2026, 12, 31)),
        ("holiday:US", date(2035, 12, 31)),
        ("trading:XTKS", date(2035, 12, 31)),
        ("holiday:ZZ", date.min),
    ],
)
def test_the_last_day_that_a_calendar_knows_is_told(calendar: str, day: date) -> None:
    assert BUILT_IN.known_until(calendar) == day


@pytest.mark.parametrize("day", [timedelta(0), timedelta(1)])
def test_the_last_known_day_is_known_and_the_next_is_not(day: timedelta) -> None:
    for calendar in ("holiday:CN", "workday:AE", "trading:XNYS", "workday:FR"):
        last = BUILT_IN.known_until(calendar)
        assert last is not None
        if day:
            with pytest.raises(NoData):
                BUILT_IN.has(calendar, last + day)
        else:
            assert BUILT_IN.has(calendar, last) in (True, False)


NAMES = [
    ("US holidays", BERLIN, "holiday:US"),
    ("the U.S. federal holidays", BERLIN, "holiday:US"),
    ("holidays in Germany", NEW_YORK, "holiday:DE"),
    ("Germany's public holidays", NEW_YORK, "holiday:DE"),
    ("GB holidays", NEW_YORK, "holiday:GB"),
    ("bank holidays in the UK", NEW_YORK, "holiday:GB"),
    ("public holidays", LONDON, "holiday:GB"),
    ("National  Holidays", "Asia/Calcutta", "holiday:IN"),
    ("holiday", "US/Pacific", "holiday:US"),
    ("chinese working days", NEW_YORK, "workday:CN"),
    ("workdays in CN", NEW_YORK, "workday:CN"),
    ("business days in Hong Kong", NEW_YORK, "workday:HK"),
    ("NYSE trading days", SHANGHAI, "trading:XNYS"),
    ("NYSE trading day", SHANGHAI, "trading:XNYS"),
    ("London Stock Exchange trading days", SHANGHAI, "trading:XLON"),
    ("Japanese trading days", NEW_YORK, "trading:XTKS"),
    ("trading days", NEW_YORK, "trading:XNYS"),
    ("trading days", SHANGHAI, "trading:XSHG"),
    ("trading days", LONDON, "trading:XLON"),
    ("trading days", TOKYO, "trading:XTKS"),
    ("A股交易日", NEW_YORK, "trading:XSHG"),
    ("交易日", SHANGHAI, "trading:XSHG"),
    ("美股交易日", SHANGHAI, "trading:XNYS"),
    ("节假日", SHANGHAI, "holiday:CN"),
    ("法定节假日", SHANGHAI, "holiday:CN"),
    ("美国节假日", SHANGHAI, "holiday:US"),
    ("中国的法定节假日", NEW_YORK, "holiday:CN"),
    ("工作日", SHANGHAI, "workday:CN"),
    ("祝日", TOKYO, "holiday:JP"),
    ("米国の祝日", TOKYO, "holiday:US"),
    ("営業日", TOKYO, "workday:JP"),
    ("東証の営業日", TOKYO, "trading:XTKS"),
    ("holiday:us", TOKYO, "holiday:US"),
    ("WORKDAY:CN", TOKYO, "workday:CN"),
    ("trading:xtks", NEW_YORK, "trading:XTKS"),
    ("holiday:de-by", NEW_YORK, "holiday:DE-BY"),
    ("US holidays calendar", NEW_YORK, "holiday:US"),
]


@pytest.mark.parametrize(("words", "zone", "calendar"), NAMES)
def test_a_calendar_is_found_by_what_people_call_it(words: str, zone: str, calendar: str) -> None:
    assert BUILT_IN.find(words, zone) == calendar


@pytest.mark.parametrize("calendar", sorted({name for _, _, name in NAMES}))
def test_every_calendar_is_found_by_its_own_name(calendar: str) -> None:
    assert BUILT_IN.find(calendar, "UTC") == calendar


@pytest.mark.parametrize(
    ("words", "zone"),
    [
        ("holidays", "UTC"),
        ("trading days", "UTC+8"),
        ("trading days", BERLIN),  # none of the markets that we know
        ("holidays in Atlantis", NEW_YORK),
        ("US holidays in Germany", NEW_YORK),
        ("weekends", NEW_YORK),
        ("US", NEW_YORK),
        ("tuesdays", NEW_YORK),
        ("holiday:XX", NEW_YORK),
        ("trading:XXXX", NEW_YORK),
        ("closing:US", NEW_YORK),
        ("", NEW_YORK),
        ("x" * 10_000 + " holidays", NEW_YORK),
        ("holidays " * 5_000, NEW_YORK),
        ("\u0000 holidays", NEW_YORK),
    ],
)
def test_what_is_no_calendar_is_not_taken_for_one(words: str, zone: str) -> None:
    started = perf_counter()
    assert BUILT_IN.find(words, zone) is None
    assert perf_counter() - started < 0.25


def test_a_team_has_its_own_calendars_beside_the_built_in_ones() -> None:
    book: Book = TeamBook([own("Closing  Days", date(2026, 12, 24), years=(2026, 2027))])
    assert book.find("closing days", "UTC") == "Closing  Days"
    assert book.find("the CLOSING days calendar", "UTC") == "Closing  Days"
    assert book.find("US holidays", "UTC") == "holiday:US"
    assert book.find("opening days", "UTC") is None
    for name in ("Closing  Days", "closing days"):
        assert book.has(name, date(2026, 12, 24))
        assert not book.has(name, date(2027, 12, 24)), "a known year without days"
        assert book.known_until(name) == date(2027, 12, 31)
        with pytest.raises(NoData, match="Closing  Days has no 2028"):
            book.has(name, date(2028, 1, 1))
    assert book.has("holiday:US", date(2026, 12, 25))
    assert book.known_until("holiday:CN") == BUILT_IN.known_until("holiday:CN")


def test_a_calendar_of_another_team_has_no_data() -> None:
    with pytest.raises(NoData):
        TeamBook([own("Closing")]).has("Opening", date(2026, 1, 1))
    assert TeamBook([own("Empty", years=())]).known_until("Empty") == date.min


def test_asking_again_costs_next_to_nothing() -> None:
    book, day = TeamBook([own("Closing", date(2026, 12, 24))]), date(2026, 7, 3)
    for calendar in ("holiday:US", "workday:CN", "trading:XTKS", "Closing"):
        book.has(calendar, day)
        best = min(_time(book, calendar, day) for _ in range(5))
        assert best < 20e-6, calendar


def _time(book: Book, calendar: str, day: date) -> float:
    started = perf_counter()
    for _ in range(100):
        book.has(calendar, day)
    return (perf_counter() - started) / 100


def test_once_warm_a_calendar_is_opened_in_a_moment() -> None:
    warm()
    for calendar in ("holiday:BR", "workday:CN", "trading:XNYS"):
        started = perf_counter()
        BUILT_IN.has(calendar, date(2024, 1, 1))
        assert perf_counter() - started < 0.2


def test_the_libraries_are_loaded_when_they_are_first_asked() -> None:
    heavy = ("holidays", "chinese_calendar", "icalendar")
    code = f"import sys, bot.schedules.calendars\nassert not [one for one in {heavy} if one in sys.modules]"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
