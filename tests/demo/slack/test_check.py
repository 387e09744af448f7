"""The checker says what Slack would say: where, what, and which bound."""

import time
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.demo.slack import check_blocks, check_message, check_view
from bot.demo.slack.check import text_sum
from bot.demo.slack.limits import read_data
from bot.demo.slack.schema import definitions

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def section(text: str = "hello", **more: Any) -> Json:
    return {"type": "section", "text": mrkdwn(text), **more}


def button(text: str = "Go", **more: Any) -> Json:
    return {"type": "button", "text": plain(text), **more}


def actions(*elements: Json, **more: Any) -> Json:
    return {"type": "actions", "elements": list(elements), **more}


def option(text: str, value: str | None = None) -> Json:
    return {"text": plain(text), "value": value or text}


def modal(*blocks: Json, **more: Any) -> Json:
    return {"type": "modal", "title": plain("Title"), "blocks": list(blocks), **more}


def field(element: Json, **more: Any) -> Json:
    return {"type": "input", "label": plain("Label"), "element": element, **more}


def container(*children: Json, **more: Any) -> Json:
    return {"type": "container", "title": plain("Fold"), "child_blocks": list(children), **more}


def rich(text: str) -> Json:
    part = {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
    return {"type": "rich_text", "elements": [part]}


def raw(text: str) -> Json:
    return {"type": "raw_text", "text": text}


def table(rows: int = 2, cells: int = 2, text: str = "x") -> Json:
    return {"type": "table", "rows": [[raw(text) for _ in range(cells)] for _ in range(rows)]}


def chart(**more: Any) -> Json:
    series = [{"name": "ok", "data": [{"label": "Mon", "value": 3}, {"label": "Tue", "value": 4}]}]
    axis = {"categories": ["Mon", "Tue"], "x_label": "day"}
    drawn = {"type": "bar", "series": series, "axis_config": axis, **more}
    return {"type": "data_visualization", "title": "Runs", "chart": drawn}


def pie(*values: float) -> Json:
    segments = [{"label": f"s{i}", "value": value} for i, value in enumerate(values)]
    return {"type": "data_visualization", "title": "Runs", "chart": {"type": "pie", "segments": segments}}


def select(**more: Any) -> Json:
    return {"type": "static_select", "action_id": "s", "options": [option("a"), option("b")], **more}


GOOD_BLOCKS: list[Json] = [
    section(),
    section(accessory=button(action_id="a", url="https://example.com")),
    {"type": "section", "fields": [mrkdwn("x" * 2000)] * 10},
    {"type": "header", "text": plain("x" * 150), "level": 2},
    {
        "type": "context",
        "elements": [mrkdwn("x"), {"type": "image", "image_url": "https://e.com/a", "alt_text": "a"}],
    },
    {"type": "divider"},
    actions(*[button(action_id=f"a{i}") for i in range(25)]),
    {"type": "image", "slack_file": {"id": "F1"}, "alt_text": "a chart"},
    rich("hello"),
    {"type": "markdown", "text": "x" * 12_000},
    table(100, 20),
    {
        "type": "data_table",
        "caption": "Runs",
        "rows": [[raw("a")], [{"type": "raw_number", "value": 1, "text": "1"}]],
    },
    container(section(), actions(button()), is_collapsible=True, default_collapsed=True),
    {
        "type": "plan",
        "title": "Steps",
        "tasks": [{"type": "task_card", "task_id": "1", "title": "a", "status": "pending"}],
    },
    {"type": "task_card", "task_id": "1", "title": "a", "status": "complete", "output": rich("done")},
    {"type": "card", "title": mrkdwn("t"), "actions": [button(action_id="a")]},
    {"type": "carousel", "elements": [{"type": "card", "body": mrkdwn("b")}]},
    chart(),
    pie(1, 2.5),
    actions(select(initial_option=option("b"))),
    field({"type": "plain_text_input", "action_id": "a"}),
    section(accessory={"type": "overflow", "action_id": "o", "options": [option("x" * 75, "y" * 150)]}),
]


@pytest.mark.parametrize("block", GOOD_BLOCKS, ids=lambda block: block["type"])
def test_a_good_block_has_no_problem(block: Json) -> None:
    assert check_blocks([block]) == []


BAD_BLOCKS: list[tuple[Json, str, str]] = [
    (section("x" * 3001), "/blocks/0/text/text", "too_long"),
    (section(""), "/blocks/0/text/text", "too_short"),
    ({"type": "section"}, "/blocks/0", "missing_field"),
    ({"type": "section", "fields": [mrkdwn("x")] * 11}, "/blocks/0/fields", "too_many_items"),
    ({"type": "section", "fields": [mrkdwn("x" * 2001)]}, "/blocks/0/fields/0/text", "too_long"),
    (section(colour="red"), "/blocks/0/colour", "unknown_field"),
    ({"type": "marquee"}, "/blocks/0/type", "unsupported_type"),
    ({"text": plain("x")}, "/blocks/0", "missing_field"),
    ({"type": "header", "text": plain("x" * 151)}, "/blocks/0/text/text", "too_long"),
    ({"type": "header", "text": mrkdwn("x")}, "/blocks/0/text/type", "not_allowed"),
    ({"type": "header", "text": plain("x"), "level": 5}, "/blocks/0/level", "not_allowed"),
    (actions(), "/blocks/0/elements", "too_few_items"),
    (actions(*[button()] * 26), "/blocks/0/elements", "too_many_items"),
    (actions(button("x" * 76)), "/blocks/0/elements/0/text/text", "too_long"),
    (actions(button(value="x" * 2001)), "/blocks/0/elements/0/value", "too_long"),
    (actions(button(style="warning")), "/blocks/0/elements/0/style", "not_allowed"),
    (actions(button(url="nowhere")), "/blocks/0/elements/0/url", "bad_url"),
    (actions(button(action_id="a"), button(action_id="a")), "/blocks/0/elements/1/action_id", "duplicate"),
    (actions(select(initial_option=option("c"))), "/blocks/0/elements/0", "mismatch"),
    (actions(select(option_groups=[])), "/blocks/0/elements/0", "one_of"),
    (actions(select(options=[option(str(i)) for i in range(101)])), "/blocks/0/elements/0/options", "too_many_items"),
    (
        section(accessory={"type": "overflow", "options": [option(str(i)) for i in range(6)]}),
        "/blocks/0/accessory/options",
        "too_many_items",
    ),
    (
        section(accessory={"type": "overflow", "options": [option("a", "v" * 151)]}),
        "/blocks/0/accessory/options/0/value",
        "too_long",
    ),
    (
        section(accessory={"type": "overflow", "options": [option("a", "v"), option("b", "v")]}),
        "/blocks/0/accessory",
        "duplicate",
    ),
    (actions(button(confirm={"text": plain("x" * 301)})), "/blocks/0/elements/0/confirm/text/text", "too_long"),
    ({"type": "image", "image_url": "https://e.com"}, "/blocks/0", "missing_field"),
    (table(101), "/blocks/0/rows", "too_many_items"),
    (table(1, 21), "/blocks/0/rows/0", "too_many_items"),
    (table(10, 10, "x" * 101), "/blocks/0/rows", "too_long"),
    ({"type": "data_table", "caption": "c", "rows": [[raw("a")], [raw("b"), raw("c")]]}, "/blocks/0/rows", "unequal"),
    ({"type": "data_table", "caption": "c", "rows": [[rich("a")], [raw("b")]]}, "/blocks/0/rows/0", "not_allowed"),
    ({"type": "data_table", "caption": "c", "rows": [[raw("a")]]}, "/blocks/0/rows", "too_few_items"),
    (container(), "/blocks/0/child_blocks", "too_few_items"),
    (container(*[section()] * 11), "/blocks/0/child_blocks", "too_many_items"),
    (container(container(section())), "/blocks/0/child_blocks/0/type", "unsupported_type"),
    (container({"type": "markdown", "text": "x"}), "/blocks/0/child_blocks/0/type", "unsupported_type"),
    (container(section(), default_collapsed=True), "/blocks/0/default_collapsed", "conflict"),
    (container(section(), is_collapsible=True, has_header_divider=True), "/blocks/0/has_header_divider", "conflict"),
    ({"type": "container", "child_blocks": [section()]}, "/blocks/0", "one_of"),
    (
        container({"type": "file", "external_id": "x", "source": "remote"}),
        "/blocks/0/child_blocks/0/type",
        "unsupported_surface",
    ),
    (
        {
            "type": "plan",
            "title": "t",
            "tasks": [{"type": "task_card", "task_id": "1", "title": "a", "status": "complete"}] * 2,
        },
        "/blocks/0/tasks/1/task_id",
        "duplicate",
    ),
    ({"type": "task_card", "task_id": "1", "title": "a", "status": "pending"}, "/blocks/0/status", "not_allowed"),
    ({"type": "card", "subtitle": mrkdwn("s")}, "/blocks/0", "one_of"),
    ({"type": "alert", "text": mrkdwn("x")}, "/blocks/0/type", "unsupported_surface"),
    (chart(axis_config={"categories": ["Mon", "Wed"]}), "/blocks/0/chart/series/0/data", "mismatch"),
    (chart(series=[]), "/blocks/0/chart/series", "too_few_items"),
    (pie(1, 0), "/blocks/0/chart/segments/1/value", "out_of_range"),
    (pie(*[1] * 13), "/blocks/0/chart/segments", "too_many_items"),
    (field({"type": "datepicker", "initial_date": "2026-13-01"}), "/blocks/0/element/initial_date", "bad_date"),
    (field({"type": "timepicker", "initial_time": "24:00"}), "/blocks/0/element/initial_time", "bad_time"),
    (field({"type": "datetimepicker", "initial_date_time": 5}), "/blocks/0/element/initial_date_time", "bad_time"),
    (field({"type": "plain_text_input", "max_length": 3001}), "/blocks/0/element", "out_of_range"),
    (field({"type": "number_input"}), "/blocks/0/element", "missing_field"),
    (
        field({"type": "number_input", "is_decimal_allowed": False, "min_value": "a"}),
        "/blocks/0/element/min_value",
        "bad_number",
    ),
    (field({"type": "file_input"}), "/blocks/0/element/type", "unsupported_surface"),
    (
        field({"type": "conversations_select", "response_url_enabled": True}),
        "/blocks/0/element/response_url_enabled",
        "unsupported_surface",
    ),
    (field(button()), "/blocks/0/element/type", "unsupported_type"),
    (
        {
            "type": "rich_text",
            "elements": [{"type": "rich_text_list", "style": "bullet", "indent": 9, "elements": []}],
        },
        "/blocks/0/elements/0/indent",
        "out_of_range",
    ),
]


@pytest.mark.parametrize(("block", "pointer", "code"), BAD_BLOCKS, ids=lambda part: str(part)[:40])
def test_a_bad_block_is_refused_where_it_is_bad(block: Json, pointer: str, code: str) -> None:
    problems = check_blocks([block])
    assert [(problem.pointer, problem.code) for problem in problems] == [(pointer, code)]


def test_a_problem_reads_as_slacks_own_line() -> None:
    problem = check_blocks([section("x" * 3001)])[0]
    assert problem.as_message() == ("[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/text/text]")
    assert problem.as_json()["constraint"] == 3000


def test_a_message_holds_fifty_blocks_and_a_view_a_hundred() -> None:
    assert check_blocks([section()] * 50) == []
    assert [p.code for p in check_blocks([section()] * 51)] == ["too_many_items"]
    assert check_view(modal(*[section()] * 100)) == []
    assert [p.pointer for p in check_view(modal(*[section()] * 101))] == ["/view/blocks"]


def test_markdown_is_summed_over_the_message() -> None:
    half = {"type": "markdown", "text": "x" * 6_001}
    assert [p.code for p in check_blocks([half, half])] == ["too_long"]


def test_a_message_holds_one_table_even_when_one_hides_in_a_container() -> None:
    assert [p.code for p in check_blocks([table(), container(table())])] == ["too_many_items"]
    data = {"type": "data_table", "caption": "c", "rows": [[raw("a")], [raw("b")]]}
    assert [p.code for p in check_blocks([table(), data])] == ["too_many_items"]
    plan = {"type": "plan", "title": "t", "tasks": []}
    assert [p.code for p in check_blocks([plan, plan])] == ["too_many_items"]
    assert [p.code for p in check_blocks([pie(1)] * 3)] == ["too_many_items"]


def test_block_ids_are_unique_in_the_whole_payload() -> None:
    twice = [section(block_id="a"), container(section(block_id="a"))]
    assert [p.pointer for p in check_blocks(twice)] == ["/blocks/1/child_blocks/0/block_id"]


@pytest.mark.parametrize("kind", ["markdown", "table", "container", "data_visualization", "plan", "card"])
def test_message_blocks_are_refused_in_a_modal(kind: str) -> None:
    block = next(each for each in GOOD_BLOCKS if each["type"] == kind)
    assert {p.code for p in check_view(modal(block))} == {"unsupported_surface"}


def test_an_alert_stands_only_in_a_modal() -> None:
    alert = {"type": "alert", "text": mrkdwn("careful"), "level": "warning"}
    assert check_view(modal(alert)) == []
    assert [p.code for p in check_view({"type": "home", "blocks": [alert]})] == ["unsupported_surface"]


BAD_VIEWS: list[tuple[Json, str, str]] = [
    (modal(title=plain("x" * 25)), "/view/title/text", "too_long"),
    ({"type": "modal", "blocks": []}, "/view", "missing_field"),
    ({"type": "drawer", "blocks": []}, "/view/type", "unsupported_type"),
    (modal(private_metadata="x" * 3001), "/view/private_metadata", "too_long"),
    (modal(callback_id="x" * 256), "/view/callback_id", "too_long"),
    (modal(external_id="x" * 256), "/view/external_id", "too_long"),
    (modal(field({"type": "plain_text_input"})), "/view", "missing_field"),
    (modal(submit_disabled=True), "/view/submit_disabled", "unknown_field"),
    ({"type": "home", "title": plain("x"), "blocks": []}, "/view/title", "unknown_field"),
    ({"type": "modal", "title": plain("x")}, "/view", "missing_field"),
]


@pytest.mark.parametrize(("view", "pointer", "code"), BAD_VIEWS, ids=lambda part: str(part)[:40])
def test_a_bad_view_is_refused_where_it_is_bad(view: Json, pointer: str, code: str) -> None:
    assert [(p.pointer, p.code) for p in check_view(view)] == [(pointer, code)]


def test_an_input_needs_a_submit_button() -> None:
    view = modal(field({"type": "file_input", "action_id": "f"}), submit=plain("Save"))
    assert check_view(view) == []


def test_a_message_is_checked_with_attachments_and_metadata() -> None:
    attachment = {"color": "#fff", "blocks": [section("x" * 3001)]}
    message = {"attachments": [attachment], "metadata": {"event_type": "run"}}
    pointers = [p.pointer for p in check_message(message)]
    assert pointers == ["/attachments/0/blocks/0/text/text", "/metadata"]
    assert check_message({"metadata": {"event_type": "run", "event_payload": {"run_id": 7}}}) == []


@pytest.mark.parametrize("payload", [None, 7, "x", [], {}])
def test_rubbish_is_refused_and_never_crashes(payload: Any) -> None:
    assert check_view(payload)
    assert check_blocks([payload])


def test_what_passes_here_passes_the_json_schema_as_well() -> None:
    schema = {**read_data("slack-types.schema.json"), "definitions": definitions()}
    validator = jsonschema.Draft7Validator({**schema, "$ref": "#/definitions/KnownBlock"})
    for block in GOOD_BLOCKS:
        assert validator.is_valid(block), block


scalars = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
words = st.sampled_from(["type", "text", "elements", "section", "actions", "blocks", "button", "mrkdwn", "input"])
rubbish = st.recursive(
    scalars | words,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
    max_leaves=20,
)


@given(rubbish)
def test_no_json_value_breaks_the_checker(value: Any) -> None:
    check_blocks(value)
    check_view(value)
    check_message(value)


@given(st.sampled_from(GOOD_BLOCKS), st.sampled_from(["surprise", "x-1"]), scalars)
def test_an_unknown_field_is_always_refused(block: Json, name: str, value: Any) -> None:
    assert "unknown_field" in {p.code for p in check_blocks([{**block, name: value}])}


def test_a_full_message_is_checked_in_a_few_milliseconds() -> None:
    overflow = {"type": "overflow", "action_id": "o", "options": [option(str(i)) for i in range(5)]}
    blocks = [section(block_id=f"b{i}", accessory=overflow) for i in range(50)]
    check_blocks(blocks)
    began = time.perf_counter()
    assert check_blocks(blocks) == []
    assert time.perf_counter() - began < 0.1


def test_the_text_sum_counts_what_people_read() -> None:
    assert text_sum([section("12345", accessory=button("12")), rich("123"), container(section("1"))]) == 15
