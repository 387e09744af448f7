"""Quartz expressions: when they fire, what is refused, and what is offered instead."""

import json
import re
from typing import Any

import pytest

from bot import schedules
from bot.errors import Refusal
from bot.schedules.cron.parse import parse, write_canonical
from bot.schedules.cron.search import find_next
from bot.schedules.shifts import moment_of, stamp_of
from bot.schedules.wire import answer_line
from tests.schedules.rows import instant, rows_of

NOW = instant("2026-03-11T14:30:00Z")
UNIX = ("five-field Unix cron", "nickname")  # no Quartz, and yet schedules
WORDS = ("every day at 8", "8:00", "每天 早上 8 点 * ?")  # no cron at all: words have their own tests
INVALID = [row for row in rows_of("quartz_invalid") if row["category"] not in UNIX and row["expr"] not in WORDS]
RANGES = {
    "second": "0-59",
    "minute": "0-59",
    "hour": "0-23",
    "day": "1-31",
    "month": "1-12 or JAN-DEC",
    "weekday": "1-7",
}
# What a refusal must tell, by what is wrong.
TOLD = {
    **{f"{name} out of range": f"the {name}.*must be {limits}" for name, limits in RANGES.items()},
    "too few fields": "has .* fields?: Unix cron has 5 .*second minute hour day month weekday.*year",
    "both day fields": r"one of day of the month and weekday must be `\?`",
    "two question marks": r"only one of day of the month and weekday may be `\?`",
    "? in another field": r"\? may only stand for the day of the month or the weekday",
    "bad name": "names have three letters|is no number; it must be|is the name of a (weekday|month)",
    "bad nth": "one weekday and which one of the month it is, 1-5|only one #",
    "several nth": "only one # in an expression",
    "# in another field": "# is only for the weekday",
    "bare W": "W needs a day of the month: 15W or LW",
    "W out of range": "must be 1-31",
    "W in another field": "W belongs to the day of the month",
    "L in another field": "L is only for the day of the month or the weekday",
    "L offset out of range": "at most 30 days",
    "L with other days": "behind one weekday only.*no list",
    "bad L/W": "write L, L-3",
    "bad step": "step after / must be a positive whole number",
    "step out of range": "the step [0-9]+ is larger than the field",
    "bad range": "a range needs two values",
    "backward years": "year.*must not run backwards",
    "full-width characters": "full-width",
    "quotes": "Quotes",
    "junk": "means nothing here|must be|write L|L stands behind|a range needs two|a comma too many|three letters",
    "empty": "No schedule",
}


def ask(expression: str, **more: object) -> dict[str, Any]:
    """The answer to a line of `next --jsonl`."""
    answer = json.loads(answer_line(json.dumps({"when": expression, **more}), NOW))
    assert isinstance(answer, dict)
    return answer


def ask_row(row: dict[str, Any]) -> dict[str, Any]:
    return ask(row["expr"], zone=row["tz"], **{"from": row["start"]}, count=row["n"])


def fire_times(row: dict[str, Any], count: int) -> list[str]:
    """The next fire times of a row, as it writes them."""
    cron, stamp = parse(write_canonical(row["expr"])), stamp_of(instant(row["start"]))
    found: list[str] = []
    while len(found) < count and (fire := find_next(cron, row["tz"], stamp)) is not None:
        found.append(moment_of(fire).strftime("%Y-%m-%dT%H:%M:%SZ"))
        stamp = fire
    return found


def test_every_expression_fires_when_quartz_does() -> None:
    wrong = [row["expr"] for row in rows_of("quartz_next") if fire_times(row, row["n"]) != row["next"]]
    assert wrong == []


def test_the_command_line_answers_with_the_same_times_and_says_what_never_comes() -> None:
    for row in rows_of("quartz_next"):
        answer = ask_row(row)
        if row["next"]:
            assert answer.get("next") == row["next"], (row["expr"], answer)
        else:
            assert answer["next"] == [], row["expr"]
            assert "never fires" in answer["warnings"][0]


@pytest.mark.parametrize("row", INVALID, ids=lambda row: row["expr"])
def test_what_quartz_refuses_is_refused_with_the_field_and_the_rule(row: dict[str, Any]) -> None:
    error = ask(row["expr"])["error"]
    assert error["code"] == "unreadable"
    assert re.search(TOLD[row["category"]], error["message"]), error


@pytest.mark.parametrize("row", rows_of("quartz_invalid"), ids=lambda row: row["expr"])
def test_every_corrected_text_can_be_typed(row: dict[str, Any]) -> None:
    error = ask(row["expr"]).get("error", {})
    for choice in error.get("choices", ()):
        assert ask(choice).get("kind") or row["expr"] in WORDS, choice


