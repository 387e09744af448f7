"""Whether inputs fit what the workflow asks for: every kind of field, by the rules of Dify's own server."""

import json
import math
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.demo.dify.forms import check_inputs
from bot.errors import Refusal
from bot.rules.inputs import check, missing
from storage.records import InputField
from tests.makers import patient

KINDS = ("text-input", "paragraph", "number", "select", "checkbox", "file", "file-list", "json_object", "unheard-of")


def a_field(kind: str = "text-input", variable: str = "x", **rest: Any) -> InputField:
    return InputField(**{"variable": variable, "label": "The X", "kind": kind} | rest)


def refused(field: InputField, value: Any) -> Refusal:
    with pytest.raises(Refusal) as caught:
        check([field], {field.variable: value})
    assert caught.value.code == "bad_input"
    assert caught.value.field == field.variable
    assert caught.value.hint
    return caught.value


def taken(field: InputField, value: Any) -> Any:
    return check([field], {field.variable: value})[field.variable]


def test_an_unknown_input_is_refused_with_the_names_that_there_are() -> None:
    with pytest.raises(Refusal, match="no input “topc”") as caught:
        check([a_field(variable="topic"), a_field(variable="day")], {"topc": "AI"})
    assert caught.value.hint == "It takes: topic, day."
    assert caught.value.field == "topc"


def test_a_workflow_without_inputs_says_so() -> None:
    with pytest.raises(Refusal, match="It takes no inputs"):
        check([], {"topic": "AI"})
    assert check([], {}) == {}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("given_values", [{}, {"x": None}])
def test_a_required_input_of_any_kind_must_be_given(kind: str, given_values: Mapping[str, Any]) -> None:
    with pytest.raises(Refusal, match="“The X” is required") as caught:
        check([a_field(kind, required=True)], given_values)
    assert caught.value.hint == "Add `x=…`."


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "checkbox"])
def test_an_empty_text_is_no_value(kind: str) -> None:
    assert check([a_field(kind, options=("a",))], {"x": ""}) == {}
    with pytest.raises(Refusal, match="is required"):
        check([a_field(kind, required=True, options=("a",))], {"x": ""})


def test_a_default_fills_what_was_not_given_and_is_typed_as_well() -> None:
    assert check([a_field("number", default="5", required=True)], {}) == {"x": 5}
    assert check([a_field("checkbox", default="true")], {}) == {"x": True}
    assert check([a_field("select", default="en", options=("en", "ja"))], {}) == {"x": "en"}
    assert check([a_field(default="")], {}) == {}
    assert check([a_field(default="a")], {"x": "b"}) == {"x": "b"}


@pytest.mark.parametrize(
    ("typed", "number"),
    [("5", 5), (" 5 ", 5), ("-3", -3), ("+7", 7), ("0.5", 0.5), ("5.0", 5), ("1e3", 1000), (7, 7), (0.25, 0.25)],
)
def test_a_number_may_be_typed_as_text(typed: Any, number: float) -> None:
    value = taken(a_field("number"), typed)
    assert (value, type(value)) == (number, type(number))


def test_a_long_whole_number_keeps_its_digits() -> None:
    assert taken(a_field("number"), "9007199254740993") == 9007199254740993


@pytest.mark.parametrize(
    "typed",
    ["five", "1,5", "0x10", "--1", "5 apples", True, [], {}, "nan", "inf", "-Infinity", "1e999", math.nan, math.inf],
)
def test_what_is_no_number_is_refused(typed: Any) -> None:
    assert "must be a number" in refused(a_field("number"), typed).message


@pytest.mark.parametrize("word", ["true", "TRUE", " yes ", "Yes", "on", "1", True, 1])
def test_the_words_for_a_tick(word: Any) -> None:
    assert taken(a_field("checkbox"), word) is True


@pytest.mark.parametrize("word", ["false", "No", "off", "0", "", False, 0])
def test_the_words_for_no_tick(word: Any) -> None:
    assert taken(a_field("checkbox"), word) is False


