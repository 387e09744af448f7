"""Containers beyond the recordings: parallel and nested ones of every engine, lost and late events, replays."""

import time

import orjson
import pytest

from bot.dify.trace import as_json
from tests.dify.streams import (
    began,
    box,
    closed,
    ended,
    event,
    finished,
    flat,
    folded,
    retried,
    shape,
    started,
)

Json = dict[str, object]


def item(index: int, **more: object) -> Json:
    return {"iteration_id": "iter", "iteration_index": index, **more}


def turn(index: int, **more: object) -> Json:
    return {"loop_id": "loop", "loop_index": index, **more}


def inside(execution: str, node_id: str, meta: Json) -> list[Json]:
    ids = {kind: meta.get(kind) for kind in ("iteration_id", "loop_id")}
    return [started(execution, node_id, **ids), finished(execution, node_id, meta=meta)]


def inner_loop(index: int, rounds: int = 2) -> list[Json]:
    told: list[Json] = [box("loop_started", "loop", metadata={"loop_length": rounds})]
    for at in range(rounds):
        told += inside(f"i{index}l{at}", "inc", {**item(index), **turn(at)})
        told.append(box("loop_next", "loop", index=at + 1))
    return [*told, closed("loop", "loop")]


def test_parallel_items_in_bursts_hold_their_own_inner_loops() -> None:
    bursts = [e for index in (2, 0, 1) for e in [*inner_loop(index), *inside(f"f{index}", "fmt", item(index))]]
    nexts = [box("iteration_next", "iter", index=index) for index in range(3)]
    trace = folded(box("iteration_started", "iter"), *nexts, *bursts, closed("iteration", "iter"), ended())
    loops = [span for span in trace.spans() if span.kind == "loop"]
    assert [(span.id, span.parent, span.round) for span in loops] == [
        ("loop", "iter", 2),
        ("loop#2", "iter", 0),
        ("loop#3", "iter", 1),
    ]
    children = {span.id: (span.parent, span.round) for span in trace.spans() if span.node_id == "inc"}
    assert children["i2l0"] == ("loop", 0)
    assert children["i2l1"] == ("loop", 1)
    assert children["i1l1"] == ("loop#3", 1)
    assert [s.round for s in trace.spans() if s.node_id == "fmt"] == [2, 0, 1]


def test_interleaved_loops_of_parallel_items_are_told_apart_by_their_worker() -> None:
    """Dify 1.8 runs the items in threads: both loops are open at once, and only children name the thread."""

    def child(worker: str, index: int, at: int) -> tuple[Json, Json]:
        meta = {**item(index), **turn(at), "parallel_mode_run_id": worker}
        ids = {"iteration_id": "iter", "loop_id": "loop"}
        name = f"{worker}{at}"
        return started(name, "inc", parallel_run_id=worker, **ids), finished(name, "inc", meta=meta)

    a0, a1, b0, b1 = child("a", 0, 0), child("a", 0, 1), child("b", 1, 0), child("b", 1, 1)
    trace = folded(
        box("iteration_started", "iter"),
        box("iteration_next", "iter", index=0),
        *(box("loop_started", "loop"), box("loop_started", "loop")),
        *(a0[0], b0[0], b0[1], a0[1], b1[0], a1[0], b1[1]),
        closed("loop", "loop", elapsed_time=7.0),
        a1[1],
        closed("loop", "loop", elapsed_time=8.0),
        closed("iteration", "iter"),
        ended(),
    )
    found = {span.id: span for span in trace.spans()}
    assert [found[name].parent for name in ("a0", "a1", "b0", "b1")] == ["loop", "loop", "loop#2", "loop#2"]
    assert [(found[name].round, found[name].elapsed_s) for name in ("loop", "loop#2")] == [(0, 8.0), (1, 7.0)]
    assert found["loop"].parent == found["loop#2"].parent == "iter"


def test_an_iteration_inside_a_loop_is_the_inner_one_because_it_began_later() -> None:
    inner = [box("iteration_started", "iter"), box("iteration_next", "iter", index=0)]
    rounds = [
        [*inner, *inside(f"x{at}", "x", {**item(0), **turn(at)}), closed("iteration", "iter")] for at in range(2)
    ]
    trace = folded(
        box("loop_started", "loop"), *rounds[0], box("loop_next", "loop", index=1), *rounds[1], closed("loop", "loop")
    )
    assert [(s.id, s.parent, s.round) for s in trace.spans()] == [
        ("loop", None, None),
        ("iter", "loop", 0),
        ("x0", "iter", 0),
        ("iter#2", "loop", 1),
        ("x1", "iter#2", 0),
    ]


