"""Unix cron with five fields, as Debian's cron runs it."""

from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim, CronSimError
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bot import schedules
from bot.errors import Refusal
from bot.schedules.cron.parse import read_expression
from tests.schedules.rows import instant, rows_of
from tests.schedules.test_quartz import fire_times

NOW = instant("2026-03-11T14:30:00Z")
ZONES = ("UTC", "Asia/Shanghai", "America/New_York", "Europe/London", "America/Santiago")


@pytest.mark.parametrize("name", ["unix_next", "unix_disagree"])
def test_every_expression_fires_when_cron_does(name: str) -> None:
    assert [row["expr"] for row in rows_of(name) if fire_times(row, row["n"]) != row["next"]] == []


@pytest.mark.parametrize("row", rows_of("unix_invalid"), ids=lambda row: row["expr"])
def test_what_cron_refuses_is_refused(row: dict[str, Any]) -> None:
    with pytest.raises(Refusal):
        read_expression(row["expr"])


@pytest.mark.parametrize("row", rows_of("unix_lenient"), ids=lambda row: row["expr"])
def test_where_programs_differ_nothing_is_guessed(row: dict[str, Any]) -> None:
    if row["verdict"] == "accept":
        assert schedules.read(row["expr"], "UTC", NOW).kind == "cron"
        return
    with pytest.raises(Refusal):
        schedules.read(row["expr"], "UTC", NOW)


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("0 22-2 * * *", "0 22-23,0-2 * * *"),
        ("0 8 * * ?", "0 8 * * *"),
        ("0 8 15W * *", "0 0 8 15W * ?"),
        ("0 8 * * 1#1", "0 0 8 ? * MON#1"),
        ("0 8 * * 5L", "0 0 8 ? * FRIL"),
        ("*/90 * * * *", "every 90 minutes"),
        ("60 * * * *", "0 * * * *"),
        ("0 0 * * MONDAY", "0 0 * * MON"),
    ],
)
def test_the_corrected_expression_is_offered(typed: str, offered: str) -> None:
    with pytest.raises(Refusal) as refused:
        schedules.read(typed, "UTC", NOW)
    assert offered in refused.value.choices
    assert schedules.read(offered, "UTC", NOW).text == offered


@pytest.mark.parametrize(("nickname", "meaning"), [("@daily", "0 0 * * *"), ("@Weekly", "0 0 * * 0")])
def test_a_nickname_is_spelled_out(nickname: str, meaning: str) -> None:
    assert schedules.read(nickname, "UTC", NOW).text == meaning


@st.composite
def fields(draw: st.DrawFn, low: int, high: int) -> str:
    """`*`, `*/n`, a value, a range, a list."""
    value = st.integers(low, high)
    shape = draw(st.sampled_from(["*", "*", "*/", "v", "v", "-", ","]))
    if shape == "*/":
        return f"*/{draw(st.integers(1, max(2, high // 2)))}"
    if shape == "-":
        first, last = sorted((draw(value), draw(value)))
        return f"{first}-{last}"
    return {"*": "*", "v": str(draw(value)), ",": ",".join(map(str, draw(st.lists(value, min_size=1, max_size=4))))}[
        shape
    ]


EXPRESSIONS = st.tuples(fields(0, 59), fields(0, 23), fields(1, 28), fields(1, 12), fields(0, 7)).map(" ".join)
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2032, 1, 1)).map(lambda naive: naive.replace(tzinfo=UTC))  # noqa: DTZ001


@settings(max_examples=300, deadline=None)
@given(expression=EXPRESSIONS, zone=st.sampled_from(ZONES), start=MOMENTS)
def test_any_expression_agrees_with_cronsim(expression: str, zone: str, start: datetime) -> None:
    try:
        oracle = list(islice(CronSim(expression, start.astimezone(ZoneInfo(zone))), 3))
    except CronSimError:
        assume(False)
    right = list(dict.fromkeys(moment.astimezone(UTC) for moment in oracle))
    schedule = schedules.read(expression, zone, start)
    found = schedules.preview(schedule, start, len(right))
    assert list(found) == right
    assert schedules.next_after(schedule, found[0] - timedelta(seconds=1)) == found[0]
