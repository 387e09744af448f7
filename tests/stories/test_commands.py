"""What is typed after /dify: help, slips of the finger, names, quotation marks, deleting."""

import pytest

from tests.stories.sight import buttons_of, words_of
from tests.stories.world import ANA, BEN, CHIE, DAY, TRANSPORTS, World


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
