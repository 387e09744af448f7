"""Reading one payload: what it gives, and that no bytes make it raise."""

import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dify.events import UNREADABLE, number, read, shallow, text, whole
from tests.dify.streams import RUN, TASK, event, started


def payload(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def test_a_workflow_event_has_its_ids_and_its_body() -> None:
    found = read(payload(started("e", "n")))
    assert (found.name, found.run_id, found.task_id) == ("node_started", RUN, TASK)
    assert found.data["node_id"] == "n"


def test_a_flat_event_keeps_its_top_level() -> None:
    found = read(b'{"event":"error","workflow_run_id":null,"code":"x","status":400,"message":"no"}')
    assert (found.name, found.run_id, found.data, found.raw["message"]) == ("error", None, {}, "no")


@pytest.mark.parametrize("name", ["text_chunk", "reasoning_chunk"])
@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")])
def test_the_body_of_a_chunk_is_not_read(name: str, separators: tuple[str, str]) -> None:
    raw = json.dumps(event(name, text="a" * 9), separators=separators).encode()
    found = read(raw)
    assert (found.name, found.run_id, found.task_id, found.data, found.size) == (name, RUN, TASK, {}, len(raw))


def test_a_chunk_with_unusual_ids_is_read_the_long_way() -> None:
    raw = payload({**event("text_chunk", text="a"), "workflow_run_id": 'a"b'})
    assert (read(raw).run_id, read(raw).data) == ('a"b', {"text": "a"})


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"null",
        b"[1]",
        b'"event"',
        b"{}",
        b'{"event":1}',
        b'{"event":null}',
        b'{"event":["a"]}',
        b"\xff\xfe",
        b'{"event":"text_chunk"',
        b'{"event":"a","data":' + b"[" * 2_000 + b"]" * 2_000 + b"}",
        b'{"event":"a","data":' + b"[" * 200_000,
    ],
)
def test_what_is_no_event_is_unreadable(raw: bytes) -> None:
    assert read(raw) is UNREADABLE


@pytest.mark.parametrize("depth", [0, 1, 59, 60, 61, 260, 500])
def test_a_value_that_is_too_deep_to_be_written_again_is_none(depth: int) -> None:
    value = read(b'{"event":"a","data":{"x":' + b'{"y":[' * depth + b"1" + b"]}" * depth + b"}}").data["x"]
    assert shallow(value) == (value if depth * 2 < 120 else None)
    wrapped: object = shallow(value)
    for _ in range(100):
        wrapped = [wrapped]
    assert orjson.dumps(wrapped)


def test_many_brackets_that_are_not_deep_are_read() -> None:
    assert read(payload(event("x", a=[{}] * 500))).data == {"a": [{}] * 500}


def test_nan_and_infinity_become_null() -> None:
    assert read(b'{"event":"a","data":{"x":NaN,"y":[-Infinity]}}').data == {"x": None, "y": [None]}


def test_lone_surrogates_and_broken_bytes_become_writable_text() -> None:
    found = read(b'{"event":"a","data":{"x":"\\ud83d","y":"\xff"}}')
    assert found.data == {"x": "?", "y": "\ufffd"}
    assert orjson.dumps(dict(found.data))


def test_huge_numbers_are_no_trouble() -> None:
    found = read(b'{"event":"a","data":{"x":' + b"9" * 400 + b',"y":1e999,"z":' + b"9" * 5_000 + b"}}")
    assert whole(found.data.get("x")) is None
    assert number(found.data.get("y")) is None


def test_a_body_that_is_no_object_is_empty() -> None:
    assert read(b'{"event":"node_started","data":[1]}').data == {}


def test_the_looks_at_loose_json_are_strict() -> None:
    assert [number(v) for v in (1, 0.5, True, "1", None, float("nan"))] == [1, 0.5, None, None, None, None]
    assert [whole(v) for v in (3, 3.0, 3.5, -1, False, "3")] == [3, 3, None, None, None, None]
    assert [whole(v) for v in (2**63 - 1, 2**63, 1e308)] == [2**63 - 1, None, None]
    assert [text(v) for v in ("a", "", 1, None)] == ["a", None, None, None]
    assert (text("x" * 100_000) or "").endswith("… [cut: 100,000 characters]")


@given(st.binary(max_size=200))
def test_no_bytes_make_it_raise(raw: bytes) -> None:
    read(raw)


@given(st.binary(max_size=12), st.integers(0, 300))
def test_fmea_e13_no_damage_to_a_real_event_makes_it_raise(junk: bytes, at: int) -> None:
    raw = payload(started("e", "n", title="héllo \u2028"))
    read(raw[:at] + junk + raw[at:])
    read(raw[:at] + junk)
