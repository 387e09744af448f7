"""Time zones as people type them."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from bot import schedules
from bot.errors import Refusal
from bot.schedules.zones import data_version

NOW = datetime(2026, 3, 11, 14, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Asia/Shanghai", "Asia/Shanghai"),
        ("asia/shanghai", "Asia/Shanghai"),
        (" America/new_york ", "America/New_York"),
        ("new york", "America/New_York"),
        ("Tokyo", "Asia/Tokyo"),
        ("London time", "Europe/London"),
        ("beijing", "Asia/Shanghai"),
        ("ET", "America/New_York"),
        ("utc", "UTC"),
        ("Z", "UTC"),
        ("GMT", "UTC"),
        ("UTC+8", "UTC+8"),
        ("GMT+8", "UTC+8"),
        ("utc+08:00", "UTC+8"),
        ("+0530", "UTC+5:30"),
        ("UTC-3", "UTC-3"),
        ("UTC+0", "UTC"),
        ("Etc/GMT+8", "Etc/GMT+8"),
    ],
)
def test_a_zone_is_read_to_its_canonical_name(typed: str, name: str) -> None:
    assert schedules.read_zone(typed) == name
    assert schedules.read_zone(name) == name
    assert schedules.zone_of(name).utcoffset(NOW.replace(tzinfo=None)) is not None


@pytest.mark.parametrize(
    ("typed", "near"), [("Asia/Shanghi", "Asia/Shanghai"), ("Tokio", "Asia/Tokyo"), ("Europe/Londn", "Europe/London")]
)
def test_an_unknown_zone_is_refused_with_the_nearest_names(typed: str, near: str) -> None:
    with pytest.raises(Refusal) as refused:
        schedules.read_zone(typed)
    assert refused.value.code == "unknown_zone"
    assert near in refused.value.choices


@pytest.mark.parametrize(
    "typed", ["", "UTC+15", "UTC+99:00", "../etc/passwd", "/etc/passwd", "Factory", "Mars/Olympus", "x" * 9999]
)
def test_what_is_no_zone_is_refused(typed: str) -> None:
    with pytest.raises(Refusal) as refused:
        schedules.read_zone(typed)
    assert refused.value.code == "unknown_zone"


@pytest.mark.parametrize(
    ("typed", "one_of_them"), [("CST", "Asia/Shanghai"), ("IST", "Asia/Kolkata"), ("EST", "UTC-5")]
)
def test_an_abbreviation_of_several_zones_is_refused_with_all(typed: str, one_of_them: str) -> None:
    with pytest.raises(Refusal) as refused:
        schedules.read_zone(typed)
    assert refused.value.code == "ambiguous"
    assert one_of_them in refused.value.choices


@pytest.mark.parametrize(
    ("typed", "zone"),
    [
        ("every day at 9 Asia/Tokyo", "Asia/Tokyo"),
        ("every day at 9 in asia/tokyo", "Asia/Tokyo"),
        ("every day at 9 in new york", "America/New_York"),
        ("every day at 9 Beijing time", "Asia/Shanghai"),
        ("every day at 9am PT", "America/Los_Angeles"),
        ("Asia/Kolkata: every day at 9", "Asia/Kolkata"),
        ("every day at 9 UTC+8", "UTC+8"),
        ("0 9 * * * Asia/Tokyo", "Asia/Tokyo"),
        ("0 0 9 ? * MON/2", "Europe/Paris"),
        ("every day in december at 9", "Europe/Paris"),
    ],
)
def test_a_zone_in_the_text_wins_and_leaves_the_text(typed: str, zone: str) -> None:
    schedule = schedules.read(typed, "Europe/Paris", NOW)
    assert schedule.zone == zone
    assert schedules.read(schedule.text, zone, NOW) == schedule


def test_the_texts_offered_for_an_ambiguous_zone_are_whole_and_readable() -> None:
    for typed in ("every day at 9am CST", "every day at 9am EST"):
        with pytest.raises(Refusal) as refused:
            schedules.read(typed, "UTC", NOW)
        assert refused.value.code == "ambiguous"
        assert len({schedules.read(choice, "UTC", NOW).zone for choice in refused.value.choices}) > 1


def test_half_a_years_abbreviation_is_good_for_one_instant() -> None:
    assert schedules.read("9am PST tomorrow", "America/New_York", NOW).spec == "2026-03-12T17:00:00Z"


def test_a_fixed_offset_says_that_it_knows_no_summer() -> None:
    assert schedules.label_zone("UTC+8") == "UTC+8 (fixed offset, no daylight saving)"
    assert schedules.label_zone("Asia/Tokyo") == "Asia/Tokyo"
    assert schedules.zone_of("UTC-5:30").utcoffset(None) == -timedelta(hours=5, minutes=30)


def test_a_schedule_in_an_unknown_zone_is_refused_whatever_its_kind() -> None:
    for text in ("every 5 minutes", "every day at 9", "on api", "in 5 minutes"):
        with pytest.raises(Refusal) as refused:
            schedules.read(text, "Mars/Olympus", NOW)
        assert refused.value.code == "unknown_zone"


def test_the_release_of_the_zone_data_is_known() -> None:
    assert re.fullmatch(r"20\d\d[a-z]", data_version())
    assert data_version() >= "2026f"  # the rows of the tests need it


@pytest.mark.parametrize("typed", ["Nowhere/Land", "UTC+15", "UTC-12:30"])
def test_a_zone_that_is_near_nothing_is_refused_without_a_guess(typed: str) -> None:
    with pytest.raises(Refusal) as refused:
        schedules.read_zone(typed)
    assert (refused.value.code, refused.value.choices) == ("unknown_zone", ())
