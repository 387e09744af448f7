"""How a run ended, from what is known: pure decisions over a stream, a run detail, an error, or nothing."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from bot.dify.client import RunDetail, StreamLost
from bot.dify.codes import Code
from bot.dify.facts import Facts
from bot.errors import DifyError
from bot.loops.ending import (
    Ending,
    Wish,
    end_before_asking,
    end_by_detail,
    end_by_error,
    end_by_search,
    end_by_stream,
    end_poisoned,
    read_wish,
)
from bot.loops.pursuit import STOP_PATIENCE_S, patience_of
from storage.records import NodeSpan, RunState
from tests.storage.examples import NOW, a_run

STOP, TIMEOUT, REPLACE = Wish
OUTPUTS = {"text": "done"}


def facts(**told: Any) -> Facts:
    plain: dict[str, Any] = {
        "run_id": "r1",
        "task_id": "t1",
        "workflow_id": "w1",
        "status": None,
        "error": None,
        "elapsed_s": 4.2,
        "total_tokens": 99,
        "total_steps": 3,
        "outputs": None,
        "complete": True,
        "ignored_events": 0,
        "events": 9,
        "exceptions": 0,
        "said": None,
        "answer": None,
        "usage": {},
        "forms": (),
        "reasons": (),
        "nodes": 3,
        "nodes_done": 3,
        "nodes_dropped": 0,
        "current_node": None,
    }
    return Facts(**plain | told)


def silent(**told: Any) -> Facts:
    return facts(run_id=None, task_id=None, complete=False, nodes=0, nodes_done=0, **told)


def detail(status: str, **told: Any) -> RunDetail:
    return RunDetail(run_id="r1", status=status, **told)


def a_span(**told: Any) -> NodeSpan:
    return NodeSpan(**{"id": "s1", "node_id": "n1", "kind": "llm", "title": "Ask", "state": "succeeded"} | told)


@pytest.mark.parametrize(
    ("status", "wish", "state"),
    [
        ("succeeded", None, RunState.SUCCEEDED),
        ("partial-succeeded", None, RunState.PARTIAL),
        ("failed", None, RunState.FAILED),
        ("stopped", None, RunState.STOPPED),
        ("paused", None, RunState.WAITING),
        ("stopped", STOP, RunState.STOPPED),
        ("failed", STOP, RunState.STOPPED),
        ("stopped", TIMEOUT, RunState.TIMED_OUT),
        ("failed", TIMEOUT, RunState.TIMED_OUT),
        # a wish that came too late changes nothing
        ("succeeded", STOP, RunState.SUCCEEDED),
        ("succeeded", TIMEOUT, RunState.SUCCEEDED),
        ("partial-succeeded", STOP, RunState.PARTIAL),
    ],
)
def test_the_last_event_of_a_stream_decides(status: str, wish: Wish | None, state: RunState) -> None:
    ending = end_by_stream(facts(status=status, outputs=OUTPUTS), (), wish)
    assert ending.state is state
    assert (ending.outputs, ending.elapsed_s, ending.tokens, ending.steps) == (OUTPUTS, 4.2, 99, 3)
    is_well = state in (RunState.SUCCEEDED, RunState.PARTIAL, RunState.WAITING)
    assert (ending.fault is None) is (is_well or wish is not None)  # what we asked for needs no other reason


def test_a_status_that_nobody_knows_is_lost_and_not_guessed() -> None:
    assert end_by_stream(facts(status="exploded"), (), None).state is RunState.LOST


def test_a_failure_names_the_node_that_failed() -> None:
    bad = a_span(state="failed", kind="http-request", title="Fetch", error="502 Bad Gateway")
    fault = end_by_stream(facts(status="failed", error="502 Bad Gateway"), (a_span(), bad), None).fault
    assert fault is not None
    assert (fault.code, fault.where, fault.node_id) == (Code.HTTP_NODE, "Fetch", "n1")
    assert "502 Bad Gateway" in fault.message


def test_a_limit_of_the_server_that_reads_like_a_stop_is_told_by_the_run_detail() -> None:
    stream = facts(status="stopped", error="Stopped by user.")
    truth = detail("stopped", error="Workflow execution exceeded maximum execution time of 1200s")
    assert end_by_stream(stream, (), None).state is RunState.STOPPED
    ending = end_by_stream(stream, (), None, truth)
    assert ending.state is RunState.TIMED_OUT
    assert ending.fault is not None
    assert ending.fault.code == Code.TIME_LIMIT


def test_the_answer_of_a_chatflow_is_its_output() -> None:
    assert end_by_stream(facts(status="succeeded", answer="At nine."), (), None).outputs == {"answer": "At nine."}
    both = end_by_stream(facts(status="succeeded", answer="At nine.", outputs=OUTPUTS), (), None)
    assert both.outputs == OUTPUTS


@pytest.mark.parametrize("odd", ["text", 5, ["a"], None])
def test_outputs_that_are_no_object_are_unknown(odd: object) -> None:
    assert end_by_stream(facts(status="succeeded", outputs=odd), (), None).outputs is None


@pytest.mark.parametrize(
    ("status", "wish", "state"),
    [
        ("succeeded", None, RunState.SUCCEEDED),
        ("partial-succeeded", None, RunState.PARTIAL),
        ("failed", None, RunState.FAILED),
        ("stopped", None, RunState.STOPPED),
        ("paused", None, RunState.WAITING),
        ("failed", STOP, RunState.STOPPED),
        ("stopped", TIMEOUT, RunState.TIMED_OUT),
        ("succeeded", TIMEOUT, RunState.SUCCEEDED),
    ],
)
def test_a_broken_stream_is_finished_from_the_run_detail(status: str, wish: Wish | None, state: RunState) -> None:
    told = detail(status, outputs=OUTPUTS, elapsed_s=1.5, tokens=7, steps=2)
    ending = end_by_detail(told, wish)
    assert (ending.state, ending.outputs, ending.elapsed_s, ending.tokens) == (state, OUTPUTS, 1.5, 7)
    assert ending.reason is None


@pytest.mark.parametrize("told", [None, detail("running")])
def test_a_run_that_heeds_no_stop_is_ended_here_and_says_that_nobody_confirmed_it(told: RunDetail | None) -> None:
    for wish, state in ((STOP, RunState.STOPPED), (TIMEOUT, RunState.TIMED_OUT)):
        ending = end_by_detail(told, wish)
        assert (ending.state, ending.reason) == (state, "unconfirmed")
        assert ending.fault is not None
        assert "may still be spending tokens" in ending.fault.message


def test_a_run_whose_worker_died_is_lost() -> None:
    ending = end_by_detail(detail("running"), None)
    assert ending.state is RunState.LOST
    assert ending.fault is not None
    assert ending.fault.code == Code.WORKER_LOST


def test_a_refusal_of_dify_is_a_failure_with_its_own_words() -> None:
    refusal = DifyError("bad_key", "Dify refused the API key.", final=True, status=401)
    ending = end_by_error(silent(), refusal)
    assert ending is not None
    assert ending.state is RunState.FAILED
    assert ending.fault is not None
    assert (ending.fault.code, ending.fault.message, ending.fault.final) == ("bad_key", refusal.message, True)


def test_an_error_event_before_any_run_is_a_failure() -> None:
    said = {"code": "app_unavailable", "status": 400, "message": "App unavailable"}
    ending = end_by_error(silent(said=said), None)
    assert ending is not None
    assert (ending.state, ending.fault.code if ending.fault else None) == (RunState.FAILED, Code.NOT_PUBLISHED)


@pytest.mark.parametrize("error", [None, StreamLost("timeout", "Dify sent nothing for 45 seconds.", final=True)])
def test_silence_before_any_run_is_no_end_yet(error: DifyError | None) -> None:
    assert end_by_error(silent(), error) is None


@pytest.mark.parametrize(("is_orphan", "code"), [(False, Code.NEVER_STARTED), (True, Code.CUT_OFF)])
def test_what_the_log_never_showed_and_dify_never_took_may_be_started_again(is_orphan: bool, code: Code) -> None:
    ending = end_by_search(a_run(), True, None, is_orphan=is_orphan)
    assert ending.state is RunState.FAILED
    assert ending.fault is not None
    assert (ending.fault.code, ending.fault.final) == (code, False)


@pytest.mark.parametrize(("heard_at", "is_certain"), [(NOW, True), (NOW, False), (None, False)])
def test_what_dify_took_or_cannot_tell_is_lost_and_never_started_again(
    heard_at: datetime | None, is_certain: bool
) -> None:
    ending = end_by_search(a_run(heard_at=heard_at), is_certain, None)
    assert ending.state is RunState.LOST
    assert ending.fault is not None
    assert (ending.fault.code, ending.fault.final) == (Code.NEVER_STARTED, True)
    assert "Look into Dify's logs" in ending.fault.message
    assert ".." not in ending.fault.message


@pytest.mark.parametrize(("wish", "state"), [(STOP, RunState.STOPPED), (TIMEOUT, RunState.TIMED_OUT)])
def test_silence_after_a_wish_is_that_wish_unconfirmed(wish: Wish, state: RunState) -> None:
    ending = end_by_search(a_run(), True, wish)
    assert (ending.state, ending.reason) == (state, "unconfirmed")


def test_a_run_that_had_no_leave_is_stopped_where_somebody_wants_that_and_else_somebody_elses() -> None:
    assert end_before_asking(None) is None
    stopped = end_before_asking("U1")
    assert stopped is not None
    assert (stopped.state, stopped.reason) == (RunState.STOPPED, "before it began")


def test_a_run_of_which_its_owners_die_is_lost_and_says_so() -> None:
    assert (end_poisoned().state, end_poisoned().reason) == (RunState.LOST, "poisoned")


@pytest.mark.parametrize(("stop_by", "wish"), [(None, TIMEOUT), ("U1", STOP), ("replace", REPLACE)])
def test_a_wish_is_told_by_who_has_it(stop_by: str | None, wish: Wish) -> None:
    assert read_wish(stop_by) is wish


def test_a_run_that_stopped_for_a_newer_one_says_so_and_one_that_ended_by_itself_does_not() -> None:
    ended = (
        end_by_stream(facts(status="stopped"), (), REPLACE),
        end_by_detail(detail("stopped"), REPLACE),
    )
    for ending in ended:
        assert (ending.state, ending.reason, ending.fault) == (RunState.STOPPED, "replaced by a newer run", None)
    assert end_by_stream(facts(status="succeeded"), (), REPLACE) == end_by_stream(facts(status="succeeded"), (), None)


def test_a_run_that_heeds_no_stop_for_a_newer_one_may_cost_on() -> None:
    for ending in (end_by_detail(detail("running"), REPLACE), end_by_search(a_run(), True, REPLACE)):
        assert (ending.state, ending.reason) == (RunState.STOPPED, "replaced by a newer run")
        assert ending.fault is not None
        assert "the old run may still be spending tokens" in ending.fault.message


def test_an_end_is_written_into_the_run_with_the_costs_of_its_leaves() -> None:
    spans = (a_span(price="0.10", currency="USD"), a_span(id="s2", price="0.025", currency="USD"))
    run = Ending(RunState.SUCCEEDED, outputs=OUTPUTS, elapsed_s=1.0, tokens=5, steps=2).apply(
        a_run(state=RunState.RUNNING, current_node="Ask"), spans, NOW
    )
    assert (run.state, run.ended_at, run.outputs, run.current_node) == (RunState.SUCCEEDED, NOW, OUTPUTS, None)
    assert (Decimal(run.price or "0"), run.currency) == (Decimal("0.125"), "USD")


def test_costs_in_two_currencies_are_not_added_up() -> None:
    spans = (a_span(price="1", currency="USD"), a_span(id="s2", price="1", currency="EUR"))
    run = Ending(RunState.SUCCEEDED).apply(a_run(), spans, NOW)
    assert (run.price, run.currency, run.tokens, run.elapsed_s) == (None, None, None, None)


def test_a_run_that_waits_has_no_end_yet() -> None:
    assert Ending(RunState.WAITING).apply(a_run(), (), NOW + timedelta(hours=1)).ended_at is None


@pytest.mark.parametrize(
    ("wish", "seconds"), [(Wish.STOP, (60.0, 30.0)), (Wish.TIMEOUT, (30.0, 0.0)), (Wish.REPLACE, (30.0, 0.0))]
)
def test_a_stop_is_waited_for_a_minute_in_all_and_a_limit_or_a_newer_run_half_of_it(
    wish: Wish, seconds: tuple[float, float]
) -> None:
    assert (patience_of(wish), patience_of(wish, waited_s=STOP_PATIENCE_S)) == seconds
