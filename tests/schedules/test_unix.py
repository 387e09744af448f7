"""Unix cron with five fields, as Debian's cron runs it."""

import re
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
from tests.schedules.test_quartz import ask, ask_row, fire_times

NOW = instant("2026-03-11T14:30:00Z")
ZONES = ("UTC", "Asia/Shanghai", "America/New_York", "Europe/London", "America/Santiago")


# How many of the choices must mend a lenient row, by its verdict; None: it is a schedule.
OFFERS = {"accept": None, "warn": None, "refuse": 0, "extension": 1, "other dialect": 1}


@pytest.mark.parametrize("name", ["unix_next", "unix_disagree"])
def test_every_expression_fires_when_cron_does(name: str) -> None:
    assert [row["expr"] for row in rows_of(name) if fire_times(row, row["n"]) != row["next"]] == []
    assert [row["expr"] for row in rows_of(name) if ask_row(row).get("next") != row["next"]] == []


@pytest.mark.parametrize("row", rows_of("unix_invalid"), ids=lambda row: row["expr"])
def test_what_cron_refuses_is_refused_with_the_field_or_the_count(row: dict[str, Any]) -> None:
    with pytest.raises(Refusal) as refused:
        read_expression(row["expr"])
    assert refused.value.code == "unreadable"
    told = (
        r"the (minute|hour|day of the month|month|weekday) `.*` cannot be read|has \d+ fields?|has five fields|nick"
    )
    assert re.search(rf"{told}|@reboot|Quotes", refused.value.message)
    assert all(ask(choice)["kind"] for choice in refused.value.choices)


@pytest.mark.parametrize("row", rows_of("unix_lenient"), ids=lambda row: row["expr"])
def test_where_programs_differ_nothing_is_guessed(row: dict[str, Any]) -> None:
    answer, least = ask(row["expr"]), OFFERS[row["verdict"]]
    if least is None:
        assert answer["kind"] == "cron"
        assert ("warnings" in answer) == (row["verdict"] == "warn")
        return
    assert answer["error"]["code"] in ("unreadable", "never")
    choices = answer["error"].get("choices", [])
    assert len(choices) >= least
    assert all(ask(choice)["next"] for choice in choices)


def test_a_step_that_is_larger_than_its_field_is_read_as_cron_does_with_a_warning() -> None:
    answer = ask("*/90 8 * * *")
    assert answer["says"] == "every day at 08:00"
    assert answer["warnings"] == [
        "The step of `*/90` is larger than the field, so that only its first minute is left: "
        "“every 90 minutes” is an interval."
    ]
    assert "warnings" not in ask("*/50 8 * * *")


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("0 22-2 * * *", "0 22-23,0-2 * * *"),
        ("0 0 * * FRI-MON", "0 0 * * FRI-SAT,SUN-MON"),
        ("0 0 * * 5-1", "0 0 * * 5-6,0-1"),
        ("0 8 * * ?", "0 8 * * *"),
        ("0 8 15W * *", "0 0 8 15W * ?"),
        ("0 8 * * 1#1", "0 0 8 ? * MON#1"),
        ("0 8 * * 5L", "0 0 8 ? * FRIL"),
        ("0 8:30 * * ?", "0 30 8 * * ?"),
        ("*/5/ * * * *", None),
        ("60 * * * *", "0 * * * *"),
        ("/5 * * * *", "*/5 * * * *"),
        ("0 8am * * *", "0 8 * * *"),
        ("0 0 * * MONDAY", "0 0 * * MON"),
        ("0 8 * * MONDAY-FRIDAY", "0 8 * * MON-FRI"),
        ("0 8 MON * *", "0 8 * * MON"),
        ("0 8 0-3 * *", "0 8 1-3 * *"),
        ("0 0 0 * *", "0 0 0 * * ?"),
        ("0 9 * *", "0 9 * * *"),
        ("8:30 * * 1-5", "30 8 * * 1-5"),
        ("0 8 * * 1 root", "0 8 * * 1"),
        ("0 8 * * * 2027", "0 0 8 * * ? 2027"),
    ],
)
def test_the_corrected_expression_is_offered(typed: str, offered: str | None) -> None:
    with pytest.raises(Refusal) as refused:
        schedules.read(typed, "UTC", NOW)
    assert offered in (refused.value.choices or (None,))
    assert offered is None or schedules.read(offered, "UTC", NOW).text == offered


def test_three_numbers_may_begin_either_dialect() -> None:
    assert ask("0 0 8 *")["error"]["choices"] == ["0 0 8 * * ?", "0 0 8 * *"]


def test_a_refusal_without_a_better_text_shows_the_fields() -> None:
    assert "minute, hour, day, month and weekday" in ask("0 25 * * *")["error"]["hint"]
    assert "second, minute, hour" in ask("0 0 25 * * ?")["error"]["hint"]


def test_the_start_of_a_machine_is_no_time() -> None:
    error = ask("@reboot")["error"]
    assert error["code"] == "unreadable"
    assert "on api" in error["choices"]
    assert all(ask(choice)["kind"] for choice in error["choices"])


@pytest.mark.parametrize(
    ("nickname", "meaning"),
    [
        ("@daily", "0 0 * * *"),
        ("@midnight", "0 0 * * *"),
        ("@Weekly", "0 0 * * 0"),
        ("@hourly", "0 * * * *"),
        ("@monthly", "0 0 1 * *"),
        ("@yearly", "0 0 1 1 *"),
        ("@annually", "0 0 1 1 *"),
    ],
)
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
