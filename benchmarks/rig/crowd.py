"""A crowd: any number of jobs with one planned run each, multiplied by the database itself from one real row of each."""

import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, Text, cast, func, insert, literal, select, text, update

from benchmarks.rig.child import Line
from benchmarks.rig.herd import LATE, time_it
from benchmarks.rig.slack import CHANNEL, USER
from bot import schedules
from bot.app import build
from bot.operations.plan import planned_run
from bot.schedules.kind import Slot
from bot.settings import read
from storage import jobs as job_rows
from storage import runs as run_rows
from storage.records import Job, Run, RunState
from storage.schema import upgrade
from storage.tables import jobs, runs

CHUNKS = 50  # each has its own minute, and none is so long that PostgreSQL gives a statement up
FAR = timedelta(days=2)  # nothing of a crowd is due by itself while a measurement lasts


def add_crowd(c: Connection, count: int, *, team_id: str, now: datetime) -> None:
    """Daily jobs that come due in two days, spread over some minutes."""
    if count == 0:
        return
    daily = schedules.read("every day at 9", "Europe/Berlin", now)
    model = Job(
        id=0,
        team_id=team_id,
        channel_id=CHANNEL,
        name="model",
        app_id=1,
        inputs={"topic": "AI news"},
        schedules=(daily,),
        owner_id=USER,
        created_at=now,
    )
    job = job_rows.add(c, model)
    for chunk in range(CHUNKS):
        at = (now + FAR + timedelta(minutes=chunk)).replace(microsecond=0)
        run = run_rows.add(c, planned_run(job, Slot(at, at), now=now))
        assert run is not None
        _multiply(c, job, run, chunk * count, count // CHUNKS)
        run_rows.drop_planned(c, job.id)
    c.execute(text("ANALYZE"))


def make_due(c: Connection, offset: int, *, count: int, now: datetime) -> int:
    """Every so many-th job is due since a moment, from all over the tables; how many are."""
    total = c.execute(select(func.count()).select_from(jobs)).scalar_one()
    late = now - LATE
    every = (total // count) or 1
    chosen = update(runs).where(runs.c.state == RunState.PLANNED, runs.c.job_id % every == offset)
    return c.execute(chosen.values(slot_at=late, due_at=late, turn_at=late)).rowcount


def _multiply(c: Connection, job: Job, run: Run, first: int, count: int) -> None:
    numbers = select(literal(first, Integer).label("n")).cte("numbers", recursive=True)
    numbers = numbers.union_all(select(numbers.c.n + 1).where(numbers.c.n < first + count - 1))
    last_id = c.execute(select(func.max(jobs.c.id))).scalar_one()
    name = literal("crowd ", Text).concat(cast(numbers.c.n, Text))
    _copy(c, jobs, {"name": name, "name_folded": name}, jobs.c.id == job.id, numbers)
    key = literal("job:", Text).concat(cast(jobs.c.id, Text)).concat(literal(f"@{run.due_at.isoformat()}", Text))
    ours = (runs.c.id == run.id) & (jobs.c.id > last_id)
    _copy(c, runs, {"key": key, "job_id": jobs.c.id}, ours, jobs)


def _copy(
    c: Connection, table: Any, news: Mapping[str, ColumnElement[Any]], condition: ColumnElement[bool], beside: Any
) -> None:
    columns = [column for column in table.c if column.name != "id"]
    rows = select(*(news.get(column.name, column) for column in columns)).select_from(table).join(beside, condition)
    c.execute(insert(table).from_select([column.name for column in columns], rows))


async def run_crowd(line: Line, environ: Mapping[str, str], count: int) -> None:
    """A child: the bot's own clock before a crowd, of which some are due whenever it is asked."""
    settings = read(environ, None)
    await upgrade(settings.database_url)
    bot = await build(settings)
    store, now = bot.services.store, bot.services.now
    await store.run(lambda c: add_crowd(c, count, team_id=bot.services.team_id, now=now()))
    line.say("ready")

    async def claim(offset: int, due: int) -> tuple[float, float, float]:
        """Seconds, CPU seconds of this process, and the longest stall in ms."""
        made = await store.run(lambda c: make_due(c, offset, count=due, now=now()))

        async def once() -> None:
            if (claimed := await bot.clock.once()) != made:
                raise RuntimeError(f"the clock claimed {claimed} of {made}")

        cpu_s = time.process_time()
        passed_s, stall_ms = await time_it(once)
        return passed_s, time.process_time() - cpu_s, stall_ms

    await line.serve(claim=claim)
    await bot.stop()


async def fill(environ: Mapping[str, str], count: int) -> None:
    """A database with a crowd, for a bot that is started afterwards."""
    settings = read(environ, None)
    await upgrade(settings.database_url)
    bot = await build(settings)
    now, team_id = bot.services.now(), bot.services.team_id
    await bot.services.store.run(lambda c: add_crowd(c, count, team_id=team_id, now=now))
    await bot.stop()
