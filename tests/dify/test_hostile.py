"""Streams cut at every byte, spoilt at random, or far too large: nothing is raised, no result is made up, and the
process stays small."""

import asyncio
import json
import random
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest

from bot.dify.answers import read_detail
from bot.dify.events import read
from bot.dify.sse import Splitter
from bot.dify.trace import Trace, as_json
from bot.dify.tree import MAX_SPANS
from bot.loops.ending import Ending, end_by_detail, end_by_stream
from tests.dify.streams import RECORDINGS, SMALL, began, ended, event, finished, name_of, recorded, started, wire

CUT = [
    "1.16.1/nested_loop_in_iteration",
    "1.11.4/iteration_seq",
    "1.8.1/iteration_parallel_error",
    "1.16.1/multiline",
    "1.11.4/loop_break",
]
GROWTH_MB = 100
MB = 1024 * 1024


def end_of(name: str, trace: Trace) -> Ending:
    """As a flight ends: by the stream where that told its end, else by what Dify says of the run afterwards."""
    if trace.facts.complete:
        return end_by_stream(trace.facts, trace.spans(), None)
    version, _, stem = name.partition("/")
    body = json.loads((RECORDINGS / version / "streams" / f"{stem}.run.json").read_bytes())
    return end_by_detail(read_detail(body), None)


def said_by(ending: Ending) -> tuple[Any, ...]:
    return ending.state, orjson.dumps(ending.outputs or {}), ending.tokens, ending.steps


@pytest.mark.parametrize("name", CUT)
def test_fmea_e8_a_stream_cut_at_any_byte_ends_as_the_whole_one(name: str) -> None:
    raw, splitter, trace, seen = recorded(name), Splitter(), Trace(), -1
    endings: set[tuple[Any, ...]] = set()
    for at in range(len(raw)):
        if trace.facts.events != seen:
            seen = trace.facts.events
            endings.add(said_by(end_of(name, trace)))
        for payload in splitter.feed(raw[at : at + 1]):
            trace.fold(read(payload))
    assert trace.facts.complete
    assert endings == {said_by(end_of(name, trace))}


# spoilt at random

ODD = [None, True, -1, 2**70, 1e308, "", "\0", "\ud83d", [], {}, [[[]]], {"id": {}}, "x" * 300, ["iter"], {"a": [1]}]
JUNK = [
    b"\n",
    b"\r\n",
    b"\r",
    b"\xef\xbb\xbf",
    b"data:",
    b"\xff",
    b"\0",
    b"{",
    b'"',
    b": c\n",
    b"event: ping\n\n",
    b"\n\n",
]


def spoil(chance: random.Random, lines: list[bytes]) -> bytes:
    """Events lost, doubled, out of order and with strange values; bytes lost, changed and put in."""
    picked = [chance.choice(lines) if chance.random() < 0.1 else line for line in lines if chance.random() > 0.05]
    for at in range(len(picked)):
        if chance.random() < 0.15:
            told = json.loads(picked[at][6:])
            body = told["data"] if isinstance(told.get("data"), dict) and chance.random() < 0.8 else told
            body[chance.choice(sorted(body) or ["id"])] = chance.choice(ODD)
            picked[at] = b"data: " + json.dumps(told).encode()
    raw = bytearray(chance.choice([b"\n\n", b"\r\n\r\n"]).join([*picked, b""]))
    for _ in range(chance.choice([0, 0, 1, 3])):
        at = chance.randrange(len(raw) + 1)
        raw[at : at + chance.choice([0, 1, 40])] = chance.choice(JUNK)
    return bytes(raw[: chance.randrange(len(raw) + 1)] if chance.random() < 0.3 else raw)


def check_spoilt(chance: random.Random, lines: list[bytes]) -> None:
    raw, splitter, trace, said_end = spoil(chance, lines), Splitter(), Trace(), False
    step = chance.choice([7, 500, 65_536])
    for at in range(0, len(raw), step):
        for payload in splitter.feed(raw[at : at + step]):
            found = read(payload)
            said_end = said_end or found.name in ("workflow_finished", "workflow_paused")
            trace.fold(found)
    splitter.close()
    trace.close()
    assert orjson.dumps(as_json(trace))
    facts = trace.facts
    assert facts.complete <= said_end
    assert facts.status is None or facts.complete
    assert facts.nodes == len(trace.spans())