def test_an_untypical_word_for_a_tick_is_refused_with_the_usual_ones() -> None:
    assert refused(a_field("checkbox"), "maybe").hint == "Write `x=yes` or `x=no`."


def test_a_select_takes_one_of_its_options_exactly() -> None:
    field = a_field("select", options=("en", "Japanese", "3"))
    assert taken(field, "en") == "en"
    assert taken(field, 3) == "3"
    for wrong in ("EN", "fr", " en"):
        refusal = refused(field, wrong)
        assert f"cannot be “{wrong}”" in refusal.message
        assert refusal.hint == "Choose one of: en, Japanese, 3."


@pytest.mark.parametrize("kind", ["text-input", "paragraph"])
def test_a_text_may_be_as_long_as_the_form_says(kind: str) -> None:
    field = a_field(kind, max_length=4)
    assert taken(field, "日本語字") == "日本語字"
    assert refused(field, "x" * 1234).message == "Input “The X” has 1,234 characters, the workflow takes 4."
    assert taken(a_field(kind), "x" * 100_000) == "x" * 100_000


def test_a_number_given_for_a_text_becomes_text_since_dify_takes_no_other() -> None:
    assert taken(a_field("text-input"), 2026) == "2026"


def test_a_json_object_may_be_given_as_such_or_as_its_text() -> None:
    field = a_field("json_object")
    assert taken(field, {"a": [1, {"b": None}]}) == {"a": [1, {"b": None}]}
    assert taken(field, ' {"a": 1} ') == {"a": 1}


@pytest.mark.parametrize("typed", ["a", "{", "[1]", "5", '"x"', '{"a": NaN}', "[" * 100_000, 5, [1], True])
def test_what_is_no_json_object_is_refused(typed: Any) -> None:
    assert "must be a JSON object" in refused(a_field("json_object"), typed).message


@pytest.mark.parametrize("kind", ["file", "file-list", "unheard-of"])
def test_kinds_that_only_dify_can_judge_pass_as_they_are(kind: str) -> None:
    value = [{"type": "image", "transfer_method": "remote_url", "url": "https://example.com/a.png"}]
    assert taken(a_field(kind), value) == value


def test_what_is_checked_comes_in_the_order_of_the_form_and_without_the_empty_ones() -> None:
    fields = [a_field(variable="a"), a_field(variable="b"), a_field("number", variable="c")]
    assert list(check(fields, {"c": "1", "b": "", "a": "x"}).items()) == [("a", "x"), ("c", 1)]


def test_the_missing_inputs_are_the_required_ones_without_value_and_default() -> None:
    fields = [
        a_field(variable="a", required=True),
        a_field(variable="b", required=True, default="x"),
        a_field(variable="c"),
        a_field(variable="d", required=True, default=""),
        a_field(variable="e", required=True),
    ]
    assert [field.variable for field in missing(fields, {"e": "given"})] == ["a", "d"]


# macros: what only a run can tell is not asked at save


def test_a_text_with_macros_is_kept_as_it_is_whatever_its_length() -> None:
    text = "News of {{ yesterday }} for {{ job.name }}"
    assert taken(a_field("text-input", max_length=10), text) == text
    assert taken(a_field("paragraph"), text) == text
    assert taken(a_field("select", options=("Monday", "Tuesday")), "{{ weekday }}") == "{{ weekday }}"


@pytest.mark.parametrize("kind", ["text-input", "paragraph", "number", "select", "json_object", "unheard-of"])
def test_an_unknown_macro_is_refused_in_any_field(kind: str) -> None:
    value = '{"a": "{{ yesteday }}"}' if kind == "json_object" else "{{ yesteday }}"
    with pytest.raises(Refusal, match="I know no “yesteday”") as caught:
        check([a_field(kind, options=("a",))], {"x": value})
    assert (caught.value.code, caught.value.field) == ("bad_macro", "x")


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("{{ last_success.outputs.total }}", "{{ last_success.outputs.total | number }}"),
        ("{{data_time|timestamp}}", "{{ data_time|timestamp | number }}"),
        ("{{ job.id | number }}", "{{ job.id | number }}"),
        ('{{ last_success.outputs.a | default("1  2") }}', '{{ last_success.outputs.a | default("1  2") | number }}'),
    ],
)
def test_a_macro_in_a_number_is_written_so_that_it_gives_one(typed: str, kept: str) -> None:
    assert taken(a_field("number"), typed) == kept


