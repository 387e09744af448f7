"""Text of strangers: cleaned, disarmed, measured, cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.blocks.text import bold, clean, cut, escape, first_line, fit, head, length, one_line, shorten, show
from tests.blocks.makers import HIDDEN, json_values, live, nasty_text, patient


@patient
@given(nasty_text)
def test_escaped_text_calls_nobody_however_often_it_is_decoded(text: str) -> None:
    assert live(escape(text)) == []
    assert not HIDDEN.search(escape(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\x00b\x07c", "abc"),
        ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
        ("pay\u202egnp.exe", "paygnp.exe"),
        ("ch\u200bannel\ufeff", "channel"),
        ("\ud83d", "\ufffd"),
        ("a\u200db", "ab"),
        ("👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("tab\tand\nline", "tab\tand\nline"),
    ],
)
def test_what_cannot_be_seen_is_removed_and_what_writing_needs_stays(text: str, expected: str) -> None:
    assert clean(text) == expected


def test_plain_words_survive_escaping() -> None:
    assert escape("Tom & Ana: 3 < 4") == "Tom &amp; Ana: 3 &lt; 4"
    assert escape("write to ana@here.com") == "write to ana@here.com"


def test_mentions_are_broken_with_a_space() -> None:
    assert escape("<!channel> &lt;@U1&gt; @here") == "&lt; !channel&gt; &amp;lt; @U1&amp;gt; @ here"


@patient
@given(nasty_text, st.integers(1, 400))
def test_nothing_is_longer_than_asked(text: str, limit: int) -> None:
    for short in (cut(text, limit), shorten(text, limit), head(text, limit), fit(escape(text), limit)):
        assert length(short) <= limit


def test_a_cut_tells_how_much_is_left_out() -> None:
    assert cut("x" * 5000, 1000).endswith("\n… 4,040 more characters")
    assert cut("short", 1000) == "short"


def test_an_emoji_counts_as_two() -> None:
    assert length("a🧨") == 3
    assert head("🧨🧨🧨", 4) == "🧨🧨"
    assert head("a🧨🧨", 4) == "a🧨"


def test_fitting_never_breaks_an_entity_or_a_date() -> None:
    assert fit("x" * 95 + "&amp;y", 99) == "x" * 95 + "…"
    assert fit("x" * 50 + "<!date^1^{time}|then> and much more", 60) == "x" * 50 + "…"


def test_bold_names_are_one_line_and_never_empty() -> None:
    assert bold("a*b\n`c`") == "*a∗b 'c'*"
    assert bold("  ") == "*(no name)*"
    assert len(bold("x" * 3000)) == 152


def test_the_first_line_is_the_first_that_says_something() -> None:
    assert first_line("\n \n  Boom:   it broke \nTraceback") == "Boom: it broke"
    assert first_line("") == ""
    assert one_line(" a \n b ") == "a b"


@patient
@given(json_values)
def test_any_value_can_be_shown(value: object) -> None:
    assert not HIDDEN.search(show(value))


def test_values_too_deep_or_too_long_are_shown_somehow() -> None:
    deep: object = 1
    for _ in range(100_000):
        deep = [deep]
    assert show(deep) == "(nested too deeply to be shown)"
    assert "\n" not in show({"a": ["x" * 100] * 1000})
    assert show({"é": 1}) == '{\n  "é": 1\n}'
