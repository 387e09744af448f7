"""Who asks, where, and what."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import Refusal
from bot.slack.request import (
    ScheduleWords,
    read_command,
    read_home,
    read_press,
    read_schedule,
    read_shortcut,
    read_submission,
)
from bot.slack.run_sentence import RunWords, read_run
from bot.slack.words import quote

COMMAND = {
    "command": "/dify",
    "text": ' Schedule “Daily news” every weekday at 9 topic="A &amp; B" ',
    "team_id": "T1",
    "user_id": "U1",
    "user_name": "not.to.be.trusted",
    "channel_id": "C1",
    "trigger_id": "1.2",
    "response_url": "https://hooks.slack.com/commands/1",
    "is_enterprise_install": "false",
}
BLOCK_ACTIONS = {
    "type": "block_actions",
    "team": {"id": "T1", "domain": "x"},
    "user": {"id": "U1", "team_id": "T1"},
    "channel": {"id": "C1", "name": "ops"},
    "container": {
        "type": "message",
        "message_ts": "17.5",
        "channel_id": "C1",
        "is_ephemeral": True,
        "thread_ts": "17.1",
    },
    "trigger_id": "1.2",
    "response_url": "https://hooks.slack.com/actions/1",
    "state": {"values": {"zone": {"pick": {"type": "static_select", "selected_option": {"value": "Asia/Tokyo"}}}}},
    "actions": [
        {
            "type": "button",
            "action_id": "rerun",
            "block_id": "b1",
            "value": "run:381 span:a:b round:2",
            "action_ts": "9",
        }
    ],
}
VIEW = {
    "id": "V1",
    "hash": "156.abc",
    "callback_id": "job",
    "private_metadata": "draft:x",
    "app_installed_team_id": "T1",
    "root_view_id": "V0",
    "state": {
        "values": {
            "name": {"text": {"type": "plain_text_input", "value": "Daily"}},
            "note": {"text": {"type": "plain_text_input", "value": None}},
            "app": {"pick": {"type": "static_select", "selected_option": {"text": {}, "value": "3"}}},
            "none": {"pick": {"type": "static_select", "selected_option": None}},
            "days": {"tick": {"type": "checkboxes", "selected_options": [{"value": "mon"}, {"value": "tue"}]}},
            "to": {"where": {"type": "conversations_select", "selected_conversation": "C1"}},
            "who": {"people": {"type": "multi_users_select", "selected_users": ["U1", "U2"]}},
            "at": {"time": {"type": "datetimepicker", "selected_date_time": 1795486400}},
            "range": {"from": {"value": "1"}, "until": {"value": "2"}},
        }
    },
}


def schedule(rest: str) -> ScheduleWords:
    return read_schedule(rest)


def test_a_command_has_a_verb_and_the_rest_as_it_was_delivered() -> None:
    request = read_command(COMMAND)
    assert (request.team_id, request.user_id, request.channel_id) == ("T1", "U1", "C1")
    assert request.verb == "schedule"
    assert request.rest == '“Daily news” every weekday at 9 topic="A &amp; B"'
    assert (request.trigger_id, request.response_url) == ("1.2", "https://hooks.slack.com/commands/1")
    assert not request.is_enterprise
    assert not request.is_stranger


@pytest.mark.parametrize("text", ["", "  ", "\u3000"])
def test_a_bare_command_has_no_verb(text: str) -> None:
    request = read_command(COMMAND | {"text": text})
    assert (request.verb, request.rest) == ("", "")


def test_fmea_d23_an_org_wide_installation_is_told_by_a_string() -> None:
    request = read_command(COMMAND | {"is_enterprise_install": "true", "enterprise_id": "E1"})
    assert request.is_enterprise
    assert request.enterprise_id == "E1"


@pytest.mark.parametrize(
    ("rest", "app", "when"),
    [
        ('"Daily news" every weekday at 9', "Daily news", "every weekday at 9"),
        ("“Daily news” every weekday at 9", "Daily news", "every weekday at 9"),
        ("daily */5 * * * *", "daily", "*/5 * * * *"),
        ('daily "0 9 * * 1-5"', "daily", "0 9 * * 1-5"),
        ("daily 0 0 8 ? * MON#1", "daily", "0 0 8 ? * MON#1"),
        ("daily in 5 minutes", "daily", "in 5 minutes"),
        ("daily in 20 min", "daily", "in 20 min"),
        ("daily once IN MAY", "daily", "once IN MAY"),
        ("daily every hour from 9 to 17", "daily", "every hour from 9 to 17"),
        ("daily as", "daily", "as"),
        ('daily "every day in UTC"', "daily", "every day in UTC"),
        ("daily 毎日９：３０", "daily", "毎日9:30"),
        ("日报 每个工作日　上午9点", "日报", "每个工作日 上午9点"),
    ],
)
def test_a_schedule_is_an_app_and_a_time(rest: str, app: str, when: str) -> None:
    assert schedule(rest) == ScheduleWords(app=app, when=when)


TAIL = ["in Asia/Tokyo", "to <#C012AB|ops>", 'as "Nightly digest"', 'topic="AI news"', "n=3"]


@pytest.mark.parametrize("first", range(5))
def test_the_clauses_may_come_in_any_order_and_before_the_time(first: int) -> None:
    tail = TAIL[first:] + TAIL[:first]
    for rest in (f"daily every day at 9 {' '.join(tail)}", f"daily {' '.join(tail)} every day at 9"):
        assert schedule(rest) == ScheduleWords(
            app="daily",
            when="every day at 9",
            zone="Asia/Tokyo",
            channel_id="C012AB",
            name="Nightly digest",
            inputs={"topic": "AI news", "n": "3"},
        )


@pytest.mark.parametrize(
    "zone",
    ["Asia/Tokyo", "asia/tokyo", "America/Indiana/Knox", "Etc/GMT+8", "UTC", "UTC+5:30", "GMT-5", "UTC−3", "JST"],
)
def test_a_zone_is_known_by_its_looks(zone: str) -> None:
    words = schedule(f"daily every day at 9 in {zone}")
    assert (words.when, words.zone) == ("every day at 9", zone)


@pytest.mark.parametrize(
    "phrase", ["in 5 minutes", "in an hour", "in MIN", "in two days", "in 9/10", "in TEN minutes"]
)
def test_a_span_of_time_is_no_zone(phrase: str) -> None:
    words = schedule(f"daily {phrase}")
    assert (words.when, words.zone) == (phrase, None)


@pytest.mark.parametrize(
    ("rest", "message", "hint"),
    [
        ("", "needs an app and a time", "/dify schedule"),
        ("topic=AI", "needs an app and a time", "/dify schedule"),
        ("daily", "When should “daily” run", "/dify schedule"),
        ("daily to <#C012AB|ops>", "When should “daily” run", "/dify schedule"),
        ("daily every day to #ops", "#ops", "pick it from the list"),
        ("daily every day to <@U012AB|ana>", "not to a person", "to #ops"),
        ("daily every day as Nightly digest", "needs quotation marks", 'as "Nightly digest"'),
        ("daily every day a=1 a=2", "“a” is given twice", "once"),
        ("daily every day in UTC in JST", "“in …” is said twice", "once"),
    ],
)
def test_a_sentence_that_cannot_be_meant_is_refused_with_its_cure(rest: str, message: str, hint: str) -> None:
    with pytest.raises(Refusal) as caught:
        schedule(rest)
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_a_name_of_one_word_needs_no_quotation_marks() -> None:
    for rest in ("daily every day as Digest", "daily every day as Digest in UTC", "daily as Digest every day"):
        assert (schedule(rest).name, schedule(rest).when) == ("Digest", "every day")


def test_a_run_names_its_target_with_or_without_quotation_marks() -> None:
    meant = RunWords(target="Nightly digest", whole="Nightly digest", inputs={"topic": "AI"})
    assert read_run('"Nightly digest" topic=AI') == meant
    assert read_run("topic=AI Nightly digest") == meant
    assert read_run("#12") == RunWords(target="#12", whole="#12")
    with pytest.raises(Refusal, match="Which job or app"):
        read_run(" topic=AI ")


def test_a_press_in_a_message_says_who_where_and_about_what() -> None:
    press = read_press(BLOCK_ACTIONS)
    assert (press.team_id, press.user_id, press.actor_team_id, press.is_stranger) == ("T1", "U1", "T1", False)
    assert (press.channel_id, press.message_ts, press.thread_ts, press.is_ephemeral) == ("C1", "17.5", "17.1", True)
    assert (press.action_id, press.block_id, press.action_ts) == ("rerun", "b1", "9")
    assert press.refs == {"run": "381", "span": "a:b", "round": "2"}
    assert press.fields == {"zone": "Asia/Tokyo"}
    assert press.view is None
    assert press.trigger_id == "1.2"
    assert press.response_url == "https://hooks.slack.com/actions/1"


def test_a_press_of_a_menu_gives_the_chosen_value() -> None:
    menu = {"type": "overflow", "action_id": "more", "selected_option": {"text": {}, "value": "job:12"}}
    press = read_press(BLOCK_ACTIONS | {"actions": [menu]})
    assert (press.value, press.refs) == ("job:12", {"job": "12"})


@pytest.mark.parametrize("value", ["", "Daily news", "https://x.example", "12", ":", "a:"])
def test_a_value_that_names_no_ids_has_no_refs(value: str) -> None:
    button = {"action_id": "x", "value": value}
    assert read_press(BLOCK_ACTIONS | {"actions": [button]}).refs.get("run") is None


def test_a_press_in_a_view_carries_the_view() -> None:
    payload = {name: BLOCK_ACTIONS[name] for name in ("team", "user", "actions", "trigger_id")} | {"view": VIEW}
    press = read_press(payload)
    assert press.view is not None
    assert (press.view.id, press.view.hash, press.view.private_metadata) == ("V1", "156.abc", "draft:x")
    assert press.view.fields["name"] == "Daily"
    assert (press.channel_id, press.message_ts, press.response_url) == ("", "", "")


def test_a_submission_gives_every_field_by_its_block() -> None:
    submission = read_submission(
        {"type": "view_submission", "team": {"id": "T1"}, "user": {"id": "U1"}, "view": VIEW}
    )
    assert submission.callback_id == "job"
    assert not submission.is_closed
    assert submission.view.root_id == "V0"
    assert submission.fields == {
        "name": "Daily",
        "note": None,
        "app": "3",
        "none": None,
        "days": ("mon", "tue"),
        "to": "C1",
        "who": ("U1", "U2"),
        "at": 1795486400,
        "range": "1",
        "from": "1",
        "until": "2",
    }


def test_a_view_that_was_closed_is_told_from_one_that_was_submitted() -> None:
    assert read_submission({"type": "view_closed", "view": VIEW}).is_closed


@pytest.mark.parametrize(
    ("change", "is_stranger", "team"),
    [
        ({}, False, "T1"),
        ({"user": {"id": "U9", "team_id": "T9"}}, True, "T1"),
        ({"user": {"id": "U9"}}, False, "T1"),
        ({"team": None}, False, "T1"),
        ({"user": {"id": "U9", "team_id": "E1"}, "enterprise": {"id": "E1"}}, False, "T1"),
        ({"team": {"id": "T9"}, "user": {"id": "U9", "team_id": "T9"}, "view": VIEW}, True, "T1"),
    ],
)
def test_a_person_of_another_organisation_is_a_stranger(
    change: Mapping[str, Any], is_stranger: bool, team: str
) -> None:
    press = read_press({**BLOCK_ACTIONS, **change})
    assert (press.is_stranger, press.team_id) == (is_stranger, team)


def test_opening_the_home_tells_who_and_which_tab() -> None:
    event = {"type": "app_home_opened", "user": "U1", "channel": "D1", "tab": "home", "view": VIEW}
    opened = read_home({"team_id": "T1", "event": event})
    assert (opened.team_id, opened.user_id, opened.tab, opened.channel_id) == ("T1", "U1", "home", "D1")
    assert opened.view is not None
    assert opened.view.hash == "156.abc"
    assert read_home({"team_id": "T1", "event": event | {"view": None}}).view is None


def test_a_shortcut_has_a_trigger_and_a_message_one_its_message() -> None:
    payload = {
        "type": "shortcut",
        "callback_id": "job_new",
        "trigger_id": "1.2",
        "team": {"id": "T1"},
        "user": {"id": "U1"},
    }
    shortcut = read_shortcut(payload)
    assert (shortcut.callback_id, shortcut.trigger_id, shortcut.channel_id) == ("job_new", "1.2", "")
    on_message = read_shortcut(payload | {"channel": {"id": "C1"}, "message": {"ts": "17.5", "text": "Hello"}})
    assert (on_message.channel_id, on_message.message_ts, on_message.message_text) == ("C1", "17.5", "Hello")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=9,
)
NAMES = st.sampled_from([*COMMAND, *BLOCK_ACTIONS, *VIEW, "view", "event", "message", "enterprise"])
PAYLOADS = st.dictionaries(NAMES, JSON | st.dictionaries(NAMES, JSON | st.dictionaries(NAMES, JSON), max_size=3))
READERS = [read_command, read_press, read_submission, read_home, read_shortcut]


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.__name__)
@given(payload=PAYLOADS)
def test_any_payload_can_be_read(reader: Callable[[Mapping[str, Any]], Any], payload: Mapping[str, Any]) -> None:
    asker = reader(payload)
    assert isinstance(asker.team_id, str)
    assert isinstance(asker.user_id, str)


@given(st.text())
def test_any_text_after_the_command_can_be_read(text: str) -> None:
    request = read_command(COMMAND | {"text": text})
    assert request.rest in text


def refusal_of(read: Callable[[str], object], text: str) -> Refusal | None:
    try:
        read(text)
    except Refusal as error:
        return error
    return None


@given(st.text(alphabet="\"“”'=<>#@CU|& aint/o\u3000"))
def test_any_sentence_is_read_or_refused_with_a_hint(text: str) -> None:
    for read in (read_schedule, read_run):
        refusal = refusal_of(read, text)
        assert refusal is None or refusal.hint


@given(
    st.text(min_size=1),
    st.text(min_size=1),
    st.dictionaries(st.from_regex(r"[a-z_]{1,9}", fullmatch=True), st.text()),
)
def test_what_is_quoted_comes_out_as_it_went_in(app: str, when: str, inputs: dict[str, str]) -> None:
    typed = " ".join([quote(app), quote(when), *(f"{key}={quote(value)}" for key, value in inputs.items())])
    typed = typed.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert read_schedule(typed) == ScheduleWords(app=app, when=when, inputs=inputs)


def test_busy_and_missed_times_and_the_data_time_are_clauses_of_a_schedule() -> None:
    typed = "daily every 10 minutes overlap queue 3 catch-up all within 2h data -1d in Asia/Tokyo topic=AI"
    words = read_schedule(typed)
    assert (words.when, words.zone) == ("every 10 minutes", "Asia/Tokyo")
    assert (words.overlap, words.catch_up, words.data_offset) == ("queue 3", "all within 2h", "-1d")


def test_the_whole_command_is_written_with_another_time_in_it() -> None:
    words = read_schedule(
        'daily mondays in Asia/Tokyo to <#C1|ops> as "Tea time" overlap allow 2 topic="AI news" x=1'
    )
    typed = words.typed("every Monday at 9:00")
    assert read_schedule(typed.removeprefix("/dify schedule ")) == replace(words, when="every Monday at 9:00")


@pytest.mark.parametrize(
    ("typed", "overlap", "catch_up"),
    [
        ("a every day at 9 overlap allow max=3", "allow max=3", None),
        ("a every day at 9 overlap allow max 3", "allow max 3", None),
        ("a every day at 9 catch-up all within 2 hours", None, "all within 2 hours"),
    ],
)
def test_a_policy_takes_the_words_that_belong_to_it(typed: str, overlap: str | None, catch_up: str | None) -> None:
    words = read_schedule(typed)
    assert (words.when, words.overlap, words.catch_up, words.inputs) == ("every day at 9", overlap, catch_up, {})
    assert read_schedule("a every day at 9 max=3").inputs == {"max": "3"}


def test_what_follows_retry_is_said_of_failures_whatever_it_is() -> None:
    words = read_schedule("a every day at 9 retry forever topic=AI")
    assert (words.when, words.retry) == ("every day at 9", "forever")


@pytest.mark.parametrize(
    ("typed", "target", "data", "is_forced"),
    [
        ("Daily news", "Daily news", None, False),
        ("Daily news data 2026-11-01 topic=AI", "Daily news", "2026-11-01", False),
        ('"Daily news" data 2026-11-01 9:30 force', "Daily news", "2026-11-01 9:30", True),
        ("#12 force", "#12", None, True),
        ("force", "force", None, False),
        ("Open data", "Open data", None, False),
        ('"Open data 2026-11-01"', "Open data 2026-11-01", None, False),
        ("data 2026-11-01", "data 2026-11-01", None, False),
    ],
)
def test_a_run_may_be_about_another_day_and_may_be_forced(
    typed: str, target: str, data: str | None, is_forced: bool
) -> None:
    words = read_run(typed)
    assert (words.target, words.data, words.is_forced) == (target, data, is_forced)
