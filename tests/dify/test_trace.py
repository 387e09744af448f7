"""The facts of a run: ids, ends that are no ends, causes, pauses, chat apps, live states, and what is kept."""

import pytest

from bot.dify.node import PREVIEW_BYTES, TRACE_PREVIEW_BYTES
from bot.dify.trace import MAX_ANSWER_CHARS, Trace, as_json
from tests.dify.streams import (
    RUN,
    TASK,
    began,
    box,
    ended,
    event,
    finished,
    folded,
    recorded,
    retried,
    started,
    trace_of,
)

Json = dict[str, object]
FORM: Json = {"form_id": "f", "node_id": "ask", "form_token": "t", "actions": [{"id": "ok"}]}
LOST = "Workflow stream ended without a terminal event"
INTERNAL = "Internal Server Error, please contact support."


def said(message: str, code: str = "invalid_param", status: int = 400) -> Json:
    return {"event": "error", "workflow_run_id": None, "code": code, "status": status, "message": message}


def message(answer: str, name: str = "message") -> Json:
    return {"event": name, "task_id": TASK, "id": "m", "message_id": "m", "answer": answer, "conversation_id": "c"}


def test_fmea_e23_an_empty_stream_tells_nothing_and_no_zero() -> None:
    told = as_json(folded())
    assert told.pop("nodes") == []
    assert (told.pop("complete"), told.pop("ignored_events")) == (False, 0)
    assert set(told.values()) == {None}


def test_a_run_is_live_until_it_ends() -> None:
    trace = folded(began(), started("a", "first"), finished("a", "first"), started("b", "second"), closed=False)
    facts = trace.facts
    assert (facts.nodes, facts.nodes_done, facts.current_node, facts.complete) == (2, 1, "Second", False)
    assert [span.state for span in trace.spans()] == ["succeeded", "running"]
    assert as_json(trace)["nodes"][1]["status"] == "unfinished"
    trace.close()
    assert [span.state for span in trace.spans()] == ["succeeded", "unfinished"]
    assert trace.facts.current_node is None


def test_a_node_that_is_tried_again_says_so_while_it_runs() -> None:
    trace = folded(began(), started("a", "call"), retried("a", "call", 1), closed=False)
    [span] = trace.spans()
    assert (span.state, span.attempts, span.error) == ("retry", 2, "try 1")
    assert trace.facts.current_node == "Call"


def test_after_a_node_ended_the_one_that_still_runs_is_current() -> None:
    trace = folded(started("a", "slow"), started("b", "fast"), finished("b", "fast"), closed=False)
    assert trace.facts.current_node == "Slow"


def test_a_terminal_event_closes_what_still_ran() -> None:
    trace = folded(began(), started("a", "slow"), ended("failed", error="other branch"), closed=False)
    assert [span.state for span in trace.spans()] == ["unfinished"]


def test_the_task_id_of_the_live_stream_wins_over_that_of_a_replay() -> None:
    replayed = {**began(), "task_id": RUN}
    assert folded(replayed).task_id == RUN
    assert folded(replayed, started("a", "x")).task_id == TASK
    assert folded(started("a", "x"), replayed).task_id == TASK


def test_fmea_e15_an_error_event_is_not_the_end() -> None:
    trace = folded(said("Model x not exist."))
    assert (trace.complete, trace.facts.status, trace.facts.error) == (False, None, "Model x not exist.")
    assert trace.facts.said == {"code": "invalid_param", "status": 400, "message": "Model x not exist."}


@pytest.mark.parametrize(
    ("message", "terminal", "cause"),
    [
        ("Model x not exist.", LOST, "Model x not exist."),
        ("Model x not exist.", "something else", "Model x not exist."),
        (INTERNAL, "division by zero", "division by zero"),
        (INTERNAL, LOST, INTERNAL),
        (INTERNAL, None, INTERNAL),
    ],
)
def test_the_message_of_an_error_event_is_the_best_cause_unless_it_says_nothing(
    message: str, terminal: str | None, cause: str
) -> None:
    assert folded(said(message), began(), ended("failed", error=terminal)).facts.error == cause


def test_a_vague_end_takes_its_cause_from_the_node_that_failed() -> None:
    trace = folded(finished("a", "x", status="failed", error="no route"), ended("failed", error="Unknown error"))
    assert trace.facts.error == "no route"
    assert folded(ended("failed", error="Unknown error")).facts.error == "Unknown error"


