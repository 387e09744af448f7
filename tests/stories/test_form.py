"""The form of a job: opened at once, filled from Dify, kept alive while somebody types, saved when it fits."""

import sqlite3
from typing import Any

import pytest

from bot.demo.slack import View
from tests.stories.sight import words_of
from tests.stories.world import ANA, BEN, CHIE, OPS, TRANSPORTS, World

pytestmark = pytest.mark.parametrize("world", TRANSPORTS, indirect=True)

EVERY_KIND = {
    "in:name": "Ada",
    "in:note": "Two lines\nof text",
    "in:count": "7",
    "in:lang": "ja",
    "in:flag": ["true"],
    "in:doc": "https://files.example/a.pdf",
    "in:pics": "https://files.example/1.png\nhttps://files.example/2.png",
    "in:blob": '{"a": [1, 2]}',
}


async def open_form(world: World, app: str, user: str = ANA, channel: str = OPS) -> View:
    """Types the bare command and chooses a workflow."""
    answer = await world.slack.type(user, channel, "/dify schedule")
    assert answer.ok
    view = await world.wait(lambda: top(world, user, "app"))
    assert view is not None
    await world.slack.choose(user, view, "schedule_app", app)
    await world.wait(lambda: "when" in block_ids(view), what="the rest of the form")
    return view


def top(world: World, user: str, block_id: str) -> View | None:
    views = world.slack.views(user)
    return views[-1] if views and block_id in block_ids(views[-1]) else None


def block_ids(view: View) -> list[str]:
    return [block["block_id"] for block in view.blocks]


def held(view: View, block_id: str) -> Any:
    """What a field holds: its text, its chosen value, or its values."""
    (state,) = view.state[block_id].values()
    if state.get("selected_option"):
        return state["selected_option"]["value"]
    if "selected_options" in state:
        return [option["value"] for option in state["selected_options"]]
    return next(value for name, value in state.items() if name != "type")


async def test_fmea_d8_the_form_opens_at_once_and_asks_dify_afterwards(world: World) -> None:
    await world.slack.type(ANA, OPS, "/dify schedule")
    view = await world.wait(lambda: top(world, ANA, "app"))
    assert view is not None
    shown = [effect.detail["title"] for effect in world.slack.log.of("view", how="opened")]
    assert shown == ["New scheduled job"]
    assert "loading" in [effect.detail["callback_id"] for effect in world.slack.log.of("view")]
    assert block_ids(view)[0] == "app"
    assert "its inputs appear here" in words_of(view)


async def test_a_workflow_that_was_chosen_shows_a_field_for_each_kind_of_input(world: World) -> None:
    view = await open_form(world, "forms")
    fields = {block["block_id"]: block["element"]["type"] for block in view.blocks if block["type"] == "input"}
    assert {name: kind for name, kind in fields.items() if name.startswith("in:")} == {
        "in:name": "plain_text_input",
        "in:note": "plain_text_input",
        "in:count": "number_input",
        "in:lang": "static_select",
        "in:flag": "checkboxes",
        "in:doc": "plain_text_input",
        "in:pics": "plain_text_input",
        "in:blob": "plain_text_input",
    }
    assert held(view, "in:count") == "5"
    assert held(view, "in:lang") == "en"
    assert held(view, "zone") == "Europe/Berlin"
    assert held(view, "channel") == "C0OPS"


async def test_a_job_is_made_with_the_form_and_dify_gets_every_kind_of_value(world: World) -> None:
    view = await open_form(world, "forms")
    typed = EVERY_KIND | {"in:doc": None, "in:pics": None, "when": "every day at 9", "name": "All kinds"}
    answer = await world.slack.submit(ANA, view, typed)
    assert answer.ok, answer
    assert answer.view is not None
    assert answer.view.title == "Saved"
    assert "*All kinds* runs every day at 09:00 (Europe/Berlin)" in words_of(answer.view)
    await world.turn_to_next()
    await world.told("*All kinds* finished")
    (run,) = world.dify.starts("forms")
    assert dict(run.inputs) == {
        "name": "Ada",
        "note": "Two lines\nof text",
        "count": 7,
        "lang": "ja",
        "flag": True,
        "doc": None,
        "pics": None,
        "blob": {"a": [1, 2]},
    }


