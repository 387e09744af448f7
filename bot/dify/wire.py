"""Answers off the wire: bounded, never decompressed, JSON objects or a stream of events."""

from collections.abc import Mapping
from typing import Any

import httpx
import orjson

from bot.dify.codes import Code
from bot.dify.events import MAX_VALUES, is_vast
from bot.dify.faults import from_http
from bot.dify.outage import lost, refuse

MAX_BODY = 8 * 1024 * 1024  # to read more of it at once would hold up every ack
MAX_ERROR_BODY = 256 * 1024
_UNSURE = (502, 504)  # a proxy that gave up: the request may have been received behind it; Dify's own 500 was not
_ENCODED = "The answer is compressed although that was not asked for. Look at the proxy before Dify."


async def check_head(response: httpx.Response, url: httpx.URL) -> None:
    """Let only a stream of events pass."""
    if response.status_code in _UNSURE:
        raise lost(Code.SERVER, f"A proxy before Dify gave up waiting (HTTP {response.status_code}).")
    if not response.is_success:
        try:
            body = await read_body(response)
        except httpx.TransportError:
            body = b""
        raise from_http(response.status_code, body, response.headers)
    if _is_encoded(response):
        raise lost(Code.UNREADABLE, _ENCODED)
    if not response.headers.get("Content-Type", "").startswith("text/event-stream"):
        raise refuse(
            Code.WRONG_ADDRESS, f"{url.host} does not answer like Dify's API. The address should end in /v1."
        )


def _is_encoded(response: httpx.Response) -> bool:
    """Dify never compresses. What does is not decoded: a few bytes could become gigabytes."""
    return bool(response.headers.get("Content-Encoding", "identity").lower() != "identity")


async def read_body(response: httpx.Response) -> bytes:
    """The body: an error's is cut where it gets long, a success's is refused. Raises httpx's errors too."""
    limit = MAX_BODY if response.is_success else MAX_ERROR_BODY
    if _is_encoded(response):
        raise refuse(Code.UNREADABLE, _ENCODED)
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > limit:
            if not response.is_success:
                break
            raise refuse(Code.TOO_LONG, f"Dify's answer is longer than {limit >> 20} MB.")
    return bytes(body[:limit])


def read_object(body: bytes) -> Mapping[str, Any]:
    if is_vast(body):
        raise refuse(Code.TOO_LONG, f"Dify's answer holds more than {MAX_VALUES:,} values.")
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise refuse(Code.WRONG_ADDRESS, "This address does not answer like Dify's API: no JSON came.")
    return found