def test_a_stop_keeps_its_own_words_and_a_success_has_no_error() -> None:
    assert folded(said("x"), ended("stopped", error="Stopped by user.")).facts.error == "Stopped by user."
    assert folded(said("x"), ended("succeeded", error="")).facts.error is None


def test_a_handled_exception_shows_its_real_cause() -> None:
    outputs = {"error_message": "status code 503", "error_type": "HTTPResponseCodeError"}
    trace = folded(finished("a", "call", status="exception", error="Unknown error", outputs=outputs))
    assert trace.spans()[0].error == "status code 503"
    trace = folded(finished("a", "call", status="exception", error="a clear one", outputs=outputs))
    assert trace.spans()[0].error == "a clear one"


def test_a_retry_that_helped_leaves_no_error() -> None:
    trace = folded(started("a", "x"), retried("a", "x", 1), finished("a", "x"))
    assert (trace.spans()[0].error, trace.spans()[0].attempts) == (None, 2)


def test_a_pause_is_the_end_of_the_connection_and_carries_its_forms() -> None:
    pause = event("workflow_paused", status="paused", reasons=[{"TYPE": "human_input_required", **FORM}, 7])
    trace = folded(began(), started("a", "ask", "human-input"), event("human_input_required", **FORM), pause)
    facts = trace.facts
    assert (facts.complete, facts.status, facts.forms) == (True, "paused", (FORM,))
    assert [reason["TYPE"] for reason in facts.reasons] == ["human_input_required"]
    assert trace.spans()[0].state == "unfinished"


def test_a_resumed_run_is_open_again_until_its_next_end() -> None:
    before = recorded("main-2026-08/human_input_resume_plain.before_pause")
    after = recorded("main-2026-08/human_input_resume_plain")
    assert as_json(trace_of(before))["status"] == "paused"
    cut = trace_of(before + after[: after.index(b'"node_finished"')])
    assert (cut.complete, cut.facts.status) == (False, None)
    whole = trace_of(before + after)
    assert (whole.complete, whole.facts.status, whole.facts.total_steps) == (True, "succeeded", 6)
    assert [(span.node_id, span.state) for span in whole.spans()] == [
        (name, "succeeded") for name in ("start", "ask", "ok", "agg", "end")
    ]


def test_a_late_finish_after_the_end_still_counts() -> None:
    trace = folded(started("a", "x"), ended(), finished("a", "x"))
    assert [span.state for span in trace.spans()] == ["succeeded"]


def test_the_answer_of_a_chat_app_is_put_together() -> None:
    usage = {"total_tokens": 5, "total_price": "0.1", "currency": "USD"}
    end = {"event": "message_end", "task_id": TASK, "metadata": {"usage": usage}}
    facts = folded(message("He"), message("llo"), message(" you", "agent_message"), end).facts
    assert (facts.answer, facts.usage, facts.complete, facts.status) == ("Hello you", usage, False, None)
    assert (facts.run_id, facts.task_id, facts.total_tokens) == (None, TASK, None)
    assert folded(message("bad"), message("good", "message_replace")).facts.answer == "good"
    assert folded().facts.answer is None


def test_a_chatflow_ends_with_its_workflow() -> None:
    facts = trace_of(recorded("1.16.1/chatflow_echo")).facts
    assert (facts.answer, facts.status) == ("Reply: You said hello there", "succeeded")
    assert facts.outputs["answer"] == facts.answer


def test_an_endless_answer_is_cut() -> None:
    trace = folded(*[message("x" * 300_000)] * 5)
    assert len(trace.facts.answer or "") == MAX_ANSWER_CHARS


@pytest.mark.parametrize(
    "name",
    [
        *("text_chunk", "text_replace", "reasoning_chunk", "agent_log", "agent_thought", "message_file", "ping"),
        *("tts_message", "tts_message_end", "human_input_form_filled", "human_input_form_timeout"),
        *("parallel_branch_started", "parallel_branch_finished"),
    ],
)
def test_events_that_are_known_and_of_no_use_are_not_ignored_ones(name: str) -> None:
    facts = folded(event(name, id="x", node_id="n")).facts
    assert (facts.ignored_events, facts.events, facts.nodes) == (0, 1, 0)


