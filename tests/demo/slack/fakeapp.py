"""An app without Bolt: a bare Socket Mode connection whose acks a test decides."""

import asyncio
from collections.abc import Callable
from typing import Any

import aiohttp

from bot.demo.slack import LocalSlack

Reply = Callable[[dict[str, Any]], Any]
SILENT = object()  # no ack at all


class FakeApp:
    """Connects once; `reply(envelope)` gives the payload of the ack, None for an empty one, or SILENT."""

    def __init__(self, slack: LocalSlack, reply: Reply = lambda envelope: None) -> None:
        self.slack, self.reply = slack, reply
        self.hello: dict[str, Any] = {}
        self.got: list[dict[str, Any]] = []
        self.disconnects: list[str] = []

    async def __aenter__(self) -> "FakeApp":
        self.session = aiohttp.ClientSession()
        self.socket = await self.session.ws_connect(await open_address(self.slack, self.session))
        self.hello = await self.socket.receive_json()
        self.task = asyncio.create_task(self._listen())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.socket.close()
        await asyncio.gather(self.task)
        await self.session.close()

    async def _listen(self) -> None:
        async for message in self.socket:
            envelope = message.json()
            if envelope["type"] == "disconnect":
                self.disconnects.append(envelope["reason"])
                continue
            self.got.append(envelope)
            payload = self.reply(envelope)
            if payload is not SILENT:
                ack = {"envelope_id": envelope["envelope_id"]}
                await self.socket.send_json(ack if payload is None else {**ack, "payload": payload})


async def open_address(slack: LocalSlack, session: aiohttp.ClientSession) -> str:
    """A fresh address for one connection."""
    headers = {"Authorization": f"Bearer {slack.app_token}"}
    async with session.post(f"{slack.api_url}apps.connections.open", headers=headers) as response:
        return str((await response.json())["url"])
