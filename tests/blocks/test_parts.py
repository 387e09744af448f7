"""The parts of Block Kit keep to Slack's limits by themselves."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.blocks import parts
from tests.blocks.makers import NOW, nasty_text, patient, sound, sound_view


@patient
@given(nasty_text, nasty_text, nasty_text, st.booleans())
def test_any_words_make_parts_that_slack_takes(first: str, second: str, third: str, flag: bool) -> None:
    sure = parts.confirm(first, second, third, first, danger=flag)
    pressed = parts.button(first, "act", "run:381", "primary" if flag else None, sure, third)
    blocks = [
        parts.section(parts.escape(first), pressed),
        parts.say(second, parts.overflow("menu", [(first, "a"), (second, "b")])),
        parts.context(parts.escape(first), parts.escape(third)),
        parts.header(third),
        parts.divider(),
        parts.actions(pressed),
        parts.preformatted(second),
        parts.container(first, second, [parts.preformatted(third), parts.say(first)], collapsed=flag),
    ]
    sound(parts.message(parts.escape(first), blocks))


@patient
@given(
    st.lists(st.tuples(nasty_text, st.integers(0, 200).map(str)), min_size=1, max_size=130),
    nasty_text,
)
def test_a_menu_holds_at_most_a_hundred_options_each_once(options: list[tuple[str, str]], placeholder: str) -> None:
    menu = parts.select("pick", options, options[-1][1], placeholder)
    values = [one["value"] for one in menu["options"]]
    assert len(values) == len(set(values)) <= 100
    assert menu["initial_option"] in menu["options"]
    sound_view(
        parts.modal(
            "Pick",
            [parts.input_block("Which", menu, "which")],
            callback_id="pick",
            submit="Go",
            private_metadata="x" * 4000,
        )
    )


def test_a_menu_keeps_its_initial_option_when_there_are_too_many() -> None:
    options = [(f"Option {number}", str(number)) for number in range(150)]
    menu = parts.select("pick", options, "140")
    assert len(menu["options"]) == 100
    assert menu["options"][-1] == menu["initial_option"] == parts.option("Option 140", "140")
    assert "initial_option" not in parts.select("pick", options, "gone")


def test_a_date_is_shown_on_the_readers_clock_and_in_utc_where_it_cannot_be() -> None:
    assert parts.date(NOW) == "<!date^1795478400^{date_short_pretty} at {time}|Tue 24 Nov 00:00 UTC>"
    assert parts.date(datetime(2026, 1, 2, 3, 4, tzinfo=UTC), "{time}").startswith(
        "<!date^1767323040^{time}|Fri 2 Jan"
    )


@pytest.mark.parametrize(
    ("user_id", "expected"),
    [
        ("U0123ABC", "<@U0123ABC>"),
        ("UANA", "Ana &amp; Co"),
        ("cli", "cli"),
        ("<!channel>", "&lt; !channel&gt;"),
        ("U1>x", "U1&gt;x"),
        (None, "somebody"),
        ("", "somebody"),
    ],
)
def test_a_person_is_named_or_mentioned_by_a_real_id_only(user_id: str | None, expected: str) -> None:
    assert parts.person(user_id, {"UANA": "Ana & Co"}) == expected


@pytest.mark.parametrize(
    ("channel_id", "expected"),
    [("C0FFEE", "<#C0FFEE>"), ("D123", "a direct message"), ("", "no channel"), ("C1|x>", "C1|x&gt;")],
)
def test_a_channel_is_linked_by_a_real_id_only(channel_id: str, expected: str) -> None:
    assert parts.channel(channel_id) == expected


def test_a_message_has_a_text_and_no_more_blocks_than_slack_takes() -> None:
    shown = sound(parts.message("  ", [parts.say("x")] * 80))
    assert shown.text == "Dify Ops"
    assert len(shown.blocks) == 50


def test_the_bare_message_is_cut_to_what_an_update_takes() -> None:
    shown = parts.Message("&amp;" * 2000, [parts.say("x")])
    assert len(shown.bare().text) <= 3900
    assert shown.bare().text.endswith(";…")


def test_the_plain_message_keeps_the_words_of_every_block() -> None:
    fold = parts.container("Title", "Sub", [parts.preformatted("inside <x>")])
    shown = parts.message("t", [parts.header("Head"), parts.markdown("a &lt; b &amp;lt;"), fold, parts.divider()])
    texts = [block["text"]["text"] for block in sound(shown).plain().blocks]
    assert texts == ["Head", "a < b &lt;", "Title – Sub", "inside <x>"]


def test_words_that_are_parsed_are_taken_verbatim() -> None:
    assert parts.section("x")["text"]["verbatim"] is True
    assert parts.context("x")["elements"][0]["verbatim"] is True
