"""Quartz expressions: when they fire, what is refused, and what is offered instead."""

from typing import Any

import pytest

from bot import schedules
from bot.errors import Refusal
from bot.schedules.cron.parse import parse, read_expression, write_canonical
from bot.schedules.cron.search import find_next
from bot.schedules.shifts import moment_of, stamp_of
from tests.schedules.rows import instant, rows_of

NOW = instant("2026-03-11T14:30:00Z")
# Five fields and nicknames are Unix cron: no Quartz, and yet schedules.
INVALID = [row for row in rows_of("quartz_invalid") if row["category"] not in ("five-field Unix cron", "nickname")]


def fire_times(row: dict[str, Any], count: int) -> list[str]:
    """The next fire times of a row, as it writes them."""
    cron, stamp, found = parse(write_canonical(row["expr"])), stamp_of(instant(row["start"])), []
    while len(found) < count and (fire := find_next(cron, row["tz"], stamp)) is not None:
        found.append(moment_of(fire).strftime("%Y-%m-%dT%H:%M:%SZ"))
        stamp = fire
    return found


def test_every_expression_fires_when_quartz_does() -> None:
    wrong = [row["expr"] for row in rows_of("quartz_next") if fire_times(row, row["n"]) != row["next"]]
    assert wrong == []


@pytest.mark.parametrize("row", INVALID, ids=lambda row: row["expr"])
def test_what_quartz_refuses_is_refused(row: dict[str, Any]) -> None:
    with pytest.raises(Refusal) as refused:
        read_expression(row["expr"])
    assert refused.value.message
    assert refused.value.code == "unreadable"


@pytest.mark.parametrize("row", rows_of("quartz_quirks"), ids=lambda row: row["expr"])
def test_where_quartz_versions_differ_the_advice_is_followed(row: dict[str, Any]) -> None:
    if row["advice"] == "refuse":
        with pytest.raises(Refusal):
            read_expression(row["expr"])
        return
    right = row["xxl_3_4"] if row["advice"] == "follow xxl_3_4" else row["quartz_2_3_2"]
    assert fire_times(row, len(right["next"])) == right["next"]


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("0 0 8 * * *", ("0 0 8 * * ?",)),
        ("0 0 8 * * MON-FRI", ("0 0 8 ? * MON-FRI",)),
        ("0 0 8 1 * MON", ("0 0 8 1 * ?", "0 0 8 ? * MON")),
        ("0 0 8 ? * ?", ("0 0 8 * * ?",)),
        ("0 0 24 * * ?", ("0 0 0 * * ?",)),
        ("0 0 8-24 * * ?", ("0 0 8-23 * * ?",)),
        ("0 0 8 ? * 0-6", ("0 0 8 ? * SUN-SAT",)),
        ("0 0 8 ? * MONDAY", ("0 0 8 ? * MON",)),
        ("0 0 8 ? * MON,,FRI", ("0 0 8 ? * MON,FRI",)),
        ("0 0/60 8 * * ?", ("0 0 8 * * ?",)),
        ("0 0 8 * * ？", ("0 0 8 * * ?",)),
        ('"0 0 8 * * ?"', ("0 0 8 * * ?",)),
        ("0，30 0 8 * * ?", ("0,30 0 8 * * ?",)),
    ],
)
def test_the_corrected_expression_is_offered(typed: str, offered: tuple[str, ...]) -> None:
    with pytest.raises(Refusal) as refused:
        schedules.read(typed, "UTC", NOW)
    assert refused.value.choices == offered
    assert all(schedules.read(choice, "UTC", NOW).spec == choice for choice in offered)


def test_a_refusal_names_the_field_and_its_rule() -> None:
    with pytest.raises(Refusal, match=r"the hour `25` cannot be read: it must be 0-23") as refused:
        schedules.read("0 0 25 * * ?", "UTC", NOW)
    assert refused.value.code == "unreadable"


def test_an_expression_is_kept_with_single_spaces_and_capitals() -> None:
    assert schedules.read("  0 0  8 ? *   mon-fri ", "UTC", NOW).text == "0 0 8 ? * MON-FRI"


@pytest.mark.parametrize("typed", ["0 0 0 30 2 ?", "0 0 0 31 4,6,9,11 ?", "0 0 0 29 2 ? 2027", "0 0 0 31W 2 ?"])
def test_an_expression_that_never_fires_is_refused(typed: str) -> None:
    with pytest.raises(Refusal) as refused:
        schedules.read(typed, "UTC", NOW)
    assert refused.value.code == "never"


def test_an_expression_whose_last_time_is_past_is_refused_as_past() -> None:
    with pytest.raises(Refusal) as refused:
        schedules.read("0 0 0 1 1 ? 2020", "UTC", NOW)
    assert refused.value.code == "past"


@pytest.mark.parametrize("row", INVALID, ids=lambda row: row["expr"])
def test_no_broken_expression_is_taken_for_another_schedule(row: dict[str, Any]) -> None:
    if row["category"] == "words" or row["expr"] == "8:00":
        assert row["expr"] in ("every day at 8", "8:00", "每天 早上 8 点 * ?")
        return
    with pytest.raises(Refusal):
        schedules.read(row["expr"], "UTC", NOW)
