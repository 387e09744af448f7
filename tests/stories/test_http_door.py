"""HTTP mode: only what Slack has signed a moment ago is heard, and the health of the bot is told."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest

from bot.demo.slack.signed import sign
from tests.stories.servers import environment
from tests.stories.world import ANA, World, open_world

pytestmark = pytest.mark.parametrize("world", ["http"], indirect=True)

FORM = "application/x-www-form-urlencoded"


def order(world: World) -> bytes:
    """A command that would be seen if it were obeyed: it pauses job 1."""
    return urlencode(
        {
            "command": "/dify",
            "text": "pause #1",
            "team_id": "T0DEMO",
            "user_id": ANA,
            "channel_id": "C0OPS",
            "response_url": f"{world.slack.url}respond/none",
            "trigger_id": "1.2",
        }
    ).encode()


async def post(world: World, body: bytes, headers: dict[str, str]) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as http:
        return await http.post(str(world.slack.request_url), content=body, headers={"Content-Type": FORM} | headers)


def signed(world: World, body: bytes, *, at: str | None = None, secret: str | None = None) -> dict[str, str]:
    stamp = at or str(int(time.time()))
    made = sign(secret or world.slack.signing_secret, stamp, body)
    return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": made}


async def is_active(world: World) -> bool:
    return "is active" in (await world.type("/dify show #1")).text


@pytest.fixture
async def watched(world: World) -> World:
    await world.save("/dify schedule digest every day at 9 topic=Tea")
    return world


FORGERIES = {
    "no signature at all": lambda world, body: {},
    "no time stamp": lambda world, body: {"X-Slack-Signature": signed(world, body)["X-Slack-Signature"]},
    "no signature beside the stamp": lambda world, body: {"X-Slack-Request-Timestamp": str(int(time.time()))},
    "another secret": lambda world, body: signed(world, body, secret="f" * 32),
    "an empty secret": lambda world, body: signed(world, body, secret="none"),
    "an old stamp": lambda world, body: signed(world, body, at=str(int(time.time()) - 301)),
    "a stamp of the future": lambda world, body: signed(world, body, at=str(int(time.time()) + 400)),
    "a stamp that is no number": lambda world, body: signed(world, body, at="yesterday"),
    "a stamp that was moved": lambda world, body: (
        signed(world, body) | {"X-Slack-Request-Timestamp": str(int(time.time()) - 60)}
    ),
    "the signature of another body": lambda world, body: signed(world, body.replace(b"%231", b"%232")),
    "the signature in capitals": lambda world, body: (
        signed(world, body) | {"X-Slack-Signature": signed(world, body)["X-Slack-Signature"].upper()}
    ),
    "another version": lambda world, body: (
        signed(world, body) | {"X-Slack-Signature": signed(world, body)["X-Slack-Signature"].replace("v0=", "v1=")}
    ),
}


@pytest.mark.parametrize("forgery", FORGERIES)
async def test_a_forged_request_is_refused_and_does_nothing(watched: World, forgery: str) -> None:
    body = order(watched)
    answer = await post(watched, body, FORGERIES[forgery](watched, body))
    assert answer.status_code == 401, answer.text
    assert await is_active(watched)


async def test_the_same_request_with_slacks_signature_is_obeyed(watched: World) -> None:
    body = order(watched)
    answer = await post(watched, body, signed(watched, body))
    assert answer.status_code == 200
    assert not await is_active(watched)


async def test_a_request_that_is_replayed_starts_nothing_twice(world: World) -> None:
    body = order(world).replace(b"pause+%231", b"run+loops")
    headers = signed(world, body)
    for _ in range(10):
        assert (await post(world, body, headers)).status_code == 200
    await world.told("*loops* finished")
    assert len(world.dify.starts()) == 1


async def test_a_body_that_was_serialised_anew_is_refused(watched: World) -> None:
    body = order(watched)
    answer = await post(watched, body.replace(b"+", b"%20"), signed(watched, body))
    assert answer.status_code == 401
    assert await is_active(watched)


async def test_a_body_larger_than_a_megabyte_is_refused_unread(world: World) -> None:
    body = b"text=" + b"x" * 1_100_000
    assert (await post(world, body, signed(world, body))).status_code == 413


async def test_a_body_without_a_length_is_read_no_further_than_a_megabyte(world: World) -> None:
    body = b"text=" + b"x" * 3_000_000

    async def drip() -> AsyncIterator[bytes]:
        for at in range(0, len(body), 65_536):
            yield body[at : at + 65_536]

    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.post(
            str(world.slack.request_url), content=drip(), headers={"Content-Type": FORM} | signed(world, body)
        )
    assert answer.status_code == 413


@pytest.mark.parametrize("length", ["many", "-1", "1e3"])
async def test_a_length_that_is_no_number_is_no_error_of_ours(world: World, length: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", world.bot.port)
    writer.write(f"POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\nab".encode())
    await writer.drain()
    head = await reader.readline()
    writer.close()
    await writer.wait_closed()
    assert int(head.split()[1]) in (400, 401, 413), head


async def test_a_challenge_of_slack_is_answered(world: World) -> None:
    body = b'{"type":"url_verification","challenge":"abc","token":"x"}'
    headers = signed(world, body) | {"Content-Type": "application/json"}
    answer = await post(world, body, headers)
    assert answer.status_code == 200
    assert "abc" in answer.text


async def test_the_health_is_well_and_its_headers_are_safe(world: World) -> None:
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.get(f"http://127.0.0.1:{world.bot.port}/healthz")
    assert answer.status_code == 200
    assert answer.json()["status"] == "ok"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_fmea_f10_a_run_that_nobody_takes_makes_the_health_fail_with_its_reason(watched: World) -> None:
    await watched.bot.services.engine.stop()
    watched.clock.ahead += timedelta(days=2)
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.get(f"http://127.0.0.1:{watched.bot.port}/healthz")
    assert answer.status_code == 503
    assert "nobody took it" in answer.text


async def test_a_path_that_is_not_there_says_nothing_of_what_runs_here(world: World) -> None:
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.get(f"http://127.0.0.1:{world.bot.port}/admin")
    assert answer.status_code == 404
    assert "server" not in answer.headers


async def test_in_socket_mode_nothing_is_heard_over_http(world: World, tmp_path: Path) -> None:
    folder = tmp_path / "other"
    async with open_world(folder, environ={"DIFY_OPS_HTTP": "127.0.0.1:0"}) as other:
        assert "SLACK_SIGNING_SECRET" not in environment(other.slack, folder)
        async with httpx.AsyncClient(trust_env=False) as http:
            base = f"http://127.0.0.1:{other.bot.port}"
            body = order(other)
            answer = await http.post(f"{base}/slack/events", content=body, headers=signed(other, body, secret="none"))
            assert answer.status_code in (404, 405)
            assert (await http.get(f"{base}/healthz")).status_code == 200
