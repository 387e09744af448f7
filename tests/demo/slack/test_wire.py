"""Socket Mode and signed HTTP seen from a bare app: envelopes, acks, time-outs, retries, signatures."""

import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import parse_qs

import aiohttp
import pytest
from aiohttp import web

from bot.demo.slack import LocalSlack

Connect = Callable[..., Any]


async def test_an_address_opens_one_connection(slack: LocalSlack, fakes: Any) -> None:
    async with aiohttp.ClientSession() as session:
        address = await fakes.open_address(slack, session)
        async with session.ws_connect(address) as socket:
            hello = await socket.receive_json()
            assert (hello["type"], hello["num_connections"]) == ("hello", 1)
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await session.ws_connect(address)
        await slack.wait_for(lambda: slack.sockets.count == 0)


async def test_an_address_dies_of_old_age(slack: LocalSlack, fakes: Any, hand: Any) -> None:
    async with aiohttp.ClientSession() as session:
        address = await fakes.open_address(slack, session)
        hand.turn(31)
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(address)


async def test_a_command_carries_slacks_fields(slack: LocalSlack, connect: Connect) -> None:
    async with connect() as app:
        assert (await slack.type("U0ANA", "C0OPS", "/dify  list #ops")).ok
        envelope = app.got[0]
    assert (envelope["type"], envelope["accepts_response_payload"]) == ("slash_commands", True)
    payload = envelope["payload"]
    assert payload["text"] == " list <#C0OPS|ops>"
    assert payload["is_enterprise_install"] == "false"
    expected = {"command": "/dify", "user_id": "U0ANA", "channel_id": "C0OPS", "team_id": "T0DEMO"}
    assert expected.items() <= payload.items()


async def test_a_silent_app_is_a_timeout_for_the_person(slack: LocalSlack, connect: Connect, fakes: Any) -> None:
    slack.wire.ack_s = 0.05
    async with connect(lambda envelope: fakes.SILENT):
        answer = await slack.type("U0ANA", "C0OPS", "/dify")
    assert (answer.ok, answer.error) == (False, "operation_timeout")
    assert answer.notice == '/dify failed with the error "operation_timeout"'
    assert [effect.detail["state"] for effect in slack.log.of("answered")] == ["timeout"]


async def test_without_an_app_a_command_fails_at_once(slack: LocalSlack) -> None:
    assert (await slack.type("U0ANA", "C0OPS", "/dify")).error == "dispatch_failed"


async def test_envelopes_go_to_one_connection_each(slack: LocalSlack, connect: Connect) -> None:
    async with connect() as one, connect() as two:
        assert two.hello["num_connections"] == 2
        for _ in range(4):
            await slack.type("U0ANA", "C0OPS", "/dify")
        assert (len(one.got), len(two.got)) == (2, 2)


async def test_the_eleventh_connection_is_sent_away(slack: LocalSlack, fakes: Any) -> None:
    async with aiohttp.ClientSession() as session:
        sockets = []
        for _ in range(11):
            sockets.append(await session.ws_connect(await fakes.open_address(slack, session)))  # noqa: PERF401
        first, last = await sockets[0].receive_json(), await sockets[10].receive_json()
        assert (first["type"], last) == ("hello", {"type": "disconnect", "reason": "too_many_websockets"})
        for socket in sockets:
            await socket.close()


async def test_a_warning_leaves_the_connection_open_and_a_drop_says_nothing(
    slack: LocalSlack, connect: Connect
) -> None:
    async with connect() as app:
        await slack.disconnect_sockets("warning")
        assert (await slack.type("U0ANA", "C0OPS", "/dify")).ok
        assert app.disconnects == ["warning"]
        await slack.disconnect_sockets("drop")
        assert slack.sockets.count == 0
    assert app.disconnects == ["warning"]


