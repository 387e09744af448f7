"""Holding a job back: paused until a time, one slot skipped or moved, and what a channel's day looks like then."""

import re
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.app import build
from bot.settings import read
from storage import jobs
from storage.records import JobState
from tests.stories.servers import connect_all, environment, open_servers
from tests.stories.sight import buttons_of, words_of
from tests.stories.world import BEN, DAY, FINANCE, NEWS, TurnedClock, World

WATCH = '/dify schedule digest every day at 9:00 as "Watch" topic=Tea'
HOUR = timedelta(hours=1)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
async def world(world: World) -> World:
    """A world in which it is ten in the morning, so that no time of these stories is near by accident."""
    now = world.clock().astimezone(BERLIN)
    ten = (now + DAY).replace(hour=10, minute=0, second=0, microsecond=0)
    world.turn(ten - now)
    return world


async def test_a_pause_until_a_time_ends_by_itself_and_says_what_passed(world: World) -> None:
    await world.save(WATCH)
    paused = await world.type("/dify pause watch until in 3 days because the API is down")
    assert "It will not run until <!date^" in paused.text
    assert "goes on by itself then. Reason: the API is down" in paused.text.replace("\n", " ")
    assert buttons_of(paused) == ["Resume job"]
    told = await world.told("Ana paused *Watch* until <!date^")
    assert "the API is down" in told.text
    assert "until <!date^" in words_of(await world.type("/dify show watch"))
    world.turn(DAY)
    assert "*Watch* is paused" in (await world.type("/dify show watch")).text
    world.turn(2 * DAY + timedelta(minutes=1))
    resumed = await world.told("Dify Ops resumed *Watch*, whose pause is over; 3 times passed in the pause")
    assert "next <!date^" in resumed.text
    assert not world.dify.starts()
    await world.turn_to_next()
    await world.told("*Watch* finished")


async def test_a_pause_until_a_time_survives_a_restart(tmp_path: Path) -> None:
    async with open_servers() as (slack, dify):
        clock = TurnedClock()
        settings = read(environment(slack, tmp_path), None)
        bot = await build(settings, now=clock)
        await connect_all(bot, dify)
        await bot.start()
        world = World(slack=slack, dify=dify, bot=bot, clock=clock)
        await world.save(WATCH)
        await world.type("/dify pause watch until in 2 days")
        await bot.stop()
        clock.ahead += 2 * DAY + HOUR
        again = await build(settings, now=clock)
        await again.start()
        try:
            world = World(slack=slack, dify=dify, bot=again, clock=clock)
            await world.told("Dify Ops resumed *Watch*, whose pause is over; 2 times passed")
            (job,) = await again.services.store.read(lambda c: jobs.list_jobs(c, again.services.team_id))
            assert (job.state, job.resume_at) == (JobState.ACTIVE, None)
        finally:
            await again.stop()


async def test_a_time_for_a_pause_that_cannot_be_read_is_offered_whole(world: World) -> None:
    await world.save(WATCH)
    vague = await world.type("/dify pause watch until tomorrow")
    assert "At what time" in vague.text
    assert "/dify pause #1 until " in words_of(vague)
    repeating = await world.type("/dify pause watch until every monday at 9")
    assert "is not one moment" in repeating.text
    assert "No time was given" in (await world.type("/dify pause watch until")).text
    assert "*Watch* is active" in (await world.type("/dify show watch")).text
    await world.press(vague, "Use this")
    await world.told("Ana paused *Watch* until <!date^")


async def test_a_run_that_goes_on_goes_on_in_a_pause_and_can_be_stopped_there(world: World) -> None:
    await world.save('/dify schedule never-ending every day at 9:00 as "Watch"')
    await world.type("/dify run watch")
    await world.started("never-ending")
    paused = await world.type("/dify pause watch", BEN)
    assert "Run 2 is going on, and goes on to its end." in words_of(paused)
    assert buttons_of(paused) == ["Resume job"]
    await world.press(paused, "stop_run", BEN)
    await world.told("*Watch* was stopped by Ben")


