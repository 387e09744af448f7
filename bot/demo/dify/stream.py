"""One listener of a run: its events as server-sent events, with the faults that were asked for."""

import asyncio
import zlib

from aiohttp import web

from bot.demo.dify.mischief import Spoil
from bot.demo.dify.run import PING, Feed, frame

HEADERS = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "X-Env, X-Trace-Id, X-Version",
    "Vary": "Cookie",
}
BOMB_BLOCK = 1024 * 1024


async def open_stream(request: web.Request, *, encoding: str | None = None) -> web.StreamResponse:
    headers = {**HEADERS, **({"Content-Encoding": encoding} if encoding else {})}
    response = web.StreamResponse(headers=headers)
    response.enable_chunked_encoding()
    await response.prepare(request)
    return response


async def tell(response: web.StreamResponse, *texts: str, ping: bool = True) -> web.StreamResponse:
    """A few events at once, then the end."""
    await response.write((PING if ping else b"") + b"".join(frame(text) for text in texts))
    await response.write_eof()
    return response


async def listen(request: web.Request, feed: Feed, spoil: Spoil | None, *, ping: bool = True) -> web.StreamResponse:
    """Send what the run publishes until it ends, the client leaves or the fault strikes."""
    if spoil is not None and spoil.kind == "compress":
        return await _bomb(request)
    response = await open_stream(request)
    if ping:
        await response.write(PING)
    if spoil is not None and spoil.kind in ("cut", "silence") and spoil.after == 0:
        return await _strike(request, response, spoil)
    if spoil is not None and spoil.kind in ("cut", "silence", "ping_only", "drip"):
        return await _listen_badly(request, response, feed, spoil)
    while (chunk := await feed.get()) is not None:
        await response.write(chunk)
    await response.write_eof()
    return response


async def _listen_badly(
    request: web.Request, response: web.StreamResponse, feed: Feed, spoil: Spoil
) -> web.StreamResponse:
    passed = 0
    while (chunk := await feed.get()) is not None:
        if spoil.kind == "ping_only":
            await response.write(chunk if chunk == PING else b"")
        elif spoil.kind == "drip":
            await _drip(response, chunk, spoil)
        else:
            await response.write(chunk[: spoil.after - passed] if spoil.in_bytes else chunk)
            passed += len(chunk) if spoil.in_bytes else chunk != PING
            if passed >= spoil.after:
                return await _strike(request, response, spoil)
    if spoil.kind == "ping_only":
        await asyncio.Event().wait()
    await response.write_eof()
    return response


async def _strike(request: web.Request, response: web.StreamResponse, spoil: Spoil) -> web.StreamResponse:
    if spoil.kind == "silence":
        await asyncio.Event().wait()
    if spoil.is_clean:
        await response.write_eof()
    else:
        hang_up(request)
    return response


async def _drip(response: web.StreamResponse, chunk: bytes, spoil: Spoil) -> None:
    for start in range(0, len(chunk), spoil.after):
        await response.write(chunk[start : start + spoil.after])
        await asyncio.sleep(spoil.seconds)


def hang_up(request: web.Request) -> None:
    """Close the line without the end of the answer; what was written is still sent."""
    if request.transport is not None:
        request.transport.close()


async def _bomb(request: web.Request) -> web.StreamResponse:
    response = await open_stream(request, encoding="gzip")
    press = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = bytes(BOMB_BLOCK)
    while True:
        await response.write(press.compress(block) + press.flush(zlib.Z_SYNC_FLUSH))
        await asyncio.sleep(0)
