"""Schedules as JSON lines."""

import json
from typing import Any

import pytest

from bot.schedules.wire import answer_line
from tests.schedules.rows import instant

NOW = instant("2026-03-11T14:30:00Z")


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
