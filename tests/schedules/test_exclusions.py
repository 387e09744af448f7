"""Exclusions: their canonical texts, and what they strike out on the clock."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import Refusal
from bot.schedules.exclusions import Exclusion, describe_exclusion, read_exclusion, write_exclusion
from bot.schedules.shifts import stamp_of
from tests.schedules.rows import instant

ZONE = "America/New_York"
DATES = st.dates(date(2000, 1, 1), date(2100, 1, 1))
SECONDS = st.integers(0, 86_399)
WINDOWS = st.tuples(SECONDS, SECONDS).filter(lambda pair: pair[0] != pair[1])
WEEKDAYS = st.frozensets(st.integers(0, 6), min_size=1)
EXCLUSIONS = st.one_of(
    st.tuples(DATES, DATES).map(lambda pair: Exclusion(first=min(pair), last=max(pair))),
    WEEKDAYS.map(lambda days: Exclusion(weekdays=days)),
    WINDOWS.map(lambda window: Exclusion(window=window)),
    st.tuples(WEEKDAYS, WINDOWS).map(lambda pair: Exclusion(weekdays=pair[0], window=pair[1])),
    st.sampled_from(("0 0 12 ? * MON", "* * 12 * * ?", "*/5 9-17 * * 1-5")).map(lambda text: Exclusion(cron=text)),
)


def ends(text: str, at: str) -> int | None:
    """How long from this instant on is struck out, in seconds."""
    stamp = stamp_of(instant(at))
    end = read_exclusion(text).ends_at(ZONE, stamp)
    return None if end is None else end - stamp


@given(exclusion=EXCLUSIONS)
def test_the_canonical_text_reads_back(exclusion: Exclusion) -> None:
    text = write_exclusion(exclusion)
    assert read_exclusion(text) == exclusion
    assert read_exclusion(text.upper()) == exclusion if not exclusion.first else True
    assert describe_exclusion(text)


def test_a_day_lasts_as_long_as_it_does_in_the_zone() -> None:
    assert ends("2026-11-26", "2026-11-26T04:59:59Z") is None
    assert ends("2026-11-26", "2026-11-26T05:00:00Z") == 86_400
    assert ends("2026-11-26", "2026-11-27T05:00:00Z") is None
    assert ends("2026-11-01", "2026-11-01T04:00:00Z") == 90_000  # the clock goes back that night


def test_a_window_holds_its_start_and_not_its_end() -> None:
    assert ends("12:00-13:00", "2026-11-26T16:59:59Z") is None
    assert ends("12:00-13:00", "2026-11-26T17:00:00Z") == 3600
    assert ends("12:00-13:00", "2026-11-26T18:00:00Z") is None
    assert ends("mon 12:00-13:00", "2026-11-26T17:00:00Z") is None
    assert ends("thu 12:00-13:00", "2026-11-26T17:30:00Z") == 1800


def test_a_window_over_midnight_belongs_to_the_day_on_which_it_starts() -> None:
    assert ends("thu 22:00-6:00", "2026-11-27T03:00:00Z") == 8 * 3600
    assert ends("thu 22:00-6:00", "2026-11-27T10:59:59Z") == 1
    assert ends("thu 22:00-6:00", "2026-11-26T10:00:00Z") is None
    assert ends("22:00-6:00", "2026-11-26T10:00:00Z") == 3600


def test_five_fields_strike_out_minutes_and_six_seconds() -> None:
    assert ends("cron 0 12 * * *", "2026-11-26T17:00:30Z") is not None
    assert ends("cron 0 0 12 * * ?", "2026-11-26T17:00:30Z") is None
    assert ends("cron 0 0 12 * * ?", "2026-11-26T17:00:00Z") == 1


def test_a_whole_day_is_struck_out_by_dates_and_weekdays_only() -> None:
    thursday = date(2026, 11, 26)
    assert read_exclusion("thu,fri").covers_day(thursday)
    assert read_exclusion("2026-11-20 to 2026-11-26").covers_day(thursday)
    assert not read_exclusion("thu 0:00-23:59").covers_day(thursday)
    assert not read_exclusion("cron * * * * * ?").covers_day(thursday)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "xyz",
        "mon,xyz",
        "25:00-26:00",
        "9:00-9:00",
        "2026-13-01",
        "2026-12-26 to 2026-12-24",
        "cron 1 2",
        "9:61-10:00",
    ],
)
def test_what_is_no_exclusion_is_refused(text: str) -> None:
    with pytest.raises(Refusal) as refused:
        read_exclusion(text)
    assert refused.value.hint
