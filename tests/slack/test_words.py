"""What was typed after /dify, as words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.words import Kind, Word, holds_key, quote, read_words, unescape


def escape(text: str) -> str:
    """As Slack delivers what a person types."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def texts(typed: str) -> list[str]:
    return [word.text for word in read_words(typed)]


def only(typed: str) -> Word:
    (word,) = read_words(typed)
    return word


@pytest.mark.parametrize("typed", ["", "   ", "\n\t", "\u3000\u00a0", "\ufeff\u200b"])
def test_nothing_typed_is_no_word(typed: str) -> None:
    assert read_words(typed) == ()


@pytest.mark.parametrize(
    "typed",
    [
        '"Daily news" x',
        "“Daily news” x",
        "”Daily news” x",
        "„Daily news“ x",
        "„Daily news” x",
        '"Daily news” x',
        '“Daily news" x',
        "«Daily news» x",
        "»Daily news« x",
        "「Daily news」 x",
        "『Daily news』 x",
        "＂Daily news＂ x",
        "'Daily news' x",
        "‘Daily news’ x",
    ],
)
def test_every_kind_of_quotation_mark_makes_one_word(typed: str) -> None:
    assert [(word.kind, word.text) for word in read_words(typed)] == [(Kind.QUOTED, "Daily news"), (Kind.PLAIN, "x")]


@pytest.mark.parametrize("typed", ["o'clock", "5'", "'til", 'a"b', '5"', '"', "“", "rock'n'roll", "「x"])
def test_a_mark_without_its_partner_is_a_letter_like_any_other(typed: str) -> None:
    word = only(typed)
    assert (word.kind, word.text) == (Kind.PLAIN, typed)


def test_an_apostrophe_inside_single_quotes_does_not_end_them() -> None:
    assert texts("'Ana's job' now") == ["Ana's job", "now"]


def test_a_quotation_inside_a_quotation_stays() -> None:
    assert texts('"He said “hi” there" x') == ["He said “hi” there", "x"]


@pytest.mark.parametrize(
    ("typed", "key", "value"),
    [
        ("topic=AI", "topic", "AI"),
        ('topic="AI news"', "topic", "AI news"),
        ("topic=“AI news”", "topic", "AI news"),
        ("topic=", "topic", ""),
        ('topic=""', "topic", ""),
        ("a.b-c_1=x=y", "a.b-c_1", "x=y"),
        ("ｔｏｐｉｃ＝ＡＩ", "topic", "AI"),
        ("q=<https://dify.ai/a?b=1&amp;c=2>", "q", "https://dify.ai/a?b=1&c=2"),
        ("q=<http://dify.ai|dify.ai>", "q", "dify.ai"),
        ("to=<mailto:a@b.example|a@b.example>", "to", "a@b.example"),
        ('where="<#C012AB|ops> and <@U012AB|ana>"', "where", "#ops and @ana"),
        ("n=&lt;b&gt;&amp;amp;", "n", "<b>&amp;"),
    ],
)
def test_a_pair_has_a_key_and_a_value(typed: str, key: str, value: str) -> None:
    word = only(typed)
    assert (word.kind, word.key, word.text) == (Kind.PAIR, key, value)


@pytest.mark.parametrize("typed", ["=x", "1a=x", "über=x", "a b=c d", "https://x.example/?a=b"])
def test_what_only_looks_like_a_pair_is_none(typed: str) -> None:
    assert read_words(typed)[0].kind is Kind.PLAIN


@pytest.mark.parametrize(
    ("typed", "kind", "text", "label"),
    [
        ("<#C012AB|ops>", Kind.CHANNEL, "C012AB", "ops"),
        ("<#C012AB|>", Kind.CHANNEL, "C012AB", None),
        ("<#C012AB>,", Kind.CHANNEL, "C012AB", None),
        ("<@U012AB|ana>", Kind.USER, "U012AB", "ana"),
        ("<@W012AB>", Kind.USER, "W012AB", None),
        ("<https://dify.ai/x|a label>", Kind.LINK, "https://dify.ai/x", "a label"),
        ("<http://dify.ai|dify.ai>", Kind.LINK, "dify.ai", "dify.ai"),
    ],
)
def test_what_slack_puts_in_place_of_names_is_a_reference(
    typed: str, kind: Kind, text: str, label: str | None
) -> None:
    word = only(typed)
    assert (word.kind, word.text, word.label) == (kind, text, label)


@pytest.mark.parametrize(
    "typed", ["&lt;#C012AB|ops&gt;", "<!channel>", "<#c012ab>", "<#>", "<@U1", "<javascript:alert(1)>"]
)
def test_what_a_person_typed_to_look_like_a_reference_is_none(typed: str) -> None:
    word = only(typed)
    assert (word.kind, word.text) == (Kind.PLAIN, unescape(typed))


def test_full_width_and_odd_spaces_read_as_their_plain_twins_outside_quotes() -> None:
    assert texts("ｌｉｓｔ\u3000９：３０\u00a0＊／５ “９：３０”") == ["list", "9:30", "*/5", "９：３０"]


def test_an_invisible_character_in_a_word_is_passed_over() -> None:
    assert texts("li\u200bst \ufeffall") == ["list", "all"]


def test_a_word_knows_where_it_ended_in_the_typed_text() -> None:
    typed = '  schedule  "Daily news" every day'
    first, second, *_ = read_words(typed)
    assert typed[first.end :] == '  "Daily news" every day'
    assert typed[second.end :] == " every day"


def test_a_backslash_means_itself_except_before_a_mark_or_another() -> None:
    assert texts(r'"C:\news" "a\"b" "a\\"') == [r"C:\news", 'a"b', "a\\"]


@pytest.mark.parametrize(
    ("text", "is_held"),
    [
        ("connect app-" + "aB3" * 8, True),
        ("key=app-" + "a" * 24 + ".", True),
        ("app-news", False),
        ("my-app-configuration-of-things", False),
        ("whatsapp-" + "a" * 24, False),
    ],
)
def test_a_dify_key_is_recognised_where_it_should_not_stand(text: str, is_held: bool) -> None:
    assert holds_key(text) is is_held


@given(st.text())
def test_any_text_has_words_and_every_one_ends_later(typed: str) -> None:
    ends = [word.end for word in read_words(typed)]
    assert ends == sorted(set(ends))
    assert not ends or ends[-1] <= len(typed)


MARKS = st.text(alphabet="\"“”„«»「」'‘’\\=<>#@CU|&;a 1\u3000＂＝")


@given(MARKS)
def test_any_heap_of_marks_has_words(typed: str) -> None:
    assert sum(len(word.text) for word in read_words(typed)) <= len(typed)


@given(st.one_of(st.text(), MARKS))
def test_a_quoted_text_is_read_as_it_was(text: str) -> None:
    word = only(escape(quote(text)))
    assert (word.kind, word.text) == (Kind.QUOTED, text)


@given(st.text(), st.from_regex(r"[A-Za-z_][A-Za-z0-9_.-]*", fullmatch=True))
def test_a_quoted_value_is_read_as_it_was(text: str, key: str) -> None:
    word = only(f"{key}={escape(quote(text))}")
    assert (word.kind, word.key, word.text) == (Kind.PAIR, key, text)
