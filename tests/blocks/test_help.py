"""The help and the status line."""

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.blocks.help import Help, overview, verb
from bot.blocks.status import status, summary
from tests.blocks.makers import NOW, nasty_text, patient, sound

helps = st.builds(
    Help, verb=nasty_text, usage=nasty_text, says=nasty_text, examples=st.lists(nasty_text, max_size=3).map(tuple)
)


@patient
@given(st.lists(helps, max_size=45), st.none() | nasty_text, nasty_text)
def test_any_help_is_one_that_slack_takes(verbs: list[Help], channel: str | None, zone: str) -> None:
    sound(overview(verbs, channel, zone))
    for one in verbs[:3]:
        sound(verb(one.verb, one.usage, one.says, one.examples))


def test_the_overview_has_examples_for_this_channel_and_this_zone() -> None:
    shown = sound(overview([Help("run", "/dify run <job>", "starts one run now")], "ops", "Asia/Tokyo"))
    text = json.dumps(shown.blocks)
    assert "in Asia/Tokyo to #ops" in text
    assert "*run* starts one run now" in text
    assert "new_job" in text


def test_the_page_of_a_word_shows_how_to_type_it() -> None:
    shown = sound(verb("run", "/dify run <job>", "Starts one run now.", ["/dify run digest", "/dify run #12"]))
    assert shown.text == "*run* Starts one run now. `/dify run &lt;job&gt;`"
    assert "`/dify run #12`" in json.dumps(shown.blocks)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ((3, 1, NOW + timedelta(minutes=12, seconds=30), NOW), "3 jobs, 1 failing, next run in 12 min"),
        ((1, 0, None, NOW), "1 job, no run planned"),
        ((0, 0, None, NOW), "No jobs yet"),
        ((1200, 0, NOW - timedelta(minutes=1), NOW, 2), "1,200 jobs, 2 running, next run now"),
    ],
)
def test_the_summary_is_one_line(facts: tuple, expected: str) -> None:
    assert summary(*facts) == expected


def test_the_status_offers_what_is_possible() -> None:
    full = sound(status(now=NOW, jobs=3, failing=1, next_at=NOW))
    assert [one["action_id"] for one in full.blocks[1]["elements"]] == [
        "new_job",
        "list_jobs",
        "list_failing",
        "show_help",
    ]
    empty = sound(status(now=NOW, jobs=0))
    assert [one["action_id"] for one in empty.blocks[1]["elements"]] == ["new_job", "show_help"]
