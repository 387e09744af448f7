"""A herd of jobs that come due in one instant, and who claims them: the bot's clock, a bare loop, APScheduler.

Each is a child that prepares its herd, says that it is ready, and answers `claim` with (seconds, longest stall in ms).
"""

import asyncio
import json
import sqlite3
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger
from sqlalchemy import Connection, create_engine, event

from benchmarks.rig.child import Line
from benchmarks.rig.noise import Heart
from benchmarks.rig.slack import CHANNEL, USER
from bot import schedules
from bot.app import Bot, build
from bot.operations.plan import planned_run
from bot.schedules.kind import Slot
from bot.settings import read
from storage import jobs, runs
from storage.records import Job
from storage.schema import upgrade

HERD = 10_000
BARE_BATCH = 500
LATE = timedelta(seconds=1)

BARE_ROWS = 100_000  # of which the herd is due

_BARE_TABLES = (
    "CREATE TABLE herd (id INTEGER PRIMARY KEY, inputs TEXT NOT NULL, next_at TEXT NOT NULL)",
    "CREATE INDEX herd_next ON herd (next_at)",
    "CREATE TABLE fired (job_id INTEGER NOT NULL, due_at TEXT NOT NULL, inputs TEXT NOT NULL, UNIQUE (job_id, due_at))",
)
_DUE, _LATER = "2026-11-23T08:00:00+00:00", "2026-11-24T08:00:00+00:00"


async def run_clock(line: Line, environ: Mapping[str, str]) -> None:
    """The bot's own clock on rows of its own tables; neither doors nor the engine are started."""
    settings = read(environ, None)
    await upgrade(settings.database_url)
    bot = await build(settings)
    await bot.services.store.run(lambda c: _add_herd(c, bot))
    line.say("ready")

    async def claim() -> None:
        if await bot.clock.once() != HERD:
            raise RuntimeError("the clock did not claim the whole herd")

    await line.serve(claim=lambda: time_it(claim))
    await bot.stop()


def _add_herd(c: Connection, bot: Bot) -> None:
    now = bot.services.now()
    daily = schedules.read("every day at 9", "Europe/Berlin", now)
    added = [
        jobs.add(
            c,
            Job(
                id=0,
                team_id=bot.services.team_id,
                channel_id=CHANNEL,
                name=f"herd {number}",
                app_id=1,
                inputs={"topic": "AI news"},
                schedules=(daily,),
                owner_id=USER,
                created_at=now,
            ),
        )
        for number in range(HERD)
    ]
    runs.add_many(c, [planned_run(job, Slot(now - LATE, now - LATE), now=now) for job in added])


def _bare_rows() -> list[tuple[int, str, str]]:
    return [(number, '{"topic":"AI news"}', _DUE if number < HERD else _LATER) for number in range(BARE_ROWS)]


def _next_day(due_at: str) -> str:
    return (datetime.fromisoformat(due_at) + timedelta(days=1)).isoformat()


async def run_bare_sqlite(line: Line, path: str) -> None:
    """The limit: three statements in a thread, no policy, no record; as durable as ours."""
    c = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    c.execute("PRAGMA journal_mode=WAL")
    c.execute("PRAGMA synchronous=FULL")
    for statement in _BARE_TABLES:
        c.execute(statement)
    c.execute("BEGIN")
    c.executemany("INSERT INTO herd VALUES (?, ?, ?)", _bare_rows())
    c.execute("COMMIT")
    line.say("ready")

    def claim() -> None:
        while True:
            c.execute("BEGIN IMMEDIATE")
            select = "SELECT id, next_at, inputs FROM herd WHERE next_at <= ? ORDER BY next_at, id LIMIT ?"
            found = c.execute(select, (_DUE, BARE_BATCH)).fetchall()
            plan = "UPDATE herd SET next_at = ? WHERE id = ?"
            c.executemany(plan, [(_next_day(due_at), number) for number, due_at, _ in found])
            c.executemany("INSERT INTO fired VALUES (?, ?, ?) ON CONFLICT DO NOTHING", found)
            c.execute("COMMIT")
            if len(found) < BARE_BATCH:
                return

    await line.serve(claim=lambda: time_it(lambda: asyncio.to_thread(claim)))
    c.close()


async def run_bare_postgres(line: Line, url: str) -> None:
    """The limit on PostgreSQL: the same with asyncpg and arrays."""
    c = await asyncpg.connect(url)
    for statement in _BARE_TABLES:
        await c.execute(statement)
    await c.copy_records_to_table("herd", records=_bare_rows())
    line.say("ready")
    select = "SELECT id, next_at, inputs FROM herd WHERE next_at <= $1 ORDER BY next_at, id LIMIT $2 FOR UPDATE SKIP LOCKED"
    plan = (
        "UPDATE herd SET next_at = news.at FROM unnest($1::int[], $2::text[]) news (id, at) WHERE herd.id = news.id"
    )
    insert = "INSERT INTO fired SELECT * FROM unnest($1::int[], $2::text[], $3::text[]) ON CONFLICT DO NOTHING"

    async def claim() -> None:
        while True:
            async with c.transaction():
                found = await c.fetch(select, _DUE, BARE_BATCH)
                ids = [row[0] for row in found]
                await c.execute(plan, ids, [_next_day(row[1]) for row in found])
                await c.execute(insert, ids, [row[1] for row in found], [row[2] for row in found])
            if len(found) < BARE_BATCH:
                return

    await line.serve(claim=lambda: time_it(claim))
    await c.execute("DROP TABLE herd, fired")
    await c.close()


