"""The other methods, and what all methods have in common: tokens, scopes, limits."""

from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.slack import LocalSlack


async def body_of(call: Any) -> dict[str, Any]:
    with pytest.raises(SlackApiError) as caught:
        await call
    body: dict[str, Any] = caught.value.response.data
    return body


async def test_the_token_says_who_asks(slack: LocalSlack, client: AsyncWebClient) -> None:
    assert (await client.auth_test())["user_id"] == "U0BOT"
    for token, error in [
        ("", "not_authed"),
        ("xoxb-wrong", "invalid_auth"),
        (slack.app_token, "not_allowed_token_type"),
    ]:
        async with aiohttp.ClientSession() as session:
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            async with session.post(f"{slack.api_url}auth.test", headers=headers) as response:
                assert (await response.json())["error"] == error
    bot_opens = client.apps_connections_open(app_token=slack.bot_token)
    assert (await body_of(bot_opens))["error"] == "not_allowed_token_type"
    slack.revoke_tokens()
    assert (await body_of(client.auth_test()))["error"] == "token_revoked"
    slack.restore_tokens()
    assert (await client.auth_test())["ok"]


async def test_a_scope_that_the_manifest_lacks_is_named(client: AsyncWebClient) -> None:
    body = await body_of(client.reactions_add(channel="C0OPS", timestamp="1.2", name="eyes"))
    assert (body["error"], body["needed"]) == ("missing_scope", "reactions:write")
    assert "chat:write" in body["provided"].split(",")
    for call, needed in [
        (client.conversations_join(channel="C0OPS"), "channels:join"),
        (client.team_info(), "team:read"),
        (client.conversations_list(types="im"), "im:read"),
    ]:
        assert (await body_of(call))["needed"] == needed


async def test_an_unknown_method_is_said_to_be_unknown(client: AsyncWebClient) -> None:
    assert (await body_of(client.api_call("chat.shout")))["error"] == "unknown_method"


async def test_people_have_zones_and_locales(client: AsyncWebClient) -> None:
    chie = (await client.users_info(user="U0CHIE", include_locale=True))["user"]
    assert (chie["tz"], chie["tz_offset"], chie["locale"]) == ("Asia/Tokyo", 32400, "ja-JP")
    assert "locale" not in (await client.users_info(user="U0CHIE"))["user"]
    assert (await client.users_info(user="U0ANA"))["user"]["is_admin"]
    assert (await client.users_info(user="U0GUS"))["user"]["is_restricted"]
    assert (await body_of(client.users_info(user="U0NOBODY")))["error"] == "user_not_found"


async def test_lists_come_in_pages(client: AsyncWebClient) -> None:
    seen: list[str] = []
    async for page in await client.users_list(limit=2):
        seen += [user["id"] for user in page["members"]]
    assert seen == ["U0ANA", "U0BEN", "U0CHIE", "U0GUS", "U0BOT"]
    assert (await body_of(client.users_list(cursor="!")))["error"] == "invalid_cursor"


async def test_channels_are_known_by_membership(slack: LocalSlack, client: AsyncWebClient) -> None:
    names = [c["name"] for c in (await client.conversations_list(types="public_channel,private_channel"))["channels"]]
    assert names == ["general", "ops", "news", "finance"]
    assert (await client.conversations_members(channel="C0FINANCE"))["members"] == ["U0ANA", "U0BOT"]
    slack.remove_bot("C0FINANCE")
    slack.archive("C0NEWS")
    names = [c["name"] for c in (await client.conversations_list(types="private_channel"))["channels"]]
    assert names == []
    assert (await body_of(client.conversations_info(channel="C0FINANCE")))["error"] == "channel_not_found"
    assert (await client.conversations_info(channel="C0NEWS"))["channel"]["is_archived"]
    kept = (await client.conversations_list(exclude_archived=True))["channels"]
    assert [c["name"] for c in kept] == ["general", "ops"]


async def test_a_person_who_left_cannot_be_written_to(slack: LocalSlack, client: AsyncWebClient) -> None:
    slack.deactivate("U0BEN")
    assert (await body_of(client.conversations_open(users="U0BEN")))["error"] == "user_disabled"
    assert (await client.users_info(user="U0BEN"))["user"]["deleted"]


async def test_a_file_is_uploaded_shown_and_kept_from_strangers(slack: LocalSlack, client: AsyncWebClient) -> None:
    await client.files_upload_v2(
        channel="C0FINANCE", content="line one", filename="trace.json", title="Trace", initial_comment="full trace"
    )
    message = slack.messages("C0FINANCE")[0]
    assert (message.text, message.files[0]["title"]) == ("full trace", "Trace")
    url = message.files[0]["url_private"]
    async with aiohttp.ClientSession() as session:
        for query, status in [("?user=U0ANA", 200), ("?user=U0BEN", 404)]:
            async with session.get(url + query) as response:
                assert response.status == status
        async with session.get(url, headers={"Authorization": f"Bearer {slack.bot_token}"}) as response:
            assert await response.text() == "line one"


async def test_an_upload_of_another_length_is_refused(slack: LocalSlack, client: AsyncWebClient) -> None:
    made = await client.files_getUploadURLExternal(filename="a.txt", length=5)
    async with (
        aiohttp.ClientSession() as session,
        session.post(made["upload_url"], data=b"123") as response,
    ):
        assert response.status == 400
    files = [{"id": made["file_id"], "title": "a"}]
    complete = client.files_completeUploadExternal(files=files, channel_id="C0OPS")
    assert (await body_of(complete))["error"] == "file_not_found"


async def test_blocks_can_be_validated_without_a_token(slack: LocalSlack) -> None:
    client = AsyncWebClient(base_url=slack.api_url)
    assert (await client.blocks_validate(blocks=[{"type": "divider"}]))["ok"]
    body = await body_of(client.blocks_validate(blocks=[{"type": "header"}]))
    assert body["errors"][0]["pointer"] == "/blocks/0"
    assert (await body_of(client.blocks_validate()))["error"] == "invalid_arguments"


async def test_a_channel_takes_a_burst_and_then_one_message_a_second(
    slack: LocalSlack, client: AsyncWebClient, hand: Any
) -> None:
    slack.set_limits()
    for _ in range(5):
        await client.chat_postMessage(channel="C0OPS", text="x")
    with pytest.raises(SlackApiError) as caught:
        await client.chat_postMessage(channel="C0OPS", text="x")
    assert caught.value.response.status_code == 429
    assert caught.value.response["error"] == "ratelimited"
    assert caught.value.response.headers["Retry-After"] == "1"
    await client.chat_postMessage(channel="C0NEWS", text="other channels go on")
    hand.turn(1)
    await client.chat_postMessage(channel="C0OPS", text="x")
    assert len(slack.messages("C0OPS")) == 6


async def test_updates_are_limited_for_the_whole_workspace(
    slack: LocalSlack, client: AsyncWebClient, hand: Any
) -> None:
    posted = await client.chat_postMessage(channel="C0OPS", text="x")
    slack.set_limits(scale=0.1)
    statuses: list[int] = []
    for _ in range(7):
        try:
            statuses.append((await client.chat_update(channel="C0OPS", ts=posted["ts"], text="y")).status_code)
        except SlackApiError as refused:
            statuses.append(refused.response.status_code)
    assert statuses == [200] * 5 + [429] * 2
    hand.turn(60)
    await client.chat_update(channel="C0OPS", ts=posted["ts"], text="z")
    slack.set_limits(enabled=False)
    for _ in range(20):
        await client.chat_update(channel="C0OPS", ts=posted["ts"], text="z")
