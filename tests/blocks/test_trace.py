"""The trace as modals: pages, rounds, nodes, ways back."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.blocks import trace
from bot.blocks.parts import View
from bot.blocks.place import Place, above, read_place
from storage.records import Fault, NodeSpan, Run, RunState
from tests.blocks.makers import make_run, make_span, nasty_text, patient, runs, sound_view, span_lists


def iteration() -> list[NodeSpan]:
    """Start, an iteration of 30 rounds of which two failed, each with a loop of two rounds, and an if-else."""
    spans = [
        make_span("start", kind="start", title="Start"),
        make_span("it", kind="iteration", title="Each article", rounds=31),
    ]
    for n in range(30):
        bad = n in (7, 19)
        spans.append(
            make_span(
                f"http{n}",
                node_id="http",
                parent="it",
                round=n,
                state="failed" if bad else "succeeded",
                error="404 gone\nx" if bad else None,
            )
        )
        spans.append(
            make_span(f"loop{n}", node_id="loop", kind="loop", title="Refine", parent="it", round=n, rounds=2)
        )
        spans += [make_span(f"llm{n}-{k}", node_id="llm", title="LLM", parent=f"loop{n}", round=n) for k in range(2)]
    spans.append(make_span("if", kind="if-else", title="Enough?", branch="false", outputs={"x": "y" * 5000}))
    return spans


def texts(view: View) -> list[str]:
    return [block["text"]["text"] for block in view["blocks"] if block["type"] == "section"]


def values(view: View, action_id: str) -> list[str]:
    found = [one for block in view["blocks"] if block["type"] == "actions" for one in block["elements"]]
    found += [block["accessory"] for block in view["blocks"] if "accessory" in block]
    return [one["value"] for one in found if one["action_id"] == action_id]


@patient
@given(runs, span_lists, st.integers(-2, 5), st.integers(1, 6))
def test_any_place_of_any_trace_is_a_view_that_slack_takes(
    run: Run, spans: list[NodeSpan], page: int, depth: int
) -> None:
    sound_view(trace.run_view(run, spans, page, depth=depth))
    for span in spans[:4]:
        sound_view(trace.rounds_view(run, spans, span.id, page, depth=depth))
        sound_view(trace.round_view(run, spans, span.id, -1 if span.round is None else span.round, page, depth=depth))
        sound_view(trace.node_view(run, spans, span.id, depth=depth))


@patient
@given(st.integers(1, 10**9), st.none() | nasty_text, st.none() | st.integers(-1, 99), st.integers(0, 99))
def test_an_address_can_be_read_again(run_id: int, span_id: str | None, number: int | None, page: int) -> None:
    if span_id is not None and any("\ud800" <= char <= "\udfff" for char in span_id):
        return
    place = Place(run_id, span_id, number, page, "inputs")
    assert read_place(str(place)) == place


@pytest.mark.parametrize("value", ["", "run:x", "span:a", "run:1 round:x", "job:12"])
def test_what_is_no_address_is_refused(value: str) -> None:
    assert read_place(value) is None


def test_addresses_are_plain_to_read() -> None:
    assert str(Place(381)) == "run:381"
    assert str(Place(381, "8f3c-11", 2)) == "run:381 span:8f3c-11 round:2"
    assert len(str(Place(381, "é " * 50, 2))) < 2000


def test_the_run_lists_its_outermost_nodes_in_order() -> None:
    view = sound_view(trace.run_view(make_run(), iteration()))
    assert view["title"]["text"] == "Run 381"
    assert values(view, "trace_open") == ["run:381 span:start", "run:381 span:it", "run:381 span:if"]
    assert "Each article · Iteration · 31 rounds (2 failed) · 3.2 s · 100 tokens" in texts(view)[2]
    assert "branch taken: false" in texts(view)[3]


def test_both_counts_of_tokens_are_told_when_they_differ() -> None:
    spans = [make_span("it", kind="loop", tokens=200), make_span("a", parent="it", round=0, tokens=200)]
    assert (
        "400 tokens by Dify's total, 200 by the sum of the nodes"
        in texts(trace.run_view(make_run(tokens=400), spans))[0]
    )
    assert "200 tokens" in texts(trace.run_view(make_run(tokens=200), spans))[0]


def test_a_run_without_a_trace_says_so_and_shows_its_fault() -> None:
    run = make_run(state=RunState.FAILED, fault=Fault(code="input", message="city is required", where="Start"))
    view = sound_view(trace.run_view(run, []))
    assert "No node details are kept of this run." in texts(view)
    assert "city is required" in json.dumps(view)


def test_long_traces_have_pages() -> None:
    spans = [make_span(str(n), title=f"Node {n}") for n in range(60)]
    first, second = trace.run_view(make_run(), spans), sound_view(trace.run_view(make_run(), spans, 1))
    assert len(values(first, "trace_open")) == 20
    assert values(first, "trace_page") == ["run:381 page:1"]
    assert values(second, "trace_page") == ["run:381", "run:381 page:2"]
    assert values(second, "trace_open")[0] == "run:381 span:20"
    assert len(values(trace.run_view(make_run(), spans, 99), "trace_open")) == 20


def test_rounds_that_failed_come_first() -> None:
    view = sound_view(trace.rounds_view(make_run(), iteration(), "it"))
    assert view["title"]["text"] == "Iteration: 31 rounds"
    assert values(view, "trace_open")[:4] == [
        "run:381 span:it show:node",
        "run:381 span:it round:7",
        "run:381 span:it round:19",
        "run:381 span:it round:0",
    ]
    assert "❌ Round 8 · failed · 2 nodes · 6.4 s\nLLM summarise: 404 gone" in texts(view)
    last = trace.rounds_view(make_run(), iteration(), "it", 1)
    assert "Dify sent no nodes for 1 round." in json.dumps(last)


def test_a_round_lists_its_nodes_and_an_inner_loop_opens_again() -> None:
    spans = iteration()
    view = sound_view(trace.round_view(make_run(), spans, "it", 7))
    assert values(view, "trace_open") == ["run:381 span:http7", "run:381 span:loop7"]
    inner = sound_view(trace.rounds_view(make_run(), spans, "loop7", depth=4))
    assert inner["title"]["text"] == "Loop: 2 rounds"
    assert values(inner, "trace_open")[1:] == ["run:381 span:loop7 round:0", "run:381 span:loop7 round:1"]
    assert values(trace.round_view(make_run(), spans, "loop7", 1, depth=5), "trace_open") == ["run:381 span:llm7-1"]


def test_nodes_whose_round_nobody_told_have_a_row_of_their_own() -> None:
    spans = [make_span("it", kind="iteration"), make_span("a", parent="it", round=None, state="unfinished")]
    view = trace.rounds_view(make_run(), spans, "it")
    assert values(view, "trace_open")[1:] == ["run:381 span:it round:-1"]
    assert values(trace.round_view(make_run(), spans, "it", -1), "trace_open") == ["run:381 span:a"]


def test_a_node_shows_its_values_and_offers_the_full_text_of_what_was_cut() -> None:
    span = make_span(
        "a", inputs={"q": "z" * 5000}, outputs="short", error="Boom", price="0.5", attempts=3, branch="yes"
    )
    view = sound_view(trace.node_view(make_run(), [span], "a"))
    assert values(view, "trace_full") == ["run:381 span:a show:inputs"]
    assert "3 tries" in texts(view)[1]
    assert "≈ $0.50" in texts(view)[1]
    assert "branch taken: yes" in texts(view)[1]
    place = read_place("run:381 span:a show:inputs")
    assert place is not None
    name, text = trace.full_text([span], place) or ("", "")
    assert name == "run-381-inputs.json"
    assert len(text) > 5000
    assert trace.full_text([], place) is None


def test_what_is_unknown_is_called_unknown() -> None:
    view = json.dumps(
        sound_view(trace.node_view(make_run(), [make_span("a", inputs=None, outputs=None, elapsed_s=None)], "a"))
    )
    assert "Inputs: not known" in view
    assert "time unknown" in view
    assert "None" not in view


def test_below_slacks_own_stack_there_is_a_way_back() -> None:
    spans = iteration()
    assert values(trace.node_view(make_run(), spans, "http7", depth=3), "trace_back") == []
    assert values(trace.node_view(make_run(), spans, "http7", depth=4), "trace_back") == ["run:381 span:it round:7"]
    assert values(trace.node_view(make_run(), spans, "a", depth=3, back="run:381"), "trace_back") == ["run:381"]


def test_every_place_leads_up_to_the_run() -> None:
    spans = iteration()
    place: Place | None = Place(381, "llm7-1")
    path = []
    while place := above(place, spans):
        path.append(str(place))
    assert path == [
        "run:381 span:loop7 round:1",
        "run:381 span:loop7",
        "run:381 span:it round:7",
        "run:381 span:it",
        "run:381",
    ]


@pytest.mark.parametrize(
    ("value", "title"),
    [
        ("run:381", "Run 381"),
        ("run:381 span:it", "Iteration: 31 rounds"),
        ("run:381 span:it round:7", "Round 8"),
        ("run:381 span:it show:node", "Node"),
        ("run:381 span:http7", "Node"),
        ("run:381 span:gone", "Run 381"),
    ],
)
def test_any_address_opens_its_view(value: str, title: str) -> None:
    place: Any = read_place(value)
    assert sound_view(trace.view_at(make_run(), iteration(), place, depth=2))["title"]["text"] == title


def test_the_metadata_holds_ids_only_and_tells_the_depth() -> None:
    view = trace.node_view(make_run(), iteration(), "http7", depth=4)
    assert json.loads(view["private_metadata"]) == {
        "place": "run:381 span:http7",
        "depth": 4,
        "back": "run:381 span:it round:7",
    }
