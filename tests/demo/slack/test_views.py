"""views.* over the wire: triggers, stacks, hashes, and what was typed."""

from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.slack import LocalSlack


def name_field(block_id: str = "name") -> dict[str, Any]:
    element = {"type": "plain_text_input", "action_id": "text"}
    return {
        "type": "input",
        "block_id": block_id,
        "label": {"type": "plain_text", "text": "Name"},
        "element": element,
    }


def modal(*blocks: dict[str, Any], title: str = "Modal", **more: Any) -> dict[str, Any]:
    texts = {"title": {"type": "plain_text", "text": title}, "submit": {"type": "plain_text", "text": "Save"}}
    return {"type": "modal", **texts, "blocks": list(blocks), **more}


HOME = {"type": "home", "blocks": [{"type": "divider"}]}


async def error_of(call: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        await call
    return str(caught.value.response["error"])


def trigger(slack: LocalSlack, user: str = "U0ANA") -> str:
    return slack.workspace.passes.new_trigger(user)


async def test_a_trigger_opens_one_view_within_three_seconds(
    slack: LocalSlack, client: AsyncWebClient, hand: Any
) -> None:
    fresh = trigger(slack)
    opened = await client.views_open(trigger_id=fresh, view=modal(name_field()))
    assert opened["view"]["id"] == slack.views("U0ANA")[0].id
    assert opened["view"]["state"]["values"]["name"]["text"]["value"] is None
    assert await error_of(client.views_open(trigger_id=fresh, view=modal())) == "exchanged_trigger_id"
    late = trigger(slack)
    hand.turn(3.1)
    assert await error_of(client.views_open(trigger_id=late, view=modal())) == "expired_trigger_id"
    assert await error_of(client.views_open(trigger_id="1.2.x", view=modal())) == "invalid_trigger_id"


async def test_an_invalid_view_does_not_spend_the_trigger(slack: LocalSlack, client: AsyncWebClient) -> None:
    fresh = trigger(slack)
    with pytest.raises(SlackApiError) as caught:
        await client.views_open(trigger_id=fresh, view=modal(title="x" * 25))
    assert caught.value.response["error"] == "invalid_arguments"
    line = "[ERROR] must be less than 25 characters [json-pointer:/view/title/text]"
    assert caught.value.response["response_metadata"]["messages"] == [line]
    assert (await client.views_open(trigger_id=fresh, view=modal()))["ok"]


async def test_three_views_are_the_most(slack: LocalSlack, client: AsyncWebClient) -> None:
    await client.views_open(trigger_id=trigger(slack), view=modal(title="1"))
    await client.views_push(trigger_id=trigger(slack), view=modal(title="2"))
    third = await client.views_push(trigger_id=trigger(slack), view=modal(title="3"))
    first, second = slack.views("U0ANA")[:2]
    assert (third["view"]["root_view_id"], third["view"]["previous_view_id"]) == (first.id, second.id)
    assert await error_of(client.views_push(trigger_id=trigger(slack), view=modal())) == "push_limit_reached"


async def test_an_update_keeps_what_was_typed_where_the_ids_stay(slack: LocalSlack, client: AsyncWebClient) -> None:
    opened = await client.views_open(trigger_id=trigger(slack), view=modal(name_field()))
    view = slack.views("U0ANA")[0]
    await slack.fill("U0ANA", view, {"Name": "Nightly"})
    await client.views_update(view_id=view.id, view=modal(name_field(), {"type": "divider"}))
    assert view.state["name"]["text"]["value"] == "Nightly"
    await client.views_update(view_id=view.id, view=modal(name_field("other")))
    assert view.state["other"]["text"]["value"] is None
    stale = client.views_update(view_id=view.id, hash=opened["view"]["hash"], view=modal())
    assert await error_of(stale) == "hash_conflict"
    await slack.close_view("U0ANA", view)
    assert await error_of(client.views_update(view_id=view.id, view=modal())) == "not_found"


async def test_external_ids_are_unique(slack: LocalSlack, client: AsyncWebClient) -> None:
    await client.views_open(trigger_id=trigger(slack), view=modal(external_id="job-7"))
    clash = client.views_open(trigger_id=trigger(slack, "U0BEN"), view=modal(external_id="job-7"))
    assert await error_of(clash) == "duplicate_external_id"
    updated = await client.views_update(external_id="job-7", view=modal(external_id="job-7", title="Newer"))
    assert updated["view"]["title"]["text"] == "Newer"


async def test_a_home_belongs_to_one_person_and_respects_the_hash(slack: LocalSlack, client: AsyncWebClient) -> None:
    first = await client.views_publish(user_id="U0ANA", view=HOME)
    await client.views_publish(user_id="U0ANA", view=HOME, hash=first["view"]["hash"])
    stale = client.views_publish(user_id="U0ANA", view=HOME, hash=first["view"]["hash"])
    assert await error_of(stale) == "hash_conflict"
    assert slack.home("U0BEN") is None
    assert await error_of(client.views_publish(user_id="U0NOBODY", view=HOME)) == "user_not_found"
    assert await error_of(client.views_publish(user_id="U0BEN", view=modal())) == "invalid_arguments"


async def test_closing_a_view_closes_what_lies_on_it(slack: LocalSlack, client: AsyncWebClient) -> None:
    await client.views_open(trigger_id=trigger(slack), view=modal(title="1"))
    await client.views_push(trigger_id=trigger(slack), view=modal(title="2"))
    top = await slack.close_view("U0ANA", slack.views("U0ANA")[1])
    assert top.view is not None
    assert top.view.title == "1"
    await client.views_push(trigger_id=trigger(slack), view=modal(title="2"))
    await slack.close_view("U0ANA", slack.views("U0ANA")[1], everything=True)
    assert slack.views("U0ANA") == []
