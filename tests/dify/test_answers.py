"""Dify's short answers of every version are read into the same words."""

import json
from datetime import UTC, datetime

from bot.dify.answers import read_app, read_detail, read_fields, read_log

NULLS = dict.fromkeys(("id", "workflow_id", "status", "inputs", "outputs", "error", "total_steps", "created_at"))


def test_fmea_e18_a_run_that_old_servers_answer_with_nulls_is_unknown() -> None:
    assert read_detail(NULLS) is None
    assert read_detail({}) is None


def test_outputs_may_be_an_object_or_its_json_text() -> None:
    told = {"id": "r", "status": "succeeded", "created_at": 1_795_458_823, "finished_at": None, "elapsed_time": 0.3}
    for outputs in ({"text": "é"}, json.dumps({"text": "é"})):
        found = read_detail({**told, "outputs": outputs})
        assert found is not None
        assert found.outputs == {"text": "é"}
        assert found.created_at == datetime(2026, 11, 23, 18, 33, 43, tzinfo=UTC)
        assert found.finished_at is None


def test_outputs_that_are_no_object_are_none() -> None:
    for outputs in ("not json", "[1]", 7, None):
        found = read_detail(
            {"id": "r", "status": "failed", "outputs": outputs, "created_at": -1, "total_tokens": "x"}
        )
        assert found is not None
        assert (found.outputs, found.created_at, found.tokens) == (None, None, None)


def test_the_log_is_filtered_once_more_because_old_servers_do_not() -> None:
    rows = [
        {"workflow_run": {"id": name, "status": "running"}, "created_by_end_user": {"session_id": user}}
        for name, user in (("r1", "a"), ("r2", "b"))
    ]
    rows.append({"workflow_run": {"id": "r3", "status": "running"}, "created_by_end_user": None})  # type: ignore[dict-item]
    assert [run.run_id for run in read_log({"data": rows}, "b")] == ["r2"]
    assert read_log({"data": None}, "b") == ()


def test_a_form_is_read_field_by_field_and_nonsense_is_left_out() -> None:
    form = [
        {"text-input": {"variable": "city", "label": "City", "required": True, "max_length": 48}},
        {"select": {"variable": "lang", "options": ["en", 1], "default": "en"}},
        {"paragraph": {"label": "no variable"}},
        "nonsense",
    ]
    city, lang = read_fields({"user_input_form": form}, is_chat=False)
    assert (city.variable, city.label, city.kind, city.required, city.max_length) == (
        "city",
        "City",
        "text-input",
        True,
        48,
    )
    assert (lang.label, lang.options, lang.default, lang.max_length) == ("lang", ("en", "1"), "en", None)
    assert read_fields({}, is_chat=False) == ()


def test_a_chatflow_asks_for_its_message_first() -> None:
    assert read_fields({"user_input_form": []}, is_chat=True)[0].variable == "query"
    taken = [{"text-input": {"variable": "query", "label": "Query"}}]
    assert [one.variable for one in read_fields({"user_input_form": taken}, is_chat=True)] == ["sys.query", "query"]


def test_an_app_that_tells_little_is_still_an_app() -> None:
    app = read_app({"name": "daily"}, "")
    assert (app.name, app.mode, app.description, app.version) == ("daily", "", "", "")
