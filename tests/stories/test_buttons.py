"""Run again, Pause, Resume and Stop: one press is one deed, however often and by whomever it is pressed."""

import asyncio

import pytest

from bot.demo.slack import Message
from tests.stories.sight import buttons_of, facts_of, words_of
from tests.stories.world import ANA, BEN, NEWS, TRANSPORTS, World

pytestmark = pytest.mark.parametrize("world", TRANSPORTS, indirect=True)


async def finished(world: World, app: str = "digest", typed: str = "topic=Tea") -> Message:
    await world.type(f"/dify run {app} {typed}")
    return await world.told(f"*{app}* finished")


async def test_two_presses_of_run_again_at_once_are_one_run(world: World) -> None:
    done = await finished(world)
    await asyncio.gather(world.press(done, "Run again", ANA), world.press(done, "Run again", BEN))
    again = await world.told("*digest* finished", nth=1)
    assert "run 1 again" in facts_of(again)
    answers = [message.text for user in (ANA, BEN) for message in world.slack.ephemerals(user)]
    await world.wait(lambda: sum("again" in one.text for u in (ANA, BEN) for one in world.slack.ephemerals(u)) == 2)
    answers = [message.text for user in (ANA, BEN) for message in world.slack.ephemerals(user)]
    assert sum("Running *digest* again as run 2" in text for text in answers) == 1
    assert sum("has already started this again, as run 2" in text for text in answers) == 1
    assert len(world.dify.starts()) == 2


async def test_fmea_d7_twenty_presses_of_one_button_are_one_run(world: World) -> None:
    done = await finished(world)
    where = (done.channel, done.ts)
    presses = [world.slack.click(user, where, "run_again", confirmed=True) for user in (ANA, BEN) * 10]
    assert all(answer.ok for answer in await asyncio.gather(*presses))
    await world.told("*digest* finished", nth=1)
    assert len(world.dify.starts()) == 2


async def test_a_press_on_the_button_as_it_was_drawn_anew_is_another_run(world: World) -> None:
    done = await finished(world)
    for count in (1, 2):
        await world.press(done, "Run again")
        await world.told("*digest* finished", nth=count)
        await world.wait(lambda: "Run again" in buttons_of(done), what="the button, drawn anew")
    assert len(world.dify.starts()) == 3


async def test_run_again_uses_the_inputs_of_that_run(world: World) -> None:
    done = await finished(world, "branch", "n=42")
    await world.press(done, "Run again")
    await world.told("*branch* finished", nth=1)
    assert [run.inputs["n"] for run in world.dify.starts()] == [42, 42]


async def test_a_paused_job_does_not_run_and_its_message_offers_to_resume_it(world: World) -> None:
    await world.save('/dify schedule digest every hour as "Watch" topic=Tea')
    await world.turn_to_next()
    done = await world.told("*Watch* finished")
    answer = await world.ask(done, "Pause job", BEN)
    assert "<@U0BEN> paused *Watch*" in answer.text
    await world.told("Ben paused *Watch*")
    await world.wait(lambda: "Resume job" in buttons_of(done), what="Resume job on the message")
    world.turn()
    assert "*Watch* is paused" in (await world.type("/dify show watch")).text
    assert len(world.dify.starts()) == 1
    await world.press(done, "Resume job")
    await world.wait(lambda: "Pause job" in buttons_of(done), what="Pause job on the message")
    await world.turn_to_next()
    await world.told("*Watch* finished", nth=1)
    assert len(world.dify.starts()) == 2


async def test_a_job_is_paused_with_a_reason_and_resumed_by_command(world: World) -> None:
    await world.save('/dify schedule digest every hour as "Watch" topic=Tea to #news')
    paused = await world.type("/dify pause watch because the API is down")
    assert buttons_of(paused) == ["Resume job"]
    await world.told("Ana paused *Watch*: the API is down", NEWS)
    assert "the API is down" in words_of(await world.type("/dify show watch"))
    resumed = await world.type("/dify resume watch")
    assert "Next: <!date^" in words_of(resumed)
    await world.told("Ana resumed *Watch*", NEWS)
    twice = await world.type("/dify resume watch")
    assert "resumed" in twice.text
    assert sum("resumed" in one.text for one in world.slack.messages(NEWS)) == 1


async def test_a_run_without_end_is_stopped_at_dify_once_and_the_message_says_by_whom(world: World) -> None:
    await world.type("/dify run never-ending")
    running = await world.told("*never-ending* is running")
    assert buttons_of(running) == ["Stop", "Open trace"]
    dialog = await world.slack.click(BEN, running, "Stop")
    assert dialog.confirm is not None
    await asyncio.gather(world.press(running, "Stop", BEN), world.press(running, "Stop", ANA))
    stopped = await world.told("*never-ending* was stopped by ")
    assert stopped.ts == running.ts
    assert any(f"was stopped by {name}" in stopped.text for name in ("Ben", "Ana"))
    assert [line["what"] for line in world.dify.log if line["what"] == "stop"] == ["stop"]
    assert world.dify.starts()[0].status == "stopped"


async def test_a_run_is_stopped_by_its_number(world: World) -> None:
    await world.type("/dify run never-ending")
    await world.started("never-ending")
    assert "Stopping run 1" in (await world.type("/dify stop 1", BEN)).text
    await world.told("*never-ending* was stopped by Ben")
    assert "has already ended" in (await world.type("/dify stop 1")).text


async def test_a_button_of_a_job_that_was_deleted_says_so(world: World) -> None:
    await world.save('/dify schedule digest every hour as "Watch" topic=Tea')
    await world.turn_to_next()
    done = await world.told("*Watch* finished")
    pause = next(element for block in done.blocks for element in block.get("elements", []) if "Pause" in str(element))
    await world.press(await world.type("/dify delete watch"), "Delete")
    await world.wait(lambda: "Pause job" not in buttons_of(done), what="the message without Pause job")
    assert pause["value"] == "job:1"
    assert "I know no job" in (await world.type("/dify show watch")).text
    assert [block for block in done.blocks if "job_menu" in str(block)] == []


async def test_a_run_is_run_again_by_its_number_and_not_while_it_goes_on(world: World) -> None:
    await finished(world)
    asked = await world.type("/dify rerun 1")
    assert "Run 1 has succeeded; running it again does all of it once more." in asked.text
    assert "/dify rerun 1 again" in words_of(asked)
    assert "as run 2" in (await world.type("/dify rerun 1 again")).text
    await world.told("*digest* finished", nth=1)
    assert "I know no run “77”" in (await world.type("/dify rerun 77")).text
    assert "I know no run “tea” that you can see. Runs have numbers" in (await world.type('/dify rerun "tea"')).text
    await world.type("/dify run never-ending")
    await world.started("never-ending")
    assert "has not ended yet" in (await world.type("/dify rerun 3")).text


async def test_run_again_works_on_the_messages_of_a_job_that_has_moved_since(world: World) -> None:
    await world.save('/dify schedule digest every hour as "Watch" topic=Tea')
    await world.turn_to_next()
    done = await world.told("*Watch* finished")
    await world.move_to("#1", "C0NEWS")
    assert "Running *Watch* again" in (await world.ask(done, "Run again")).text
