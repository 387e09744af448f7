"""Holding a run, letting it go, and saying what its end counts as."""

import re

from tests.stories.world import ANA, BEN, OPS, World


async def test_a_run_that_is_held_begins_when_somebody_presses_release(world: World) -> None:
    card = await world.save('/dify schedule digest every hour as "Watch" topic=Tea')
    assert card
    answer = await world.type('/dify hold "Watch"', ANA)
    assert "is held" in answer.text
    await world.turn_to_next()
    waiting = await world.told("*Watch* is held by")
    assert world.dify.starts() == []
    released = await world.ask(waiting, "Release", BEN)
    assert "begins when its turn comes" in released.text
    await world.told("*Watch* finished")


def marked(world: World) -> bool:
    said = [str(message.blocks) for message in world.slack.messages(OPS)]
    return any("marked as succeeded by" in blocks and "sent by hand" in blocks for blocks in said)


async def test_a_failure_can_be_marked_as_done_by_hand(world: World) -> None:
    await world.save('/dify schedule broken every hour as "Watch"')
    await world.turn_to_next()
    failed = await world.told("*Watch* failed")
    found = re.search(r"run (\d+)", str(failed.blocks))
    assert found is not None
    number = found[1]
    answer = await world.type(f"/dify mark {number} ok sent by hand from R&amp;D", ANA)
    assert "marked as succeeded" in answer.text
    assert "sent by hand from R&amp;D." in (await world.told("Ana marked run")).text
    await world.told(f"*Watch* counts as well again: run {number} failed, marked as succeeded. It failed 1 time.")
    await world.wait(lambda: marked(world), what="the mark on the message of the run")
    refused = await world.type(f"/dify mark {number} ok", ANA)
    assert "needs a reason" in refused.text
    assert len(world.slack.messages(OPS)) >= 2
