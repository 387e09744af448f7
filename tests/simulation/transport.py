"""The way of one process to Dify, with all that happens to requests and answers on it."""

import asyncio
import json
from collections.abc import Mapping
from functools import partial
from typing import Any

import httpx

from tests.simulation.dify import Line, SimulatedDify
from tests.simulation.wire import Sent

LATENCY_S = (0.005, 0.2)


class DifyWire(httpx.AsyncBaseTransport):
    """In the place of what httpx sends by."""

    def __init__(self, dify: SimulatedDify) -> None:
        self._dify = dify

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._carry(request)
        response.request = request
        return response

    async def _carry(self, request: httpx.Request) -> httpx.Response:
        dify, faults, dice = self._dify, self._dify.faults, self._dify.dice
        limits = request.extensions["timeout"]
        patience_s = limits["read"]
        there_s, back_s = dice.uniform(*LATENCY_S), dice.uniform(*LATENCY_S)
        if dify.is_out or dify.chance(faults.dify_refused):
            await asyncio.sleep(there_s if dice.random() < 0.7 else limits["connect"])
            raise httpx.ConnectError("refused")
        line, sent = Line(patience_s), Sent[tuple[int, Mapping[str, Any]]](dify.timeline)
        take = partial(dify.take, request, line)
        if dify.chance(faults.dify_lost_before):
            await self._lose(there_s, patience_s)
        if dify.chance(faults.dify_lost_after):
            sent.vanish(there_s if dice.random() < 0.8 else dice.uniform(1, 10), take)
            await self._lose(there_s, patience_s)
        if dify.chance(faults.dify_error):
            await asyncio.sleep(there_s + back_s)
            return _answer(*dice.choice(_ERRORS))
        if dify.chance(faults.dify_error / 2):  # a proxy gave up, and Dify did not
            sent.vanish(there_s, take)
            await asyncio.sleep(there_s + back_s)
            return _answer(dice.choice((502, 504)), {})
        sent.arrive(there_s, take, back_s)
        try:
            status, body = await sent.answer(patience_s)
        except TimeoutError:
            raise httpx.ReadTimeout("nothing came") from None
        if status == 200 and not body:
            return httpx.Response(200, headers={"Content-Type": "text/event-stream; charset=utf-8"}, stream=line)
        return _answer(status, body)

    async def _lose(self, there_s: float, patience_s: float) -> None:
        """No answer comes, and now and then nobody says so."""
        if self._dify.dice.random() < 0.7:
            await asyncio.sleep(there_s)
            raise httpx.ReadError("reset")
        await asyncio.sleep(patience_s)
        raise httpx.ReadTimeout("nothing came")


_ERRORS: tuple[tuple[int, Mapping[str, Any]], ...] = (
    (500, {"message": "Internal Server Error", "code": "unknown", "status": 500}),
    (429, {"code": "too_many_requests", "message": "Too many requests", "status": 429}),
    (502, {}),
    (503, {"code": "unavailable", "message": "down", "status": 503}),
)


def _answer(status: int, body: Mapping[str, Any]) -> httpx.Response:
    return httpx.Response(status, stream=httpx.ByteStream(json.dumps(body).encode()))
