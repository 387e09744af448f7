"""The two nights of the year on which a local clock jumps: each job runs once, also where the bot is away then."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.app import build
from bot.settings import read
from storage import claims, jobs, runs
from storage.records import Run, RunState
from tests.stories.servers import connect_all, environment, open_servers
from tests.stories.world import LOOKS, TurnedClock, World

NEW_YORK = ZoneInfo("America/New_York")
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def next_change(*, ahead: bool) -> datetime:
    """The first instant of the next summer time (`ahead`) or winter time in New York that is a week or more away."""
    at = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(days=7)
    while True:
        before, after = at.astimezone(NEW_YORK).utcoffset(), (at + HOUR).astimezone(NEW_YORK).utcoffset()
        assert before is not None
        assert after is not None
        at += HOUR
        if (after > before) is ahead and after != before:
            return at


@asynccontextmanager
async def life(world: World, folder: Path, at: datetime) -> AsyncIterator[None]:
    """The bot from this instant on, over the same folder, until it is stopped."""
    world.clock = TurnedClock(at - datetime.now(UTC))
    world.bot = await build(read(environment(world.slack, folder), None), now=world.clock)
    await world.bot.start()
    try:
        yield
    finally:
        await world.bot.stop()
    await world.wait(lambda: world.slack.sockets.count == 0, what="the end of the bot's socket")


async def turn_to(world: World, at: datetime) -> None:
    """Time passes up to there in steps of ten minutes; after each, what has come due is served and has ended."""
    await settle(world)
    while world.clock() < at:
        world.turn(min(10 * MINUTE, max(at - world.clock(), timedelta()) + timedelta(milliseconds=1)))
        await settle(world)


async def settle(world: World) -> None:
    for _ in range(LOOKS):
        due_at = await world.bot.services.store.read(claims.next_due_at)
        found = await rows_of(world)
        if due_at is not None and due_at > world.clock() and not {run.state for run in found} & BUSY:
            return
        await world.type("/dify list")
    raise AssertionError(f"never settled: {world.picture()}")


BUSY = {RunState.READY, RunState.RUNNING, RunState.QUEUED}


async def rows_of(world: World) -> list[Run]:
    team_id = world.bot.services.team_id
    return await world.bot.services.store.read(lambda c: runs.list_runs(c, team_id, limit=1000))


async def ran(world: World, change: datetime) -> dict[str, list[str]]:
    """When each job began on the local day of the change, by the UTC clock."""
    day = change.astimezone(NEW_YORK).date()
    began: dict[str, list[str]] = {"One": [], "Two": []}
    for run in sorted(await rows_of(world), key=lambda run: run.slot_at):
        if run.started_at is not None and run.slot_at.astimezone(NEW_YORK).date() == day:
            assert run.state is RunState.SUCCEEDED
            began[run.name].append(f"{run.slot_at:%H:%M}")
    return began


NIGHTS = {
    "spring": (True, {"One": ["06:30"], "Two": ["07:00"]}),  # 02:30 does not exist: the first instant after it
    "autumn": (False, {"One": ["05:30"], "Two": ["07:30"]}),  # 01:30 comes twice: the first of them
}
# When the bot is away, in minutes from the change.
AWAY = {
    "around the change": (-15, 10),
    "before, through both slots": (-45, -5),
    "after": (5, 40),
    "through all of it": (-40, 25),
}


@pytest.mark.parametrize("away", AWAY)
@pytest.mark.parametrize("night", NIGHTS)
async def test_fmea_c1_c2_a_job_at_half_past_one_and_one_at_half_past_two_run_once_on_the_night_of_the_change(
    tmp_path: Path, night: str, away: str
) -> None:
    ahead, expected = NIGHTS[night]
    change = next_change(ahead=ahead)
    stopped, started = (change + minutes * MINUTE for minutes in AWAY[away])
    async with open_servers() as (slack, dify):
        seeding = await build(read(environment(slack, tmp_path), None))
        await connect_all(seeding, dify)
        await seeding.stop()
        world = World(slack=slack, dify=dify, bot=seeding, clock=TurnedClock())
        async with life(world, tmp_path, change - 3 * HOUR):
            await world.save('/dify schedule digest every day at 1:30 in America/New_York as "One" topic=Tea')
            await world.save('/dify schedule digest every day at 2:30 in America/New_York as "Two" topic=Tea')
            await turn_to(world, stopped)
        async with life(world, tmp_path, started):
            await turn_to(world, change + 4 * HOUR)
            await turn_to_the_end_of_the_day(world, change)
            assert await ran(world, change) == expected
            assert len(world.dify.starts()) == 2
            found = await world.bot.services.store.read(lambda c: jobs.list_jobs(c, world.bot.services.team_id))
            assert [job.failures for job in found] == [0, 0]


async def turn_to_the_end_of_the_day(world: World, change: datetime) -> None:
    """What is planned comes the next day, so that nothing can come before."""
    planned = [run for run in await rows_of(world) if run.state is RunState.PLANNED]
    day = change.astimezone(NEW_YORK).date()
    assert [run.slot_at.astimezone(NEW_YORK).date() - day for run in planned] == [timedelta(days=1)] * 2
