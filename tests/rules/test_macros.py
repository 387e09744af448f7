"""Macros: what each name gives, how an offset moves a local clock, and that no text can do anything else."""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import Refusal
from bot.rules import macros
from bot.rules.macros import (
    Facts,
    LastSuccess,
    Offset,
    check,
    escape,
    has_macros,
    preview,
    read_offset,
    render,
    shift,
)
from bot.rules.macros.filters import FILTERS
from bot.rules.macros.grammar import read_macro
from bot.rules.macros.names import NAMES
from tests.makers import patient

SHANGHAI, NEW_YORK, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("America/New_York"), ZoneInfo("Europe/Berlin")
# Monday 23 November 2026, 09:00 in Shanghai.
SLOT = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
SUCCESS = LastSuccess(
    slot_at=SLOT - timedelta(days=1),
    ended_at=SLOT - timedelta(days=1) + timedelta(seconds=42, microseconds=9),
    outputs={
        "text": "done, {{ today }}",
        "total": 12,
        "rate": 0.5,
        "ok": True,
        "items": ["a", {"b": "ü"}],
        "none": None,
        "two words": "yes",
        "digits": "0012",
    },
)
LONGEST_S = 0.25  # what goes wrong here takes minutes; the machine may be slow
ROW = re.compile(r"^\| `(.*[{].*)` \| `(.*)` \|$", re.MULTILINE)


def facts(**said: Any) -> Facts:
    plain: dict[str, Any] = {
        "slot_at": SLOT,
        "zone": SHANGHAI,
        "job_id": 12,
        "job_name": "Daily news",
        "channel_id": "C1",
        "last_success": SUCCESS,
    }
    return Facts(**plain | said)


def said(text: str, **changes: Any) -> Any:
    return render({"x": text}, facts(**changes))["x"]


def refused(text: Any) -> Refusal:
    with pytest.raises(Refusal) as caught:
        check({"x": text})
    assert caught.value.code == "bad_macro"
    assert caught.value.hint
    return caught.value


def refusal_of(deed: Callable[[], object]) -> Refusal | None:
    try:
        deed()
    except Refusal as error:
        return error
    return None


def is_quick(deed: Callable[[], object]) -> bool:
    """Within the limit with nothing remembered. A second and a third try, for a sweep of the garbage collector over a
    large test process may fall into the first."""
    read_macro("today")  # the reader is loaded once
    for _ in range(3):
        read_macro.cache_clear()
        before = time.thread_time()
        refusal_of(deed)
        if time.thread_time() - before < LONGEST_S:
            return True
    return False


# names


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("scheduled_time", "2026-11-23T09:00:00+08:00"),
        ("data_time", "2026-11-23T09:00:00+08:00"),
        ("today", "2026-11-23"),
        ("yesterday", "2026-11-22"),
        ("tomorrow", "2026-11-24"),
        ("weekday", "Monday"),
        ("week_start", "2026-11-23"),
        ("week_end", "2026-11-29"),
        ("last_week_start", "2026-11-16"),
        ("last_week_end", "2026-11-22"),
        ("month", "2026-11"),
        ("month_start", "2026-11-01"),
        ("month_end", "2026-11-30"),
        ("last_month", "2026-10"),
        ("last_month_start", "2026-10-01"),
        ("last_month_end", "2026-10-31"),
        ("quarter_start", "2026-10-01"),
        ("year_start", "2026-01-01"),
        ("job.name", "Daily news"),
        ("job.id", "12"),
        ("job.channel", "C1"),
        ("run.cause", "schedule"),
        ("last_success.scheduled_time", "2026-11-22T09:00:00+08:00"),
        ("last_success.data_time", "2026-11-22T09:00:00+08:00"),
        ("last_success.ended_time", "2026-11-22T09:00:42+08:00"),
        ("last_success.outputs.total", "12"),
        ("last_success.outputs.rate", "0.5"),
        ("last_success.outputs.ok", "true"),
        ("last_success.outputs.items", '["a", {"b": "ü"}]'),
        ("last_success.outputs.items[1].b", "ü"),
        ('last_success.outputs["two words"]', "yes"),
        ('"{{ as it is }}"', "{{ as it is }}"),
    ],
)
def test_each_name_is_filled_in(name: str, text: str) -> None:
    assert said(f"{{{{ {name} }}}}") == text
    assert said(f"a {{{{{name}}}}} b") == f"a {text} b"