def test_of_two_containers_of_one_kind_the_metadata_names_the_inner_one() -> None:
    """The outer iteration overwrites the id in the body of every event below it."""
    told: list[Json] = [box("iteration_started", "outer"), box("iteration_next", "outer", index=0)]
    for at in range(2):
        meta = {"iteration_id": "inner", "iteration_index": 0}
        told += [box("iteration_started", "inner"), box("iteration_next", "inner", index=0)]
        told += [started(f"x{at}", "x", iteration_id="outer")]
        told += [finished(f"x{at}", "x", meta=meta, iteration_id="outer")]
        told += [closed("iteration", "inner"), box("iteration_next", "outer", index=at + 1)]
    trace = folded(*told, closed("iteration", "outer"), ended())
    assert [(s.id, s.parent, s.round) for s in trace.spans()] == [
        ("outer", None, None),
        ("inner", "outer", 0),
        ("x0", "inner", 0),
        ("inner#2", "outer", 1),
        ("x1", "inner#2", 0),
    ]


def test_containers_side_by_side_are_not_nested() -> None:
    trace = folded(
        *(box("iteration_started", "iter"), box("iteration_next", "iter", index=0)),
        started("a", "a", iteration_id="iter"),
        box("loop_started", "loop"),
        *inside("b", "b", turn(0)),
        finished("a", "a", meta=item(0)),
        *(closed("loop", "loop"), closed("iteration", "iter")),
        ended(),
    )
    assert [(s.id, s.parent) for s in trace.spans()] == [("iter", None), ("a", "iter"), ("loop", None), ("b", "loop")]


def test_a_container_that_only_seemed_nested_is_set_right_by_its_first_child() -> None:
    trace = folded(
        box("iteration_started", "iter"),
        box("loop_started", "loop"),
        *inside("b", "b", turn(0)),
        *inside("a", "a", item(0)),
    )
    assert {s.id: s.parent for s in trace.spans()} == {"iter": None, "loop": None, "b": "loop", "a": "iter"}


def test_an_inner_container_without_children_stands_in_the_open_one() -> None:
    """All that is sent of a parallel iteration that was terminated are its nexts and its failed end."""
    nexts = [box("iteration_next", "iter", index=index) for index in range(3)]
    trace = folded(
        box("loop_started", "loop"),
        *(box("iteration_started", "iter"), *nexts, closed("iteration", "iter", status="failed")),
        ended("failed"),
    )
    assert shape(trace) == [("loop", None, None, "unfinished"), ("iter", "loop", 0, "failed")]


def test_children_may_come_before_and_after_the_events_of_their_container() -> None:
    early, late = inside("a", "a", item(0)), inside("b", "b", item(1))
    trace = folded(
        *early, box("iteration_started", "iter", metadata={"iteration_length": 2}), closed("iteration", "iter"), *late
    )
    assert shape(trace) == [
        ("iter", None, None, "succeeded"),
        ("a", "iter", 0, "succeeded"),
        ("b", "iter", 1, "succeeded"),
    ]
    assert [s.rounds for s in trace.spans()] == [2, None, None]
    assert trace.spans()[0].title == "Iter"


def test_a_lost_end_of_an_inner_loop_does_not_swallow_the_next_one() -> None:
    first, second = inner_loop(0)[:-1], inner_loop(1)
    trace = folded(box("iteration_started", "iter"), *first, *second, closed("iteration", "iter"), ended())
    found = {span.id: span for span in trace.spans()}
    assert [(found[n].parent, found[n].round) for n in ("i0l1", "i1l0", "i1l1")] == [
        ("loop", 1),
        ("loop#2", 0),
        ("loop#2", 1),
    ]
    assert found["loop"].state == "unfinished"
    assert found["loop#2"].round == 1


def test_a_lost_start_of_an_inner_loop_is_made_up_for() -> None:
    trace = folded(box("iteration_started", "iter"), *inner_loop(0), *inner_loop(1)[1:], closed("iteration", "iter"))
    found = {span.id: span for span in trace.spans()}
    assert [found[n].parent for n in ("i0l1", "i1l0", "i1l1")] == ["loop", "loop#2", "loop#2"]
    assert [(found[n].round, found[n].state) for n in ("loop", "loop#2")] == [(0, "succeeded"), (1, "succeeded")]


def test_an_end_that_comes_twice_is_one_end() -> None:
    trace = folded(
        box("iteration_started", "iter"),
        closed("iteration", "iter", status="failed"),
        closed("iteration", "iter", status="failed", elapsed_time=None),
    )
    assert [(s.id, s.state, s.elapsed_s) for s in trace.spans()] == [("iter", "failed", 1.0)]
    assert trace.facts.nodes_done == 1


