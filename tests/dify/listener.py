"""A process that listens to one stream and tells what it heard and how much it grew: `listener.py URL`."""

import asyncio
import json
import resource
import sys
import time

from bot.dify.client import Dify, Endpoint
from bot.dify.trace import Trace
from bot.egress import AllowedHosts
from bot.errors import DifyError
from storage.trace import pack_trace


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def listen(url: str) -> dict[str, object]:
    dify, trace, code = Dify(allowed_hosts=AllowedHosts.parse("127.0.0.1")), Trace(), None
    endpoint = Endpoint(url, "app-x", "workflow")
    await asyncio.to_thread(time.sleep, 0)  # the thread that packs is there
    before_mb = peak_mb()
    try:
        async with dify.start(endpoint, {}, "u") as events:
            async for event in events:
                trace.fold(event)
    except DifyError as error:
        code = error.code
    trace.close()
    blob = await asyncio.to_thread(pack_trace, trace.spans())
    await dify.close()
    facts = trace.facts
    told = {"code": code, "complete": facts.complete, "nodes": facts.nodes, "kept": facts.nodes - facts.nodes_dropped}
    return told | {"ignored": facts.ignored_events, "grown_mb": peak_mb() - before_mb, "blob": len(blob)}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(listen(sys.argv[1]))))
