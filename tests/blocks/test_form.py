"""The forms, and what is read back from them."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.blocks import form
from bot.blocks.connect import connect_view
from bot.blocks.field import block_id
from bot.blocks.parts import View
from storage.records import InputField
from tests.blocks.makers import days, json_values, make_app, make_field, nasty_text, patient, sound_view

KINDS = ("text-input", "paragraph", "select", "number", "checkbox", "file", "file-list", "json_object", "new-kind")
fields = st.builds(
    InputField,
    variable=nasty_text.filter(lambda text: text.isprintable()),
    label=nasty_text,
    kind=st.sampled_from(KINDS),
    required=st.booleans(),
    max_length=st.none() | st.integers(-5, 100_000),
    options=st.lists(nasty_text, max_size=130).map(tuple),
    default=json_values,
)


def filled(view: View) -> dict[str, Any]:
    """The state that Slack would send when the form is submitted as it was opened."""
    return {
        block["block_id"]: {block["element"]["action_id"]: state_of(block["element"])}
        for block in view["blocks"]
        if block["type"] == "input"
    }


def state_of(element: Mapping[str, Any]) -> dict[str, Any]:
    match element["type"]:
        case "static_select":
            return {"type": "static_select", "selected_option": element.get("initial_option")}
        case "checkboxes":
            return {"type": "checkboxes", "selected_options": element.get("initial_options", [])}
        case "conversations_select":
            return {"type": "conversations_select", "selected_conversation": element.get("initial_conversation")}
        case kind:
            return {"type": kind, "value": element.get("initial_value")}


def schedule(*wanted: InputField, values: Mapping[str, Any] | None = None, **facts: Any) -> View:
    app = make_app()
    return sound_view(form.schedule_view(apps=[app], app=app, fields=wanted, values=values or {}, **facts))


def element(view: View, where: str) -> dict[str, Any]:
    return next(block["element"] for block in view["blocks"] if block.get("block_id") == where)


@patient
@given(
    st.lists(fields, max_size=8),
    st.dictionaries(nasty_text, json_values, max_size=3),
    nasty_text,
    st.none() | st.floats(0.1, 1e5),
)
def test_any_inputs_make_a_form_that_slack_takes_and_that_can_be_read(
    wanted: list[InputField], values: dict[str, Any], text: str, minutes: float | None
) -> None:
    view = schedule(
        *wanted,
        values=values,
        name=text,
        when=text,
        zone=text,
        channel_id=text,
        timeout_min=minutes,
        problems={text: text},
        preview=(text, days(9)),
    )
    typed = form.read_form({"values": filled(view)}, wanted)
    assert typed.app_id == 3
    assert set(typed.problems) <= {block["block_id"] for block in view["blocks"] if block["type"] == "input"}
    sound_view(form.run_view_form(make_app(name=text), wanted, values, {text: text}))


@patient
@given(
    st.sampled_from(["text-input", "paragraph"]),
    st.text(alphabet="ab \n日本🧨<&>", min_size=1, max_size=300).map(str.strip).filter(bool),
)
def test_texts_are_read_as_they_were_filled_in(kind: str, text: str) -> None:
    wanted = make_field("a", kind)
    assert form.read_form(filled(schedule(wanted, values={"a": text})), [wanted]).inputs == {"a": text}


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("number", 7),
        ("number", 0.5),
        ("number", -3),
        ("number", 10**20),
        ("number", 1e20),
        ("checkbox", True),
        ("checkbox", False),
        ("json_object", {"a": [1, {"b": None}]}),
        ("json_object", {}),
        ("file", "https://a.b/x.pdf"),
        ("file-list", ["https://a.b/x.pdf", "https://a.b/y.pdf"]),
        ("select", "one"),
    ],
)
def test_values_keep_their_type_through_the_form(kind: str, value: Any) -> None:
    wanted = make_field("a", kind, options=("one", "two"))
    read = form.read_form(filled(schedule(wanted, values={"a": value})), [wanted])
    assert read.inputs == {"a": value}
    assert type(read.inputs["a"]) is type(value) or kind == "number"
    assert read.problems == {}


def test_each_kind_has_its_field() -> None:
    wanted = [make_field(kind, kind, options=("x",)) for kind in KINDS]
    view = schedule(*wanted)
    found = {kind: element(view, f"in:{kind}") for kind in KINDS}
    assert [one["type"] for one in found.values()] == [
        "plain_text_input", "plain_text_input", "static_select", "number_input", "checkboxes", "plain_text_input",
        "plain_text_input", "plain_text_input", "plain_text_input",
    ]  # fmt: skip
    assert [kind for kind in KINDS if found[kind].get("multiline")] == ["paragraph", "file-list", "json_object"]


def test_the_form_of_a_job_has_its_parts_and_dispatches_the_two_that_matter() -> None:
    view = schedule(
        make_field(required=True),
        name="Nightly",
        when="every day",
        zone="Asia/Tokyo",
        channel_id="C0FFEE",
        timeout_min=20,
        preview=("every day at 00:00", days(7)),
    )
    assert view["callback_id"] == "schedule"
    assert view["title"]["text"] == "New scheduled job"
    inputs = [block["block_id"] for block in view["blocks"] if block["type"] == "input"]
    about = ["app", "in:topic", "when", "zone", "channel", "name", "timeout"]
    assert inputs == [*about, "overlap", "catch_up", "retry", "priority", "warn", "data_offset"]
    dispatching = [block["element"]["action_id"] for block in view["blocks"] if block.get("dispatch_action")]
    assert dispatching == ["schedule_app", "schedule_when"]
    preview = next(block for block in view["blocks"] if block["type"] == "context")
    assert json.dumps(preview).count("<!date^") == 5
    typed = form.read_form({"values": filled(view)})
    assert (typed.overlap, typed.catch_up, typed.data_offset) == ("skip", "latest within 1h", None)
    assert (typed.name, typed.when, typed.zone, typed.channel_id, typed.timeout_min) == (
        "Nightly",
        "every day",
        "Asia/Tokyo",
        "C0FFEE",
        20,
    )


def test_without_a_workflow_the_form_asks_for_one_and_without_apps_it_tells_what_to_do() -> None:
    view = sound_view(form.schedule_view(apps=[make_app()], app=None, fields=(), values={}))
    assert [block["block_id"] for block in view["blocks"] if block["type"] == "input"] == ["app"]
    nothing = sound_view(form.schedule_view(apps=[], app=None, fields=(), values={}))
    assert "/dify connect" in json.dumps(nothing)
    assert "submit" not in nothing


def test_editing_says_so_and_fills_in_what_is_there() -> None:
    view = schedule(make_field(default="old default"), values={"topic": "AI"}, mode="edit")
    assert view["title"]["text"] == "Edit job"
    assert element(view, "in:topic")["initial_value"] == "AI"
    assert element(schedule(make_field(default="old default")), "in:topic")["initial_value"] == "old default"


def test_a_hundred_and_fifty_apps_keep_the_chosen_one() -> None:
    apps = [make_app(id=number, name=f"App {number}") for number in range(150)]
    view = sound_view(form.schedule_view(apps=apps, app=apps[140], fields=(), values={}))
    assert element(view, "app")["initial_option"]["value"] == "140"
    assert "50 more apps" in json.dumps(view)


def test_a_long_menu_shows_a_hundred_options_and_tells_of_the_rest() -> None:
    options = tuple(f"{number} " + "x" * 300 for number in range(150))
    wanted = make_field("a", "select", options=options)
    view = schedule(wanted, values={"a": options[149]})
    assert "50 more options" in json.dumps(view)
    assert form.read_form(filled(view), [wanted]).inputs == {"a": options[149]}


def test_ninety_inputs_do_not_break_the_form() -> None:
    view = schedule(*[make_field(f"v{number}") for number in range(120)])
    assert "39 more inputs" in json.dumps(view)


def test_an_option_that_is_gone_is_a_problem() -> None:
    wanted = make_field("a", "select", options=("one", "two"))
    state = filled(schedule(wanted, values={"a": "one"}))
    typed = form.read_form(state, [make_field("a", "select", options=("two",))])
    assert "not offered any more" in typed.problems["in:a"]


@pytest.mark.parametrize(
    ("kind", "typed", "words"),
    [
        ("number", "seven", "is not a number"),
        ("number", "nan", "is not a number"),
        ("number", "9" * 5000, "is not a number"),
        ("json_object", "{", "This is not JSON: "),
        ("json_object", "[1]", "A JSON object is needed"),
        ("json_object", '{"a": NaN}', "not JSON"),
        ("json_object", "[" * 100_000, "not JSON"),
        ("file", "C:\\x.pdf", "is not an address"),
        ("file", "https://a.b c", "is not an address"),
        ("file-list", "https://a.b\nftp://x", "ftp://x is not an address"),
        ("text-input", "x" * 60, "At most 48 characters; these are 60."),
    ],
)
def test_what_cannot_be_read_is_told_beside_its_field(kind: str, typed: str, words: str) -> None:
    wanted = make_field("a", kind, max_length=48)
    read = form.read_form({"in:a": {"value": {"type": "plain_text_input", "value": typed}}}, [wanted])
    assert words in read.problems["in:a"]
    assert read.inputs == {}


def test_an_empty_field_is_no_input_and_an_empty_box_is_no() -> None:
    wanted = [
        make_field("a"),
        make_field("b", "checkbox"),
        make_field("c", "number"),
        make_field("d", "select", options=("x",)),
    ]
    read = form.read_form(filled(schedule(*wanted)), wanted)
    assert read.inputs == {"b": False}
    assert read.problems == {}


@pytest.mark.parametrize("typed", ["0", "-5", "x"])
def test_a_limit_must_be_a_time(typed: str) -> None:
    assert "timeout" in form.read_form({"timeout": {"value": {"value": typed}}}).problems


def test_block_ids_are_steady_and_short() -> None:
    assert block_id("topic") == "in:topic"
    long = block_id("v" * 1000)
    assert len(long) <= 255
    assert long == block_id("v" * 1000) != block_id("v" * 1001)
    wanted = make_field("v" * 1000)
    assert form.read_form(filled(schedule(wanted, values={"v" * 1000: "x"})), [wanted]).inputs == {"v" * 1000: "x"}


def test_a_value_too_long_for_a_field_stays_when_the_field_stays_empty() -> None:
    wanted = [make_field("a", "paragraph", required=True), make_field("b")]
    old = {"a": "x" * 5000, "b": "gone", "c": "not in the form"}
    view = schedule(*wanted, values=old)
    assert "5,000 characters" in json.dumps(view)
    assert next(block for block in view["blocks"] if block.get("block_id") == "in:a")["optional"] is True
    assert form.kept_inputs(old, wanted) == {"a": "x" * 5000, "c": "not in the form"}


def test_a_key_is_never_shown_again() -> None:
    view = sound_view(
        connect_view(
            {"name": "daily", "base_urls": "https://x.y/v1\nhttps://z.y/v1", "key": "app-secret"},
            {"key": "Dify refused it."},
        )
    )
    assert "app-secret" not in json.dumps(view)
    assert "dify-ops apps add" in json.dumps(view)
    assert "API key: Dify refused it." in json.dumps(view)
    state = {**filled(view), "key": {"value": {"value": "app-secret"}}}
    typed = form.read_form({"values": state})
    assert (typed.name, typed.base_urls, typed.key) == ("daily", "https://x.y/v1\nhttps://z.y/v1", "app-secret")
    assert typed.routing == "first"
    assert "app-secret" not in repr(typed)


@patient
@given(nasty_text, nasty_text)
def test_waiting_and_failing_are_views_too(title: str, text: str) -> None:
    sound_view(form.loading_view(title))
    sound_view(form.error_view(title, text, text))


def test_metadata_holds_ids() -> None:
    assert json.loads(form.metadata(job=12, version=3, draft=None)) == {"job": 12, "version": 3}
