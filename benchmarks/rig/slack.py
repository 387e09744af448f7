"""The Slack side, in the measuring process: the local Slack, and commands sent over HTTP or Socket Mode."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Protocol
from urllib.parse import urlencode

import orjson

from bot.demo.slack import Channel, LocalSlack
from bot.demo.slack.payloads import build_command
from bot.demo.slack.people import BOT_USER, first_channels
from bot.demo.slack.signed import sign

USER, CHANNEL, DIRECT = "U0ANA", "C0OPS", "D0ANA"
ACK_S = 30.0  # Slack itself waits 3 s; here a late ack is a figure
LOAD_CHANNELS = tuple(f"C0LOAD{number:02}" for number in range(30))


class Door(Protocol):
    """One way to send a command."""

    async def send(self, text: str) -> tuple[float, Any]: ...


@asynccontextmanager
async def open_slack() -> AsyncIterator[LocalSlack]:
    """A workspace with enough channels for a load of results."""
    members = {USER, BOT_USER}
    direct = Channel(DIRECT, "", im_with=USER, members=set(members))
    load = [Channel(name, name.lower(), members=set(members)) for name in LOAD_CHANNELS]
    async with LocalSlack(
        manifest=LocalSlack.load_manifest(None), channels=[*first_channels(), direct, *load]
    ) as slack:
        yield slack


def environ_of(slack: LocalSlack, folder: str, *, socket: bool) -> dict[str, str]:
    """The settings of a bot in this workspace."""
    transport = {"SLACK_APP_TOKEN": slack.app_token, "DIFY_OPS_HTTP": ""}
    if not socket:
        transport = {"SLACK_SIGNING_SECRET": slack.signing_secret, "DIFY_OPS_HTTP": "127.0.0.1:0"}
    return transport | {
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_API_URL": slack.api_url,
        "DIFY_OPS_HOME": folder,
        "DIFY_OPS_ALLOWED_HOSTS": "127.0.0.1",
        "DIFY_OPS_LOG_LEVEL": "ERROR",
    }


class HttpDoor:
    """Signed requests on one connection that is kept open."""

    def __init__(self, slack: LocalSlack, port: int, channel_id: str = CHANNEL) -> None:
        self._slack = slack
        self._channel_id = channel_id
        self._port = port
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def send(self, text: str) -> tuple[float, Any]:
        """Milliseconds until the whole answer was there, and the answer."""
        if self._reader is None or self._writer is None:
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        request = self._write(text)
        began = time.perf_counter()
        self._writer.write(request)
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
        body = await self._reader.readexactly(length)
        passed_ms = (time.perf_counter() - began) * 1000
        if not head.startswith(b"http/1.1 200"):
            raise RuntimeError(f"the bot answered {head.splitlines()[0]!r}")
        return passed_ms, orjson.loads(body) if body.strip() else None

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()

    def _write(self, text: str) -> bytes:
        body = urlencode(_payload(self._slack, self._channel_id, text)).encode()
        stamp = str(int(time.time()))
        return (
            f"POST /slack/events HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n"
            f"X-Slack-Request-Timestamp: {stamp}\r\n"
            f"X-Slack-Signature: {sign(self._slack.signing_secret, stamp, body)}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        ).encode() + body


class SocketDoor:
    """Envelopes over the Socket Mode connection of the app."""

    def __init__(self, slack: LocalSlack, channel_id: str = CHANNEL) -> None:
        self._slack = slack
        self._channel_id = channel_id

    async def send(self, text: str) -> tuple[float, Any]:
        """Milliseconds until the ack was there, and what it brought."""
        payload = _payload(self._slack, self._channel_id, text)
        began = time.perf_counter()
        ack = await self._slack.sockets.deliver("slash_commands", payload, ACK_S)
        passed_ms = (time.perf_counter() - began) * 1000
        if not ack.ok:
            raise RuntimeError(f"the app did not ack: {ack.state}")
        return passed_ms, ack.body


def _payload(slack: LocalSlack, channel_id: str, text: str) -> Mapping[str, Any]:
    return build_command(slack.workspace, USER, slack.workspace.channels[channel_id], "/dify", text)