def test_the_manual_shows_every_name_and_filter_as_it_is() -> None:
    manual = (Path(__file__).parents[2] / "docs" / "macros.md").read_text("utf-8")
    rows = [(macro.replace("\\|", "|"), text) for macro, text in ROW.findall(manual)]
    outputs = {"total": 12, "text": "done", "items": ["a", "b"]}
    success = replace(SUCCESS, outputs=outputs)
    assert {macro: str(said(macro, last_success=success)) for macro, _ in rows} == dict(rows)
    shown = " ".join(macro for macro, _ in rows)
    assert [name for name in NAMES if f"{{{{ {name} }}}}" not in shown] == []
    assert [name for name in FILTERS if f"| {name}" not in shown] == []


def test_the_dates_are_those_of_the_jobs_zone() -> None:
    late = datetime(2026, 12, 31, 16, 30, tzinfo=UTC)
    assert said("{{ today }} {{ month }}", slot_at=late) == "2027-01-01 2027-01"
    assert said("{{ today }} {{ month }}", slot_at=late, zone=NEW_YORK) == "2026-12-31 2026-12"
    assert said("{{ scheduled_time }}", zone=ZoneInfo("Asia/Kathmandu")) == "2026-11-23T06:45:00+05:45"
    assert said("{{ scheduled_time }}", zone=ZoneInfo("America/St_Johns")) == "2026-11-22T21:30:00-03:30"
    assert said("{{ scheduled_time }}", zone=UTC) == "2026-11-23T01:00:00+00:00"


def test_the_data_time_carries_the_dates_with_it_and_leaves_the_slot() -> None:
    text = "{{ scheduled_time }} {{ data_time }} {{ today }} {{ yesterday }}"
    assert said(text, data_offset="-1d") == (
        "2026-11-23T09:00:00+08:00 2026-11-22T09:00:00+08:00 2026-11-22 2026-11-21"
    )
    assert said("{{ last_success.data_time }}", data_offset="-1d") == "2026-11-21T09:00:00+08:00"


def test_a_data_time_that_was_chosen_stands_for_slot_and_offset() -> None:
    chosen = macros.read_data_time("2026-11-20", SHANGHAI)
    assert said("{{ data_time }} {{ yesterday }}", data_at=chosen, data_offset="-1d") == (
        "2026-11-20T00:00:00+08:00 2026-11-19"
    )
    assert said("{{ scheduled_time }}", data_at=chosen) == "2026-11-23T09:00:00+08:00"


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-11-20 14:00", datetime(2026, 11, 20, 6, tzinfo=UTC)),
        ("2026-11-20T14:00:30+00:00", datetime(2026, 11, 20, 14, 0, 30, tzinfo=UTC)),
    ],
)
def test_a_data_time_is_a_date_or_a_time_in_the_zone(text: str, instant: datetime) -> None:
    assert macros.read_data_time(text, SHANGHAI) == instant


@pytest.mark.parametrize("text", ["", "yesterday", "2026-02-30", "0001-01-01T00:00+14:00"])
def test_what_is_no_data_time_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(Refusal) as caught:
        macros.read_data_time(text, SHANGHAI)
    assert "2026-11-20 14:00" in caught.value.hint


def test_a_run_by_hand_between_two_seconds_has_whole_seconds() -> None:
    assert said("{{ scheduled_time }}", slot_at=SLOT.replace(microsecond=123456)) == "2026-11-23T09:00:00+08:00"


# filters


