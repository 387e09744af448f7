"""Own calendars handed in as JSON, CSV or .ics: what is read, what is refused and why, and what an import changes."""

import json
from datetime import date
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import Refusal
from bot.schedules.calendars import Days, diff, merge, read_calendar
from tests.makers import patient


def days(*texts: str) -> tuple[date, ...]:
    return tuple(date.fromisoformat(text) for text in texts)


def ics(*events: str) -> str:
    told = "".join(f"BEGIN:VEVENT\nUID:{at}\n{event}\nEND:VEVENT\n" for at, event in enumerate(events))
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:test\n{told}END:VCALENDAR\n"


def event(day: str, more: str = "", name: str = "New Year") -> str:
    return f"SUMMARY:{name}\nDTSTART;VALUE=DATE:{day}\n{more}".strip()


@pytest.mark.parametrize(
    ("text", "year", "expected", "years"),
    [
        (
            '[{"month": 1, "days": [2, 1, 1]}, {"month": 12, "days": [31]}]',
            2026,
            "2026-01-01 2026-01-02 2026-12-31",
            (2026,),
        ),
        ('[{"year": 2025, "month": 1, "days": [1]}]', None, "2025-01-01", (2025,)),
        ('{"2026": [{"month": 2, "days": [28]}], "2027": []}', None, "2026-02-28", (2026, 2027)),
        ('{"2026": ["2026-01-01"], "2028": ["20280229"]}', None, "2026-01-01 2028-02-29", (2026, 2028)),
        ("[“2026-01-01”, „2026-01-02”]", None, "2026-01-01 2026-01-02", (2026,)),
        ('["2026-01-01", "2026/1/5"]', None, "2026-01-01 2026-01-05", (2026,)),
        ("[]", 2026, "", (2026,)),
        (
            "\ufeff2026-01-01\r\n2026/1/5\r\n\r\n# closed\r\n20260107",
            None,
            "2026-01-01 2026-01-05 2026-01-07",
            (2026,),
        ),
        ('date,name\n2026-01-01,"New\nYear"\n2026.5.1,May', None, "2026-01-01 2026-05-01", (2026,)),
        ("name;day\nNew Year;2026-01-01\nMay;2026年5月1日", None, "2026-01-01 2026-05-01", (2026,)),
        ("2026-01-01 00:00:00\n2027-01-01T00:00:00Z", None, "2026-01-01 2027-01-01", (2026, 2027)),
        ("no\tday\n1\t2026-01-01", 2026, "2026-01-01", (2026,)),
    ],
)
def test_days_are_read(text: str, year: int | None, expected: str, years: tuple[int, ...]) -> None:
    assert read_calendar(text, year=year) == Days(days(*expected.split()), years)


@pytest.mark.parametrize(
    ("events", "expected", "years"),
    [
        ([event("20260101")], "2026-01-01", (2026,)),
        ([event("20261224", "DTEND;VALUE=DATE:20261227")], "2026-12-24 2026-12-25 2026-12-26", (2026,)),
        ([event("20261231", "DURATION:P2D")], "2026-12-31 2027-01-01", (2026, 2027)),
        (["DTSTART:20260101T000000\nDTEND:20260102T000000"], "2026-01-01", (2026,)),
        ([event("20240229", "RRULE:FREQ=YEARLY;COUNT=2")], "2024-02-29 2028-02-29", (2024, 2028)),
        ([event("20250501", "RRULE:FREQ=YEARLY;UNTIL=20260501")], "2025-05-01 2026-05-01", (2025, 2026)),
        ([event("20250501", "RRULE:FREQ=YEARLY;INTERVAL=2;COUNT=2")], "2025-05-01 2027-05-01", (2025, 2027)),
        # what comes back for ever is spelled out where single events tell which years are meant
        (
            [event("20200501", "RRULE:FREQ=YEARLY;BYMONTH=5;BYMONTHDAY=1"), event("20260403")],
            "2026-04-03 2026-05-01",
            (2026,),
        ),
        ([event("20260101"), event("20260102", "STATUS:CANCELLED")], "2026-01-01", (2026,)),
    ],
)
def test_whole_day_events_are_read(events: list[str], expected: str, years: tuple[int, ...]) -> None:
    assert read_calendar(ics(*events)) == Days(days(*expected.split()), years)