async def test_an_event_without_an_ack_is_repeated_with_its_id(
    slack: LocalSlack, connect: Connect, fakes: Any
) -> None:
    slack.wire.ack_s, slack.wire.retry_delays_s = 0.05, (0.0, 0.0)
    answers = iter([fakes.SILENT, fakes.SILENT, None])
    async with connect(lambda envelope: next(answers)) as app:
        slack.archive("C0NEWS")
        await slack.wait_for(lambda: len(app.got) == 3)
    first, *again = app.got
    assert first["payload"]["event"]["type"] == "channel_archive"
    assert {each["payload"]["event_id"] for each in again} == {first["payload"]["event_id"]}
    assert [(each["retry_attempt"], each["retry_reason"]) for each in again] == [
        (1, "http_timeout"),
        (2, "http_timeout"),
    ]


async def test_only_subscribed_events_are_sent(slack: LocalSlack, connect: Connect) -> None:
    async with connect() as app:
        await slack.type("U0BEN", "C0OPS", "hello everybody")
        slack.invite_bot("C0NEWS")
        slack.remove_bot("C0NEWS")
        slack.uninstall()
        await slack.wait_for(lambda: len(slack.log.of("answered")) == 3)
    kinds = [envelope["payload"]["event"]["type"] for envelope in app.got]
    assert kinds == ["member_left_channel", "app_uninstalled", "tokens_revoked"]


class Receiver:
    """An app in HTTP mode that keeps what it was sent."""

    def __init__(self) -> None:
        self.requests: list[tuple[Any, bytes]] = []
        self.answer: Callable[[], web.Response] = web.Response

    async def take(self, request: web.Request) -> web.Response:
        self.requests.append((request.headers, await request.read()))
        return self.answer()


@pytest.fixture
async def receiver(slack: LocalSlack) -> AsyncIterator[Receiver]:
    found = Receiver()
    app = web.Application()
    app.router.add_post("/slack/events", found.take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    slack.request_url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    yield found
    await runner.cleanup()


async def test_http_requests_are_signed_over_the_raw_body(slack: LocalSlack, receiver: Receiver) -> None:
    assert (await slack.type("U0ANA", "C0OPS", "/dify say “hi” & bye")).ok
    headers, body = receiver.requests[0]
    text = b"v0:" + headers["X-Slack-Request-Timestamp"].encode() + b":" + body
    expected = "v0=" + hmac.new(slack.signing_secret.encode(), text, hashlib.sha256).hexdigest()
    assert headers["X-Slack-Signature"] == expected
    assert abs(time.time() - int(headers["X-Slack-Request-Timestamp"])) < 5
    assert parse_qs(body.decode())["text"] == ["say “hi” & bye"]


async def test_a_shortcut_is_a_form_with_one_payload(slack: LocalSlack, receiver: Receiver) -> None:
    assert (await slack.shortcut("U0ANA", "job_new")).ok
    payload = json.loads(parse_qs(receiver.requests[0][1].decode())["payload"][0])
    assert (payload["type"], payload["callback_id"]) == ("shortcut", "job_new")
    assert "channel" not in payload


async def test_an_error_status_is_told_to_the_person(slack: LocalSlack, receiver: Receiver) -> None:
    receiver.answer = lambda: web.Response(status=500)
    assert (await slack.type("U0ANA", "C0OPS", "/dify")).error == "http_service_error"


async def test_plain_text_is_an_answer_too(slack: LocalSlack, receiver: Receiver) -> None:
    receiver.answer = lambda: web.Response(text="hello")
    answer = await slack.type("U0ANA", "C0OPS", "/dify")
    assert answer.message is not None
    assert answer.message.text == "hello"


async def test_an_event_may_forbid_its_retries(slack: LocalSlack, receiver: Receiver) -> None:
    slack.wire.retry_delays_s = (0.0,)
    receiver.answer = lambda: web.Response(status=503, headers={"X-Slack-No-Retry": "1"})
    await slack.open_home("U0ANA")
    receiver.answer = lambda: web.Response(status=503)
    await slack.open_home("U0ANA")
    await slack.wait_for(lambda: len(receiver.requests) == 3)
    assert [headers.get("X-Slack-Retry-Num") for headers, _ in receiver.requests] == [None, None, "1"]
    assert receiver.requests[2][0]["X-Slack-Retry-Reason"] == "http_error"
