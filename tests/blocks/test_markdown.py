"""Markdown of language models: nobody is called, no address is hidden, nothing else is lost."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.blocks.markdown import safe, split
from bot.blocks.text import length
from tests.blocks.makers import HIDDEN, harmless, lying_links, nasty_text, patient

MENTIONS = (
    "<!channel>", "<!here>", "<!everyone>", "<@U0123ABC>", "<@W0123ABC|bob>", "<#C0123ABC>", "<#C0123ABC|ops>",
    "<!subteam^S0123|@ops>", "<!date^0^{time}^https://e.vil|now>", "<https://e.vil|Your bank>", "<mailto:a@e.vil|us>",
    "@channel", "@HERE",
)  # fmt: skip
CODINGS = (
    lambda text: text,
    lambda text: text.replace("<", "&lt;").replace(">", "&gt;"),
    lambda text: text.replace("<", "&amp;lt;").replace(">", "&amp;gt;"),
    lambda text: text.replace("<", "&amp;amp;lt;").replace(">", "&gt"),
    lambda text: text.replace("<", "&#60;").replace("!", "&#33;").replace("@", "&#64;"),
    lambda text: text.replace("<", "&#x3C;").replace(">", "&#x3e;"),
    lambda text: text.replace("<", "\\<").replace("!", "\\!").replace("@", "\\@"),
    lambda text: text.replace("<", "<\u200b").replace("!", "\u2060!"),
    lambda text: text.replace("<", "<\x00"),
    lambda text: text.replace("<", "&#38;lt;"),
)
FRAMES = (
    "{}",
    "Words before {} and after.",
    "**{}**",
    "*{}* and ~~{}~~",
    "`{}`",
    "``{}``",
    "```\n{}\n```",
    "```py\nx = '{}'\n",
    "    {}",
    "> {}",
    "- {}\n  - {}",
    "1. {}",
    "# {}",
    "| a | b |\n|---|---|\n| {} | `{}` |",
    "[{}](https://ok.example)",
    "[words]({})",
    "![{}](https://ok.example/x.png)",
    "<b>{}</b>",
    "<!-- {} -->",
    '[x][y]\n\n[y]: https://e.vil "{}"',
    "日本語 {} テキスト",
    "это {} текст",
    "```\n```{}\n```",
    "`{}",
    "[{}",
    "~~~\n{}\n~~~",
    "$${}$$",
    "> - > {}",
    "<{}>",
    "{}\n{}",
)
CORPUS = [
    frame.replace("{}", coding(mention)) for mention, coding, frame in itertools.product(MENTIONS, CODINGS, FRAMES)
]


def test_the_corpus_of_injections_is_large() -> None:
    assert len(set(CORPUS)) > 3000


@pytest.mark.parametrize("frame", range(len(FRAMES)))
def test_no_injection_survives(frame: int) -> None:
    for text in CORPUS[frame :: len(FRAMES)]:
        written = safe(text)
        assert harmless({"type": "markdown", "text": written}) == [], text
        assert not HIDDEN.search(written), text
        for piece in split(written, 120):
            assert harmless({"type": "markdown", "text": piece}) == [], text


@patient
@given(
    st.lists(
        st.sampled_from(
            [
                *MENTIONS,
                "](",
                "[",
                "!",
                "`",
                "```",
                "\n",
                "\n\n",
                "> ",
                "- ",
                "|",
                "\\",
                "&lt;",
                "http://e.vil",
                " ",
                "a",
                "*",
                "_",
                ")",
                ":",
                "<",
                ">",
            ]
        ),
        max_size=25,
    ).map("".join)
)
def test_no_heap_of_marks_survives(text: str) -> None:
    assert harmless({"type": "markdown", "text": safe(text)}) == []


@patient
@given(nasty_text)
def test_any_text_is_made_safe(text: str) -> None:
    assert harmless({"type": "markdown", "text": safe(text)}) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[click](https://evil.example/a?b=1&c=2)", "[click (evil.example)](https://evil.example/a?b=1&c=2)"),
        ("<https://ok.example/>", "[https://ok.example/](https://ok.example/)"),
        ("![chart](https://img.example/x.png)", "[chart (img.example)](https://img.example/x.png)"),
        ("[x](javascript:alert(1))", "[x] (javascript:alert(1))"),
        ("[x](ftp://a.b)", "x (ftp://a.b)"),
        ("[x](/relative)", "x (/relative)"),
        ("[x](https://user@e.vil)", "x (https://user@e.vil)"),
        ("[bank.example](https://e.vil:8080)", "[bank.example (e.vil:8080)](https://e.vil:8080)"),
        ("[x](http://пример.рф/)", "[x (xn--e1afmkfd.xn--p1ai)](http://xn--e1afmkfd.xn--p1ai/)"),
        ("![](http://a.b)", "[image (a.b)](http://a.b)"),
        ("Wow![x](http://a.b)", "Wow[x (a.b)](http://a.b)"),
        ("Wow\\![x](http://a.b)", "Wow! [x (a.b)](http://a.b)"),
        ("\\[x\\](http://e.vil)", "[x] (http://e.vil)"),
        ("see https://a.b/c_d now", "see https://a.b/c_d now"),
    ],
)
def test_links_tell_where_they_lead(text: str, expected: str) -> None:
    assert safe(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "# Title\n\nPlain **bold** and *thin* ~~gone~~ `code`.\n\n---\n\nEnd",
        "- one\n- two\n  - three\n- four",
        "3. three\n4. four",
        "> quote\n>\n> more",
        "```py\nx = 1\n\ny = 2\n```",
        "| a | b |\n| --- | :-: |\n| 1 | 2 |",
        "- [ ] open\n- [x] done",
        "- item\n  ```\n  code\n  ```",
        "日本語と中文 and עברית",
    ],
)
def test_ordinary_markdown_stays_as_it_is(text: str) -> None:
    assert safe(text) == text


def test_code_keeps_its_signs_as_entities_and_cannot_leave_its_fence() -> None:
    assert safe("```\na < b && c\n```") == "```\na &lt; b &amp;&amp; c\n```"
    assert safe("````\n```\n[a](http://e.vil)\n````") == "```\n'''\n[a](http://e.vil)\n```"


def test_html_is_shown_as_words_and_line_breaks_in_cells_as_spaces() -> None:
    assert safe("<b>x</b>") == "&lt;b&gt;x&lt;/b&gt;"
    assert safe("| a |\n|---|\n| x<br>y \\| z |") == "| a |\n| --- |\n| x y \\| z |"


def test_blank_text_gives_nothing() -> None:
    assert safe(" \n\x00 ") == ""


def test_what_is_nested_too_deep_is_shown_as_it_was_written() -> None:
    assert "the secret" in safe("> " * 100 + "the secret\n\nend")
    assert "the secret" in safe("".join("  " * deep + "- x\n" for deep in range(60)) + "the secret")


@pytest.mark.parametrize(
    "piece",
    ["[", "![", "*a ", "> ", "- ", "`", "` `` ", "[a](", "**a*", "|", "&", "<", "<a:", "_ ", "\n- \n", "&amp;"],
)
def test_hostile_repetition_takes_no_time(piece: str) -> None:
    text = piece * (10_000 // len(piece))
    assert lying_links(safe(text)[:2000]) == []


@patient
@given(
    st.lists(
        st.sampled_from(
            [
                "word ",
                "x" * 90,
                "\n",
                "\n\n",
                "```\n",
                "```py\n",
                "| a | b |\n",
                "|---|---|\n",
                "&amp;",
                "日本 ",
                "🧨" * 30,
                "- ",
                "  ",
            ]
        ),
        max_size=60,
    ).map("".join),
    st.integers(100, 400),
)
def test_pieces_are_short_and_nothing_is_lost(text: str, limit: int) -> None:
    pieces = split(text, limit)
    assert all(0 < length(piece) <= limit for piece in pieces)
    assert all(piece.strip() for piece in pieces)
    for letter in "wx日🧨":
        assert sum(piece.count(letter) for piece in pieces) >= text.count(letter)


def test_text_is_split_between_paragraphs() -> None:
    text = "\n\n".join(f"paragraph {number} " + "word " * 10 for number in range(10)).replace(" \n", "\n").strip()
    pieces = split(text, 200)
    assert "\n\n".join(pieces) == text
    assert len(pieces) > 2


def test_a_short_text_is_one_piece_and_no_text_none() -> None:
    assert split("a\n\nb", 100) == ["a\n\nb"]
    assert split("", 100) == []


def test_a_long_code_block_goes_on_in_the_next_piece() -> None:
    pieces = split("```py\n" + "\n".join(f"line {number}" for number in range(100)) + "\n```", 200)
    assert len(pieces) > 3
    assert all(piece.startswith("```py\n") and piece.endswith("\n```") for piece in pieces)
    assert sum(piece.count("line ") for piece in pieces) == 100


def test_a_long_table_repeats_its_header() -> None:
    pieces = split("| a | b |\n| --- | --- |\n" + "\n".join(f"| {n} | row |" for n in range(100)), 200)
    assert all(piece.startswith("| a | b |\n| --- | --- |\n| ") for piece in pieces)
    assert sum(piece.count("row") for piece in pieces) == 100


def test_a_blank_line_in_a_code_block_is_no_border() -> None:
    text = "```\na\n\nb\n```"
    assert split("x\n\n" + text, 100) == ["x\n\n" + text]


def test_words_that_become_a_token_only_side_by_side_are_broken_too() -> None:
    written = safe("&lt;[_)<!subteam^S0123|@ops>")
    assert harmless({"type": "markdown", "text": written}) == []
    assert safe("[x](https://a.b/?a=1&lt=2)") == "[x (a.b)](https://a.b/?a=1%26lt=2)"


def test_shifts_and_comparisons_in_code_are_not_pulled_apart() -> None:
    assert safe("```\nx = 1 << 2 <= y && a<b\n```") == "```\nx = 1 &lt;&lt; 2 &lt;= y &amp;&amp; a&lt;b\n```"
