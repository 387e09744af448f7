"""Past times of a job are run after all, in one thread."""

from datetime import timedelta

from tests.stories.world import ANA, OPS, World


def span(world: World, days: int) -> str:
    today = world.bot.services.now().date()
    return f"from {today - timedelta(days=days)} to {today - timedelta(days=1)}"


def results_below(world: World, ts: str) -> list[str]:
    said = world.slack.messages(OPS)
    return [one.text for one in said if one.thread_ts == ts and one.ts != ts and "finished" in one.text]


async def test_days_are_made_up_for_in_one_thread(world: World) -> None:
    await world.save('/dify schedule digest every day at 4:00 in UTC as "Watch" topic=Tea')
    answer = await world.type(f'/dify backfill "Watch" {span(world, 3)}', ANA)
    assert "3 runs" in answer.text
    root = await world.told("The backfill of *Watch*")
    await world.wait(lambda: "is over: 3 of 3 done" in root.text, what="the end of the backfill")
    await world.wait(lambda: len(results_below(world, root.ts)) == 3, what="three results in the thread")
    assert len(world.dify.starts("digest")) == 3


async def test_a_backfill_without_its_days_says_where_they_stand(world: World) -> None:
    await world.save('/dify schedule digest every day at 4:00 in UTC as "Watch" topic=Tea')
    assert "The days come after *from*" in (await world.type("/dify backfill Watch last week", ANA)).text
    assert "For which days" in (await world.type("/dify backfill Watch", ANA)).text


async def test_many_runs_are_asked_about_first(world: World) -> None:
    await world.save('/dify schedule digest every day at 4:00 in UTC as "Watch" topic=Tea')
    answer = await world.type(f'/dify backfill "Watch" {span(world, 21)}', ANA)
    assert "That is 21 runs" in answer.text
    assert world.dify.starts("digest") == []
    await world.press(answer, "Start 21 runs", ANA)
    await world.whispered("21 runs of *Watch* will be made up for")
    await world.told("The backfill of *Watch*")