@pytest.mark.parametrize("row", rows_of("quartz_quirks"), ids=lambda row: f"{row['expr']} {row['kind']}")
def test_where_quartz_versions_differ_the_advice_is_followed(row: dict[str, Any]) -> None:
    answer = ask(row["expr"], zone=row["tz"], **{"from": row["start"]})
    advice = re.match(r"refuse$|accept$|follow (\w+)", row["advice"])
    assert advice is not None, f"unknown advice {row['advice']}"
    if row["advice"] == "refuse":
        assert answer["error"]["code"] == "unreadable"
        assert answer["error"]["message"]
        return
    right = row[advice[1] or "quartz_2_3_2"]["next"]
    assert ask(row["expr"], zone=row["tz"], **{"from": row["start"]}, count=len(right))["next"] == right


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("0 0 8 * * *", ("0 0 8 * * ?",)),
        ("0 0 8 * * MON-FRI", ("0 0 8 ? * MON-FRI",)),
        ("0 0 8 * * 1-5", ("0 0 8 ? * SUN-THU", "0 0 8 ? * MON-FRI")),
        ("0 0 8 1 * MON", ("0 0 8 1 * ?", "0 0 8 ? * MON")),
        ("0 0 8 ? * ?", ("0 0 8 * * ?",)),
        ("0 0 24 * * ?", ("0 0 0 * * ?",)),
        ("0 0 8-24 * * ?", ("0 0 8-23 * * ?",)),
        ("0 0/5 0-24 * * ?", ("0 0/5 0-23 * * ?",)),
        ("0 60 8 * * *", ("0 0 8 * * ?",)),
        ("0 0 8 ? * 0-6", ("0 0 8 ? * SUN-SAT",)),
        ("0 0 8 ? * 0L", ("0 0 8 ? * SUNL",)),
        ("0 0 8 ? * 0#1", ("0 0 8 ? * SUN#1",)),
        ("0 0 8 ? * MONDAY", ("0 0 8 ? * MON",)),
        ("0 0 8 ? * MONDAY#1", ("0 0 8 ? * MON#1",)),
        ("0 0 8 ? * TUESDAY-FRIDAY", ("0 0 8 ? * TUE-FRI",)),
        ("0 0 8 ? * MONDDAY", ("0 0 8 ? * MON",)),
        ("0 0 8 ? * MON,,FRI", ("0 0 8 ? * MON,FRI",)),
        ("0 0 8 ? * FRI##2", ("0 0 8 ? * FRI#2",)),
        ("0 0 8 ? * L5", ("0 0 8 ? * 5L",)),
        ("0 0 8 L+3 * ?", ("0 0 8 L-3 * ?",)),
        ("0 0 8 MON-FRI * ?", ("0 0 8 ? * MON-FRI",)),
        ("0 0/60 8 * * ?", ("0 0 8 * * ?",)),
        ("0 */90 * * * ?", ("every 90 minutes", "0 0 * * * ?")),
        ("0 0 8:30 * * ?", ("0 30 8 * * ?",)),
        ("0 0 8pm * * ?", ("0 0 20 * * ?",)),
        ("0 *5 * * * ?", ("0 */5 * * * ?",)),
        ("0 0 8 1st * ?", ("0 0 8 1 * ?",)),
        ("0 0 8 [1-5] * ?", ("0 0 8 1-5 * ?",)),
        ("0 0~30 8 * * ?", ("0 0-30 8 * * ?",)),
        ("0 0 8 * * ？", ("0 0 8 * * ?",)),
        ('"0 0 8 * * ?"', ("0 0 8 * * ?",)),
        ("0，30 0 8 * * ?", ("0,30 0 8 * * ?",)),
        ("0 0 8 1、15 * ?", ("0 0 8 1,15 * ?",)),
        ("0 0 8 * * ? 2030-2026/2", ("0 0 8 * * ? 2026-2030/2",)),
        ("0 0 8 * * ? * *", ("0 0 8 * * ? *",)),
        ("0 8 * * 1-5 2027", ("0 0 8 ? * MON-FRI 2027",)),
        ("0 8 * * 1-5 /usr/bin/report", ("0 8 * * 1-5",)),
    ],
)
def test_the_corrected_expression_is_offered(typed: str, offered: tuple[str, ...]) -> None:
    with pytest.raises(Refusal) as refused:
        schedules.read(typed, "UTC", NOW)
    assert refused.value.choices == offered
    assert all(ask(choice)["next"] for choice in offered)
    assert all(choice in refused.value.hint for choice in offered) or "Quotes" in refused.value.message


@pytest.mark.parametrize("typed", ["99 0 8 * * ?", "0 */0 8 * * ?", "0 0/0 * * * ?", "0 0 8 0W * ?", "0 0 8 32 * ?"])
def test_nothing_is_offered_where_nobody_can_tell_what_was_meant(typed: str) -> None:
    error = ask(typed)["error"]
    assert error["code"] == "unreadable"
    assert "choices" not in error


def test_a_refusal_names_the_field_and_its_rule() -> None:
    with pytest.raises(Refusal, match=r"the hour `25` cannot be read: it must be 0-23") as refused:
        schedules.read("0 0 25 * * ?", "UTC", NOW)
    assert refused.value.code == "unreadable"


def test_a_list_of_many_faults_is_mended_to_a_whole() -> None:
    error = ask("60 0 8 * * MONDAY,TUESDAY,WEDNESDAY,THURSDAY,FRIDAY,SATURDAY,SUNDAY")["error"]
    assert error["choices"] == ["0 0 8 ? * MON,TUE,WED,THU,FRI,SAT,SUN"]


def test_an_expression_is_kept_with_single_spaces_and_capitals() -> None:
    assert schedules.read("  0 0  8 ? *   mon-fri ", "UTC", NOW).text == "0 0 8 ? * MON-FRI"


@pytest.mark.parametrize("typed", ["0 0 0 30 2 ?", "0 0 0 31 4,6,9,11 ?", "0 0 0 29 2 ? 2027", "0 0 0 31W 2 ?"])
def test_fmea_c11_an_expression_that_never_fires_is_refused(typed: str) -> None:
    with pytest.raises(Refusal) as refused:
        schedules.read(typed, "UTC", NOW)
    assert refused.value.code == "never"


def test_an_expression_whose_last_time_is_past_is_refused_as_past() -> None:
    with pytest.raises(Refusal) as refused:
        schedules.read("0 0 0 1 1 ? 2020", "UTC", NOW)
    assert refused.value.code == "past"