def test_unknown_and_empty_events_are_counted() -> None:
    bare = [{"event": name} for name in ("workflow_finished", "workflow_paused", "node_started")]
    facts = folded(event("new_thing"), {"no": "name"}, *bare).facts
    assert (facts.ignored_events, facts.complete) == (5, False)


def test_a_model_node_has_tokens_and_a_price_as_text() -> None:
    trace = trace_of(recorded("1.16.1/llm_ok"))
    [llm] = [span for span in trace.spans() if span.kind == "llm"]
    assert (llm.tokens, llm.price, llm.currency) == (34, "0.0001525", "USD")
    assert {(span.tokens, span.price) for span in trace.spans() if span.kind != "llm"} == {(None, None)}


@pytest.mark.parametrize("price", ["NaN", "Infinity", "free", "1" * 50, None, [], True])
def test_a_price_that_is_no_number_is_unknown(price: object) -> None:
    trace = folded(finished("a", "x", "llm", meta={"total_price": price, "currency": "USD"}))
    assert (trace.spans()[0].price, trace.spans()[0].currency) == (None, None)


def test_a_price_beside_the_metadata_is_found() -> None:
    usage = {"total_tokens": 9, "total_price": "0.5", "currency": "EUR"}
    [span] = folded(finished("a", "x", "llm", process_data={"usage": usage})).spans()
    assert (span.tokens, span.price, span.currency) == (9, "0.5", "EUR")


@pytest.mark.parametrize(
    ("kind", "outputs", "branch"),
    [
        ("if-else", {"result": True, "selected_case_id": "big"}, "big"),
        ("if-else", {"result": False, "selected_case_id": "false"}, "false"),
        ("if-else", {"result": False}, "false"),
        ("question-classifier", {"class_name": "Refund", "class_id": "1"}, "Refund"),
        ("question-classifier", {"class_id": "1"}, "1"),
        ("human-input", {"__action_id": "approve"}, "approve"),
        ("code", {"selected_case_id": "x", "class_name": "y"}, None),
        ("if-else", None, None),
    ],
)
def test_the_branch_is_the_way_that_was_chosen(kind: str, outputs: object, branch: str | None) -> None:
    assert folded(finished("a", "x", kind, outputs=outputs)).spans()[0].branch == branch


def test_a_long_value_is_cut_and_a_short_one_beside_it_is_whole() -> None:
    trace = folded(finished("a", "x", inputs={"q": 1}, outputs={"text": "é" * PREVIEW_BYTES}))
    [span] = trace.spans()
    assert span.inputs == {"q": 1}
    assert span.outputs.startswith('{"text":"éé')
    assert span.outputs.endswith("[cut: 131,083 bytes]")


def test_the_values_of_one_run_have_a_budget() -> None:
    size = PREVIEW_BYTES - 2_000
    events = [finished(str(at), "x", outputs={"t": "x" * size}) for at in range(400)]
    kept = [span.outputs for span in folded(*events).spans()]
    assert kept[0] == {"t": "x" * size}
    assert kept[-1] is None
    assert sum(len(value["t"]) for value in kept if value) < TRACE_PREVIEW_BYTES


def test_what_is_too_deep_to_be_written_again_is_left_out_and_the_rest_is_kept() -> None:
    deep: object = 1
    for _ in range(500):
        deep = [deep]
    asked = event("human_input_required", **FORM, inputs=deep)
    node = finished("a", "x", inputs={"q": deep}, outputs={"text": "short"})
    trace = folded(began(), node, asked, ended(outputs={"x": deep}))
    [span] = trace.spans()
    assert (span.inputs, span.outputs, trace.facts.outputs, trace.facts.forms) == (None, {"text": "short"}, None, ())
    assert trace.facts.status == "succeeded"
    paused = folded(began(), event("workflow_paused", reasons=[{"form": deep}]))
    assert (paused.facts.status, paused.facts.reasons) == ("paused", ())


def test_a_dead_run_says_whether_it_had_begun() -> None:
    assert not Trace().started
    assert not trace_of(recorded("1.16.1/worker_down_from_start")).started
    assert trace_of(recorded("1.16.1/worker_killed_mid_run")).started


def test_the_inputs_of_a_container_are_kept() -> None:
    inputs = {"iterator_selector": ["a"]}
    assert folded(box("iteration_started", "iter", inputs=inputs)).spans()[0].inputs == inputs
