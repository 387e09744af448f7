"""The peer that opens streams: a plain loop over httpx, with nothing around it."""

import asyncio
import json
import time

import httpx

from benchmarks.rig.child import Line
from bot.process import raise_file_limit

OPENING_AT_ONCE = 200


async def run_httpx(line: Line, url: str, key: str) -> None:
    """The child: opens as many streams as it is told, and says how long each took to its first event."""
    raise_file_limit()
    limits = httpx.Limits(max_connections=None)
    opening, opened = asyncio.Semaphore(OPENING_AT_ONCE), asyncio.Semaphore(0)
    async with httpx.AsyncClient(limits=limits, timeout=60, trust_env=False) as client:

        async def listen(number: int, due: float, taken: list[float]) -> None:
            start = {"inputs": {}, "response_mode": "streaming", "user": f"bench {number}"}
            headers = {"Authorization": f"Bearer {key}"}
            await opening.acquire()
            is_opening = True
            async with client.stream("POST", f"{url}/workflows/run", json=start, headers=headers) as response:
                async for text in response.aiter_lines():
                    if is_opening and text.startswith("data: "):
                        json.loads(text[6:])
                        taken.append(time.perf_counter() - due)
                        opening.release()
                        opened.release()
                        is_opening = False

        async def open_streams(count: int) -> list[float]:
            due, taken = time.perf_counter(), list[float]()
            tasks = [asyncio.create_task(listen(number, due, taken)) for number in range(count)]
            for _ in range(count):
                await opened.acquire()
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            return taken

        line.say("ready")
        await line.serve(open_streams=open_streams)
