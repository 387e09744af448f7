"""Everything that can be typed after /dify, and what comes by itself: overlap, delays, one-time jobs."""

import pytest

from tests.stories.world import (
    ANA,
    BEN,
    CHIE,
    DAY,
    NEWS,
    OPS,
    TRANSPORTS,
    World,
    buttons_of,
    facts_of,
    words_of,
)


@pytest.mark.parametrize("world", TRANSPORTS, indirect=True)
async def test_help_tells_every_verb_and_more_about_one(world: World) -> None:
    told = words_of(await world.type("/dify help"))
    for verb in ("schedule", "run", "list", "show", "runs", "next", "pause", "resume", "edit", "delete", "stop"):
        assert f"*{verb}*" in told
    assert "Europe/Berlin" in told
    one = words_of(await world.type("/dify help schedule"))
    assert "every weekday at 9" in one
    assert "/dify help" in (await world.type("/dify help nonsense")).text


@pytest.mark.parametrize("world", TRANSPORTS, indirect=True)
async def test_bare_dify_tells_how_things_stand_and_how_to_go_on(world: World) -> None:
    nothing = await world.type("/dify")
    assert nothing.text == "No jobs yet."
    assert buttons_of(nothing) == ["New job", "Help"]
    await world.save("/dify schedule digest every day at 9 topic=Tea")
    some = await world.type("/dify")
    assert some.text.startswith("1 job, next run in ")
    assert "*digest*" in words_of(await world.ask(some, "Show jobs"))
    assert "*schedule*" in words_of(await world.ask(some, "Help"))


async def test_a_verb_with_a_slip_is_answered_with_the_nearest(world: World) -> None:
    answer = await world.type("/dify shedule digest every day at 9")
    assert "I do not know “shedule”" in answer.text
    assert "/dify schedule" in words_of(answer)


async def test_a_job_with_a_slip_is_answered_with_the_nearest(world: World) -> None:
    await world.save('/dify schedule digest every day at 9 as "Morning news" topic=Tea')
    answer = await world.type("/dify show Mornin nws")
    assert "I know no job “Mornin nws” that you can see. Did you mean “Morning news”?" in answer.text


async def test_a_verb_without_its_job_asks_which(world: World) -> None:
    for verb in ("show", "pause", "resume", "edit", "delete", "runs"):
        assert "Which job? None was named." in (await world.type(f"/dify {verb}")).text


async def test_an_app_with_a_slip_is_answered_with_the_nearest(world: World) -> None:
    answer = await world.type("/dify schedule dialy-report every day at 9")
    assert "I know no Dify app “dialy-report”. Did you mean “daily-report”" in answer.text


async def test_a_time_that_cannot_be_read_is_answered_with_one_that_can(world: World) -> None:
    answer = await world.type("/dify schedule digest every wekday at 9 topic=Tea")
    assert "I could not read" in answer.text
    assert "every weekday at 9:00" in words_of(answer)


async def test_quotation_marks_of_telephones_are_quotation_marks(world: World) -> None:
    saved = await world.save("/dify schedule digest every day at 9 as “Morning news” topic=“green tea”")
    assert "*Morning news*" in saved.text
    for marks in ("„%s“", "“%s”", '"%s"', "«%s»"):
        shown = await world.type(f"/dify show {marks % 'Morning news'}")
        assert "topic = green tea" in words_of(shown)


async def test_a_job_is_found_by_number_name_or_beginning_and_two_are_told_apart(world: World) -> None:
    await world.save('/dify schedule digest every day at 9 as "Watch tea" topic=Tea')
    await world.save('/dify schedule digest every day at 9 as "Watch coffee" topic=Coffee')
    for words in ("#1", "1", "watch TEA", "watch t"):
        assert "*Watch tea* is active" in (await world.type(f"/dify show {words}")).text
    both = await world.type("/dify pause watch")
    assert "“watch” fits 2 jobs" in both.text
    assert "#1 Watch tea, #2 Watch coffee" in both.text


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
    lines = [line for line in words_of(runs).splitlines() if "run " in line and "finished" in line]
    assert len(lines) == 10
    assert "Page 1 of 2" in words_of(runs)
    await world.press(runs, "Next page")
    await world.wait(lambda: "Page 2 of 2" in words_of(runs))
    await world.press(runs, "Open trace")
    await world.view("Run ")


async def test_next_tells_the_times_of_a_job_or_of_any_words(world: World) -> None:
    await world.save('/dify schedule digest every day at 9 in Asia/Tokyo as "Tea" topic=Tea')
    assert "09:00 Asia/Tokyo" in words_of(await world.type("/dify next tea"))
    assert words_of(await world.type("/dify next 0 9 * * 1-5")).count("09:00 Europe/Berlin") == 5
    assert "I could not read" in (await world.type("/dify next whenever it rains")).text


async def test_an_app_without_inputs_is_run_by_its_name(world: World) -> None:
    answer = await world.type("/dify run loops")
    assert "Started *loops* as run 1. The result comes into <#C0OPS>." in answer.text
    done = await world.told("*loops* finished")
    assert "by Ana" in facts_of(done)
    assert "Pause job" not in buttons_of(done)


