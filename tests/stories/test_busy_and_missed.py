"""What people see when a job comes due while it is at work, and when times went by while nobody was there."""

from datetime import timedelta

from tests.stories.sight import words_of
from tests.stories.world import World

HOUR = timedelta(hours=1)


async def test_the_newest_time_waits_for_the_run_before_it(world: World) -> None:
    await world.save("/dify schedule never-ending every hour as Watch overlap queue")
    await world.turn_to_next()
    await world.started("never-ending")
    running = await world.told("*Watch* is running")
    await world.turn_to_next()
    await world.history("watch", "queued")
    await world.turn_to_next()
    await world.history("watch", "superseded by a newer time")
    assert len(world.dify.starts()) == 1
    await world.press(running, "Stop")
    await world.told("*Watch* was stopped by Ana")
    await world.started("never-ending", 2)


async def test_what_a_person_asks_for_waits_as_well(world: World) -> None:
    await world.save("/dify schedule never-ending every day at 9 as Watch overlap queue")
    await world.type("/dify run watch")
    await world.started("never-ending")
    running = await world.told("*Watch* is running")
    await world.type("/dify run watch")
    await world.told("*Watch* is queued")
    await world.press(running, "Stop")
    await world.started("never-ending", 2)


async def test_the_old_run_is_stopped_for_the_new_one_and_nobody_is_alarmed(world: World) -> None:
    await world.save("/dify schedule never-ending every hour as Watch overlap replace")
    await world.turn_to_next()
    await world.started("never-ending")
    await world.turn_to_next()
    await world.started("never-ending", 2)
    stopped = await world.told("replaced by a newer run")
    assert "*Watch* was stopped" in stopped.text
    assert not [message for message in world.slack.messages("#ops") if "fail" in message.text]
    assert world.dify.starts()[0].status == "stopped"


async def test_a_job_runs_beside_itself_as_often_as_it_may(world: World) -> None:
    await world.save("/dify schedule never-ending every hour as Watch overlap allow 2")
    for count in (1, 2):
        await world.turn_to_next()
        await world.started("never-ending", count)
    await world.turn_to_next()
    await world.history("watch", "2 runs before it were still going")
    refused = await world.type("/dify run watch")
    assert "does not run more than 2 times at a time" in refused.text
    assert len(world.dify.starts()) == 2


async def test_a_job_that_is_always_in_its_own_way_is_told_to_its_owner_once(world: World) -> None:
    await world.save("/dify schedule never-ending every hour as Watch")
    await world.turn_to_next()
    await world.started("never-ending")
    for count in (1, 2, 3):
        await world.turn_to_next()
        await world.history("watch", "*".join(["still going"] * count))
    hint = await world.dm("3 times in a row")
    assert "skipped *Watch* 3 times in a row" in hint.text


async def test_all_that_was_missed_within_the_window_is_made_up_for_in_order(world: World) -> None:
    await world.save('/dify schedule digest every hour as "Tea" topic=Tea catch-up all within 4h')
    await world.turn_to_next()
    await world.told("*Tea* finished")
    world.turn(6 * HOUR + HOUR / 2)
    await world.started("digest", 5)
    await world.history("tea", "missed")
    alert = await world.told("*Tea* did not run")
    assert "found over 4 hours late" in alert.text
    await world.told("*Tea* works again")
    assert [message.text for message in world.slack.messages("#ops")].count(alert.text) == 1


async def test_only_the_newest_of_the_missed_times_runs_and_the_history_has_the_others(world: World) -> None:
    await world.save('/dify schedule digest every 20 minutes as "Tea" topic=Tea')
    world.turn(HOUR + HOUR / 2)
    await world.told("*Tea* finished")
    history = await world.history("tea", "a later time has come since")
    assert words_of(history).count("missed") == 3
    assert len(world.dify.starts()) == 1
    assert not [message for message in world.slack.messages("#ops") if "did not run" in message.text]
