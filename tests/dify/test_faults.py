"""From an answer, a silence or an ended run to a class, a sentence and whether to try again."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dify.codes import MENDS, Code
from bot.dify.faults import from_event, from_http, from_run, read_state, redact, to_fault
from bot.dify.trace import Trace
from bot.errors import DifyError
from storage.records import RunState
from tests.dify.streams import RECORDINGS, began, ended, event, finished, folded, recorded, started, trace_of

RECORDED = {
    "api_disabled_403": Code.FORBIDDEN,
    "bad_json": Code.BAD_REQUEST,
    "bad_key_401": Code.BAD_KEY,
    "chat_missing_query_chatflow_echo": Code.BAD_INPUTS,
    "chat_missing_query_chatflow_llm": Code.BAD_INPUTS,
    "completion_missing_input": Code.BAD_INPUTS,
    "file_unknown_id": Code.BAD_INPUTS,
    "file_upload_no_file": Code.BAD_INPUTS,
    "file_wrong_type": Code.BAD_INPUTS,
    "human_form_bad_action": Code.BAD_INPUTS,
    "human_form_get_after_submit": Code.FORM_CLOSED,
    "human_form_missing_input": Code.BAD_INPUTS,
    "inputs_not_object": Code.BAD_INPUTS,
    "json_bad": Code.BAD_INPUTS,
    "json_string": Code.BAD_INPUTS,
    "logs_bad_date": Code.BAD_INPUTS,
    "logs_bad_limit": Code.BAD_INPUTS,
    "no_auth_401": Code.BAD_KEY,
    "not_published": Code.NOT_PUBLISHED,
    "number_as_string_ok": Code.BAD_INPUTS,
    "run_bad_uuid": Code.SERVER,
    "run_of_other_app_404": Code.NOT_FOUND,
    "run_unknown_404": Code.NOT_FOUND,
    "select_bad_option": Code.BAD_INPUTS,
    "stop_no_user": Code.BAD_INPUTS,
    "too_many_requests_blocking_limit1": Code.BUSY,
    "too_many_requests_streaming_limit1": Code.BUSY,
    "version_bad_uuid_400": Code.BAD_REQUEST,
    "wrong_mode_completion_route": Code.NOT_PUBLISHED,
}
LATER_ROUTES = ("events_no_user", "events_unknown_run_404", "human_form_unknown_404")


def refused() -> list[Path]:
    files = sorted(RECORDINGS.glob("*/errors/*.json"))
    return [file for file in files if json.loads(file.read_bytes())["http_status"] >= 400]


def answer(code: str | None, message: str = "no", status: int = 400) -> bytes:
    return json.dumps({"code": code, "message": message, "status": status}).encode()


@pytest.mark.parametrize("file", refused(), ids=lambda f: f"{f.parent.parent.name}/{f.stem}")
def test_every_recorded_refusal_has_its_class(file: Path) -> None:
    seen = json.loads(file.read_bytes())
    error = from_http(seen["http_status"], seen["raw_body"].encode(), seen["headers"])
    if file.stem in LATER_ROUTES:
        html = seen["raw_body"].startswith("<")
        no_user = not html and seen["http_status"] == 400
        expected = Code.WRONG_ADDRESS if html else Code.BAD_INPUTS if no_user else Code.NOT_FOUND
    else:
        expected = RECORDED[file.stem]
    assert error.code == expected
    assert error.status == seen["http_status"]
    assert error.final is (expected not in (Code.BUSY, Code.SERVER))
    assert "<html" not in error.message
    assert "have requested this URI" not in error.message


@pytest.mark.parametrize(
    ("status", "code", "expected", "final"),
    [
        (429, "too_many_requests", Code.BUSY, False),
        (429, "rate_limit_error", Code.QUOTA, True),
        (429, None, Code.BUSY, False),
        (400, "provider_quota_exceeded", Code.QUOTA, True),
        (400, "provider_not_initialize", Code.PROVIDER, True),
        (400, "model_currently_not_support", Code.PROVIDER, True),
        (400, "completion_request_error", Code.PROVIDER, True),
        (400, "not_workflow_app", Code.WRONG_APP, True),
        (400, "something_new", Code.BAD_REQUEST, True),
        (403, "workflow_version_execution_not_allowed", Code.FORBIDDEN, True),
        (413, "file_too_large", Code.TOO_LARGE, True),
        (415, "unsupported_media_type", Code.BAD_REQUEST, True),
        (500, "internal_server_error", Code.SERVER, False),
        (502, "plugin_runtime_error", Code.SERVER, False),
        (599, "something_new", Code.SERVER, False),
    ],
)
def test_fmea_e3_a_code_has_its_class_and_its_retry(
    status: int, code: str | None, expected: Code, final: bool
) -> None:
    error = from_http(status, answer(code, status=status))
    assert (error.code, error.final) == (expected, final)


@pytest.mark.parametrize(
    ("status", "body", "expected", "final"),
    [
        (502, b"<html>Bad Gateway</html>", Code.SERVER, False),
        (504, b"", Code.TIMEOUT, False),
        (404, b"<!doctype html>", Code.WRONG_ADDRESS, True),
        (404, b"", Code.WRONG_ADDRESS, True),
        (302, b"", Code.WRONG_ADDRESS, True),
        (413, b"<html>nginx</html>", Code.TOO_LARGE, True),
        (401, b"[]", Code.BAD_KEY, True),
    ],
)
def test_what_stands_before_dify_is_read_by_its_status(status: int, body: bytes, expected: Code, final: bool) -> None:
    error = from_http(status, body, {"content-type": "text/html"})
    assert (error.code, error.final) == (expected, final)
    assert "<" not in error.message


def test_the_fields_that_an_old_server_refuses_are_named() -> None:
    seen = json.loads((RECORDINGS / "1.8.1/errors/logs_bad_limit.json").read_bytes())
    assert "limit: Invalid argument: 500" in from_http(400, seen["raw_body"].encode()).message


def test_a_sentence_says_how_to_mend_it_and_then_what_dify_said() -> None:
    message = from_http(400, answer("invalid_param", "city is required in input form")).message
    assert (
        message == "Dify refused the inputs. Correct the inputs of the job. Dify says: city is required in input form"
    )


def test_every_class_has_a_sentence() -> None:
    assert set(MENDS) == set(Code)
    assert all(words.endswith(".") for words in MENDS.values())


def test_an_error_becomes_a_fault_with_the_same_words() -> None:
    error = DifyError("unreachable", "It cannot be reached.", final=False)
    fault = to_fault(error, where="Dify")
    assert (fault.code, fault.message, fault.where, fault.final) == ("unreachable", error.message, "Dify", False)


def test_an_error_event_is_read_like_an_answer() -> None:
    error = from_event({"code": "provider_quota_exceeded", "status": 400, "message": "no credit"})
    assert (error.code, error.final) == (Code.QUOTA, True)
    assert from_event({"code": None, "status": None, "message": None}).code == Code.SERVER


def fault_of(trace: Trace, *, with_begun: bool = False, **told: Any) -> tuple[Any, str | None, bool]:
    """Its class, its place, and whether another attempt is out of the question."""
    fault = from_run(trace.facts, trace.spans(), **told)
    assert fault is not None
    return fault.code, fault.where, fault.final or (fault.begun and not with_begun)


@pytest.mark.parametrize(
    ("name", "code", "where"),
    [
        ("1.16.1/fail_code", Code.CODE_NODE, "Code that fails"),
        ("1.16.1/fail_http_refused", Code.HTTP_NODE, "Refused call"),
        ("1.16.1/llm_rate_limited", Code.LLM_NODE, "Ask the model"),
        ("1.16.1/llm_unknown_model", Code.PROVIDER, None),
        ("main-2026-08/llm_unknown_model", Code.PROVIDER, None),
        ("1.16.1/iteration_error_terminated", Code.CODE_NODE, "Process item"),
        ("1.8.1/iteration_parallel_error", Code.CODE_NODE, "Process item"),
        ("1.16.1/stream_missing_required_input", Code.BAD_INPUTS, None),
        ("1.16.1/stop_mid_run", Code.STOPPED_BY_USER, None),
        ("1.16.1/server_time_limit", Code.TIME_LIMIT, None),
        ("1.16.1/human_input", Code.HUMAN_INPUT, None),
        ("1.16.1/worker_killed_mid_run", Code.WORKER_LOST, None),
        ("1.16.1/worker_down_from_start", Code.NEVER_STARTED, None),
    ],
)
def test_every_recorded_failure_has_its_class_and_is_not_repeated(name: str, code: Code, where: str | None) -> None:
    assert fault_of(trace_of(recorded(name))) == (code, where, True)


@pytest.mark.parametrize("name", ["1.16.1/simple", "1.16.1/error_fail_branch", "1.8.1/retry_then_ok"])
def test_a_run_that_succeeded_has_no_fault(name: str) -> None:
    trace = trace_of(recorded(name))
    assert from_run(trace.facts, trace.spans()) is None


def test_a_fault_tells_the_node_and_the_cause() -> None:
    trace = trace_of(recorded("1.16.1/iteration_error_terminated"))
    fault = from_run(trace.facts, trace.spans())
    assert fault is not None
    assert fault.node_id == "inner2"
    assert "ValueError: cannot process beta" in fault.message


def test_a_full_app_is_tried_again_also_when_the_stream_tells_it() -> None:
    full = folded(began(), ended("failed", error="Too many requests. Please try again later.", total_steps=0))
    assert fault_of(full) == (Code.BUSY, None, False)


def test_a_run_that_has_begun_is_repeated_only_by_wish() -> None:
    failed = finished("a", "call", "http-request", status="failed", error="status code 503")
    trace = folded(began(), started("a", "call", "http-request"), failed, ended("failed", error="status code 503"))
    assert fault_of(trace) == (Code.HTTP_NODE, "Call", True)
    assert fault_of(trace, with_begun=True) == (Code.HTTP_NODE, "Call", False)
    broken = folded(began(), {"event": "error", "code": "internal_server_error", "status": 500, "message": "x"})
    assert fault_of(broken) == (Code.SERVER, None, True)


def test_an_error_before_the_run_began_may_pass() -> None:
    broken = folded({"event": "error", "code": "internal_server_error", "status": 500, "message": "x"})
    assert fault_of(broken) == (Code.SERVER, None, False)


def test_a_code_error_is_never_worth_another_attempt() -> None:
    assert fault_of(trace_of(recorded("1.16.1/fail_code")), with_begun=True)[2] is True


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ("[x] Rate Limit Error, slow down", Code.LLM_NODE),
        ("Your quota has been exhausted", Code.QUOTA),
        ("Incorrect model credentials provided", Code.PROVIDER),
    ],
)
def test_a_model_node_tells_the_fault_of_its_provider(error: str, code: Code) -> None:
    failed = finished("a", "ask", "llm", status="failed", error=error)
    assert fault_of(folded(began(), failed, ended("failed", error=error)))[0] == code


STOPS = [
    ("Aborted: User requested stop", Code.STOPPED_BY_USER, RunState.STOPPED),
    ("Stopped by user.", Code.STOPPED_BY_USER, RunState.STOPPED),
    ("Aborted: Maximum execution time exceeded: 35.08s > 6s", Code.TIME_LIMIT, RunState.TIMED_OUT),
    ("Aborted: Maximum execution steps exceeded: 9 > 8", Code.STEP_LIMIT, RunState.FAILED),
    ("Aborted: App execution exceeded 5 seconds", Code.APP_LIMIT, RunState.TIMED_OUT),
    (None, Code.STOPPED_BY_USER, RunState.STOPPED),
]


@pytest.mark.parametrize(("error", "code", "state"), STOPS)
def test_a_stop_is_told_apart_by_its_text(error: str | None, code: Code, state: RunState) -> None:
    assert fault_of(folded(began(), ended("stopped", error=error)))[0] == code
    assert read_state("stopped", error) is state


def test_the_run_detail_is_truer_about_a_stop() -> None:
    stopped = folded(began(), ended("stopped", error="Stopped by user."))
    assert fault_of(stopped, detail_error="Aborted: App execution exceeded 5 seconds")[0] == Code.APP_LIMIT


def test_what_we_stopped_was_stopped_by_us_even_when_dify_says_failed() -> None:
    assert fault_of(folded(began(), ended("failed", error="x")), stop_asked=True)[0] == Code.STOPPED_BY_USER
    assert read_state("failed", stop_asked=True) is RunState.STOPPED
    assert (
        read_state("stopped", "Aborted: User requested stop", stop_asked=True, timed_out=True) is RunState.TIMED_OUT
    )


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("succeeded", RunState.SUCCEEDED),
        ("partial-succeeded", RunState.PARTIAL),
        ("failed", RunState.FAILED),
        ("paused", RunState.WAITING),
        ("running", None),
        ("scheduled", None),
        ("something new", None),
        (None, None),
    ],
)
def test_the_status_of_dify_in_our_words(status: str | None, state: RunState | None) -> None:
    assert read_state(status) is state


def test_success_beats_a_stop_that_came_too_late() -> None:
    assert read_state("succeeded", stop_asked=True, timed_out=True) is RunState.SUCCEEDED


@pytest.mark.parametrize(
    "secret",
    [
        "app-abcdefghijklmnopqrstuvwx",
        "Bearer abcdefghijkl",
        "Authorization: bearer app-abcdefghijkl",
        "sk-proj-abcdefgh12345",
        "xoxb-123456789-abc",
        "https://user:hunter22@host/v1",
    ],
)
def test_no_key_leaves_in_a_sentence(secret: str) -> None:
    kept = ("abcdefgh", "hunter22", "123456789")
    for words in (
        redact(f"call {secret} failed"),
        from_http(500, answer("internal_server_error", secret)).message,
        from_run(folded(ended("failed", error=secret)).facts, ()).message,  # type: ignore[union-attr]
    ):
        assert not any(part in words for part in kept), words


def test_words_that_only_resemble_a_key_stay() -> None:
    words = "the app-launch of my app, see https://host/v1 and a bearer bond"
    assert redact(words) == words


def test_a_long_text_is_cut_and_a_traceback_keeps_its_end() -> None:
    assert len(from_http(500, answer("internal_server_error", "x" * 10_000)).message) < 1_000
    trace = "Traceback (most recent call last):\n" + "line\n" * 1_000 + "ValueError: the reason"
    assert from_http(500, answer("internal_server_error", trace)).message.endswith("ValueError: the reason")


@given(st.integers(100, 599), st.binary(max_size=60))
def test_no_answer_makes_it_raise(status: int, body: bytes) -> None:
    assert from_http(status, body, {}).message


def test_a_fault_of_an_unknown_event_stream_is_never_an_exception() -> None:
    assert fault_of(folded(event("odd"), {"event": "error"}))[0] == Code.SERVER
