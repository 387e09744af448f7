"""`dify-ops next`: what a text means and when it fires, for people, for a script, and for many lines at once."""

import json

import pytest

from tests.cli.terminal import Terminal, lines

FROM = "2026-11-23T00:00:00Z"


def test_a_schedule_is_told_in_words_and_in_both_clocks(terminal: Terminal) -> None:
    done = terminal.call("next", "every weekday at 9", "--zone", "Asia/Tokyo", "--from", FROM, "--count", "2")
    assert done.code == 0
    assert done.err == ""
    said, first, second = done.out.splitlines()
    assert said == "every weekday at 09:00 (Asia/Tokyo)" or said.startswith("every weekday at 09:00")
    assert first == "  Tue 24 Nov 2026 09:00:00 JST   2026-11-24T00:00:00Z"
    assert second.endswith("2026-11-25T00:00:00Z")


def test_as_json_it_is_one_object_in_utc(terminal: Terminal) -> None:
    done = terminal.call("next", "0 0 8 * * ?", "--zone", "Asia/Shanghai", "--from", FROM, "--count", "2", "--json")
    assert done.code == 0
    assert done.json == {
        "kind": "cron",
        "says": "every day at 08:00:00",
        "next": ["2026-11-24T00:00:00Z", "2026-11-25T00:00:00Z"],
    }


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_what_cannot_be_read_is_one_sentence(terminal: Terminal, form: list[str]) -> None:
    done = terminal.call("next", "every blursday", *form)
    assert "I could not read “every blursday”" in done.sentence


@pytest.mark.parametrize("form", [[], ["--json"]])
@pytest.mark.parametrize(("zone", "is_known"), [("utc+8", True), ("europe/berlin", True), ("Mars/Base", False)])
def test_zones_are_read_alike_in_every_form(terminal: Terminal, form: list[str], zone: str, is_known: bool) -> None:
    done = terminal.call("next", "every day at 9:00", "--zone", zone, "--from", FROM, *form)
    if is_known:
        assert done.code == 0
        assert ("2026-11-23T01:00:00Z" in done.out) is (zone == "utc+8")
    else:
        assert "Mars/Base" in done.sentence


def test_a_schedule_that_waits_for_a_call_says_so(terminal: Terminal) -> None:
    assert "only when somebody asks for it" in terminal.call("next", "on api").out
    assert terminal.call("next", "on api", "--json").json["next"] == []


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ([], "Say when"),
        (["every hour", "--from", "yesterday"], "write an ISO instant"),
        (["every hour", "--count", "0"], "is not in the range"),
        (["every hour", "--count", "1001"], "is not in the range"),
        (["every hour", "--jason"], "No such option"),
        (["every", "hour"], "unexpected extra argument"),
    ],
)
def test_wrong_usage_exits_with_2_and_prints_nothing(terminal: Terminal, words: list[str], why: str) -> None:
    done = terminal.call("next", *words)
    assert (done.code, done.out) == (2, "")
    assert why in done.err.splitlines()[-1]


@pytest.mark.parametrize(
    "start",
    ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "9999-12-31T23:59:59Z", "1900-01-01T00:00:00Z"],
)
def test_instants_at_the_ends_of_time_are_no_crash(terminal: Terminal, start: str) -> None:
    for form in ([], ["--json"]):
        done = terminal.call("next", "every day at 9:00", "--zone", "Asia/Tokyo", "--from", start, *form)
        assert done.code in (0, 1, 2)
        assert done.code == 0 or len(done.err.splitlines()[-1]) > 10


def test_many_lines_are_answered_one_by_one_in_their_order(terminal: Terminal) -> None:
    asked = [
        {"when": "0 0 8 * * ?", "zone": "Asia/Shanghai", "from": FROM, "count": 1},
        {"when": "every blursday"},
        {"when": "on api"},
    ]
    done = terminal.call("next", "--jsonl", stdin=lines(asked))
    assert (done.code, done.err) == (0, "")
    first, second, third = (json.loads(line) for line in done.out.splitlines())
    assert first == {"kind": "cron", "says": "every day at 08:00:00", "next": ["2026-11-24T00:00:00Z"]}
    assert second["error"]["code"] == "unreadable"
    assert set(second["error"]) >= {"code", "message", "hint"}
    assert third == {"kind": "api", "says": third["says"], "next": []}


GOOD = b'{"when": "every day at 9:00", "from": "2026-11-23T00:00:00Z", "count": 1}\n'


@pytest.mark.parametrize(
    "bad",
    [
        b"no json\n",
        b"[1, 2]\n",
        b"null\n",
        b'{"when": 5}\n',
        b'{"when": "every day at 9:00", "from": "0001-01-01T00:00:00+14:00"}\n',
        b'{"when": "every day at 9:00", "from": 5, "count": "x"}\n',
        b'{"when": "every day at 9:00", "zone": "Mars/Base"}\n',
        b"[" * 5000 + b"\n",
        b'{"when": "' + b"x" * 20_000 + b'"}\n',
        b"\xff\xfe not UTF-8 \x80\n",
        b'{"when": "\\ud800"}\n',
        b"\x00\n",
        b'{"when": "every day at 9:00", "when": "\xc3\x28"}\n',
    ],
)
def test_a_bad_line_never_stops_the_rest(terminal: Terminal, bad: bytes) -> None:
    done = terminal.call("next", "--jsonl", stdin=GOOD + bad + GOOD)
    assert done.code == 0
    first, middle, last = (json.loads(line) for line in done.out.splitlines())
    assert first == last
    assert first["next"] == ["2026-11-23T09:00:00Z"]
    assert set(middle["error"]) >= {"code", "message", "hint"}


def test_the_last_line_needs_no_end_and_empty_ones_are_passed_over(terminal: Terminal) -> None:
    done = terminal.call("next", "--jsonl", stdin=b"\n  \n" + GOOD + b"\n" + GOOD.rstrip())
    assert len(done.out.splitlines()) == 2


def test_nothing_in_is_nothing_out(terminal: Terminal) -> None:
    assert terminal.call("next", "--jsonl").out == ""
