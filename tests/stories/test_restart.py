"""A bot that is killed or ended loses no run, starts none twice, and says so where it cannot know."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from bot.app import build
from bot.settings import read
from bot.web.health import check_health
from tests.stories.process import Serving, serve
from tests.stories.servers import connect_all, environment, open_servers
from tests.stories.sight import words_of
from tests.stories.world import ANA, OPS, PATIENCE_S, TurnedClock, World

LEASE = timedelta(seconds=30)  # longer than a dead owner keeps its runs


@asynccontextmanager
async def open_life(folder: Path, speed: float = 10.0) -> AsyncIterator[tuple[World, Serving]]:
    """A world whose bot is a process of its own. The apps were connected before it was started."""
    async with open_servers(speed=speed) as (slack, dify):
        environ = environment(slack, folder)
        seeding = await build(read(environ, None))
        await connect_all(seeding, dify)
        await seeding.stop()
        world = World(slack=slack, dify=dify, bot=seeding, clock=TurnedClock())
        async with serve(environ, folder / "serve.log") as process:
            await world.wait(lambda: slack.sockets.count == 1, 20, what=f"the bot\n{process.log_file.read_text()}")
            yield world, process


@asynccontextmanager
async def next_life(world: World, folder: Path, *, later: timedelta = LEASE) -> AsyncIterator[None]:
    """The bot again, some time later, over the same database."""
    await world.wait(lambda: world.slack.sockets.count == 0, what="the end of the first bot's socket")
    world.clock = TurnedClock(later)
    world.bot = await build(read(environment(world.slack, folder), None), now=world.clock)
    await world.bot.start()
    try:
        yield
    finally:
        await world.bot.stop()


async def at_work(world: World) -> None:
    """Return when the bot has kept the first nodes of a run, which the Home shows."""
    async with asyncio.timeout(PATIENCE_S):
        while (home := world.slack.home(ANA)) is None or "1 of 2 nodes" not in words_of(home):
            await world.slack.open_home(ANA)


async def test_a_run_goes_on_at_dify_while_the_bot_is_killed_and_is_told_by_the_next_one(tmp_path: Path) -> None:
    async with open_life(tmp_path) as (world, process):
        await world.save("/dify schedule slow every day at 9 as Watch")
        await world.type("/dify run watch")
        await at_work(world)
        await process.kill()
        async with next_life(world, tmp_path):
            done = await world.told("*Watch* finished")
            assert len(world.slack.messages(OPS)) == 1
            await world.press(done, "Open trace")
            assert "Slow node 35s" in words_of(await world.view("Run "))
    assert len(world.dify.starts()) == 1


async def test_a_run_that_was_started_and_never_named_is_found_and_not_started_again(tmp_path: Path) -> None:
    async with open_life(tmp_path) as (world, process):
        world.dify.mischief.silence_next(0)
        await world.type("/dify run slow")
        await world.started("slow")
        await process.kill()
        async with next_life(world, tmp_path):
            await world.told("*slow* finished")
            assert len(world.slack.messages(OPS)) == 1
    assert len(world.dify.starts()) == 1


async def test_fmea_a19_a_job_that_was_due_while_the_bot_was_dead_runs_once_when_it_is_back(tmp_path: Path) -> None:
    async with open_life(tmp_path) as (world, process):
        await world.save("/dify schedule loops every 15 minutes as Watch")
        await process.kill()
        async with next_life(world, tmp_path, later=timedelta(minutes=40)):
            await world.told("*Watch* finished")
            assert len(world.dify.starts()) == 1
            await world.turn_to_next()
            await world.told("*Watch* finished", nth=1)
    assert len(world.dify.starts()) == 2


async def test_an_ended_bot_leaves_in_time_and_the_next_one_takes_its_run_at_once(tmp_path: Path) -> None:
    async with open_life(tmp_path) as (world, process):
        await world.type("/dify run slow")
        running = await world.told("*slow* is running")
        assert await process.end() == 0
        async with next_life(world, tmp_path, later=timedelta()):
            done = await world.told("*slow* finished")
            assert done.ts == running.ts
    assert len(world.dify.starts()) == 1
    assert len(world.slack.messages(OPS)) == 1


async def test_fmea_f11_a_card_of_before_can_be_saved_after(tmp_path: Path) -> None:
    async with open_life(tmp_path) as (world, process):
        card = await world.type("/dify schedule loops every day at 9 as Watch")
        await process.kill()
        async with next_life(world, tmp_path):
            await world.press(card, "Save")
            await world.wait(lambda: card.text.startswith("Saved"), what="Saved")


async def test_what_was_owed_when_slack_took_the_token_back_is_posted_after_a_start_with_a_good_one(
    tmp_path: Path,
) -> None:
    async with open_servers() as (slack, dify):
        clock = TurnedClock()
        bot = await build(read(environment(slack, tmp_path), None), now=clock)
        await connect_all(bot, dify)
        await bot.start()
        world = World(slack=slack, dify=dify, bot=bot, clock=clock)
        await world.save('/dify schedule digest every hour as "Tea" topic=Tea')
        slack.web_api.revoked = True  # without a word to the app: it finds out by itself
        await world.turn_to_next()
        await world.wait(lambda: slack.log.of("api", method="auth.test", ok=False), what="one question to be sure")
        await bot.services.tasks.idle()
        await bot.courier.once()
        assert not (await check_health(bot.services)).is_well
        assert slack.messages(OPS) == []
        await bot.stop()
        slack.restore_tokens()
        async with next_life(world, tmp_path, later=clock.ahead + LEASE):
            await world.told("*Tea* finished")
            assert (await check_health(world.bot.services)).is_well
