"""Traces: spans in a small blob, read again by any version of the program."""

import orjson
import zstandard
from hypothesis import given
from hypothesis import strategies as some

from storage.records import NodeSpan
from storage.runs import pack_trace, unpack_trace

texts = some.text(some.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
spans = some.builds(
    NodeSpan,
    id=texts,
    node_id=texts,
    kind=texts,
    title=texts,
    state=texts,
    parent=some.none() | texts,
    error=some.none() | texts,
    elapsed_s=some.none() | some.floats(0, 1e6),
    tokens=some.none() | some.integers(0, 2**53),
    round=some.none() | some.integers(0, 1000),
    attempts=some.integers(1, 9),
    inputs=some.none() | texts | some.dictionaries(texts, texts, max_size=2),
)


@given(trace=some.lists(spans, max_size=5).map(tuple))
def test_spans_come_back_in_their_order(trace: tuple[NodeSpan, ...]) -> None:
    assert unpack_trace(pack_trace(trace)) == trace


def test_unknown_fields_are_passed_over_and_missing_ones_are_unknown() -> None:
    blob = zstandard.compress(orjson.dumps([{"id": "1", "title": "LLM", "colour": "red"}, {}]))
    first, second = unpack_trace(blob)
    assert first == NodeSpan(id="1", node_id="", kind="", title="LLM", state="unfinished")
    assert second == NodeSpan(id="", node_id="", kind="", title="", state="unfinished")


def test_what_no_json_can_hold_does_not_stop_a_trace() -> None:
    span = NodeSpan(
        id="1", node_id="n", kind="llm", title="a\ud800b", state="succeeded", outputs={"x": "c\0d", "n": 2**80}
    )
    [back] = unpack_trace(pack_trace([span]))
    assert (back.title, back.outputs) == ("ab", {"x": "cd", "n": 2.0**80})


def test_a_trace_of_similar_nodes_is_small() -> None:
    trace = [
        NodeSpan(
            id=str(n), node_id="llm", kind="llm", title="Summarise", state="succeeded", outputs={"text": "x" * 300}
        )
        for n in range(20)
    ]
    assert len(pack_trace(trace)) < 1_000