def test_a_child_that_never_ended_has_no_round() -> None:
    trace = folded(
        *(box("loop_started", "loop"), *inside("a", "a", turn(0)), box("loop_next", "loop", index=1)),
        started("b", "a", loop_id="loop"),
        ended("stopped"),
    )
    assert [(n["id"], n["round"], n["status"]) for n, _ in flat(as_json(trace)["nodes"])] == [
        ("loop", None, "unfinished"),
        ("a", 0, "succeeded"),
        ("b", None, "unfinished"),
    ]


def test_a_round_that_was_not_told_is_that_of_the_last_next_if_rounds_follow_each_other() -> None:
    bare = {"iteration_id": "iter"}
    told = [box("iteration_started", "iter"), box("iteration_next", "iter", index=0), *inside("a", "a", bare)]
    trace = folded(*told, box("iteration_next", "iter", index=1), *inside("b", "a", bare))
    assert [s.round for s in trace.spans()] == [None, 0, 1]
    nexts = [box("iteration_next", "iter", index=index) for index in range(2)]
    trace = folded(box("iteration_started", "iter"), *nexts, *inside("a", "a", bare))
    assert [s.round for s in trace.spans()] == [None, None]


def test_the_rounds_of_a_loop_are_what_it_did_and_not_what_it_might_have_done() -> None:
    begin = box("loop_started", "loop", metadata={"loop_length": 10})
    assert folded(begin).spans()[0].rounds == 10
    assert folded(begin, closed("loop", "loop", outputs={"loop_round": 3})).spans()[0].rounds == 3


@pytest.mark.parametrize("key", ["iteration_length", "iterator_length"])
def test_the_length_of_an_iteration_has_two_names(key: str) -> None:
    assert folded(box("iteration_started", "iter", metadata={key: 3})).spans()[0].rounds == 3


def test_retries_of_parallel_items_stay_with_their_item() -> None:
    """Dify 1.8 gives every retry a new id; the thread tells whose it is."""

    def worker(name: str) -> Json:
        return {"parallel_mode_run_id": name, "iteration_id": "iter"}

    trace = folded(
        box("iteration_started", "iter"),
        started("a", "call", iteration_id="iter", parallel_run_id="wa"),
        started("b", "call", iteration_id="iter", parallel_run_id="wb"),
        retried("r1", "call", 1, meta=worker("wb")),
        retried("r2", "call", 2, meta=worker("wb")),
        retried("r3", "call", 1, meta=worker("wa")),
        finished("b", "call", meta={**worker("wb"), "iteration_index": 1}),
        finished("a", "call", meta={**worker("wa"), "iteration_index": 0}),
    )
    assert {s.id: (s.attempts, s.round, s.state, s.error) for s in trace.spans() if s.node_id == "call"} == {
        "a": (2, 0, "succeeded", None),
        "b": (3, 1, "succeeded", None),
    }


def test_a_retry_whose_start_was_lost_is_the_node_that_ends() -> None:
    trace = folded(retried("r1", "call", 1), finished("a", "call"))
    assert [(s.id, s.attempts, s.state) for s in trace.spans()] == [("r1", 2, "succeeded")]


def test_two_executions_of_one_node_are_never_one() -> None:
    trace = folded(started("a", "x"), finished("b", "x"), ended("failed"))
    assert shape(trace) == [("a", None, None, "unfinished"), ("b", None, None, "succeeded")]


def test_an_end_may_come_before_its_start() -> None:
    trace = folded(finished("a", "x"), started("a", "x"), closed=False)
    assert shape(trace) == [("a", None, None, "succeeded")]
    assert trace.facts.current_node is None


def test_a_replay_adds_nothing_and_erases_nothing() -> None:
    replayed = {"inputs": None, "outputs": None, "elapsed_time": None, "execution_metadata": None}
    trace = folded(
        *(began(), started("a", "x"), finished("a", "x", outputs={"y": 1}, meta={"total_tokens": 3})),
        *(box("iteration_started", "iter"), *inside("b", "b", item(0)), closed("iteration", "iter")),
        *(began(), started("a", "x"), finished("a", "x", **{k: v for k, v in replayed.items() if k[0] != "e"})),
        started("exec-1", "iter", "iteration"),
        *inside("b", "b", item(0)),
        finished("exec-1", "iter", "iteration", elapsed_time=None),
    )
    assert [(s.id, s.state, s.parent) for s in trace.spans()] == [
        ("a", "succeeded", None),
        ("iter", "succeeded", None),
        ("b", "succeeded", "iter"),
    ]
    span = trace.spans()[0]
    assert (span.outputs, span.tokens, span.elapsed_s, trace.spans()[1].elapsed_s) == ({"y": 1}, 3, 0.5, 1.0)


def test_a_replay_alone_shows_its_containers() -> None:
    trace = folded(
        began(),
        started("e1", "iter", "iteration"),
        *inside("b", "b", item(0)),
        closed("iteration", "iter"),
        started("e2", "loop", "loop"),
    )
    assert [(s.id, s.kind, s.state, s.parent) for s in trace.spans()] == [
        ("iter", "iteration", "succeeded", None),
        ("b", "code", "succeeded", "iter"),
        ("loop", "loop", "unfinished", None),
    ]


