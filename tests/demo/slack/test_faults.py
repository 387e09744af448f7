"""Faults on demand strike as ordered, and the log tells of them without secrets."""

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.slack import LocalSlack
from bot.demo.slack.log import HIDDEN, EffectLog


async def refusal(call: Any) -> SlackApiError:
    with pytest.raises(SlackApiError) as caught:
        await call
    return caught.value


async def test_an_error_strikes_as_often_as_ordered_and_only_there(slack: LocalSlack, client: AsyncWebClient) -> None:
    slack.fail("chat.postMessage", error="internal_error", times=2, channel="C0OPS")
    await client.chat_postMessage(channel="C0NEWS", text="spared")
    for _ in range(2):
        refused = await refusal(client.chat_postMessage(channel="C0OPS", text="x"))
        assert refused.response["error"] == "internal_error"
    await client.chat_postMessage(channel="C0OPS", text="x")
    assert len(slack.messages("C0OPS")) == 1
    assert [effect.detail["error"] for effect in slack.log.of("fault")] == ["internal_error"] * 2


async def test_a_429_says_when_to_come_back(slack: LocalSlack, client: AsyncWebClient) -> None:
    slack.fail("chat.postMessage", error=429, retry_after_s=30)
    refused = await refusal(client.chat_postMessage(channel="C0OPS", text="x"))
    assert (refused.response.status_code, refused.response.headers["Retry-After"]) == (429, "30")


async def test_a_status_comes_without_json(slack: LocalSlack) -> None:
    slack.fail("auth.test", error="503")
    async with aiohttp.ClientSession() as session, session.post(f"{slack.api_url}auth.test") as response:
        assert (response.status, response.content_type) == (503, "text/html")


@pytest.mark.parametrize(("error", "posted"), [("drop", 0), ("drop_after_accept", 1)])
async def test_a_broken_connection_leaves_open_whether_it_was_done(
    slack: LocalSlack, error: str, posted: int
) -> None:
    slack.fail("chat.postMessage", error=error)
    once = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url, retry_handlers=[])
    with pytest.raises(aiohttp.ClientError):
        await once.chat_postMessage(channel="C0OPS", text="x")
    assert len(slack.messages("C0OPS")) == posted


async def test_the_clients_own_retry_after_a_broken_connection_posts_twice(
    slack: LocalSlack, client: AsyncWebClient
) -> None:
    slack.fail("chat.postMessage", error="drop_after_accept")
    await client.chat_postMessage(channel="C0OPS", text="x")
    assert [m.text for m in slack.messages("C0OPS")] == ["x", "x"]


async def test_a_timeout_after_accept_posts_and_never_answers(slack: LocalSlack) -> None:
    slack.fail("chat.postMessage", error="timeout-after-accept")
    hasty = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)
    call = asyncio.create_task(hasty.chat_postMessage(channel="C0OPS", text="x"))
    await slack.wait_for(lambda: slack.messages("C0OPS"))
    assert not call.done()
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)


async def test_a_delay_only_delays(slack: LocalSlack, client: AsyncWebClient) -> None:
    slack.fail("*", error="", delay_s=0.02)
    began = asyncio.get_running_loop().time()
    assert (await client.auth_test())["ok"]
    assert asyncio.get_running_loop().time() - began >= 0.02


async def test_orders_arrive_over_http_too(slack: LocalSlack, client: AsyncWebClient) -> None:
    async with aiohttp.ClientSession() as session:

        async def order(body: Any) -> tuple[int, Any]:
            async with session.post(f"{slack.url}control", json=body) as response:
                return response.status, await response.json()

        assert (await order({"do": "archive", "channel": "#ops"}))[0] == 200
        assert (await order({"do": "fail", "method": "auth.test", "error": "fatal_error"}))[0] == 200
        assert (await order({"do": "disconnect_sockets"}))[0] == 200
        assert (await order({"do": "explode"}))[0] == 400
        assert (await order({"do": "archive", "channel": "C0NOWHERE"}))[0] == 400
        assert (await order({"do": "archive", "colour": "red"}))[0] == 400
    assert slack.workspace.channels["C0OPS"].is_archived
    assert (await refusal(client.auth_test())).response["error"] == "fatal_error"


async def test_the_log_is_kept_in_a_file_and_holds_no_secret(tmp_path: Path) -> None:
    path = tmp_path / "effects.jsonl"
    async with LocalSlack(manifest=LocalSlack.load_manifest(), log_path=path, clock=lambda: 7.5) as slack:
        client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)
        opened = await client.apps_connections_open(app_token=slack.app_token)
        key = "app-Zk3" + "x" * 20
        text = f"{slack.bot_token} {slack.app_token} {key} {opened['url']} all right"
        await client.chat_postMessage(channel="C0OPS", text=text)
        slack.workspace.log.record(1.0, "deed", url=f"{slack.url}respond/abc-123", token="t", nested=[{"token": 1}])
    lines = [orjson.loads(line) for line in path.read_bytes().splitlines()]
    assert [line["kind"] for line in lines] == [effect.kind for effect in slack.log]
    written = path.read_text()
    ticket = opened["url"].partition("ticket=")[2].partition("&")[0]
    for secret in (slack.bot_token, slack.app_token, slack.signing_secret, key, ticket, "abc-123"):
        assert secret not in written
    assert HIDDEN in written
    assert "all right" in written


def test_the_log_only_grows_and_can_be_asked() -> None:
    log = EffectLog()
    log.record(1.0, "api", method="auth.test", ok=True)
    log.record(2.0, "api", method="chat.update", ok=False, error="x")
    assert [effect.at for effect in log.calls("chat.update")] == [2.0]
    assert len(log.of("api", ok=True)) == 1
    assert (len(log), log[-1].detail["error"], len(log[:1])) == (2, "x", 1)