async def test_a_resume_says_how_many_times_passed_and_runs_none_of_them(world: World) -> None:
    await world.save(WATCH)
    await world.type("/dify pause watch")
    world.turn(5 * DAY)
    resumed = await world.type("/dify resume watch")
    assert "5 times passed while it was paused and were not made up. Next: <!date^" in resumed.text
    assert not world.dify.starts()
    twice = await world.type("/dify resume watch")
    assert "times passed" not in twice.text
    assert "Next: <!date^" in twice.text


async def test_times_are_skipped_by_number_and_brought_back_by_a_button(world: World) -> None:
    await world.save(WATCH)
    skipped = await world.type("/dify skip watch 2", BEN)
    assert "Skipped 2 times of *Watch*:" in skipped.text
    assert "Next: <!date^" in skipped.text
    assert buttons_of(skipped) == ["Undo"]
    await world.told("Ben skipped 2 times of *Watch*: <!date^")
    assert words_of(await world.type("/dify next watch")).count("skipped by Ben") == 2
    await world.press(skipped, "Undo", BEN)
    await world.told("Ben brought back 2 times of *Watch*; next <!date^")
    assert "skipped by Ben" not in words_of(await world.type("/dify next watch"))
    await world.turn_to_next()
    await world.told("*Watch* finished")


async def test_a_skipped_time_does_not_run_and_stands_in_the_history(world: World) -> None:
    await world.save(WATCH)
    assert "Skipped *Watch* at <!date^" in (await world.type("/dify skip watch")).text
    world.turn(DAY)
    history = await world.history("watch", "skipped by Ana")
    assert "skipped" in words_of(history)
    assert not world.dify.starts()
    assert "nothing to bring back" in (await world.type("/dify skip watch undo")).text
    await world.turn_to_next()
    await world.told("*Watch* finished")


async def test_a_job_whose_name_ends_in_a_number_is_not_taken_for_a_count(world: World) -> None:
    await world.save('/dify schedule digest every day at 9:00 as "Report 2" topic=Tea')
    assert "Skipped *Report 2* at <!date^" in (await world.type("/dify skip report 2")).text
    assert "Skipped 3 times of *Report 2*" in (await world.type('/dify skip "report 2" 3')).text
    assert "Skipped 2 times of *Report 2*" in (await world.type("/dify skip report 2 2")).text
    assert "I can skip 1 to 50 times, not 99" in (await world.type("/dify skip #1 99")).text


async def test_the_menu_asks_before_it_skips_the_next_time_and_skips_it_once(world: World) -> None:
    await world.save(WATCH)
    await world.turn_to_next()
    done = await world.told("*Watch* finished")
    (menu,) = [block for block in done.blocks if block.get("accessory", {}).get("type") == "overflow"]
    asked = await world.ask(done, "job_menu", BEN, value="skip:1", block_id=menu["block_id"])
    assert "Skip *Watch* at <!date^" in asked.text
    await world.press(asked, "Skip", BEN)
    await world.told("Ben skipped one time of *Watch*: <!date^")


async def test_the_next_run_is_moved_and_moved_back(world: World) -> None:
    await world.save('/dify schedule digest every day at 9:00 as "Watch" topic=Tea to #news')
    moved = await world.type("/dify move watch to in 2 minutes")
    assert "Moved the next run of *Watch* from <!date^" in moved.text
    assert buttons_of(moved) == ["Move back"]
    await world.told("Ana moved the next run of *Watch* from <!date^", NEWS)
    assert "moved by hand" in words_of(await world.type("/dify next watch"))
    await world.press(moved, "Move back")
    await world.told("Ana moved the next run of *Watch* from <!date^", NEWS, nth=1)
    assert "moved by hand" not in words_of(await world.type("/dify next watch"))
    await world.type("/dify move watch to in 2 minutes")
    assert "Moved" in (await world.type("/dify move watch back")).text
    await world.type("/dify move watch to in 1 minute")
    world.turn(timedelta(seconds=62))
    await world.told("*Watch* finished", NEWS)


