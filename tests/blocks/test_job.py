"""Cards, lists and notices about jobs."""

import json
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.blocks import job as shows
from bot.blocks.notice import changed, needs_inputs, undeliverable
from bot.blocks.parts import BUTTON_VALUE, Message
from bot.blocks.slots import Coming, next_list
from bot.errors import Refusal
from storage.records import Job, JobState, Run, RunState
from tests.blocks.makers import (
    NOW,
    days,
    jobs,
    json_values,
    make_app,
    make_draft,
    make_job,
    make_run,
    moments,
    nasty_text,
    patient,
    runs,
    sound,
)

times = st.lists(moments, max_size=60)
zones = st.sampled_from(["Asia/Tokyo", "UTC", "UTC+08:00", "America/New_York", "nowhere"]) | nasty_text


def words_of(shown: Message) -> str:
    return json.dumps(shown.blocks, ensure_ascii=False)


def coming(count: int) -> list[Coming]:
    return [Coming(at) for at in days(count)]


def pressed(shown: Message) -> dict[str, str]:
    rows = [one for block in shown.blocks if block["type"] == "actions" for one in block["elements"]]
    rows += [block["accessory"] for block in shown.blocks if block.get("accessory", {}).get("type") == "button"]
    return {one["action_id"]: one["value"] for one in rows}


@patient
@given(
    nasty_text,
    nasty_text,
    times,
    zones,
    st.none() | zones,
    st.dictionaries(nasty_text, json_values, max_size=30),
    st.lists(nasty_text, max_size=5),
)
def test_any_draft_is_a_card_that_slack_takes(
    name: str,
    says: str,
    at: list[datetime],
    zone: str,
    reader: str | None,
    inputs: dict[str, Any],
    warnings: list[str],
) -> None:
    marked = [Coming(one, name, is_struck=number % 2 == 1) for number, one in enumerate(at)]
    kept = make_draft(name=name, inputs=inputs)
    sound(shows.draft_card(kept, says, marked, zone, reader, name, filled=inputs, warnings=warnings, also=says))
    sound(next_list(says, marked, zone, reader))


@patient
@given(jobs, st.lists(runs, max_size=4), times, st.none() | zones, nasty_text)
def test_any_job_is_shown_in_every_way(
    job: Job, ran: list[Run], at: list[datetime], reader: str | None, text: str
) -> None:
    marked = [Coming(one, text) for one in at]
    sound(shows.saved(job, text, marked, reader))
    sound(shows.job_card(job, make_app(name=text), ran, marked, reader))
    sound(shows.job_card(job, None, ran, marked, reader))
    sound(shows.runs_list(job, ran * 5, 1, 3))
    sound(shows.ask_delete(job))
    sound(shows.deleted(job, text.replace("U", "u").replace("W", "w")))
    sound(shows.paused(job, "UOWNER"))
    sound(shows.resumed(job, "UOWNER", 3, NOW))


@patient
@given(st.lists(jobs, max_size=25), st.lists(runs, min_size=1, max_size=2), nasty_text, st.integers(-1, 4))
def test_any_jobs_are_a_list(many: list[Job], ran: list[Run], title: str, page: int) -> None:
    sound(shows.jobs_list(many, {12: NOW}, {12: ran[0]}, title, page))


@patient
@given(nasty_text, st.lists(st.tuples(nasty_text, st.just("job:12")), max_size=15))
def test_any_words_are_a_notice(text: str, options: list[tuple[str, str]]) -> None:
    sound(shows.notice(text))
    sound(undeliverable("C0FFEE", text))
    sound(changed(text, "paused *{name}*", text))
    sound(needs_inputs(make_app(name=text), [text]))
    sound(shows.incomplete_card(make_draft(name=text), text, text, text))
    sound(shows.refusal(Refusal(text, text, choices=tuple(label for label, _ in options))))


