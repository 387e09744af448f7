"""The peer that reads streams: httpx with httpx-sse and stdlib json.

A script of its own, so that nothing of ours is loaded: `ssepeer.py socket URL KEY TIMES` or
`ssepeer.py memory FOLDER TIMES`. Prints a JSON object: the name of the peer, and events/s of each time.
"""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
from httpx_sse import EventSource

NAME = "httpx-sse + json"


async def read_data(response: httpx.Response) -> AsyncIterator[str]:
    """The data of each event; pings are left out."""
    async for event in EventSource(response).aiter_sse():
        if event.data:
            yield event.data


async def read(response: httpx.Response) -> int:
    """How many events were read to dicts; nothing is made of them."""
    count = 0
    async for data in read_data(response):
        try:
            json.loads(data)
        except ValueError:  # httpx cuts lines at U+2028, which stands inside of Dify's JSON
            continue
        count += 1
    return count


async def read_socket(client: httpx.AsyncClient, url: str, key: str) -> int:
    start = {"inputs": {}, "response_mode": "streaming", "user": "bench"}
    headers = {"Authorization": f"Bearer {key}"}
    async with client.stream("POST", f"{url}/workflows/run", json=start, headers=headers) as response:
        return await read(response)


async def read_memory(bodies: list[bytes]) -> int:
    headers = {"content-type": "text/event-stream; charset=utf-8"}
    return sum([await read(httpx.Response(200, headers=headers, content=body)) for body in bodies])


async def take(times: int, work: Callable[[], Awaitable[int]]) -> list[float]:
    """Events per CPU second of each time, after one that is not counted."""
    await work()
    rates: list[float] = []
    for _ in range(times):
        began = time.process_time()
        rates.append(await work() / (time.process_time() - began))
    return rates


async def main(kind: str, where: str, *rest: str) -> None:
    times = int(rest[-1])
    if kind == "socket":
        async with httpx.AsyncClient(trust_env=False) as client:
            rates = await take(times, lambda: read_socket(client, where, rest[0]))
    else:
        bodies = [path.read_bytes() for path in sorted(Path(where).iterdir())]
        rates = await take(times, lambda: read_memory(bodies))
    told: dict[str, Any] = {"name": NAME, "rates": rates}
    print(json.dumps(told))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