@pytest.mark.parametrize(
    ("macro", "text"),
    [
        ('data_time | date("%Y-%m-%d %H:%M:%S")', "2026-11-23 09:00:00"),
        ('data_time | date("%-d %B %Y, %A, %-I %p %z %:z")', "23 November 2026, Monday, 9 AM +0800 +08:00"),
        ('today | date("%d.%m.%y %b %a %j %G-W%V-%u 100%%")', "23.11.26 Nov Mon 327 2026-W48-1 100%"),
        ('last_month | date("%B %Y")', "October 2026"),
        ('scheduled_time | add("-1d") | date("%F")', "2026-11-22"),
        ('scheduled_time | add("+90m")', "2026-11-23T10:30:00+08:00"),
        ('today | add("-1M")', "2026-10-23"),
        ('month | add("+2M")', "2027-01"),
        ('month_end | add("+1d")', "2026-12-01"),
        ("data_time | utc", "2026-11-23T01:00:00+00:00"),
        ('data_time | utc | date("%Y-%m-%dT%H:%M:%SZ")', "2026-11-23T01:00:00Z"),
        ("data_time | iso", "2026-11-23T09:00:00+08:00"),
        ("month | iso", "2026-11-01"),
        ("data_time | timestamp", "1795395600"),
        ("today | timestamp", "1795363200"),
        ('data_time | date("%s")', "1795395600"),
        ("job.name | upper", "DAILY NEWS"),
        ("weekday|lower", "monday"),
        ("last_success.outputs.total | number", 12),
        ("last_success.outputs.digits | number", 12),
        ("last_success.outputs.rate | number", 0.5),
        ('data_time | date("%H") | number', 9),
        ('last_success.outputs.missing | default("0") | number', 0),
        ('last_success.outputs.none | default("-")', "-"),
        ('last_success.outputs.items[7].b.c | default("-")', "-"),
        ('last_success.outputs.text.upper | default("-")', "-"),
        ('last_success.scheduled_time | date("%F") | default("never")', "2026-11-22"),
    ],
)
def test_filters_change_what_stands_before_them(macro: str, text: Any) -> None:
    value = said(f"{{{{ {macro} }}}}")
    assert (value, type(value)) == (text, type(text))


def test_midnight_and_noon_have_their_hour_of_twelve() -> None:
    form = '{{ data_time | date("%I %p") }}'
    assert [said(form, slot_at=SLOT.replace(hour=hour), zone=UTC) for hour in (0, 11, 12, 23)] == [
        "12 AM",
        "11 AM",
        "12 PM",
        "11 PM",
    ]


def test_the_quotation_marks_of_a_telephone_are_as_good() -> None:
    assert said("{{ today | date(“%d.%m.”) }}") == "23.11."
    assert said("{{ today | date(‘%d’) }}") == "23"
    assert said("{{ last_success.outputs.x | default('“none”') }}") == "“none”"


def test_a_number_beside_other_text_is_text() -> None:
    assert said("n={{ last_success.outputs.total | number }}") == "n=12"
    assert said(" {{ last_success.outputs.total | number }} ") == 12
    assert said("{{ last_success.outputs.total }}") == "12"


def test_an_output_that_is_no_number_is_refused_when_one_is_wanted() -> None:
    for name in ("text", "items", "ok"):
        with pytest.raises(Refusal, match="is not a number"):
            said(f"{{{{ last_success.outputs.{name} | number }}}}")


# what is missing


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("last_success")])
def test_before_the_first_success_only_a_default_stands_in(name: str) -> None:
    with pytest.raises(Refusal, match="once the job has succeeded") as caught:
        said(f"{{{{ {name} }}}}", last_success=None)
    assert (caught.value.code, caught.value.field) == ("no_value", "x")
    assert f'{{{{ {name} | default("…") }}}}' in caught.value.hint
    assert said(f'{{{{ {name} | default("never") }}}}', last_success=None) == "never"
    assert said(f"[{{{{ {name} | upper | default }}}}]", last_success=None) == "[]"


def test_an_output_that_is_not_there_is_refused_by_its_name() -> None:
    with pytest.raises(Refusal, match=r"last_success\.outputs\.topic }}: it has no value"):
        said("{{ last_success.outputs.topic }}")
    with pytest.raises(Refusal, match="it has no value"):
        said("{{ job.id }}", job_id=None)


