"""The App Home: how things stand for one person, with the one button that helps."""

import pytest

from bot.demo.slack import View
from tests.stories.sight import buttons_of, words_of
from tests.stories.world import ANA, BEN, NEWS, OPS, TRANSPORTS, World

pytestmark = pytest.mark.parametrize("world", TRANSPORTS, indirect=True)


async def look(world: World, says: str, user: str = ANA) -> View:
    """Opens the Home and reads it, once it says this."""
    await world.slack.open_home(user)
    await world.wait(lambda: says in (words_of(home) if (home := world.slack.home(user)) else ""), what=says)
    home = world.slack.home(user)
    assert home is not None
    return home


async def test_a_first_visit_tells_what_this_is_and_how_to_begin(world: World) -> None:
    home = await look(world, "Welcome, Ana")
    assert buttons_of(home)[:2] == ["New job", "Help"]
    await world.press("home", "New job")
    view = await world.view("New scheduled job")
    await world.wait(lambda: any(block["block_id"] == "app" for block in view.blocks))
    await world.slack.close_view(ANA, view)
    await world.press("home", "Help")
    await world.dm("Dify Ops runs your Dify workflows")


async def test_the_home_shows_what_comes_what_fails_and_all_jobs(world: World) -> None:
    await world.save('/dify schedule digest every hour as "Tea" topic=Tea')
    await world.save("/dify schedule broken every day at 9 as Prices", BEN)
    await world.type("/dify run prices")
    await world.told("*Prices* failed")
    home = await look(world, "Needs attention")
    words = words_of(home)
    assert "2 jobs, 1 failing, next run in " in words
    assert "*Prices* its last run failed" in words
    assert "Next runs" in words
    assert "in <#C0OPS>" in words
    assert "last run failed" in words


async def test_a_job_is_paused_and_resumed_in_the_home(world: World) -> None:
    await world.save("/dify schedule broken every day at 9 as Prices")
    await world.type("/dify run prices")
    await world.told("*Prices* failed")
    await look(world, "Needs attention")
    await world.press("home", "pause_job")
    await world.told("Ana paused *Prices*")
    await look(world, "· paused")


async def test_a_run_is_stopped_in_the_home(world: World) -> None:
    await world.save("/dify schedule never-ending every day at 9 as Watch")
    await world.type("/dify run watch")
    await world.started("never-ending")
    await look(world, "Running now")
    await world.press("home", "stop_run", ANA)
    await world.told("*Watch* was stopped by Ana")
    home = await look(world, "last run stopped")
    assert "Running now" not in words_of(home)


async def test_refresh_and_the_filter_draw_it_anew(world: World) -> None:
    await world.save('/dify schedule digest every hour as "Tea" topic=Tea')
    await world.save('/dify schedule digest every hour as "Coffee" topic=Coffee', BEN)
    home = await look(world, "2 jobs")
    await world.slack.choose(ANA, "home", "home_filter", "mine")
    await world.wait(lambda: "*Coffee*" not in words_of(home).partition("*Jobs*")[2], what="only mine")
    assert "*Tea*" in words_of(home).partition("*Jobs*")[2]
    await world.type("/dify delete coffee", BEN)
    await world.press(await world.type("/dify delete coffee", BEN), "Delete", BEN)
    await world.press("home", "Refresh")
    await world.wait(lambda: "1 job," in words_of(home), what="1 job")


async def test_many_jobs_are_turned_page_by_page(world: World) -> None:
    for number in range(11):
        await world.save(f'/dify schedule digest every day at 9 as "Job {number:02}" topic=Tea')
    home = await look(world, "Page 1 of 2")
    await world.press("home", "Next page")
    await world.wait(lambda: "Page 2 of 2" in words_of(home))
    assert "*Job 10*" in words_of(home).partition("*Jobs*")[2]


async def test_the_menu_of_a_job_in_the_home_answers_the_reader(world: World) -> None:
    await world.save('/dify schedule digest every day at 9 as "Tea" topic=Tea')
    await look(world, "1 job")
    await world.slack.choose(ANA, "home", "job_menu", "next:1")
    coming = await world.dm("Every day at 09:00")
    assert "09:00 Europe/Berlin" in words_of(coming)
    await world.slack.choose(ANA, "home", "job_menu", "edit:1")
    await world.view("Edit job")


async def test_the_shortcut_opens_the_form(world: World) -> None:
    assert (await world.slack.shortcut(ANA, "job_new")).ok
    view = await world.view("New scheduled job")
    await world.wait(lambda: any(block["block_id"] == "app" for block in view.blocks))
    assert not world.slack.messages(OPS)


async def test_a_home_that_cannot_be_read_is_a_line_in_the_log(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    await world.bot.services.store.close()
    await world.slack.open_home(ANA)
    await world.wait(lambda: "could not be shown: The store is closed." in caplog.text)
    assert "home failed" not in caplog.text


async def test_a_job_that_cannot_post_needs_attention_until_it_posts_again(world: World) -> None:
    await world.save('/dify schedule digest every hour to #news as "Tea" topic=Tea')
    world.slack.archive(NEWS)
    await world.turn_to_next()
    await world.dm("I cannot post the results of your job in <#C0NEWS>")
    home = await look(world, "*Tea* cannot post in <#C0NEWS>. It is archived.")
    assert "/dify runs #1" in words_of(home)
    await world.press("home", "Move it")
    form = await world.view("Edit")
    await world.slack.close_view(ANA, form)
    world.slack.unarchive(NEWS)
    await world.turn_to_next()
    await world.wait(lambda: "*Tea* finished" in "".join(one.text for one in world.slack.messages(NEWS)), what="Tea")
    await world.bot.services.tasks.idle()  # it is noted that it stands there
    await world.slack.open_home(ANA)
    await world.wait(lambda: "cannot post" not in words_of(world.slack.home(ANA)), what="that all is well")