def test_the_card_of_a_draft_shows_the_reading_the_times_and_four_buttons() -> None:
    shown = sound(
        shows.draft_card(
            make_draft(),
            "every weekday at 09:00",
            coming(5),
            "Asia/Tokyo",
            "America/New_York",
            "daily-news",
            warnings=["it runs often"],
        )
    )
    assert (
        shown.text
        == "New job: *Nightly digest* runs every weekday at 09:00 (Asia/Tokyo) in <#C0FFEE>. Nothing is saved yet."
    )
    assert "• Tue 24 Nov 09:00 Asia/Tokyo · Mon 23 Nov 19:00 America/New_York · <!date^1795478400^" in words_of(shown)
    assert words_of(shown).count("• ") == 5
    assert "topic = AI news" in words_of(shown)
    assert "Note: it runs often" in words_of(shown)
    assert pressed(shown) == dict.fromkeys(["draft_save", "draft_edit", "draft_test", "draft_cancel"], "draft:d1")
    styles = [one.get("style") for one in shown.blocks[-1]["elements"]]
    assert styles == ["primary", None, None, None]


def test_the_draft_of_an_edit_is_called_a_change() -> None:
    shown = shows.draft_card(make_draft(job_id=12), "every day", [], "UTC", None, "a")
    assert shown.text.startswith("Change: ")
    assert "It will not run by itself." in words_of(shown)


def test_a_reader_in_a_zone_with_the_same_clock_sees_one_time() -> None:
    shown = next_list("every day", coming(2), "Asia/Tokyo", "Asia/Seoul")
    assert "Asia/Seoul" not in words_of(shown)
    assert shown.text == "Every day (Asia/Tokyo)."


def test_fifty_times_are_listed_and_no_more() -> None:
    assert words_of(sound(next_list("every day", coming(70), "UTC"))).count("• ") == 50


def test_times_in_another_year_tell_the_year() -> None:
    assert "1 Jan 2027" in words_of(next_list("every day", coming(39), "UTC"))


def test_a_saved_job_offers_what_comes_next() -> None:
    shown = sound(shows.saved(make_job(), "daily-news", coming(3)))
    assert shown.text == "Saved: *Nightly digest* runs every weekday at 09:00 (Asia/Tokyo) in <#C0FFEE>."
    assert pressed(shown) == dict.fromkeys(["job_run", "job_edit", "pause_job"], "job:12")


def test_the_page_of_a_job_tells_everything_and_asks_before_deleting() -> None:
    job = make_job(failures=3, failing_since=NOW)
    shown = sound(shows.job_card(job, make_app(), [make_run(), make_run(id=380, state=RunState.FAILED)], coming(5)))
    assert "is failing" in shown.text
    assert "Its last 3 runs failed since <!date^" in words_of(shown)
    assert "✅ run 381 · finished · 42 s · 12,345 tokens" in words_of(shown)
    assert "owner <@UOWNER>" in words_of(shown)
    delete = shown.blocks[-1]["elements"][-1]
    assert delete["value"] == "job:12"
    assert delete["confirm"]["text"]["text"] == "Nightly digest will not run again. Its history stays."
    assert delete["confirm"]["style"] == "danger"


def test_a_paused_job_tells_who_paused_it_and_why_and_shows_no_times() -> None:
    job = make_job(state=JobState.PAUSED, state_by="UOWNER", state_reason="the channel is gone")
    shown = sound(shows.job_card(job, None, [], coming(5), names={"UOWNER": "Ana"}))
    assert "Paused by Ana: the channel is gone." in words_of(shown)
    assert "Next times" not in words_of(shown)
    assert "not connected any more" in words_of(shown)


def test_a_deleted_job_has_no_buttons() -> None:
    assert pressed(shows.job_card(make_job(state=JobState.DELETED), make_app(), [], [])) == {}


