"""chat.* over the wire, with the real client."""

from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.slack import LocalSlack, Message


def section(text: str = "hello") -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


async def refusal(call: Any) -> dict[str, Any]:
    with pytest.raises(SlackApiError) as caught:
        await call
    body: dict[str, Any] = caught.value.response.data
    assert body["ok"] is False
    return body


async def test_a_posted_message_stands_in_the_channel_with_ids_filled_in(
    slack: LocalSlack, client: AsyncWebClient
) -> None:
    answer = await client.chat_postMessage(channel="C0OPS", text="hi", blocks=[section()])
    assert answer["message"]["bot_id"] == "B0BOT"
    message = slack.messages("C0OPS")[0]
    assert (message.ts, message.text) == (answer["ts"], "hi")
    assert message.blocks[0]["block_id"]
    assert answer.headers["X-OAuth-Scopes"].startswith("commands,")


async def test_two_messages_at_the_same_instant_have_their_own_ts(client: AsyncWebClient) -> None:
    one = await client.chat_postMessage(channel="#ops", text="a")
    two = await client.chat_postMessage(channel="#ops", text="b")
    assert one["ts"] < two["ts"]


async def test_a_person_as_channel_means_their_conversation_with_the_bot(
    slack: LocalSlack, client: AsyncWebClient
) -> None:
    answer = await client.chat_postMessage(channel="U0BEN", text="psst")
    opened = await client.conversations_open(users="U0BEN")
    assert answer["channel"] == opened["channel"]["id"] == "D0BEN"
    assert [m.text for m in slack.messages("D0BEN", "U0BEN")] == ["psst"]
    assert slack.messages("D0BEN", "U0ANA") == []


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"channel": "C0NOWHERE", "text": "x"}, "channel_not_found"),
        ({"channel": "U0BOT", "text": "x"}, "cannot_dm_bot"),
        ({"channel": "C0OPS"}, "no_text"),
        ({"channel": "C0OPS", "text": "x", "thread_ts": "1.2"}, "thread_not_found"),
        ({"channel": "C0OPS", "markdown_text": "x", "text": "y"}, "markdown_text_conflict"),
        ({"channel": "C0OPS", "markdown_text": "x" * 12_001}, "msg_too_long"),
        ({"channel": "C0OPS", "blocks": "{"}, "invalid_blocks_format"),
        ({"channel": "C0OPS", "blocks": [section("x" * 3000)] * 5}, "msg_blocks_too_long"),
        ({"channel": "C0OPS", "text": "x", "attachments": [{}] * 101}, "too_many_attachments"),
        ({"channel": "C0OPS", "text": "x", "metadata": {"event_type": "a"}}, "invalid_metadata_schema"),
    ],
    ids=lambda part: str(part)[:40],
)
async def test_a_message_that_slack_would_not_take_is_refused_by_its_name(
    slack: LocalSlack, client: AsyncWebClient, arguments: dict[str, Any], error: str
) -> None:
    assert (await refusal(client.api_call("chat.postMessage", json=arguments)))["error"] == error
    assert slack.messages("C0OPS") == []


async def test_invalid_blocks_say_where(client: AsyncWebClient) -> None:
    body = await refusal(client.chat_postMessage(channel="C0OPS", text="x", blocks=[section("x" * 3001)]))
    assert body["error"] == "invalid_blocks"
    line = "[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/text/text]"
    assert body["response_metadata"]["messages"] == [line]


async def test_membership_decides_where_the_bot_may_post(slack: LocalSlack, client: AsyncWebClient) -> None:
    slack.remove_bot("C0NEWS")
    slack.remove_bot("C0FINANCE")
    slack.archive("C0OPS")
    for channel, error in [
        ("C0NEWS", "not_in_channel"),
        ("C0FINANCE", "channel_not_found"),
        ("C0OPS", "is_archived"),
    ]:
        assert (await refusal(client.chat_postMessage(channel=channel, text="x")))["error"] == error
    assert (await slack.type("U0ANA", "C0NEWS", "/invite @Dify Ops")).ok
    assert (await client.chat_postMessage(channel="C0NEWS", text="x"))["ok"]


