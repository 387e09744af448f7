"""How many events of a stream are parsed and folded in a second, beside httpx-sse with stdlib json, which only parse."""

import asyncio
import gzip
import sys
import tempfile
import time
from argparse import Namespace
from pathlib import Path
from typing import Any

import orjson

from benchmarks.rig.child import start
from benchmarks.rig.dify import EVENT_BYTES, FLOOD, recorded_run, run_dify
from benchmarks.rig.figures import median, print_goal, print_table
from bot.dify import events, sse
from bot.dify.client import Dify, Endpoint
from bot.dify.trace import Trace
from bot.egress import AllowedHosts

GOAL = 2.0  # of the peer, over the socket
RECORDINGS = Path(__file__).parents[1] / "tests" / "recordings"
PEER = Path(__file__).parent / "rig" / "ssepeer.py"
CHUNK = 64 * 1024  # what one read of a socket brings at most
TIMES, ROUNDS = 5, 3
SYNTHETIC_EVENTS = 4_000


async def measure(asked: Namespace) -> None:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        home = Path(folder)
        python = sys.executable
        rows = [
            await _measure_memory("the recordings, in memory", _write_recordings(home / "recorded"), python),
            await _measure_memory("a run of 3 KB events, in memory", _write_run(home / "run"), python),
            await _measure_socket(python),
        ]
    heads = (
        f"events/s ({EVENT_BYTES} B in the synthetic run)",
        "ours",
        "split + orjson",
        "peer",
        "which",
        "ours/peer",
    )
    print_table("Ours parses and folds into a trace; the others only parse", heads, rows)
    print_goal(f"over the socket ≥ {GOAL} of the peer", rows[-1][-1], at_least=GOAL)


async def _measure_memory(name: str, folder: Path, python: str) -> list[Any]:
    bodies = [path.read_bytes() for path in sorted(folder.iterdir())]
    ours: list[float] = []
    bare: list[float] = []
    peer: list[float] = []
    which = ""
    for _ in range(ROUNDS):
        ours += _take(lambda: sum(map(_read_and_fold, bodies)))
        bare += _take(lambda: sum(map(_read_only, bodies)))
        which, rates = await _ask_peer(python, "memory", str(folder), str(TIMES))
        peer += rates
    return [name, median(ours), median(bare), median(peer), which, median(ours) / median(peer)]


async def _measure_socket(python: str) -> list[Any]:
    ours: list[float] = []
    peer: list[float] = []
    which = ""
    async with start(run_dify) as server:
        dify = Dify(allowed_hosts=AllowedHosts.parse("127.0.0.1"))
        endpoint = Endpoint(base_url=server.ready, key=FLOOD, mode="workflow")
        for _ in range(ROUNDS):
            await _stream(dify, endpoint)
            for _ in range(TIMES):
                began = time.process_time()
                ours.append(await _stream(dify, endpoint) / (time.process_time() - began))
            which, rates = await _ask_peer(python, "socket", server.ready, FLOOD, str(TIMES))
            peer += rates
        await dify.close()
    return [
        "a run of 3 KB events, over a socket",
        median(ours),
        None,
        median(peer),
        which,
        median(ours) / median(peer),
    ]


async def _stream(dify: Dify, endpoint: Endpoint) -> int:
    trace = Trace()
    async with dify.start(endpoint, {}, "bench") as found:
        async for event in found:
            trace.fold(event)
    return trace.facts.events


def _take(work: Any) -> list[float]:
    work()
    rates: list[float] = []
    for _ in range(TIMES):
        began = time.process_time()
        rates.append(work() / (time.process_time() - began))
    return rates


def _read_and_fold(body: bytes) -> int:
    splitter, trace = sse.Splitter(), Trace()
    for at in range(0, len(body), CHUNK):
        for payload in splitter.feed(body[at : at + CHUNK]):
            trace.fold(events.read(payload))
    return trace.facts.events


def _read_only(body: bytes) -> int:
    """The limit: no care for what is not one line of valid JSON."""
    found = [part for part in body.split(b"\n\n") if part.startswith(b"data: ")]
    for part in found:
        try:
            orjson.loads(part[6:])
        except orjson.JSONDecodeError:
            continue
    return len(found)


async def _ask_peer(python: str, *arguments: str) -> tuple[str, list[float]]:
    process = await asyncio.create_subprocess_exec(python, str(PEER), *arguments, stdout=asyncio.subprocess.PIPE)
    told, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError("the peer failed; its error stands above")
    answer = orjson.loads(told)
    return answer["name"], answer["rates"]


def _write_recordings(folder: Path) -> Path:
    folder.mkdir()
    for number, path in enumerate(sorted(RECORDINGS.rglob("*.sse*"))):
        body = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        (folder / f"{number:04}").write_bytes(body)
    return folder


def _write_run(folder: Path) -> Path:
    folder.mkdir()
    (folder / "run").write_bytes(recorded_run(SYNTHETIC_EVENTS))
    return folder
