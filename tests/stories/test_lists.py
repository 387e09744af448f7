"""What is listed and shown: jobs, one job, its history, its times; page by page."""

import re

from tests.stories.sight import buttons_of, facts_of, words_of
from tests.stories.world import ANA, BEN, CHIE, NEWS, World


async def test_the_lists_show_what_their_word_says(world: World) -> None:
    await world.save('/dify schedule digest every day at 9 as "Tea" topic=Tea')
    await world.save('/dify schedule broken every day at 9 as "Prices" to #news', BEN)
    await world.turn_to_next()
    await world.told("*Tea* finished")
    await world.turn_to_next()
    await world.told("*Prices* failed", NEWS)
    assert "Jobs of this channel: 1 job." in (await world.type("/dify list")).text
    assert "*Prices*" in words_of(await world.type("/dify list #news"))
    assert "*Prices*" in words_of(await world.type("/dify list failing"))
    assert "*Tea*" not in words_of(await world.type("/dify list failing"))
    assert "*Tea*" not in words_of(await world.type("/dify list mine", BEN))
    every = words_of(await world.type("/dify list all", CHIE))
    assert "*Tea*" in every
    assert "*Prices*" in every
    assert "last run failed" in every
    assert "I cannot list “green”" in (await world.type("/dify list green")).text


async def test_long_lists_are_turned_page_by_page_in_place(world: World) -> None:
    for number in range(12):
        await world.save(f'/dify schedule digest every day at 9 as "Job {number:02}" topic=Tea')
    listed = await world.type("/dify list")
    assert "12 jobs" in listed.text
    assert "Page 1 of 2" in words_of(listed)
    await world.press(listed, "Next page")
    await world.wait(lambda: "Page 2 of 2" in words_of(listed))
    assert "*Job 11*" in words_of(listed)
    assert "*Job 00*" not in words_of(listed)


async def test_more_than_a_hundred_jobs_are_all_counted(world: World) -> None:
    for number in range(104):
        card = await world.type(f'/dify schedule digest every day at 9 as "Job {number:03}" topic=Tea')
        await world.press(card, "Save")
    await world.wait(lambda: sum("Saved" in one.text for one in world.slack.ephemerals(ANA)) == 104)
    assert "104 jobs" in (await world.type("/dify list all", CHIE)).text


async def test_show_and_its_buttons_and_menu_tell_everything_about_a_job(world: World) -> None:
    await world.save('/dify schedule digest every day at 9 as "Tea" topic=Tea')
    shown = await world.type("/dify show tea")
    assert buttons_of(shown) == ["Run now", "Edit", "Pause job", "Delete"]
    assert "workflow digest" in facts_of(shown)
    assert words_of(shown).count("09:00 Europe/Berlin") == 5
    assert "Started *Tea* as run" in (await world.ask(shown, "Run now")).text
    done = await world.told("*Tea* finished")
    (menu,) = [block for block in done.blocks if block.get("accessory", {}).get("type") == "overflow"]
    runs = await world.ask(done, "job_menu", value="runs:1", block_id=menu["block_id"])
    assert "Runs of *Tea*:" in runs.text
    coming = await world.ask(done, "job_menu", value="next:1", block_id=menu["block_id"])
    assert "09:00 Europe/Berlin" in words_of(coming)
    gone = await world.ask(done, "job_menu", value="delete:1", block_id=menu["block_id"])
    assert "Delete *Tea*?" in gone.text
    await world.slack.choose(ANA, done, "job_menu", "edit:1", block_id=menu["block_id"])
    await world.view("Edit job")


async def test_the_runs_of_a_job_are_listed_newest_first_and_paged(world: World) -> None:
    await world.save('/dify schedule digest every day at 9 as "Tea" topic=Tea to #news')
    assert "it has not run yet" in (await world.type("/dify runs tea")).text
    while len(world.dify.starts()) < 11:
        await world.type("/dify run tea")  # refused while the run before it goes on
    runs = await world.history("tea", "run 12 · finished")
    lines = [line for line in words_of(runs).splitlines() if re.search(r"run \d+ · (finished|running)", line)]
    assert len(lines) == 10, words_of(runs)
    assert "Page 1 of 2" in words_of(runs)
    await world.press(runs, "Next page")
    await world.wait(lambda: "Page 2 of 2" in words_of(runs))
    await world.press(runs, "Open trace")
    await world.view("Run ")


async def test_next_tells_the_times_of_a_job_or_of_any_words(world: World) -> None:
    await world.save('/dify schedule digest every day at 9 in Asia/Tokyo as "Tea" topic=Tea')
    assert "09:00 Asia/Tokyo" in words_of(await world.type("/dify next tea"))
    assert words_of(await world.type("/dify next 0 9 * * 1-5")).count("09:00 Europe/Berlin") == 5
    assert words_of(await world.type('/dify next "0 9 * * 1-5" 3')).count("09:00 Europe/Berlin") == 3
    assert "I could not read" in (await world.type("/dify next whenever it rains")).text
    assert "I know no job “coffee”" in (await world.type('/dify next "coffee" 3')).text