def spoil_many(seed: int, count: int) -> None:
    chance = random.Random(seed)
    recordings = [recorded(name_of(path)) for path in SMALL if path.stat().st_size < 20_000]
    streams = [[line for line in raw.split(b"\n\n") if line.startswith(b"data: {")] for raw in recordings]
    for number in range(count):
        state = chance.getstate()
        try:
            check_spoilt(chance, chance.choice([lines for lines in streams if lines]))
        except Exception as error:
            raise AssertionError(f"stream {number} of seed {seed}, state {hash(state)}") from error


def test_fmea_e13_five_thousand_spoilt_streams_never_raise_and_make_nothing_up() -> None:
    spoil_many(1, 5_000)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(10))
def test_a_hundred_thousand_spoilt_streams_never_raise_and_make_nothing_up(seed: int) -> None:
    spoil_many(100 + seed, 10_000)


# far too large


def nodes(count: int) -> Iterator[bytes]:
    yield wire(began())
    for number in range(count):
        node = f"n{number % 50}"
        meta = {"iteration_id": "each", "iteration_index": number, "total_tokens": 3}
        yield wire(
            started(f"e{number}", node, iteration_id="each"),
            finished(f"e{number}", node, meta=meta, outputs={"text": "a" * 200}),
        )
    yield wire(ended())


def one_event(size: int) -> Iterator[bytes]:
    yield (
        wire(began(), started("a", "first")) + b'data: {"event":"node_finished","data":{"id":"a","outputs":{"text":"'
    )
    for _ in range(size // MB):
        yield b"x" * MB
    yield b'"}}}\n\n' + wire(ended())


def much_output(size: int) -> Iterator[bytes]:
    yield wire(began())
    piece = wire(event("text_chunk", text="word " * 40), finished("a", "big", outputs={"text": "y" * 900_000}))
    for _ in range(size // len(piece)):
        yield piece
    yield wire(ended())


@asynccontextmanager
async def telling(pieces: Iterator[bytes]) -> AsyncIterator[str]:
    """A server that answers with this stream; its address."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")
        try:
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
        except ConnectionError:
            pass
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"


async def listen(pieces: Iterator[bytes]) -> dict[str, Any]:
    async with telling(pieces) as url:
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.dify.listener", url),
            stdout=asyncio.subprocess.PIPE,
            cwd=Path(__file__).parents[2],
        )
        told, _ = await child.communicate()
    found = dict(orjson.loads(told))
    assert found["grown_mb"] < GROWTH_MB
    return found


async def test_fmea_e12_an_event_of_far_too_many_bytes_is_dropped_and_the_run_has_its_end() -> None:
    told = await listen(one_event(40 * MB))
    assert (told["complete"], told["ignored"], told["nodes"], told["code"]) == (True, 1, 1, None)


@pytest.mark.long
async def test_an_event_of_200_mb_is_dropped_and_the_run_has_its_end() -> None:
    told = await listen(one_event(200 * MB))
    assert (told["complete"], told["ignored"], told["nodes"], told["code"]) == (True, 1, 1, None)


@pytest.mark.long
async def test_a_stream_of_1_gb_is_left_and_the_run_is_looked_up() -> None:
    told = await listen(much_output(1024 * MB))
    assert (told["complete"], told["code"], told["nodes"]) == (False, "too_long", 1)


@pytest.mark.long
async def test_of_50_000_nodes_all_are_counted_and_as_many_kept_as_can_be_written() -> None:
    told = await listen(nodes(50_000))
    assert (told["complete"], told["kept"]) == (True, MAX_SPANS)
    assert told["nodes"] >= 50_000


def test_fmea_e14_more_nodes_than_are_kept_are_counted() -> None:
    splitter, trace = Splitter(), Trace(max_spans=100)
    for piece in nodes(300):
        for payload in splitter.feed(piece):
            trace.fold(read(payload))
    facts = trace.facts
    assert (len(trace.spans()), facts.nodes, facts.complete) == (100, 301, True)