def test_the_card_shows_what_is_filled_in_and_warns_of_what_is_missing() -> None:
    shown = preview(
        {"day": "{{ yesterday }}", "since": "{{ last_success.ended_time }}", "topic": "AI", "p": "{% if x %} hi"},
        facts(last_success=None),
    )
    assert shown.values == {"day": "2026-11-22"}
    assert [warning.split(":")[0] for warning in shown.warnings] == ["Input “since”", "Input “p”"]
    assert "is sent as it is" in shown.warnings[1]


def test_the_success_before_is_asked_for_only_where_a_macro_says_so() -> None:
    assert macros.needs_last_success({"a": "x", "b": {"c": ["{{ last_success.outputs.a.b }}"]}})
    assert not macros.needs_last_success({"a": "last_success", "b": "{{ today }} \\{{ last_success }}"})


# the text around


def test_lists_and_objects_are_filled_in_and_their_keys_stay() -> None:
    given_inputs = {"a": ["{{ today }}", 5, None, {"{{ today }}": "{{ month }}"}], "b": True, "c": "plain"}
    assert render(given_inputs, facts()) == {
        "a": ["2026-11-23", 5, None, {"{{ today }}": "2026-11"}],
        "b": True,
        "c": "plain",
    }


@pytest.mark.parametrize(
    "text",
    [
        '{"a": {"b": {"c": 1}}}',
        "}} and { { and {% if a %}b{% endif %} and {# c #} and # d\r\n\r\n",
        "\n  two\r\nlines\r\x0c\t \\n \\{ \\\\ %} ##\n",
        "",
    ],
)
def test_all_but_two_opening_braces_is_plain_text(text: str) -> None:
    check({"x": text})
    assert said(text) == text
    assert said(text + "{{ today }}" + text) == text + "2026-11-23" + text


def test_braces_are_written_with_a_backslash_or_as_a_quotation() -> None:
    assert said(r"Fill in \{{name}} for {{ today }}") == "Fill in {{name}} for 2026-11-23"
    assert said('{{ "{{name}}" }}') == "{{name}}"
    assert said(r"\\{{name}}") == r"\{{name}}"
    assert said('C:{{ "\\\\" }}{{ today }}') == "C:\\2026-11-23"
    assert said("""{{ 'it\\'s "}}"' }}""") == """it's "}}\""""


def test_what_is_filled_in_is_not_read_again() -> None:
    assert said("{{ last_success.outputs.text }}") == "done, {{ today }}"


@patient
@given(st.recursive(st.text() | st.sampled_from(["{{", "\\{{", "{{{", "\\\\{{{{ a }}"]), st.lists, max_leaves=5))
def test_an_escaped_text_comes_out_as_it_was(value: Any) -> None:
    assert render({"x": escape(value)}, facts()) == {"x": value}


def test_a_job_without_macros_is_left_alone_however_odd_its_inputs_are() -> None:
    deep: Any = "x"
    for _ in range(5000):
        deep = [deep]
    odd = {"a": deep, "b": object(), "c": "y" * 1_000_000}
    assert not has_macros(odd)
    check(odd)
    assert render(odd, facts()) == odd
    assert has_macros({"a": [{"b": "{{"}]})


# refusals at save


