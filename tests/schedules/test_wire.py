"""Schedules as JSON lines."""

import json
import time
from typing import Any

import pytest

from bot.schedules.wire import answer_line
from tests.schedules.rows import instant, rows_of

NOW = instant("2026-03-11T14:30:00Z")
SECONDS_PER_LINE = 0.003  # three thousand lines in a few seconds, with room for a busy machine


def answer(**question: object) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(answer_line(json.dumps(question), NOW))
    return found


def test_a_line_is_answered_with_kind_words_and_instants() -> None:
    found = answer(when="0 0 8 * * ?", zone="Asia/Shanghai", **{"from": "2026-11-23T00:00:00Z", "count": 2})
    assert found == {
        "kind": "cron",
        "says": "every day at 08:00:00",
        "next": ["2026-11-24T00:00:00Z", "2026-11-25T00:00:00Z"],
    }


def test_zone_count_and_start_have_defaults() -> None:
    found = answer(when="every day at 9:00")
    assert len(found["next"]) == 5
    assert found["next"][0] == "2026-03-12T09:00:00Z"


def test_a_schedule_that_ends_has_fewer_instants() -> None:
    assert answer(when="2026-12-01 14:00", count=9)["next"] == ["2026-12-01T14:00:00Z"]
    assert answer(when="on api") == {
        "kind": "api",
        "says": "only when asked, through the API or a button",
        "next": [],
    }
    assert answer(when="10 seconds after each run")["next"] == ["2026-03-11T14:30:10Z"]


def test_intervals_count_from_the_start() -> None:
    assert answer(when="every 90 minutes", count=1, **{"from": "2026-01-01T00:00:00+01:00"})["next"] == [
        "2026-01-01T00:30:00Z"
    ]


def test_a_refusal_is_an_answer() -> None:
    found = answer(when="0 0 8 * * *")["error"]
    assert found["code"] == "unreadable"
    assert found["choices"] == ["0 0 8 * * ?"]
    assert {"message", "hint"} <= found.keys()
    assert answer(when="every day at 9", zone="Mars/Olympus")["error"]["code"] == "unknown_zone"


@pytest.mark.parametrize(
    "line",
    [
        "",
        "nonsense",
        "[]",
        "null",
        "{}",
        '{"when": 5}',
        '{"when": null}',
        '{"when": "every day at 9", "count": -1}',
        '{"when": "every day at 9", "count": true}',
        '{"when": "every day at 9", "count": 1e9}',
        '{"when": "every day at 9", "count": 100000}',
        '{"when": "every day at 9", "from": 5}',
        '{"when": "every day at 9", "from": "yesterday"}',
        '{"when": "every day at 9", "from": "0001-01-01T00:00:00+14:00"}',
        '{"when": "every day at 9", "from": "9999-12-31T23:59:59Z"}',
        '{"when": "every day at 9", "zone": ["UTC"]}',
        "[" * 5000,
        '{"when": "' + "x" * 20_000 + '"}',
        '{"when": "\\ud800"}',
    ],
)
def test_a_bad_line_is_answered_with_an_error_and_one_line(line: str) -> None:
    found = answer_line(line, NOW)
    assert "\n" not in found
    assert json.loads(found)["error"].keys() >= {"code", "message", "hint"}
    found.encode()


CLAUSES = [
    row
    for row in rows_of("recurring_phrases", lang="en")
    if {"calendar", "bounds"} & set(row["tags"]) or "except" in row["tags"]
]


@pytest.mark.parametrize("row", CLAUSES, ids=lambda row: row["phrase"])
def test_phrases_with_calendars_and_bounds_are_answered_right(row: dict[str, Any]) -> None:
    found = answer(when=row["phrase"], zone=row["tz"], count=6, **{"from": row["now"]})
    right = [row["schedule"], *(row.get("also_accept") or [])]
    assert found["next"] in [schedule["next"] for schedule in right]


def test_a_line_may_name_the_language() -> None:
    assert answer(when="every day at 9:00", lang="en")["says"] == "every day at 09:00"
    assert answer(when="every day at 9:00", lang="xx")["says"] == "every day at 09:00"
    assert answer(when="every day at 9:00", lang=5)["error"]["code"] == "unreadable"


def test_clauses_and_calendars_are_answered_and_unknown_ones_refused() -> None:
    found = answer(when="every day at 9, 2 times, except weekends", **{"from": "2026-03-13T12:00:00Z"})
    assert found["next"] == ["2026-03-16T09:00:00Z", "2026-03-17T09:00:00Z"]
    assert answer(when="every day at 9 except company-days")["error"]["code"] == "unknown_calendar"


def test_the_whole_ground_truth_is_answered_in_a_few_seconds() -> None:
    rows = [row for name in ("quartz_next", "quartz_dst", "unix_next") for row in rows_of(name)]
    lines = [
        json.dumps({"when": row["expr"], "zone": row["tz"], "from": row["start"], "count": row.get("n", 5)})
        for row in rows
    ]
    started = time.thread_time()
    assert all(answer_line(line, NOW).startswith("{") for line in lines)
    assert time.thread_time() - started < SECONDS_PER_LINE * len(lines)


def test_several_schedules_are_one_answer() -> None:
    found = answer(when="every day at 9; 0 0 18 * * ?", count=2, **{"from": "2026-11-24T12:00:00Z"})
    assert found["says"] == "every day at 09:00; every day at 18:00:00"
    assert found["next"] == ["2026-11-24T18:00:00Z", "2026-11-25T09:00:00Z"]
