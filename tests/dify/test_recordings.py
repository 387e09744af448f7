"""The trace agrees with every recorded stream. The oracle reads the raw lines and shares no code with the trace."""

import json
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.dify.events import read
from bot.dify.sse import Splitter
from bot.dify.trace import Trace, as_json
from tests.dify.streams import ALL, SMALL, flat, load, name_of, recorded, trace_of

RUN_FACTS = {"elapsed_s": "elapsed_time", "total_tokens": "total_tokens", "total_steps": "total_steps"}
VAGUE = ("Unknown error", "Workflow stream ended without a terminal event")

everywhere = pytest.mark.parametrize("path", ALL, ids=name_of)


def lines_of(raw: bytes) -> list[dict[str, Any]]:
    return [json.loads(line[6:]) for line in raw.split(b"\n\n")[:-1] if line.startswith(b"data: ")]


def terminal_of(events: list[dict[str, Any]]) -> dict[str, Any] | None:
    ends = [e["data"] for e in events if e["event"] in ("workflow_finished", "workflow_paused")]
    return ends[-1] if ends else None


def leaves_of(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each node execution once, as its last event tells it, in the order of the first."""
    found: dict[str, dict[str, Any]] = {}
    for e in events:
        if e["event"] in ("node_started", "node_finished"):
            found[e["data"]["id"]] = found.get(e["data"]["id"], {}) | e["data"]
    return list(found.values())


@everywhere
def test_the_facts_of_the_run_are_those_of_the_terminal_event(path: Path) -> None:
    events = lines_of(load(path))
    end, told = terminal_of(events), as_json(trace_of(load(path)))
    assert told["complete"] is (end is not None)
    assert told["ignored_events"] == 0
    if end is None:
        assert [told[key] for key in ("status", "outputs", *RUN_FACTS)] == [None] * 5
        return
    assert told["status"] == end["status"]
    assert told["outputs"] == end["outputs"]
    assert {key: told[key] for key in RUN_FACTS} == {key: end[theirs] for key, theirs in RUN_FACTS.items()}
    said = [e["message"] for e in events if e["event"] == "error"]
    assert told["error"] == (said[0] if said else end.get("error") or None)
    assert told["error"] not in VAGUE


@everywhere
def test_the_ids_are_those_of_the_stream(path: Path) -> None:
    events = lines_of(load(path))
    told = as_json(trace_of(load(path)))
    for key, theirs in (("run_id", "workflow_run_id"), ("task_id", "task_id")):
        ids = {e[theirs] for e in events if e.get(theirs)}
        assert told[key] == (ids.pop() if ids else None)
        assert not ids
    workflows = {e["data"]["workflow_id"] for e in events if e.get("data") and e["data"].get("workflow_id")}
    assert told["workflow_id"] == (workflows.pop() if workflows else None)


@everywhere
def test_the_facts_agree_with_the_run_detail_of_a_run_that_ended(path: Path) -> None:
    detail_file = path.with_name(path.name.partition(".")[0] + ".run.json")
    detail = json.loads(detail_file.read_bytes()) if detail_file.exists() else {}
    told = as_json(trace_of(load(path)))
    if detail.get("finished_at") is None or told["status"] in (None, "paused"):
        return
    outputs = json.loads(detail["outputs"]) if isinstance(detail["outputs"], str) else detail["outputs"]
    assert (told["run_id"], told["status"], told["error"]) == (
        detail["id"],
        detail["status"],
        detail["error"] or None,
    )
    assert (told["outputs"] or {}) == (outputs or {})
    assert (told["total_tokens"], told["total_steps"]) == (detail["total_tokens"], detail["total_steps"])
    assert told["elapsed_s"] == pytest.approx(detail["elapsed_time"], abs=0.1)  # old servers take the time twice


@everywhere
def test_every_node_stands_once_with_its_type_title_status_round_and_parent(path: Path) -> None:
    events = lines_of(load(path))
    nodes = list(flat(as_json(trace_of(load(path)))["nodes"]))
    told = [
        (n["id"], n["node_id"], n["type"], n["title"]) for n, _ in nodes if n["type"] not in ("iteration", "loop")
    ]
    leaves = leaves_of(events)
    assert sorted(told) == sorted((n["id"], n["node_id"], n["node_type"], n["title"]) for n in leaves)
    by_id = {node["id"]: (node, parent) for node, parent in nodes}
    assert len(by_id) == len(nodes)
    for leaf in leaves:
        node, parent = by_id[leaf["id"]]
        meta = leaf.get("execution_metadata") or {}
        assert node["status"] == leaf.get("status", "unfinished")
        assert node["elapsed_s"] == leaf.get("elapsed_time")
        assert node["tokens"] == meta.get("total_tokens")
        assert node["price"] == meta.get("total_price")
        # In every recording with two containers the loop is the inner one.
        kind = "loop" if leaf["loop_id"] else "iteration"
        assert (parent and parent["node_id"]) == leaf[f"{kind}_id"]
        assert node["round"] == meta.get(f"{kind}_index")
        if leaf["loop_id"] and leaf["iteration_id"] and parent is not None:
            assert parent["round"] == meta.get("iteration_index", parent["round"])
            assert by_id[parent["id"]][1]["node_id"] == leaf["iteration_id"]


@everywhere
def test_every_container_stands_as_often_as_it_began(path: Path) -> None:
    events = lines_of(load(path))
    nodes = [n for n, _ in flat(as_json(trace_of(load(path)))["nodes"]) if n["type"] in ("iteration", "loop")]
    begun = [e["data"] for e in events if e["event"] in ("iteration_started", "loop_started")]
    assert [(n["node_id"], n["title"]) for n in nodes] == [(b["node_id"], b["title"]) for b in begun]
    for node in nodes:
        ends = [e["data"] for e in events if e["event"].endswith("_completed") and e["data"]["id"] == node["node_id"]]
        assert node["status"] in {end["status"] for end in ends}
        assert node["elapsed_s"] in {end["elapsed_time"] for end in ends}


@everywhere
def test_the_nodes_stand_in_the_order_in_which_they_began(path: Path) -> None:
    raw = load(path)
    order = [span.id for span in trace_of(raw).spans() if span.kind not in ("iteration", "loop")]
    assert order == [leaf["id"] for leaf in leaves_of(lines_of(raw))]


@everywhere
def test_the_attempts_are_the_retries_and_one(path: Path) -> None:
    events = lines_of(load(path))
    retries = [e["data"]["node_id"] for e in events if e["event"] == "node_retry"]
    for node, _ in flat(as_json(trace_of(load(path)))["nodes"]):
        assert node["attempts"] == 1 + retries.count(node["node_id"])


@everywhere
def test_the_trace_is_plain_json(path: Path) -> None:
    told = as_json(trace_of(load(path)))
    assert orjson.loads(orjson.dumps(told)) == told
    assert list(told)[-1] == "nodes"


@pytest.mark.parametrize("path", [p for p in SMALL if p.stat().st_size < 7_000], ids=name_of)
def test_fmea_e8_a_stream_cut_at_any_byte_keeps_what_arrived(path: Path) -> None:
    """Byte by byte: the state after each is that of the stream cut there."""
    raw = load(path)
    splitter, trace, seen = Splitter(), Trace(), 0
    for at in range(len(raw)):
        for payload in splitter.feed(raw[at : at + 1]):
            trace.fold(read(payload))
        if trace.facts.events == seen and at % 97:
            continue
        seen = trace.facts.events
        assert_cut(raw[: at + 1], trace)
    whole = trace_of(raw)
    trace.close()
    assert as_json(trace) == as_json(whole)


@pytest.mark.parametrize("path", [p for p in SMALL if p.stat().st_size >= 7_000], ids=name_of)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_a_longer_stream_cut_anywhere_keeps_what_arrived(path: Path, data: st.DataObject) -> None:
    raw = load(path)
    part = raw[: data.draw(st.integers(0, len(raw) - 1))]
    assert_cut(part, trace_of(part))


def assert_cut(part: bytes, trace: Trace) -> None:
    events, told = lines_of(part), as_json(trace)
    assert told["complete"] is (terminal_of(events) is not None)
    assert [n["id"] for n, _ in flat(told["nodes"]) if n["type"] not in ("iteration", "loop")] == [
        leaf["id"] for leaf in in_tree_order(leaves_of(events), told)
    ]
    assert told["status"] is None or told["complete"]


def in_tree_order(leaves: list[dict[str, Any]], told: dict[str, Any]) -> list[dict[str, Any]]:
    place = {node["id"]: at for at, (node, _) in enumerate(flat(told["nodes"]))}
    return sorted(leaves, key=lambda leaf: place[leaf["id"]])


@pytest.mark.parametrize(
    "name", ["1.16.1/nested_loop_in_iteration", "1.8.1/iteration_parallel_error", "1.16.1/multiline"]
)
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_the_borders_of_the_chunks_never_matter(name: str, data: st.DataObject) -> None:
    raw = recorded(name)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(raw)), max_size=12)))
    chunks = [raw[a:b] for a, b in zip([0, *cuts], [*cuts, len(raw)], strict=True)]
    assert as_json(trace_of(chunks)) == as_json(trace_of(raw))


@pytest.mark.parametrize(
    "name", ["1.16.1/nested_loop_in_iteration", "1.8.1/iteration_parallel_error", "1.8.1/parallel"]
)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_lost_doubled_and_shuffled_events_never_raise_and_lose_no_node(name: str, data: st.DataObject) -> None:
    events = lines_of(recorded(name))
    picked = data.draw(st.lists(st.sampled_from(range(len(events))), max_size=2 * len(events)))
    trace = Trace()
    for at in picked:
        trace.fold(read(json.dumps(events[at]).encode()))
    trace.close()
    told = as_json(trace)
    assert orjson.dumps(told)
    expected = {leaf["id"] for leaf in leaves_of([events[at] for at in picked])}
    nodes = list(flat(told["nodes"]))
    assert expected == {n["id"] for n, _ in nodes if n["type"] not in ("iteration", "loop")}
    assert len(nodes) == len(trace.spans())
    assert told["complete"] is any(events[at]["event"] == "workflow_finished" for at in picked)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 2**70) | st.floats() | st.text(max_size=5) | st.just("iter"),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "node_id", "x"]), inner, max_size=3)
    ),
    max_leaves=5,
)


@pytest.mark.parametrize(
    "name", ["1.16.1/nested_loop_in_iteration", "1.16.1/llm_ok", "1.16.1/human_input", "1.8.1/retry_then_ok"]
)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_values_of_any_type_anywhere_never_raise(name: str, data: st.DataObject) -> None:
    events = lines_of(recorded(name))
    for _ in range(data.draw(st.integers(1, 12))):
        victim = data.draw(st.sampled_from(events))
        body = victim.get("data") if isinstance(victim.get("data"), dict) and data.draw(st.booleans()) else victim
        if isinstance(body, dict) and body:
            body[data.draw(st.sampled_from(sorted(body)))] = data.draw(JSON)
    trace = Trace()
    for e in events:
        trace.fold(read(json.dumps(e).encode()))
    assert trace.facts.events == len(events)
    trace.close()
    assert orjson.dumps(as_json(trace))


def test_a_big_output_is_whole_in_the_run_and_cut_in_its_nodes() -> None:
    [path] = [p for p in ALL if p.suffix == ".gz"]
    trace = trace_of(load(path))
    end = terminal_of(lines_of(load(path)))
    assert end is not None
    assert trace.facts.outputs == end["outputs"]
    assert len(orjson.dumps(trace.facts.outputs)) > 150_000
    cut = [span for span in trace.spans() if isinstance(span.outputs, str)]
    assert cut
    assert all(span.outputs.endswith(" bytes]") and len(span.outputs) < 66_000 for span in cut)