def test_a_list_has_ten_jobs_a_page_and_ways_to_the_others() -> None:
    many = [make_job(id=number, name=f"Job {number}", failures=number == 3) for number in range(25)]
    shown = sound(
        shows.jobs_list(
            many, {10: NOW}, {10: make_run()}, "Jobs in <#C0FFEE>".replace("<", "").replace(">", ""), 1, "mine"
        )
    )
    assert shown.text == "Jobs in #C0FFEE: 25 jobs, 1 failing."
    assert "Job 10" in words_of(shown)
    assert "Job 20" not in words_of(shown)
    buttons = [one for block in shown.blocks if block["type"] == "actions" for one in block["elements"]]
    assert [(one["action_id"], one["value"]) for one in buttons] == [
        ("list_page", "list:mine page:0"),
        ("list_page", "list:mine page:2"),
    ]


def test_no_jobs_lead_to_a_first_one() -> None:
    shown = sound(shows.jobs_list([], {}, {}))
    assert "none" in shown.text
    assert pressed(shown) == {"new_job": "new"}


def test_the_runs_of_a_job_open_their_traces() -> None:
    shown = sound(shows.runs_list(make_job(), [make_run(id=number) for number in range(12)]))
    assert len([block for block in shown.blocks if "accessory" in block]) == 10
    assert shows.runs_list(make_job(), []).text == "Runs of *Nightly digest*: it has not run yet."


def test_deleting_names_the_object_and_the_effect() -> None:
    assert (
        shows.deleted(make_job(), "Ana").text
        == "Ana deleted *Nightly digest*. It will not run again; its history stays."
    )
    asked = sound(shows.ask_delete(make_job()))
    assert asked.text == "Delete *Nightly digest*? It will not run again; its history stays."
    assert pressed(asked) == {"delete_job": "job:12"}


def test_a_refusal_shows_what_could_be_typed_instead() -> None:
    shown = sound(
        shows.refusal(Refusal('I could not read "every wekday".', "Try another.", choices=("every `weekday` at 9",)))
    )
    assert shown.text == 'I could not read "every wekday". Try another.'
    assert "`every 'weekday' at 9`" in words_of(shown)


def test_a_command_that_no_button_holds_whole_is_shown_without_one() -> None:
    long, short = f"/dify schedule digest every day topic={'x' * BUTTON_VALUE}", "/dify schedule digest every day"
    shown = sound(shows.refusal(Refusal("I could not read it.", choices=(long, short))))
    assert [block.get("accessory", {}).get("value") for block in shown.blocks] == [None, None, short]


def test_a_change_names_people_so_that_slack_shows_their_names() -> None:
    shown = sound(changed("Dify Ops", "finds that its owner {UOWNER} has left *{name}*", "{USTOP}"))
    assert shown.text == "Dify Ops finds that its owner <@UOWNER> has left *{USTOP}*."


def test_a_change_is_one_line_with_the_name_of_the_job() -> None:
    assert changed("Ana", "paused *{name}*", "Night & day").text == "Ana paused *Night &amp; day*."


def test_what_is_missing_can_be_typed_or_filled_in() -> None:
    shown = sound(needs_inputs(make_app(), ["topic", "city"]))
    assert shown.text == "*daily-news* needs more before it can run: topic, city."
    assert "`/dify run daily-news topic=… city=…`" in words_of(shown)
    assert pressed(shown) == {"run_fill": "app:3"}
    draft = sound(shows.incomplete_card(make_draft(), "every day", "daily-news", "topic is required."))
    assert draft.text == "*Nightly digest* could run every day, but: topic is required."
    assert pressed(draft) == dict.fromkeys(["draft_edit", "draft_cancel"], "draft:d1")


@pytest.mark.parametrize(
    ("code", "words"),
    [("not_in_channel", "/invite @Dify Ops"), ("is_archived", "archived"), ("odd", "Slack says: odd")],
)
def test_a_channel_that_cannot_be_reached_is_told_with_the_way_out(code: str, words: str) -> None:
    told = undeliverable("C0FFEE", code).text
    assert words in told
    assert "<#C0FFEE>" in told
