"""What comes by itself: slots that overlap, delays after each run, jobs that run once."""

from tests.stories.sight import buttons_of
from tests.stories.world import World


async def test_a_job_still_running_when_it_is_due_again_is_not_started_a_second_time(world: World) -> None:
    await world.save("/dify schedule never-ending every hour as Watch")
    await world.turn_to_next()
    await world.started("never-ending")
    await world.turn_to_next()
    await world.history("watch", "skipped · * the run before it was still going")
    running = await world.told("*Watch* is running")
    assert len(world.dify.starts()) == 1
    assert "does not run twice at a time" in (await world.type("/dify run watch")).text
    await world.press(running, "Stop")
    await world.told("*Watch* was stopped by Ana")
    await world.turn_to_next()
    await world.started("never-ending", 2)


async def test_a_job_with_a_delay_runs_again_after_each_end_also_after_a_failure(world: World) -> None:
    await world.save('/dify schedule digest 1 hour after each run as "Tea" retry off topic=Tea')
    await world.turn_to_next()
    await world.told("*Tea* finished")
    world.dify.mischief.fail_next(1)
    await world.turn_to_next()
    await world.told("*Tea* failed")
    await world.turn_to_next()
    await world.told("*Tea* finished", nth=1)
    assert len(world.dify.starts()) == 2


async def test_a_one_time_job_is_completed_by_its_run(world: World) -> None:
    await world.save('/dify schedule digest in 20 minutes as "Tea" topic=Tea')
    await world.turn_to_next()
    done = await world.told("*Tea* finished")
    shown = await world.type("/dify show tea")
    assert "*Tea* is completed" in shown.text
    assert "Pause job" not in buttons_of(done)
    assert "has run for the last time" in (await world.type("/dify pause tea")).text


async def test_a_real_clock_brings_a_job_that_is_due_in_a_second(world: World) -> None:
    await world.save('/dify schedule digest in 1 second as "Tea" topic=Tea')
    await world.told("*Tea* finished")
