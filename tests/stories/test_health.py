"""`/dify health`: how the bot itself does, with addresses for admins alone."""

from dataclasses import replace

from bot.web.health import check_health
from storage import gates
from storage.gates import FAILURES
from tests.stories.sight import words_of
from tests.stories.world import ANA, BEN, World


async def test_health_tells_how_the_bot_does(world: World) -> None:
    await world.type("/dify run digest topic=Tea")
    await world.told("*digest* finished")
    told = words_of(await world.type("/dify health"))
    assert "Dify Ops is well." in told
    for line in ("*Clock:* last tick", "after their time as a rule", "*Slack:* answers", "*Dify:* every host"):
        assert line in told
    assert "*Jobs:* every active one has a next time" in told


async def test_a_host_that_cannot_be_reached_is_named_to_admins_and_counted_for_others(world: World) -> None:
    services = world.bot.services
    for _ in range(FAILURES):
        await services.store.run(lambda c: gates.count_failure(c, "https://dify.internal", services.now()))
    for person, is_named in ((ANA, True), (BEN, False)):
        told = words_of(await world.type("/dify health", person))
        assert "Dify Ops needs a look: 1 Dify host cannot be reached." in told
        assert ("https://dify.internal" in told) is is_named


async def test_what_is_less_than_it_was_meant_to_be_is_told_and_no_failure(world: World) -> None:
    health = await check_health(replace(world.bot.services, remarks=("only 64 files may be open",)))
    assert health.is_well
    told = health.as_json()
    assert (told["status"], told["reasons"]) == ("degraded", ["only 64 files may be open"])