@pytest.mark.parametrize("world", TRANSPORTS, indirect=True)
async def test_an_app_that_needs_inputs_asks_for_them_in_a_form(world: World) -> None:
    asked = await world.type("/dify run digest")
    assert "*digest* needs more before it can run: topic." in asked.text
    await world.press(asked, "Fill in")
    view = await world.wait(lambda: [each for each in world.slack.views(ANA) if each.callback_id == "run_inputs"])
    refused = await world.slack.submit(ANA, view[-1], {})
    assert not refused.ok
    assert (await world.slack.submit(ANA, view[-1], {"in:topic": "Tea"})).ok
    await world.told("*digest* finished")
    assert world.slack.views(ANA) == []
    assert [run.inputs["topic"] for run in world.dify.starts()] == ["Tea"]


async def test_an_input_that_the_workflow_does_not_know_is_refused_by_name(world: World) -> None:
    answer = await world.type("/dify run digest topic=Tea colour=red")
    assert "The workflow has no input “colour”. It takes: topic." in answer.text
    wrong = await world.type("/dify run branch n=many")
    assert "must be a number, not “many”" in wrong.text
    assert not world.dify.starts()


async def test_a_job_is_run_with_other_inputs_once(world: World) -> None:
    await world.save('/dify schedule digest every day at 9 as "Tea" topic=Tea')
    await world.type("/dify run Tea topic=Coffee")
    await world.told("*Tea* finished")
    await world.type("/dify run Tea")
    await world.told("*Tea* finished", nth=1)
    assert [run.inputs["topic"] for run in world.dify.starts()] == ["Coffee", "Tea"]


async def test_a_chatflow_is_run_with_a_message(world: World) -> None:
    await world.type('/dify run chat query="When do you open?"')
    done = await world.told("*chat* finished")
    assert "You asked: When do you open?" in words_of(done)


async def test_deleting_asks_first_and_takes_the_future_away(world: World) -> None:
    await world.save('/dify schedule digest every hour as "Tea" topic=Tea')
    question = await world.type("/dify delete tea")
    dialog = await world.slack.click(ANA, question, "Delete")
    assert dialog.confirm is not None
    assert "*Tea*" in words_of(await world.type("/dify list"))
    await world.press(question, "Delete")
    await world.told("Ana deleted *Tea*; its history stays.")
    world.turn(DAY)
    assert "I know no job" in (await world.type("/dify run tea")).text or not world.dify.starts()
    assert not world.dify.starts()


async def test_only_the_owner_or_an_admin_edits_or_deletes(world: World) -> None:
    await world.save('/dify schedule digest every hour as "Tea" topic=Tea', BEN)
    for verb in ("edit", "delete"):
        assert "Only the owner of this job" in (await world.type(f"/dify {verb} tea", CHIE)).text
        assert not world.slack.views(CHIE)
    assert "Delete *Tea*?" in (await world.type("/dify delete tea", ANA)).text


async def test_a_test_of_a_card_runs_for_the_eyes_of_who_asked(world: World) -> None:
    card = await world.type("/dify schedule digest every day at 9 topic=Tea")
    answer = await world.ask(card, "Test")
    assert "direct message" in answer.text
    tested = await world.dm("*digest* finished")
    assert "a test" in facts_of(tested)
    assert not world.slack.messages(OPS)


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
    await world.save('/dify schedule digest 1 hour after each run as "Tea" topic=Tea')
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


@pytest.mark.parametrize("world", TRANSPORTS, indirect=True)
async def test_an_admin_connects_an_app_and_its_key_is_seen_by_nobody_again(world: World) -> None:
    key = world.dify.keys["loops"]
    await world.slack.type(ANA, OPS, "/dify connect")
    view = await world.view("Connect a Dify app")
    typed = {"name": "my-loops", "base_url": world.dify.url, "key": "app-000000000000000000000000"}
    await world.slack.submit(ANA, view, typed)
    await world.wait(lambda: "Dify refused the API key" in words_of(view), what="the refusal")
    assert "app-0000" not in world.says()
    answer = await world.slack.submit(ANA, view, typed | {"key": key})
    assert answer.ok
    await world.wait(lambda: "“my-loops” is connected" in words_of(view), what="the success")
    assert key not in world.says()
    await world.type("/dify run my-loops")
    await world.told("*my-loops* finished")


async def test_nobody_but_an_admin_connects_apps(world: World) -> None:
    assert "Only a workspace admin may connect" in (await world.type("/dify connect", BEN)).text
    assert not world.slack.views(BEN)


async def test_a_key_typed_into_a_command_is_refused_and_not_repeated(world: World) -> None:
    key = "app-" + "k" * 24
    for typed in (f"/dify schedule {key} every day at 9", f"/dify run digest topic={key}"):
        answer = await world.type(typed)
        assert "looks like a Dify API key" in answer.text
        assert key not in words_of(answer)