_LATER_DAY = timedelta(days=1)
_OUR_NEXT = (
    "INSERT INTO runs (key, slot_at, due_at, turn_at, created_at, team_id, app_id, name, channel_id, owner_id, cause,"
    " inputs, priority, warn_over_s, timeout_s, job_id, job_version, state, attempts, retries, fence, deaths, nodes,"
    " nodes_done) {values} ON CONFLICT DO NOTHING"
)
_COPIED = (
    "team_id, app_id, name, channel_id, owner_id, cause, inputs, priority, warn_over_s, timeout_s, job_id, job_version,"
    " 'planned', 0, 0, 0, 0, 0, 0"
)


async def run_bare_rows_sqlite(line: Line, environ: Mapping[str, str]) -> None:
    """The limit where the rows are ours: three statements over our own tables and indexes, and no decision."""
    settings = read(environ, None)
    await upgrade(settings.database_url)
    bot = await build(settings)
    await bot.services.store.run(lambda c: _add_herd(c, bot))
    await bot.stop()
    c = sqlite3.connect(
        settings.database_url.removeprefix("sqlite:///"), isolation_level=None, check_same_thread=False
    )
    c.execute("PRAGMA synchronous=FULL")
    line.say("ready")
    now = datetime.now(UTC).isoformat(timespec="microseconds")
    due = "SELECT id, job_id, due_at FROM runs WHERE state = 'planned' AND due_at <= ? ORDER BY due_at, id LIMIT ?"
    ready = "UPDATE runs SET state = 'ready', ready_at = ? WHERE id IN (SELECT value FROM json_each(?))"
    values = (
        "SELECT 'job:' || job_id || '@' || json_extract(value, '$[1]'), json_extract(value, '$[1]'),"
        " json_extract(value, '$[1]'), json_extract(value, '$[1]'), ?, "
        f"{_COPIED} FROM json_each(?) JOIN runs ON runs.id = json_extract(value, '$[0]') WHERE true"
    )
    insert = _OUR_NEXT.format(values=values)

    def claim() -> None:
        while True:
            c.execute("BEGIN IMMEDIATE")
            found = c.execute(due, (now, BARE_BATCH)).fetchall()
            c.execute(ready, (now, json.dumps([row[0] for row in found])))
            c.execute(insert, (now, json.dumps([(row[0], _next_day(row[2])) for row in found])))
            c.execute("COMMIT")
            if len(found) < BARE_BATCH:
                return

    await line.serve(claim=lambda: time_it(lambda: asyncio.to_thread(claim)))
    c.close()


async def run_bare_rows_postgres(line: Line, environ: Mapping[str, str]) -> None:
    """The same on PostgreSQL, with asyncpg and arrays, in a database of its own."""
    c = await asyncpg.connect(environ["DATABASE_URL"])
    await c.execute("CREATE DATABASE rows")
    await c.close()
    settings = read({**environ, "DATABASE_URL": environ["DATABASE_URL"].replace("/postgres?", "/rows?")}, None)
    await upgrade(settings.database_url)
    bot = await build(settings)
    await bot.services.store.run(lambda c: _add_herd(c, bot))
    await bot.stop()
    c = await asyncpg.connect(settings.database_url)
    line.say("ready")
    now = datetime.now(UTC)
    due = (
        "SELECT id, job_id, due_at FROM runs WHERE state = 'planned' AND due_at <= $1 ORDER BY due_at, id LIMIT $2"
        " FOR UPDATE SKIP LOCKED"
    )
    ready = "UPDATE runs SET state = 'ready', ready_at = $1 WHERE id = ANY($2::bigint[])"
    values = (
        f"SELECT news.key, news.at, news.at, news.at, $1, {_COPIED}"
        " FROM unnest($2::bigint[], $3::text[], $4::timestamptz[]) news (run, key, at) JOIN runs ON runs.id = news.run"
    )
    insert = _OUR_NEXT.format(values=values)

    async def claim() -> None:
        while True:
            async with c.transaction():
                found = await c.fetch(due, now, BARE_BATCH)
                ids, later = [row[0] for row in found], [row[2] + _LATER_DAY for row in found]
                keys = [f"job:{row[1]}@{at.isoformat()}" for row, at in zip(found, later, strict=True)]
                await c.execute(ready, now, ids)
                await c.execute(insert, now, ids, keys, later)
            if len(found) < BARE_BATCH:
                return

    await line.serve(claim=lambda: time_it(claim))
    await c.close()


_fired: list[float] = []


async def fire() -> None:
    """What APScheduler's jobs do; it finds the function by its name."""
    _fired.append(time.perf_counter())


async def run_apscheduler(line: Line, url: str) -> None:
    """The peer: its SQLAlchemy job store; on SQLite with WAL and synchronous=NORMAL, which favours it."""
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _favour)
    scheduler = AsyncIOScheduler(jobstores={"default": SQLAlchemyJobStore(engine=engine)}, timezone=UTC)
    scheduler.start(paused=True)
    due = datetime.now(UTC) - LATE
    for _ in range(HERD):
        # Without the grace, its default of one second drops what is due.
        daily = CronTrigger(hour=9, timezone="Europe/Berlin")
        scheduler.add_job(fire, daily, next_run_time=due, misfire_grace_time=None)
    line.say("ready")

    async def claim() -> None:
        scheduler.resume()
        while len(_fired) < HERD:  # noqa: ASYNC110 - the peer calls a function by its name, not a closure
            await asyncio.sleep(0.01)

    await line.serve(claim=lambda: time_it(claim))
    scheduler.shutdown(wait=False)


def _favour(connection: Any, _: Any) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")


async def time_it(claim: Callable[[], Awaitable[None]]) -> tuple[float, float]:
    heart = Heart()
    heart.start()
    await asyncio.sleep(0.02)
    began = time.perf_counter()
    await claim()
    passed_s = time.perf_counter() - began
    await asyncio.sleep(0.02)
    return passed_s, heart.stop()["max"]