@pytest.mark.parametrize(
    ("macro", "meant"),
    [
        ("{{ yesteday }}", "{{ yesterday }}"),
        ("{{ Yesterday | upper }}", "{{ yesterday | upper }}"),
        ("{{ now }}", "{{ scheduled_time }}"),
        ("{{ds}}", "{{today}}"),
        ("{{ execution_date | iso }}", "{{ data_time | iso }}"),
        ("{{ last_success.schedule_time }}", "{{ last_success.scheduled_time }}"),
        ("{{ job.nme }}", "{{ job.name }}"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest_and_the_list(macro: str, meant: str) -> None:
    refusal = refused(f"About {macro}")
    assert refusal.field == "x"
    assert refusal.message.startswith(f"Input “x”: {macro}: I know no “")
    assert all(name in refusal.hint for name in NAMES)
    assert refusal.choices[0] == meant
    assert refusal.choices[-1] == f"\\{macro}"


@pytest.mark.parametrize(
    "text",
    [
        "Fill in {{name}}",
        "{{#1711529036587.text#}}",
        "{{ }}",
        "{{{ a }}}",
        "{{ a b }}",
        "{{- today -}}",
        "{{ $now }}",
    ],
)
def test_braces_that_mean_something_elsewhere_are_refused_with_the_way_to_write_them(text: str) -> None:
    refusal = refused(text)
    assert "write \\{{" in refusal.hint
    check({"x": refusal.choices[-1]})


@pytest.mark.parametrize("text", ["{{", "a {{ b", "{{ today", "{{ today } }", "{{ today " + "|upper" * 40])
def test_braces_that_do_not_close_are_refused(text: str) -> None:
    assert "is not closed" in refused(text).message


@pytest.mark.parametrize(
    ("macro", "why"),
    [
        ('today | dat("%Y")', "Did you mean date"),
        ('today | date("%H")', "no “%H”"),
        ('today | date("%Q")', "Known are: %Y"),
        ('today | date("5%")', "I know no “%”"),
        ("today | date", 'Write date("%Y-%m-%d")'),
        ('today | upper("x")', "Write upper"),
        ("today | date(5)", "in quotation marks"),
        ('today | add("soon")', "cannot be read"),
        ('today | add("-2h")', "has no hours to move"),
        ('month | add("-1d")', "moves by months"),
        ('weekday | add("-1d")', "does not fit a text"),
        ('last_success.ended_time | default("a") | date("%Y")', "A default comes last"),
        ("today | utc", "It takes a time"),
        ("today | number", "does not fit a date"),
        (f'today | date("{"x" * 81}")', "at most 80"),
        (" | ".join(["job.name", *["upper"] * 9]), "more than 8 filters"),
        ("last_success.outputs" + ".a" * 20, "too deep"),
        ('"\\x41"', "Write a backslash as two"),
        ('"\\ud800"', "Write a backslash as two"),
    ],
)
def test_what_could_not_be_filled_in_is_refused_at_save(macro: str, why: str) -> None:
    refusal = refused(f"{{{{ {macro} }}}}")
    assert why in str(refusal)


def test_the_refusal_names_the_input() -> None:
    with pytest.raises(Refusal) as caught:
        check({"a": "{{ today }}", "b": {"c": ["{{ never }}"]}})
    assert caught.value.field == "b"


def test_there_is_an_end_to_number_length_and_depth() -> None:
    check({"x": "{{ today }}" * 50})
    assert "more than 50 macros" in refused("{{ today }}" * 51).message
    check({"x": "{{ today }}" + "a" * 99_989})
    assert "100,000 characters" in refused("{{ today }}" + "a" * 99_990).message
    deep: Any = "{{ today }}"
    for _ in range(30):
        deep = {"a": deep}
    assert "20 levels" in refused(deep).message


def test_an_output_that_is_too_long_is_refused_and_not_sent() -> None:
    long = LastSuccess(slot_at=SLOT, ended_at=SLOT, outputs={"text": "x" * 60_000})
    assert len(said("{{ last_success.outputs.text }}", last_success=long)) == 60_000
    with pytest.raises(Refusal, match="100,000 characters"):
        said("{{ last_success.outputs.text }}" * 2, last_success=long)


ESCAPES = [
    "''.__class__.__mro__[1].__subclasses__()",
    "().__class__.__base__",
    "[].append(1)",
    "today.__class__",
    'today["__class__"]',
    'today|attr("__class__")',
    "job.__init__.__globals__",
    "self._TemplateReference__context",
    "cycler.__init__.__globals__.os.popen('id').read()",
    "lipsum.__globals__['os']",
    "namespace()",
    "config",
    "request.application",
    "range(10**9)",
    "'a' * 1000000000",
    "9 ** 9 ** 9",
    "'%1000000000d' % 1",
    "'{0.__class__}'.format(today)",
    "today.strftime('%Y')",
    "today.replace(year=1)",
    "last_success()",
    "last_success.outputs.items()",
    "last_success.outputs|map('upper')|list",
    "today|map(attribute='__class__')",
    "'x'|center(1000000000)",
    "'x'|replace('x', 'y' * 99999)",
    "today if 1 else 2",
    "[x for x in today]",
    "{'a': 1}",
    "(today, today)",
    "today ~ today",
    "not today",
    "today is defined",
    "today == today",
    "1",
    "1.5",
    "true",
    "none",
    "today|default(cycler)",
    "today|default(default_value='x')",
    "today|date(*['%Y'])",
    "today|date(**{'a': '%Y'})",
    "last_success.outputs[1:2]",
    "last_success.outputs[-1]",
    "last_success.outputs[today]",
    "last_success.outputs[1.5]",
    "loop.index",
    "super()",
    "caller()",
    "_('x')",
    "raw",
    "'a' %}{% for i in range(9) %}{{ i }}{% endfor %}",
    "today }" + "}{% include '/etc/passwd' %}{" + "{ now",
    "(" * 90 + "today" + ")" * 90,
    "-" * 190 + "1",
    "\u00aa.x",
]


@pytest.mark.parametrize("macro", ESCAPES)
def test_no_way_out_of_a_template_is_open(macro: str) -> None:
    refused(f"{{{{ {macro} }}}}")


@pytest.mark.parametrize("key", ["__class__", "items", "keys", "get", "__len__"])
def test_only_the_keys_of_an_output_are_seen_never_its_attributes(key: str) -> None:
    other = LastSuccess(slot_at=SLOT, ended_at=SLOT, outputs={"a": {}})
    assert said(f'{{{{ last_success.outputs.a["{key}"] | default("-") }}}}', last_success=other) == "-"
    assert said(f'{{{{ last_success.outputs.{key} | default("-") }}}}', last_success=other) == "-"


# offsets


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("", Offset()),
        ("-1d", Offset(days=-1)),
        ("+2h", Offset(seconds=7200)),
        ("2h", Offset(seconds=7200)),
        ("-3600s", Offset(seconds=-3600)),
        ("-1w", Offset(days=-7)),
        ("-1M", Offset(months=-1)),
        ("-1m", Offset(seconds=-60)),
        ("\N{MINUS SIGN}1y", Offset(months=-12)),
        (" - 1 day ", Offset(days=-1)),
        ("-1M +1d -30min", Offset(months=-1, days=1, seconds=-1800)),
        ("-2 months", Offset(months=-2)),
        ("-1D", Offset(days=-1)),
    ],
)
def test_an_offset_is_numbers_with_units(text: str, offset: Offset) -> None:
    assert read_offset(text) == offset
    assert read_offset(macros.write_offset(offset)) == offset


@pytest.mark.parametrize(
    "text", ["d", "-1", "1x", "-1d 2h", "yesterday", "1.5h", "-101y", "9" * 11 + "s", "-1d;", "+"]
)
def test_what_is_no_offset_is_refused_with_examples(text: str) -> None:
    with pytest.raises(Refusal) as caught:
        read_offset(text)
    assert (caught.value.code, caught.value.field) == ("bad_offset", "data_offset")
    assert "-1d" in caught.value.choices


@pytest.mark.parametrize(
    ("zone", "slot", "offset", "moved"),
    [
        # New York springs forward on 8 March 2026 at 02:00 and falls back on 1 November at 02:00.
        (NEW_YORK, "2026-03-08T09:00-04:00", "-1d", "2026-03-07T09:00:00-05:00"),
        (NEW_YORK, "2026-03-08T09:00-04:00", "-24h", "2026-03-07T08:00:00-05:00"),
        (NEW_YORK, "2026-03-09T02:30-04:00", "-1d", "2026-03-08T03:00:00-04:00"),
        (NEW_YORK, "2026-11-02T09:00-05:00", "-1d", "2026-11-01T09:00:00-05:00"),
        (NEW_YORK, "2026-11-02T01:30-05:00", "-1d", "2026-11-01T01:30:00-04:00"),
        (NEW_YORK, "2026-11-01T01:30-05:00", "-1h", "2026-11-01T01:30:00-04:00"),
        (NEW_YORK, "2026-11-01T01:30-05:00", "", "2026-11-01T01:30:00-05:00"),
        (NEW_YORK, "2026-11-01T12:00-05:00", "-1w", "2026-10-25T12:00:00-04:00"),
        # Lord Howe moves by half an hour, at 02:00 on 4 October 2026.
        (ZoneInfo("Australia/Lord_Howe"), "2026-10-05T02:15+11:00", "-1d", "2026-10-04T02:30:00+11:00"),
        # Samoa had no 30 December 2011.
        (ZoneInfo("Pacific/Apia"), "2011-12-31T09:00+14:00", "-1d", "2011-12-31T00:00:00+14:00"),
        (ZoneInfo("Asia/Kolkata"), "2026-11-23T09:00+05:30", "-1d", "2026-11-22T09:00:00+05:30"),
        (BERLIN, "2026-03-31T06:00+02:00", "-1M", "2026-02-28T06:00:00+01:00"),
        (BERLIN, "2028-03-31T06:00+02:00", "-1M", "2028-02-29T06:00:00+01:00"),
        (BERLIN, "2028-02-29T06:00+01:00", "-1y", "2027-02-28T06:00:00+01:00"),
        (BERLIN, "2026-01-31T06:00+01:00", "+1M", "2026-02-28T06:00:00+01:00"),
        (BERLIN, "2026-03-31T06:00+02:00", "-1M +1d", "2026-03-01T06:00:00+01:00"),
        (BERLIN, "2026-01-01T00:00+01:00", "-1s", "2025-12-31T23:59:59+01:00"),
    ],
)
def test_days_and_months_keep_the_local_time_and_hours_are_real(
    zone: ZoneInfo, slot: str, offset: str, moved: str
) -> None:
    found = shift(datetime.fromisoformat(slot), read_offset(offset), zone)
    assert found.isoformat() == moved


def test_yesterday_is_a_date_on_the_days_of_the_clock_changes_too() -> None:
    for slot, before in [("2026-03-09T00:10-04:00", "2026-03-08"), ("2026-11-01T23:50-05:00", "2026-10-31")]:
        assert said("{{ yesterday }}", slot_at=datetime.fromisoformat(slot), zone=NEW_YORK) == before


def test_the_day_of_a_zone_that_skips_midnight_begins_after_the_gap() -> None:
    # Cairo: 24 April 2026 begins at 01:00.
    slot = datetime(2026, 4, 24, 9, tzinfo=UTC)
    begins = datetime.fromisoformat("2026-04-24T01:00+03:00")
    assert said("{{ today | timestamp | number }}", slot_at=slot, zone=ZoneInfo("Africa/Cairo")) == begins.timestamp()


def test_names_of_a_leap_day() -> None:
    slot = datetime(2028, 2, 29, 12, tzinfo=UTC)
    assert said("{{ month_end }} {{ tomorrow }} {{ last_month_end }}", slot_at=slot, zone=UTC) == (
        "2028-02-29 2028-03-01 2028-01-31"
    )


zones = st.sampled_from(["UTC", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Cairo"]).map(
    ZoneInfo
)
slots = st.integers(1_577_836_800, 2_208_988_800).map(lambda stamp: datetime.fromtimestamp(stamp, UTC))


@patient
@given(slots, zones)
def test_the_dates_of_any_slot_agree_with_each_other(slot: datetime, zone: ZoneInfo) -> None:
    names = [name for name in NAMES if not name.startswith(("last_success", "job", "run"))]
    shown: Mapping[str, str] = render({name: f"{{{{ {name} }}}}" for name in names}, facts(slot_at=slot, zone=zone))
    day = {name: date.fromisoformat(text) for name, text in shown.items() if len(text) == 10}
    assert day["today"] == slot.astimezone(zone).date()
    assert day["week_start"] <= day["today"] <= day["week_end"]
    assert day["week_start"].isoweekday() == 1
    assert day["last_week_end"] == day["week_start"] - timedelta(days=1)
    assert day["month_start"] <= day["today"] <= day["month_end"]
    assert day["last_month_end"] == day["month_start"] - timedelta(days=1)
    assert day["year_start"] <= day["quarter_start"] <= day["month_start"]
    assert shown["month"] == shown["today"][:7]


@patient
@given(slots, zones, st.integers(-800, 800), st.integers(-24, 24))
def test_a_shift_by_days_keeps_the_local_time_unless_the_clock_skips_it(
    slot: datetime, zone: ZoneInfo, days: int, months: int
) -> None:
    slot = slot.replace(microsecond=0)
    before, after = slot.astimezone(zone), shift(slot, Offset(days=days, months=months), zone)
    if before.time() == after.time():
        return
    a_moment_ago = (after.astimezone(UTC) - timedelta(seconds=1)).astimezone(zone)
    assert a_moment_ago.time() < before.time() < after.time() or after.hour == 0 or before.fold
    assert a_moment_ago.utcoffset() != after.utcoffset()


# any text

words = st.sampled_from(
    [
        *(
            "{{",
            "}}",
            "{{ ",
            " }}",
            "\\{{",
            "{%",
            "%}",
            "{#",
            "#}",
            "|",
            ".",
            "(",
            ")",
            "[",
            "]",
            '"',
            "'",
            "\\",
            " ",
        ),
        *(
            *NAMES,
            *FILTERS,
            "last_success",
            "outputs",
            "__class__",
            '("-1d")',
            '("%Y")',
            "1",
            "-",
            "0x",
            "1e999",
            "\n",
        ),
    ]
)
texts = st.text() | st.lists(words | st.text(max_size=3), max_size=40).map("".join)
wrapped = st.lists(words, max_size=12).map(lambda parts: "{{ " + "".join(parts) + " }}")
chains = st.tuples(
    st.sampled_from([*NAMES, "last_success.outputs.items"]),
    st.lists(st.sampled_from([*FILTERS]), max_size=4),
    st.sampled_from(['("-1d")', '("+100y")', '("%Y")', '("%H")', "", "()"]),
).map(lambda said: "{{ " + " | ".join([said[0], *(f"{name}{said[2]}" for name in said[1])]) + " }}")


@patient
@given(texts | wrapped | chains, st.none() | st.just(SUCCESS), st.sampled_from(["", "-1d", "+100y", "-1d 2h", "x"]))
def test_any_text_is_filled_in_or_refused_and_quickly(text: str, success: LastSuccess | None, offset: str) -> None:
    assert is_quick(lambda: check({"x": text}))
    refusal = refusal_of(lambda: check({"x": text}))
    if refusal is not None:
        assert (refusal.field, refusal.code) == ("x", "bad_macro")
        assert refusal.hint
        return
    filled: list[Any] = []
    late = refusal_of(lambda: filled.append(said(text, last_success=success, data_offset=offset)))
    if late is not None:
        assert late.field == "x"
        return
    assert isinstance(filled[0], str | int | float)
    if "{{" not in text:
        assert filled[0] == text


@pytest.mark.parametrize(
    "text",
    [
        "".join("{{ data_time" + f' | add("-{n}d")' * 8 + " }}" for n in range(50)),
        "".join("{{ " + "(" * 25 + f'data_time | add("-{n}d")' + ")" * 25 + " }}" for n in range(50)),
        "{{ " + "(" * 98 + ")" * 98 + " }}",
        "{{" + '"\\' * 49_000,
        "{{" * 49_000,
        "\\{{" * 33_000,
        "{{ " + "'\"" * 90 + " }}",
    ],
)
def test_the_worst_texts_take_no_longer(text: str) -> None:
    assert is_quick(lambda: said(text))
