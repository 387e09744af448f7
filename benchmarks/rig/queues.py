"""The two queues of PostgreSQL as children: they drain a herd of small jobs, and are timed from word to work."""

import asyncio
import time
from datetime import timedelta
from typing import Any

import asyncpg
import procrastinate
from pgqueuer import PgQueuer
from pgqueuer.models import Job
from pgqueuer.queries import Queries

from benchmarks.rig.child import Line
from benchmarks.rig.herd import HERD, time_it

BATCH = 100
WORKERS = 100
EVERY_S, WORDS = 0.02, 200  # fifty a second


class Taken:
    """Counts what was taken, and how long after it was said."""

    def __init__(self) -> None:
        self.delays_ms: list[float] = []
        self.count = 0
        self._wanted = 0
        self._all = asyncio.Event()

    def take(self, said_at: float) -> None:
        self.count += 1
        self.delays_ms.append((time.time() - said_at) * 1000)
        if self.count >= self._wanted:
            self._all.set()

    async def wait(self, count: int) -> None:
        self._wanted, self.count = count, 0
        self.delays_ms.clear()
        self._all.clear()
        await self._all.wait()


async def run_pgqueuer(line: Line, dsn: str) -> None:
    queries = Queries.from_asyncpg_connection(await asyncpg.connect(dsn))
    await queries.install()
    queuer, taken = PgQueuer.from_asyncpg_connection(await asyncpg.connect(dsn)), Taken()

    @queuer.entrypoint("word")
    async def work(job: Job) -> None:
        taken.take(float(job.payload or b"0"))

    async def say(count: int) -> None:
        now = str(time.time()).encode()
        await queries.enqueue(["word"] * count, [now] * count, [0] * count)

    async def drain() -> None:
        waiting = asyncio.create_task(taken.wait(HERD))
        working = asyncio.create_task(queuer.qm.run(dequeue_timeout=timedelta(seconds=1), batch_size=BATCH))
        await waiting
        queuer_tasks.append(working)

    queuer_tasks: list[asyncio.Task[None]] = []
    await say(HERD)
    line.say("ready")
    await line.serve(claim=lambda: time_it(drain), pace=lambda: _pace(say, taken))
    for task in queuer_tasks:
        task.cancel()


async def run_procrastinate(line: Line, dsn: str) -> None:
    app, taken = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=dsn)), Taken()

    @app.task(name="word")
    async def work(said_at: float) -> None:
        taken.take(said_at)

    async with app.open_async():
        await app.schema_manager.apply_schema_async()

        async def say(count: int) -> None:
            now = time.time()
            await work.batch_defer_async(*({"said_at": now} for _ in range(count)))

        await say(HERD)
        line.say("ready")
        workers: list[asyncio.Task[None]] = []

        async def drain() -> None:
            waiting = asyncio.create_task(taken.wait(HERD))
            told: dict[str, Any] = {
                "concurrency": WORKERS,
                "delete_jobs": "always",
                "fetch_job_polling_interval": 1.0,
            }
            workers.append(asyncio.create_task(app.run_worker_async(install_signal_handlers=False, **told)))
            await waiting

        await line.serve(claim=lambda: time_it(drain), pace=lambda: _pace(say, taken))
        for task in workers:
            task.cancel()
        await asyncio.gather(*workers, return_exceptions=True)


async def _pace(say: Any, taken: Taken) -> list[float]:
    """Milliseconds from word to work, at fifty a second; the worker runs since the herd."""
    waiting = asyncio.create_task(taken.wait(WORDS))
    for _ in range(WORDS):
        await say(1)
        await asyncio.sleep(EVERY_S)
    await waiting
    return list(taken.delays_ms)
