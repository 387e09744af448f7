"""Killed at every named point, and at any moment: every job runs once and is told once."""

import asyncio
import os
import random
import secrets
import signal
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import pytest

from bot.demo.slack.people import BOT_USER, Channel
from bot.settings import read
from storage.database import open_store, status
from storage.vault import KEY_BYTES
from tests.survival import count
from tests.survival.child import ALERT_POINTS, EDIT_POINTS, POINTS
from tests.survival.life import begin
from tests.survival.weather import turn_bad
from tests.survival.world import PATIENCE_S, Survival, open_survival

KILLS = int(os.environ.get("KILLS", "400"))
ROUNDS = int(os.environ.get("ROUNDS", "20"))
FAILURES = int(os.environ.get("FAILURES", "1000"))
KILLS_AMONG_FAILURES = int(os.environ.get("KILLS_AMONG_FAILURES", "60"))
ROTATIONS = int(os.environ.get("ROTATIONS", "20"))
PARTS = 4  # a long test comes in so many, which two test processes share
CHANNELS = 40  # Slack takes a message a second for each
ALL = (*POINTS, *ALERT_POINTS, *EDIT_POINTS)


async def settle(world: Survival, patience_s: float = 2 * PATIENCE_S) -> None:
    await world.live_out(patience_s=patience_s)
    verdict = await world.judge()
    assert not any(verdict.values()), f"{verdict}\n{world.report()}"
    count.add("kill −9", world.deaths)
    world.deaths = 0


def check_file(folder: Path) -> None:
    with sqlite3.connect(folder / "dify-ops.sqlite3") as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


async def die_at(world: Survival, points: Sequence[str]) -> None:
    """A death at each, while a run that passes it is due."""
    for point in points:
        await world.add_job(
            app_name="failing" if point in ALERT_POINTS else "long" if point in EDIT_POINTS else "digest"
        )
        await world.die_at(point)


@pytest.mark.parametrize("points", [ALL[half::2] for half in range(2)], ids=["odd", "even"])
async def test_fmea_a1_to_a10_killed_at_every_named_point_every_job_runs_once_and_is_told_once(
    tmp_path: Path, points: tuple[str, ...]
) -> None:
    async with open_survival(tmp_path) as world:
        await die_at(world, points)
        assert world.deaths == len(points)
        await settle(world)
    check_file(tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("part", range(PARTS))
async def test_killed_again_and_again_at_every_named_point(tmp_path: Path, part: int) -> None:
    async with open_survival(tmp_path) as world:
        await die_at(world, ALL[part::PARTS] * ROUNDS)
        await settle(world)
    check_file(tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("part", range(PARTS))
async def test_killed_at_any_moment_in_bad_weather(tmp_path: Path, part: int) -> None:
    chance = random.Random(part)
    async with open_survival(tmp_path) as world:
        turn_bad(world, part)
        for _ in range(KILLS // PARTS):
            for _ in range(chance.randint(1, 4)):
                await world.add_job(chance.uniform(0.5, 2.0))
            await die_within(world, chance.uniform(0.4, 1.8))
        await settle(world, 10 * PATIENCE_S)
    check_file(tmp_path)


async def die_within(world: Survival, seconds: float) -> None:
    async with world.life() as process:
        await asyncio.sleep(seconds)
        process.kill()
        await process.wait()
    world.deaths += 1


@pytest.mark.long
async def test_every_failure_is_alerted_once_whenever_the_bot_is_killed(tmp_path: Path) -> None:
    """The first failure of each of so many jobs, which fail in a row of bursts."""
    chance = random.Random(14)
    channels = [f"C0A{number}" for number in range(CHANNELS)]
    async with open_survival(tmp_path) as world:
        for channel in channels:
            world.slack.workspace.channels[channel] = Channel(channel, channel.lower(), members={"U0ANA", BOT_USER})
        for batch in range(KILLS_AMONG_FAILURES):
            for number in range(batch, FAILURES, KILLS_AMONG_FAILURES):
                await world.add_job(1.5, "failing", channels[number % CHANNELS])
            await die_within(world, chance.uniform(0.8, 3.0))
        await settle(world, 10 * PATIENCE_S)
    check_file(tmp_path)


async def upgrade_dying(folder: Path, url: str) -> int:
    """Killed after the first statement, after the second, and so on, until there is none left; how often."""
    environ = {"DATABASE_URL": url, "DIFY_OPS_HOME": str(folder), "ONLY_UPGRADE": "1"}
    for deaths in range(1_000):
        life = await begin(environ | {"CRASH": f"migrate:inside:{deaths + 1}"}, folder / "bot.log")
        code = await life.wait()
        await life.end()
        if code == 0:
            return deaths
        assert code == -signal.SIGKILL, (folder / "bot.log").read_text()[-3000:]
        current, head = await status(url)
        assert current in (None, head)
    raise AssertionError("it never ends")


@pytest.mark.long
@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
async def test_fmea_b11_a_schema_that_is_killed_at_every_statement_is_whole_or_not_there(
    tmp_path: Path, engine: str, request: pytest.FixtureRequest
) -> None:
    url = f"sqlite:///{tmp_path}/dify-ops.sqlite3"
    if engine == "postgresql":
        postgres = request.getfixturevalue("postgres")
        url = postgres.url(postgres.create())
    deaths = await upgrade_dying(tmp_path, url)
    assert deaths > 30
    store = open_store(url)
    await store.check()
    await store.close()
    count.add("kill −9", deaths)


@pytest.mark.long
async def test_fmea_b15_killed_while_keys_are_sealed_anew_every_job_runs(tmp_path: Path) -> None:
    keys: list[str] = []
    async with open_survival(tmp_path) as world:
        keys.append((tmp_path / "secret.key").read_text().strip())
        for turn in range(ROTATIONS):
            keys.insert(0, secrets.token_urlsafe(KEY_BYTES))
            world.environ["DIFY_OPS_SECRET_KEYS"] = ",".join(keys)
            await world.add_job()
            await world.die_at("rotate:inside" if turn % 3 else "rotate:after", 1 + turn % 2 if turn % 3 else 1)
        await settle(world)
        del keys[1:]
        world.environ["DIFY_OPS_SECRET_KEYS"] = keys[0]
        await world.add_job()
        await settle(world)
    assert read(world.environ, None).secret_keys == keys[0]