async def test_a_move_to_an_impossible_time_says_which_are_possible(world: World) -> None:
    await world.save(WATCH)
    late = await world.type("/dify move watch to in 3 days")
    assert "cannot be moved there: the run after it comes at " in late.text
    assert "Any time from now until just before " in late.text
    assert "To which time shall the next run of “Watch” move?" in (await world.type("/dify move watch")).text


async def test_today_lists_a_channel_in_the_order_of_time_with_clashes_and_what_is_left_out(world: World) -> None:
    for name in ("Tea", "Coffee"):
        await world.save(f'/dify schedule digest every day at 00:00 and 23:59 as "{name}" topic=x')
    await world.save('/dify schedule digest every 10 minutes as "Often" topic=x')
    await world.save('/dify schedule digest every day at 23:59 as "Elsewhere" topic=x to #news')
    await world.type("/dify pause coffee until in 30 days")
    await world.type("/dify resume coffee")
    today = words_of(await world.type("/dify today"))
    assert "2 at once" in today
    assert "*Often*" in today
    assert "every 10 minutes" in today
    assert "*Elsewhere*" not in today
    assert "*Elsewhere*" in words_of(await world.type("/dify today", channel=NEWS))
    await world.type("/dify skip tea")
    skipped = words_of(await world.type("/dify today"))
    assert "skipped by Ana" in skipped
    assert "at once" not in skipped
    await world.type("/dify pause tea")
    assert "*Tea* is paused" in words_of(await world.type("/dify today"))
    assert "is no channel that Slack knows" in (await world.type("/dify today yesterday")).text


async def test_today_tells_nothing_of_a_channel_to_who_is_not_in_it(world: World) -> None:
    await world.save('/dify schedule digest every day at 23:59 as "Secret" topic=x', channel=FINANCE)
    assert "*Secret*" in words_of(await world.type("/dify today", channel=FINANCE))
    (finance,) = [one.id for one in world.slack.workspace.channels.values() if f"#{one.name}" == FINANCE]
    outside = words_of(await world.type(f"/dify today <#{finance}|finance>", BEN))
    assert "nothing came and nothing comes" in outside
    assert "Secret" not in outside


async def test_the_next_times_of_a_job_go_up_to_fifty_and_show_what_is_left_out(world: World) -> None:
    await world.save(WATCH)
    assert words_of(await world.type("/dify next watch 50")).count("• ") == 50
    assert "I can show 1 to 50 times" in (await world.type("/dify next watch 51")).text
    struck = words_of(await world.type("/dify next every day at 9 except sat,sun"))
    assert "skipped: an exception of its schedule" in struck
    assert "~" in struck


async def test_a_time_of_day_alone_moves_the_next_run_on_its_own_day_and_in_its_own_zone(world: World) -> None:
    await world.save('/dify schedule digest every monday at 9 in Asia/Tokyo as "Weekly" topic=x')
    moved = await world.type("/dify move weekly to 15:00")
    assert "Moved the next run of *Weekly*" in moved.text
    stamp = re.findall(r"<!date\^(\d+)\^", moved.text)[-1]
    there = datetime.fromtimestamp(int(stamp), ZoneInfo("Asia/Tokyo"))
    assert (there.weekday(), there.hour) == (0, 15)


async def test_a_job_that_is_paused_until_a_time_tells_what_comes_after_it(world: World) -> None:
    await world.save(WATCH)
    await world.type("/dify pause watch until tomorrow 9:00")
    told = words_of(await world.type("/dify next watch"))
    assert "but it is paused now until" in told
    assert "It will not run by itself" not in told
