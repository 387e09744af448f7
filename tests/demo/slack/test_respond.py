"""response_url: what it replaces, whom it reaches, how often it may be used."""

from collections.abc import Callable
from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.slack import LocalSlack

Connect = Callable[..., Any]
BUTTON = {
    "type": "actions",
    "elements": [{"type": "button", "action_id": "go", "text": {"type": "plain_text", "text": "Go"}}],
}


async def post(url: str, body: Any) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.post(url, json=body) as response:
        return response.status, await response.text()


async def command_url(slack: LocalSlack, connect: Connect, user: str = "U0ANA") -> str:
    async with connect() as app:
        await slack.type(user, "C0OPS", "/dify")
        return str(app.got[0]["payload"]["response_url"])


async def click_url(slack: LocalSlack, connect: Connect, where: Any) -> str:
    async with connect() as app:
        await slack.click("U0ANA", where, "go")
        return str(app.got[0]["payload"]["response_url"])


async def test_an_answer_goes_to_the_one_who_asked_unless_it_says_otherwise(
    slack: LocalSlack, connect: Connect
) -> None:
    url = await command_url(slack, connect)
    slack.remove_bot("C0OPS")
    assert await post(url, {"text": "for you"}) == (200, "ok")
    assert await post(url, {"text": "for all", "response_type": "in_channel"}) == (200, "ok")
    assert [m.text for m in slack.ephemerals("U0ANA")] == ["for you"]
    assert [m.text for m in slack.messages("C0OPS")] == ["for all"]


async def test_five_uses_and_thirty_minutes(slack: LocalSlack, connect: Connect, hand: Any) -> None:
    url = await command_url(slack, connect)
    assert [(await post(url, {"text": "x"}))[0] for _ in range(6)] == [200] * 5 + [404]
    assert "used_url" in (await post(url, {"text": "x"}))[1]
    other = await command_url(slack, connect)
    hand.turn(30 * 60 + 1)
    assert "expired_url" in (await post(other, {"text": "x"}))[1]


async def test_a_click_may_replace_or_delete_its_message(
    slack: LocalSlack, connect: Connect, client: AsyncWebClient
) -> None:
    await client.chat_postMessage(channel="C0OPS", text="a", blocks=[BUTTON])
    message = slack.messages("C0OPS")[0]
    url = await click_url(slack, connect, message)
    await post(url, {"text": "b", "replace_original": True})
    assert (message.text, message.blocks) == ("b", [])
    await post(url, {"text": "aside"})
    assert [m.text for m in slack.ephemerals("U0ANA")] == ["aside"]
    await post(url, {"delete_original": "true"})
    assert slack.messages("C0OPS") == []


async def test_an_ephemeral_message_is_replaced_only_this_way(
    slack: LocalSlack, connect: Connect, client: AsyncWebClient
) -> None:
    await client.chat_postEphemeral(channel="C0OPS", user="U0ANA", text="a", blocks=[BUTTON])
    message = slack.ephemerals("U0ANA")[0]
    async with connect() as app:
        await slack.click("U0ANA", message, "go")
        payload = app.got[0]["payload"]
    assert payload["container"]["is_ephemeral"] is True
    assert "message" not in payload
    await post(payload["response_url"], {"text": "b", "blocks": [BUTTON], "replace_original": True})
    assert [m.text for m in slack.ephemerals("U0ANA")] == ["b"]
    await post(payload["response_url"], {"delete_original": True})
    assert slack.ephemerals("U0ANA") == []


async def test_nothing_replaces_the_invocation_of_a_command(slack: LocalSlack, connect: Connect) -> None:
    url = await command_url(slack, connect)
    await post(url, {"text": "one"})
    await post(url, {"text": "two", "replace_original": True})
    await post(url, {"delete_original": True})
    assert [m.text for m in slack.ephemerals("U0ANA")] == ["one", "two"]


@pytest.mark.parametrize(
    ("body", "error"),
    [({}, "no_text"), ({"blocks": [{"type": "header"}]}, "invalid_blocks"), ([], "invalid_payload")],
    ids=str,
)
async def test_a_bad_answer_is_refused(slack: LocalSlack, connect: Connect, body: Any, error: str) -> None:
    status, text = await post(await command_url(slack, connect), body)
    assert (status, error in text) == (400, True)


async def test_too_fast_is_too_many(slack: LocalSlack, connect: Connect) -> None:
    url = await command_url(slack, connect)
    slack.fail("response_url", error="503")
    assert (await post(url, {"text": "x"}))[0] == 503
    slack.set_limits(scale=0.2)
    assert [(await post(url, {"text": "x"}))[0] for _ in range(2)] == [200, 429]