async def test_next_before_the_fields_have_come_brings_them(world: World) -> None:
    await world.slack.type(ANA, OPS, "/dify schedule")
    view = await world.wait(lambda: top(world, ANA, "app"))
    assert view is not None
    answer = await world.slack.submit(ANA, view, {"app": "digest"})
    assert answer.ok, answer
    assert "in:topic" in block_ids(view)
    assert held(view, "channel") == "C0OPS"
    assert (await world.slack.submit(ANA, view, {"in:topic": "Tea", "when": "every day at 9"})).ok


async def test_what_was_typed_stays_when_the_time_is_previewed(world: World) -> None:
    view = await open_form(world, "forms")
    await world.slack.fill(ANA, view, {"in:name": "Ada", "in:lang": "zh", "in:flag": ["true"], "name": "Mine"})
    await world.slack.fill(ANA, view, {"when": "every weekday at 9"})
    await world.wait(lambda: "every weekday at 09:00" in words_of(view), what="the preview")
    assert words_of(view).count("<!date^") == 5
    assert [held(view, one) for one in ("in:name", "in:lang", "in:flag", "name", "when")] == [
        "Ada",
        "zh",
        ["true"],
        "Mine",
        "every weekday at 9",
    ]
    await world.slack.fill(ANA, view, {"when": "every wekday at 9"})
    await world.wait(lambda: "I could not read" in words_of(view), what="the reason")
    assert held(view, "in:name") == "Ada"


async def test_another_workflow_brings_its_own_fields_and_leaves_the_rest_as_typed(world: World) -> None:
    view = await open_form(world, "forms")
    await world.slack.fill(ANA, view, {"when": "every day at 7", "name": "Mine"})
    await world.slack.choose(ANA, view, "schedule_app", "digest")
    await world.wait(lambda: "in:topic" in block_ids(view), what="the fields of digest")
    assert "in:name" not in block_ids(view)
    assert held(view, "when") == "every day at 7"
    assert held(view, "name") == "Mine"


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"when": "every wekday at 9", "in:blob": ""}, "I could not read"),
        ({"zone": "Asia/Tokio"}, "Asia/Tokyo"),
        ({"in:blob": "{not json"}, "not JSON"),
        ({"in:doc": "ftp://files.example/a"}, "https://"),
        ({"name": "123"}, "number"),
    ],
)
async def test_what_does_not_fit_is_said_beside_its_field_and_nothing_is_saved(
    world: World, typed: dict[str, str], sentence: str
) -> None:
    view = await open_form(world, "forms")
    refused = await world.slack.submit(ANA, view, {"in:name": "Ada", "when": "every day at 9"} | typed)
    assert not refused.ok
    assert list(refused.errors) == list(typed)[:1]
    assert sentence in next(iter(refused.errors.values()))
    assert "none" in (await world.type("/dify list all")).text
    mended = {"when": "every day at 9", "zone": "Asia/Tokyo", "in:blob": "", "in:doc": "", "name": "Mine"}
    assert (await world.slack.submit(ANA, view, mended)).ok
    assert "1 job" in (await world.type("/dify list all")).text