def test_a_file_of_nothing_but_yearly_events_is_known_as_far_as_calendars_go() -> None:
    found = read_calendar(ics(event("20200501", "RRULE:FREQ=YEARLY")))
    assert (found.years[0], found.years[-1], len(found.days)) == (2020, 2126, 107)


def test_only_the_year_that_is_asked_for_is_taken_from_a_calendar_file() -> None:
    found = read_calendar(ics(event("20260101"), event("20270101")), "ics", 2027)
    assert found == Days(days("2027-01-01"), (2027,))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "No days were given"),
        (" \n ", "No days were given"),
        ("date\n", "not a single day"),
        ("{}", "not a single day"),
        ("[]", "not a single day"),
        ("2026-01-01\nsoon", "Line 2, “soon”, is no day"),
        ("name,day\nA,2026-01-01\nB,01/05/2026", "Line 3, “01/05/2026”, is no day"),
        ("05/01/2026", "Line 1, “05/01/2026”, is no day"),
        ("2026-02-30", "Line 1, “2026-02-30”, is no day"),
        ("2026-10-01,2026-10-07", "Line 1 has two days"),
        ("1969-12-31", "year 1969; calendars hold 1970 to 2126"),
        ("2026-01-01\n2127-01-01", "year 2127"),
        ("2026-01-01\0", "no text"),
        ('[{"month": 1, "days": [1]}]', "do not say of which year"),
        ('{"2026": [{"month": 13, "days": [1]}]}', "Entry 1 of 2026: 2026 has no month 13 with a day 1"),
        ('{"2026": [{"month": 1, "days": [1, 32]}]}', "no month 1 with a day 32"),
        ('{"2026": [{"month": 1, "days": [true]}]}', "day True"),
        ('{"2026": [{"month": 1, "days": [1e400]}]}', "day inf"),
        ('{"2026": [{"month": "1", "days": [1]}]}', "Entry 1 of 2026 is not what"),
        ('{"2026": {"1": [1]}}', "2026 is not what"),
        ('{"2026": ["2026-01-01", "2027-01-01"]}', "Entry 2 of 2026, “2027-01-01”, is not in 2026"),
        ('{"2026": ["today"]}', "“today”, is no day"),
        ('{"year": 2026}', "“year” is no year"),
        ('{"1900": []}', "year 1900"),
        ("[1]", "Entry 1 of the list is not what"),
        ('[\n"2026-01-01",\noops]', "line 3, “oops]”"),
        ("[" * 100_000, "nested too deeply"),
        ("[" + "9" * 10_000 + "]", "number that is too long"),
        (ics("SUMMARY:Nothing"), "“Nothing” cannot be read"),
        (ics(event("garbage")), "“New Year” of garbage cannot be read"),
        (
            ics("SUMMARY:Call\nDTSTART:20260105T100000Z\nDTEND:20260105T110000Z"),
            "“Call” of 20260105T100000Z does not last",
        ),
        (ics(event("20260105", "DTEND;VALUE=DATE:20260101")), "ends before it begins"),
        (
            ics(event("20260119", "RRULE:FREQ=YEARLY;BYDAY=3MO;BYMONTH=1", "King")),
            "“King” of 20260119 comes back by a rule",
        ),
        (ics(event("20260105", "RRULE:FREQ=DAILY")), "FREQ=DAILY"),
        (ics(event("20260105", "RRULE:FREQ=YEARLY\nEXDATE;VALUE=DATE:20270105")), "exceptions"),
        (ics(event("20260105", "RRULE:nonsense")), "“New Year” of 20260105"),
        (ics(event("19000101")), "year 1900"),
        (ics(event("19700101", "DTEND;VALUE=DATE:21200101")), "more than 20,000 days"),
        (ics(*[event("19700101", f"DTEND;VALUE=DATE:{year}0101") for year in (2010, 2050)]), "more than 20,000 days"),
        (ics(event("20260101", "STATUS:CANCELLED")), "not a single day"),
        ("BEGIN:VCALENDAR\nnonsense", "no calendar file"),
        ("BEGIN:VCALENDAR\nBEGIN:VEVENT", "not a single day"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(text: str, says: str) -> None:
    with pytest.raises(Refusal) as refused:
        read_calendar(text)
    assert says in refused.value.message
    assert refused.value.field == "days"
    assert len(str(refused.value)) < 500


def test_a_day_of_another_year_than_was_named_is_refused() -> None:
    for text in ("2026-01-01\n2027-01-01", '["2026-01-01", "2027-01-01"]'):
        with pytest.raises(Refusal, match="not in 2026"):
            read_calendar(text, year=2026)
    with pytest.raises(Refusal, match="calendars hold"):
        read_calendar("2026-01-01", year=3000)
    with pytest.raises(Refusal, match="is of 2025"):
        read_calendar('[{"year": 2025, "month": 1, "days": [1]}]', year=2026)


def test_a_format_that_is_not_known_is_refused() -> None:
    with pytest.raises(Refusal, match="format “xlsx”"):
        read_calendar("2026-01-01", "xlsx")


def test_more_than_a_megabyte_is_refused_before_it_is_read() -> None:
    started = perf_counter()
    for text in ("2026-01-01\n" * 100_000, "é" * 600_000):
        with pytest.raises(Refusal, match="more than 1 MB"):
            read_calendar(text)
    assert perf_counter() - started < 0.5


def test_more_days_than_half_a_century_has_are_refused() -> None:
    many = [date.fromordinal(date(1970, 1, 1).toordinal() + step).isoformat() for step in range(20_001)]
    assert len(read_calendar("\n".join(many[:-1])).days) == 20_000
    for text in ("\n".join(many), json.dumps(many)):
        with pytest.raises(Refusal, match="more than 20,000 days"):
            read_calendar(text)


@patient
@given(st.one_of(st.text(max_size=200), st.text(alphabet='[]{}",:0123456789-T\n', max_size=80)))
def test_any_text_is_read_or_refused(text: str) -> None:
    for kind in ("auto", "json", "csv", "ics"):
        try:
            found = read_calendar(text, kind)
        except Refusal:
            continue
        assert found.years


@patient
@given(st.text(alphabet="0123456789TZ=;:YEARLYDTUNILCOP-,\n", max_size=60))
def test_any_event_is_read_or_refused(more: str) -> None:
    try:
        found = read_calendar(ics(event("20260101", f"RRULE:FREQ=YEARLY;{more}")))
    except Refusal:
        return
    assert date(2026, 1, 1) in found.days or not found.days


def test_an_import_changes_the_years_that_it_covers_and_leaves_the_others() -> None:
    old = Days(days("2026-01-01", "2026-05-01", "2027-01-01"), (2026, 2027))
    new = Days(days("2026-01-01", "2026-05-02", "2028-01-01"), (2026, 2028))
    changes = diff(old, new)
    assert set(changes) == {2026, 2028}
    assert (changes[2026].added, changes[2026].removed) == (days("2026-05-02"), days("2026-05-01"))
    assert (changes[2026].is_new, changes[2026].days) == (False, 2)
    assert (changes[2028].added, changes[2028].removed, changes[2028].is_new) == (days("2028-01-01"), (), True)
    assert merge(old, new) == Days(days("2026-01-01", "2026-05-02", "2027-01-01", "2028-01-01"), (2026, 2027, 2028))


def test_a_first_import_adds_everything() -> None:
    new = Days(days("2026-01-01"), (2026, 2027))
    assert diff(None, new)[2026].added == new.days
    assert diff(None, new)[2027].is_new
    assert merge(None, new) == new


def test_what_two_imports_make_together_stays_within_the_limits() -> None:
    half = tuple(date.fromordinal(date(1970, 1, 1).toordinal() + step) for step in range(15_000))
    later = tuple(date.fromordinal(date(2030, 1, 1).toordinal() + step) for step in range(15_000))
    with pytest.raises(Refusal, match="more than 20,000 days"):
        merge(Days(half, tuple({day.year for day in half})), Days(later, tuple({day.year for day in later})))