def test_a_container_that_is_announced_again_after_a_pause_is_the_same() -> None:
    pause = event("workflow_paused", status="paused", reasons=[])
    trace = folded(
        *(began(), box("loop_started", "loop"), started("a", "ask", "human-input", loop_id="loop"), pause),
        *(began("resumption"), box("loop_started", "loop"), started("a", "ask", "human-input", loop_id="loop")),
        finished("a", "ask", "human-input", meta=turn(0), outputs={"__action_id": "approve"}),
        *(closed("loop", "loop"), ended()),
    )
    assert shape(trace) == [("loop", None, None, "succeeded"), ("a", "loop", 0, "succeeded")]
    assert trace.spans()[1].branch == "approve"


def test_the_order_is_that_of_the_beginnings() -> None:
    trace = folded(started("a", "a"), started("b", "b"), finished("b", "b"), finished("a", "a"))
    assert [s.id for s in trace.spans()] == ["a", "b"]


def test_ids_are_unique_even_where_dify_repeats_itself() -> None:
    told = [
        started("iter", "x"),
        box("iteration_started", "iter"),
        finished("iter", "x"),
        closed("iteration", "iter"),
    ]
    trace = folded(*told, {**started("", "y")}, {**started("", "y")})
    ids = [s.id for s in trace.spans()]
    assert len(set(ids)) == len(ids) == 4
    assert [s.state for s in trace.spans()][:2] == ["succeeded", "succeeded"]


def test_a_node_without_any_id_is_ignored() -> None:
    trace = folded(event("node_started"), event("node_finished", title="x"), event("loop_started", id=7))
    assert (trace.spans(), trace.facts.ignored_events) == ((), 3)


def test_containers_in_a_circle_make_no_circle() -> None:
    meta = [
        {"iteration_id": "a", "loop_id": "b"},
        {"iteration_id": "b", "loop_id": "a"},
        {"iteration_id": "c", "loop_id": "c"},
    ]
    events = [
        e
        for at, ids in enumerate(meta)
        for e in inside(f"x{at}", "x", {**ids, "loop_index": 0, "iteration_index": at})
    ]
    nodes = list(flat(as_json(folded(*events, *events))["nodes"]))
    assert {"x0", "x1", "x2"} <= {n["id"] for n, _ in nodes}
    assert len(nodes) == len({n["id"] for n, _ in nodes}) == len(folded(*events, *events).spans())


def test_a_tree_of_any_depth_can_be_written() -> None:
    opened = [box("loop_started", f"l{at}") for at in range(3_000)]
    told = as_json(folded(*opened, ended()))
    assert orjson.dumps(told)
    assert len(list(flat(told["nodes"]))) == 3_000


def test_fmea_e14_spans_beyond_the_most_are_counted_and_not_kept() -> None:
    events = [e for at in range(10) for e in (started(str(at), "x"), finished(str(at), "x"))]
    trace = folded(*events, box("loop_started", "loop"), *inside("c", "c", turn(0)), max_spans=4)
    assert len(trace.spans()) == 4
    assert (trace.facts.nodes, trace.facts.nodes_done, trace.facts.nodes_dropped) == (12, 4, 8)


@pytest.mark.parametrize("kind", ["flat", "one container", "many containers", "open containers", "workers"])
def test_folding_takes_time_in_proportion(kind: str) -> None:
    def make(count: int) -> list[Json]:
        if kind == "flat":
            return [e for at in range(count) for e in (started(str(at), f"n{at}"), finished(str(at), f"n{at}"))]
        if kind == "one container":
            return [
                box("iteration_started", "iter"),
                *(e for at in range(count) for e in inside(str(at), "x", item(at))),
            ]
        if kind == "many containers":
            return [box("iteration_started", "iter"), *(e for at in range(count // 3) for e in inner_loop(at))]
        if kind == "open containers":
            opened = [box("loop_started", "loop") for _ in range(count)]
            return [*opened, *(e for at in range(count) for e in inside(str(at), "x", {**item(at), **turn(0)}))]
        opened = [box("loop_started", "loop") for _ in range(count)]
        return [
            *opened,
            *(
                started(str(at), "x", iteration_id="iter", loop_id="loop", parallel_run_id=f"w{at}")
                for at in range(count)
            ),
            *(closed("loop", "loop") for _ in range(count)),
        ]

    def cost(count: int) -> float:
        events, begun = make(count), time.thread_time()
        trace = folded(*events)
        trace.spans()
        return time.thread_time() - begun

    assert min(cost(4_000) for _ in range(2)) < 40 * max(min(cost(500) for _ in range(3)), 0.004)