async def test_text_alone_in_an_update_takes_the_blocks_away(slack: LocalSlack, client: AsyncWebClient) -> None:
    metadata = {"event_type": "run", "event_payload": {"run_id": 7}}
    posted = await client.chat_postMessage(channel="C0OPS", text="a", blocks=[section()], metadata=metadata)
    message = slack.messages("C0OPS")[0]
    await client.chat_update(channel="C0OPS", ts=posted["ts"], blocks=[section("b")], text="b")
    assert message.blocks[0]["text"]["text"] == "b"
    await client.chat_update(channel="C0OPS", ts=posted["ts"], text="c")
    assert (message.text, message.blocks, message.metadata) == ("c", [], metadata)


async def test_an_update_is_refused_as_slack_does(slack: LocalSlack, client: AsyncWebClient) -> None:
    own = (await client.chat_postMessage(channel="C0OPS", text="a"))["ts"]
    theirs = (await slack.type("U0ANA", "C0OPS", "hello")).message
    assert theirs is not None
    for arguments, error in [
        ({"channel": "C0OPS", "ts": "1.2", "text": "x"}, "message_not_found"),
        ({"channel": "C0OPS", "ts": theirs.ts, "text": "x"}, "cant_update_message"),
        ({"channel": "C0OPS", "ts": own, "text": "x" * 4001}, "msg_too_long"),
        ({"channel": "#ops", "ts": own, "text": "x"}, "channel_not_found"),
        ({"channel": "U0ANA", "ts": own, "text": "x"}, "channel_not_found"),
    ]:
        assert (await refusal(client.chat_update(**arguments)))["error"] == error
    assert (await refusal(client.chat_delete(channel="C0OPS", ts=theirs.ts)))["error"] == "cant_delete_message"
    await client.chat_delete(channel="C0OPS", ts=own)
    assert (await refusal(client.chat_update(channel="C0OPS", ts=own, text="x")))["error"] == "message_not_found"


async def test_an_ephemeral_message_is_seen_by_one_and_updated_by_nobody(
    slack: LocalSlack, client: AsyncWebClient
) -> None:
    sent = await client.chat_postEphemeral(channel="C0OPS", user="U0ANA", text="only you")
    assert [m.text for m in slack.ephemerals("U0ANA")] == ["only you"]
    assert slack.messages("C0OPS", "U0BEN") == []
    assert [m.text for m in slack.messages("C0OPS", "U0ANA")] == ["only you"]
    update = client.chat_update(channel="C0OPS", ts=sent["message_ts"], text="x")
    assert (await refusal(update))["error"] == "message_not_found"
    stranger = client.chat_postEphemeral(channel="C0FINANCE", user="U0BEN", text="x")
    assert (await refusal(stranger))["error"] == "user_not_in_channel"


async def test_a_thread_answer_belongs_to_its_parent(slack: LocalSlack, client: AsyncWebClient) -> None:
    parent = (await client.chat_postMessage(channel="C0OPS", text="run 1"))["ts"]
    answer = await client.chat_postMessage(channel="C0OPS", text="detail", thread_ts=parent)
    message: Message = slack.messages("C0OPS")[0]
    assert [each.text for each in slack.workspace.replies(message)] == ["detail"]
    nested = client.chat_postMessage(channel="C0OPS", text="x", thread_ts=answer["ts"])
    assert (await refusal(nested))["error"] == "invalid_thread_ts"
    link = (await client.chat_getPermalink(channel="C0OPS", message_ts=answer["ts"]))["permalink"]
    assert link.startswith(f"{slack.url}archives/C0OPS/p")
    assert f"thread_ts={parent}" in link


async def test_very_long_text_is_cut_without_an_error(slack: LocalSlack, client: AsyncWebClient) -> None:
    await client.chat_postMessage(channel="C0OPS", text="x" * 50_000)
    assert len(slack.messages("C0OPS")[0].text) == 40_000


async def test_form_encoded_calls_mean_the_same_as_json(slack: LocalSlack, client: AsyncWebClient) -> None:
    form = {"channel": "C0OPS", "text": "x", "blocks": '[{"type": "divider"}]', "unfurl_links": "false"}
    await client.api_call("chat.postMessage", data=form)
    assert slack.messages("C0OPS")[0].blocks[0]["type"] == "divider"