@pytest.mark.parametrize(
    "typed", ["1{{ job.id }}", "{{ today }}", "{{ job.id }} {{ job.id }}", r"\{{", "{{ month }}"]
)
def test_what_gives_no_number_is_refused_where_one_is_asked_for(typed: str) -> None:
    with pytest.raises(Refusal, match=r"no number|takes one macro alone") as caught:
        check([a_field("number")], {"x": typed})
    assert (caught.value.field, bool(caught.value.hint)) == ("x", True)


def test_a_checkbox_takes_no_macro() -> None:
    assert "takes no macro" in refused(a_field("checkbox"), "{{ today }}").message


def test_macros_in_an_object_stay_in_their_places() -> None:
    typed = '{"from": "{{ yesterday }}", "to": ["{{ today }}"]}'
    assert taken(a_field("json_object"), typed) == {"from": "{{ yesterday }}", "to": ["{{ today }}"]}


def test_the_braces_of_the_workflow_itself_are_no_macros() -> None:
    prompt = a_field("paragraph", default="Dear {{name}},", required=True)
    assert check([prompt], {}) == {"x": r"Dear \{{name}},"}
    assert check([prompt], {"x": "Dear {{name}},"}) == {"x": r"Dear \{{name}},"}
    assert taken(a_field("select", options=("{{a}}", "b")), "{{a}}") == r"\{{a}}"


fields = st.builds(
    a_field,
    st.sampled_from(KINDS),
    st.sampled_from(["x", "y", "query"]),
    required=st.booleans(),
    max_length=st.none() | st.integers(1, 30),
    options=st.lists(st.text(max_size=5), max_size=3).map(tuple),
    default=st.none() | st.text(max_size=6) | st.booleans() | st.integers(),
)
anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=40)
    | st.sampled_from(["1e999", "1" * 5000]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@patient
@given(st.lists(fields, max_size=4), st.dictionaries(st.sampled_from(["x", "y", "query", "zzz", ""]), anything))
def test_nothing_but_a_refusal_ever_comes_of_bad_inputs(form: list[InputField], values: dict[str, Any]) -> None:
    try:
        checked = check(form, values)
    except Refusal as caught:
        refused_field = caught.field
        checked = None
    if checked is None:
        assert refused_field in {*values, *(field.variable for field in form)}
        return
    assert set(checked) <= {field.variable for field in form}
    assert None not in checked.values()
    assert {field.variable for field in form if field.required} <= set(checked)


one_of_each = st.fixed_dictionaries(
    {},
    optional={
        "name": st.text(max_size=60),
        "count": st.text(max_size=5)
        | st.integers(-(10**6), 10**6)
        | st.floats(allow_nan=False, allow_infinity=False),
        "lang": st.sampled_from(["en", "ja", "EN", ""]),
        "flag": st.booleans() | st.sampled_from(["yes", "off", "perhaps", ""]),
        "blob": st.just({"a": 1}) | st.just('{"a": 1}') | st.just("x"),
    },
)
FORM = (
    {"text-input": {"variable": "name", "required": True, "max_length": 48}},
    {"number": {"variable": "count", "required": False, "default": "5"}},
    {"select": {"variable": "lang", "required": True, "options": ["en", "ja"], "default": "en"}},
    {"checkbox": {"variable": "flag", "required": False}},
    {"json_object": {"variable": "blob", "required": False}},
)


@patient
@given(one_of_each)
def test_what_passes_here_passes_at_dify(values: dict[str, Any]) -> None:
    read = [
        a_field(kind, **{name: tuple(said) if name == "options" else said for name, said in rule.items()})
        for one in FORM
        for kind, rule in one.items()
    ]
    try:
        checked = check(read, values)
    except Refusal:
        return
    json.dumps(checked, allow_nan=False)
    _, complaint = check_inputs(FORM, checked, {})
    assert complaint is None
