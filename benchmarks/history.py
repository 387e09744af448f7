"""Finished runs written with their traces, beside SQLAlchemy's ORM; and how much disk full traces take."""

import asyncio
import random
import tempfile
import time
from argparse import Namespace
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
from sqlalchemy import Connection

from benchmarks.rig.figures import median, print_goal, print_table
from benchmarks.rig.ormpeer import OrmWriter
from bot.dify.events import read
from bot.loops.close import close
from bot.loops.ending import end_by_stream
from bot.loops.logbook import Logbook
from storage import claims, runs
from storage.database import Store, open_store, upgrade
from storage.records import Cause, Run, RunState

NODES = 20
SLIM, FULL = 200, 6_300  # characters of the inputs and of the outputs of a node: 9 KB and 261 KB of JSON a run
WRITTEN, ROUNDS = 200, 3
AT_ONCE = 50  # runs that end together, as those of a burst do
KEPT = 1_000
GOAL_RATIO, GOAL_MB = 5.0, 70.0
TEXTS = Path(__file__).parents[1]


async def measure(asked: Namespace) -> None:
    text = "\n".join(path.read_text() for path in sorted([*TEXTS.glob("docs/*.md"), *TEXTS.glob("bot/**/*.py")]))
    rows = [await _round(text) for _ in range(ROUNDS)]
    print_table(
        f"{WRITTEN} ended runs of {NODES} nodes with slim traces, a second",
        ("ours, one by one", f"ours, {AT_ONCE} at once", "ORM, aiosqlite", "ratio"),
        rows,
    )
    ratio = median([row[-1] for row in rows])
    print_goal(f"ended runs written ≥ {GOAL_RATIO:.0f} × as fast as by the ORM", ratio, at_least=GOAL_RATIO)
    json_kb, disk_mb = await _weigh(text)
    print(f"\n{KEPT:,} runs with full traces, of the text of this project, {json_kb:.0f} KB of JSON each")
    print_goal(f"they take ≤ {GOAL_MB:.0f} MB of disk", disk_mb, at_most=GOAL_MB)


async def _round(text: str) -> list[float]:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        store = await _open(folder)
        single = await _rate(await _books(store, WRITTEN, text, SLIM), 1, lambda book: _close(store, book))
        grouped = await _rate(await _books(store, WRITTEN, text, SLIM), AT_ONCE, lambda book: _close(store, book))
        books = await _books(store, WRITTEN, text, SLIM)
        orm = OrmWriter(Path(folder) / "orm.sqlite3")
        await orm.open()
        peer = await _rate(books, 1, lambda book: orm.write(book.run.name, book.trace.facts.outputs, book.spans))
        await orm.close()
        await store.close()
    return [single, grouped, peer, grouped / peer]


async def _rate(books: Sequence[Logbook], at_once: int, write: Callable[[Logbook], Awaitable[None]]) -> float:
    began = time.perf_counter()
    for start in range(0, len(books), at_once):
        await asyncio.gather(*(write(book) for book in books[start : start + at_once]))
    return len(books) / (time.perf_counter() - began)


async def _close(store: Store, book: Logbook) -> None:
    """As a flight ends, with no flight around it."""
    services: Any = SimpleNamespace(store=store, now=lambda: datetime.now(UTC), engine=_Deaf())
    if not await close(services, book, end_by_stream(book.trace.facts, book.spans, None)):
        raise RuntimeError("a run had another owner")


class _Deaf:
    def wake(self, kind: str) -> None:
        """Nobody listens."""


async def _weigh(text: str) -> tuple[float, float]:
    """KB of JSON of a trace, and MB of the database file for all of them."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        store = await _open(folder)
        json_bytes = 0
        for _ in range(KEPT // AT_ONCE):
            books = await _books(store, AT_ONCE, text, FULL)
            json_bytes += sum(len(orjson.dumps(book.spans)) for book in books)
            await asyncio.gather(*(_close(store, book) for book in books))
        await store.close()
        size = sum(path.stat().st_size for path in Path(folder).iterdir())
    return json_bytes / KEPT / 1024, size / 1024 / 1024


async def _open(folder: str) -> Store:
    url = f"sqlite:///{folder}/ours.sqlite3"
    await upgrade(url)
    return open_store(url)


async def _books(store: Store, count: int, text: str, chars: int) -> list[Logbook]:
    """Runs that are ours and have heard of their end."""
    now = datetime.now(UTC)

    def claim(c: Connection) -> list[Run]:
        runs.add_many(c, [_ready(number, now) for number in range(count)])
        return claims.claim_runs(c, [run_id for run_id, _ in claims.ready_runs(c, now, count)], "me", now, 3600)

    books = [Logbook(run) for run in await store.run(claim)]
    for book in books:
        _tell(book, text, chars)
    return books


def _ready(number: int, now: datetime) -> Run:
    return Run(
        id=0,
        team_id="T1",
        key=f"load:{now.isoformat()}/{number}",
        app_id=1,
        name=f"News {number}",
        channel_id="C0OPS",
        owner_id="U0ANA",
        cause=Cause.MANUAL,
        inputs={"topic": "AI news"},
        slot_at=now,
        due_at=now,
        timeout_s=1_200,
        created_at=now,
        state=RunState.READY,
        ready_at=now,
    )


def _tell(book: Logbook, text: str, chars: int) -> None:
    """A node takes in what the one before it has put out, as they do at Dify."""
    _fold(book, "workflow_started", {"id": str(book.run.id), "workflow_id": "w"})
    passed_on = _piece(text, chars)
    for number in range(NODES):
        node = {
            "id": f"{book.run.id}-{number}",
            "node_id": f"n{number}",
            "node_type": "llm",
            "title": f"Step {number}",
        }
        _fold(book, "node_started", node)
        taken, passed_on = passed_on, _piece(text, chars)
        values = {"inputs": {"text": taken}, "outputs": {"text": passed_on}}
        usage = {"total_tokens": 700, "total_price": "0.0012", "currency": "USD"}
        told = {"status": "succeeded", "elapsed_time": 1.25, "execution_metadata": usage}
        _fold(book, "node_finished", node | values | told)
    outputs = {"text": _piece(text, chars)}
    end = {
        "status": "succeeded",
        "outputs": outputs,
        "elapsed_time": 25.0,
        "total_tokens": 14_000,
        "total_steps": NODES,
    }
    _fold(book, "workflow_finished", {"id": str(book.run.id), **end})


def _fold(book: Logbook, name: str, data: dict[str, Any]) -> None:
    body = {"event": name, "workflow_run_id": f"run-{book.run.id}", "task_id": "t", "data": data}
    book.trace.fold(read(orjson.dumps(body)))


def _piece(text: str, chars: int) -> str:
    at = random.randrange(len(text) - chars)
    return text[at : at + chars]