async def test_fmea_b1_a_database_that_others_hold_is_said_in_the_form_which_stays_as_it_is(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.writer.PATIENCE_S", 0.1)
    view = await open_form(world, "digest")
    filled = {"in:topic": "Tea", "when": "every day at 9"}
    other = sqlite3.connect(world.bot.services.settings.data_folder / "dify-ops.sqlite3", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    refused = await world.slack.submit(ANA, view, filled)
    assert not refused.ok
    assert "nothing was saved. Please try again." in next(iter(refused.errors.values()))
    assert "nothing was saved. Please try again." in (await world.type("/dify schedule digest every day at 9")).text
    other.execute("ROLLBACK")
    other.close()
    assert (await world.slack.submit(ANA, view, filled)).ok


async def test_a_name_that_the_channel_has_already_is_said_beside_the_name(world: World) -> None:
    await world.save('/dify schedule digest every day at 9 as "Mine" topic=Tea')
    view = await open_form(world, "digest")
    refused = await world.slack.submit(ANA, view, {"in:topic": "Tea", "when": "every day at 8", "name": "mine"})
    assert list(refused.errors) == ["name"]
    assert "already has a job" in refused.errors["name"]


async def test_the_form_of_a_job_is_filled_with_what_the_job_has_and_changes_it(world: World) -> None:
    await world.save('/dify schedule digest every weekday at 9 in Asia/Tokyo as "Mine" topic="Green tea"')
    view = await open_edit(world, "mine")
    assert view.title == "Edit job"
    assert [held(view, one) for one in ("in:topic", "zone", "channel", "name", "timeout")] == [
        "Green tea",
        "Asia/Tokyo",
        "C0OPS",
        "Mine",
        "20",
    ]
    assert held(view, "when") == "every weekday at 9:00"
    answer = await world.slack.submit(ANA, view, {"when": "every weekday at 10:30", "in:topic": "Coffee"})
    assert answer.ok, answer
    await world.told("Ana changed *Mine*: it runs every weekday at 10:30")
    shown = await world.type("/dify show mine")
    assert "every weekday at 10:30 (Asia/Tokyo)" in shown.text
    assert "topic = Coffee" in words_of(shown)


async def open_edit(world: World, job: str, user: str = ANA) -> View:
    assert (await world.slack.type(user, OPS, f"/dify edit {job}")).ok
    view = await world.wait(lambda: top(world, user, "when"))
    assert view is not None
    return view


async def test_fmea_d20_a_change_does_not_overwrite_what_somebody_else_has_saved_meanwhile(world: World) -> None:
    await world.save('/dify schedule digest every weekday at 9 as "Mine" topic=Tea', BEN)
    bens, anas = await open_edit(world, "mine", BEN), await open_edit(world, "mine")
    assert (await world.slack.submit(ANA, anas, {"when": "every day at 8"})).ok
    refused = await world.slack.submit(BEN, bens, {"when": "every day at 7"})
    assert "Somebody changed “Mine” while you had it open" in " ".join(refused.errors.values())
    assert "every day at 08:00" in (await world.type("/dify show mine")).text


async def test_a_paused_job_can_be_edited_and_stays_paused(world: World) -> None:
    await world.save('/dify schedule digest every weekday at 9 as "Mine" topic=Tea')
    await world.type("/dify pause mine")
    answer = await world.slack.submit(ANA, await open_edit(world, "mine"), {"when": "every day at 7"})
    assert answer.ok, answer
    assert "*Mine* is paused. It runs every day at 07:00" in (await world.type("/dify show mine")).text


async def test_an_edit_of_a_job_that_was_deleted_meanwhile_is_refused_in_words(world: World) -> None:
    await world.save('/dify schedule digest every weekday at 9 as "Mine" topic=Tea')
    view = await open_edit(world, "mine")
    await world.press(await world.type("/dify delete mine"), "Delete")
    await world.told("deleted *Mine*")
    refused = await world.slack.submit(ANA, view, {"when": "every day at 7"})
    assert not refused.ok
    assert "“Mine” was deleted" in " ".join(refused.errors.values())


async def test_the_card_can_be_edited_in_the_form_before_it_is_saved(world: World) -> None:
    card = await world.type('/dify schedule digest every weekday at 9 as "Mine"')
    assert "Topic" in card.text
    assert "is required" in card.text
    await world.press(card, "Fill in")
    view = await world.wait(lambda: top(world, ANA, "in:topic"))
    assert view is not None
    assert held(view, "name") == "Mine"
    answer = await world.slack.submit(ANA, view, {"in:topic": "Tea"})
    assert answer.ok, answer
    assert "1 job" in (await world.type("/dify list")).text


async def test_dify_that_does_not_answer_is_said_in_the_form(world: World) -> None:
    world.dify.mischief.fail_next(5, on="parameters")
    await world.slack.type(ANA, OPS, "/dify schedule")
    view = await world.wait(lambda: top(world, ANA, "app"))
    assert view is not None
    await world.slack.choose(ANA, view, "schedule_app", "forms")
    await world.wait(lambda: "Dify did not tell" in words_of(view), what="the reason")


async def test_a_form_for_somebody_of_whom_slack_says_nothing_does_not_load_for_ever(world: World) -> None:
    world.slack.fail("users.info", error=429, retry_after_s=60)
    await world.slack.type(CHIE, OPS, "/dify schedule")
    view = await world.view("New scheduled job", CHIE)
    await world.wait(lambda: "I could not ask Slack who you are" in words_of(view), what="the reason")
