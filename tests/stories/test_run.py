"""`/dify run`: a job or an app is run now, with its inputs asked for where they are missing."""

import pytest

from tests.stories.sight import buttons_of, facts_of, words_of
from tests.stories.world import ANA, BEN, OPS, TRANSPORTS, World


async def test_an_app_without_inputs_is_run_by_its_name(world: World) -> None:
    answer = await world.type("/dify run loops")
    assert "Started *loops* as run 1. The result comes into <#C0OPS>." in answer.text
    done = await world.told("*loops* finished")
    assert "by Ana" in facts_of(done)
    assert "Pause job" not in buttons_of(done)


async def test_an_app_goes_before_a_job_whose_name_only_begins_like_it(world: World) -> None:
    await world.save('/dify schedule digest every day at 9 as "Loops of tea" topic=Tea')
    answer = await world.type("/dify run loops")
    assert "Started *loops* as run" in answer.text
    answer = await world.type('/dify run "loops of"')
    assert "Started *Loops of tea* as run" in answer.text


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


async def test_a_job_and_an_app_are_run_about_another_day(world: World) -> None:
    await world.save(
        '/dify schedule digest every day at 9 in UTC as "Tea" topic="On {{ data_time | date(\'%d %B\') }}"'
    )
    await world.type("/dify run Tea data 2026-05-01")
    await world.told("*Tea* finished")
    await world.type("/dify run digest data 2026-05-02 9:30 topic=\"On {{ data_time | date('%d %B %H') }}\"")
    await world.told("*digest* finished")
    assert [run.inputs["topic"] for run in world.dify.starts()] == ["On 01 May", "On 02 May 09"]
    assert "“2026-13-01” is no day" in (await world.type("/dify run Tea data 2026-13-01")).text


async def test_a_job_whose_name_ends_like_a_clause_is_run_by_its_name(world: World) -> None:
    await world.save('/dify schedule digest every day at 9 as "Task" topic=Tea')
    await world.save('/dify schedule digest every day at 9 as "Task force" topic=Coffee')
    assert "Started *Task force* as run" in (await world.type("/dify run Task force")).text
    assert "Only a workspace admin may" in (await world.type('/dify run "Task" force', BEN)).text


async def test_a_chatflow_is_run_with_a_message(world: World) -> None:
    await world.type('/dify run chat query="When do you open?"')
    done = await world.told("*chat* finished")
    assert "You asked: When do you open?" in words_of(done)


async def test_a_test_of_a_card_runs_for_the_eyes_of_who_asked(world: World) -> None:
    card = await world.type("/dify schedule digest every day at 9 topic=Tea")
    answer = await world.ask(card, "Test")
    assert "direct message" in answer.text
    tested = await world.dm("*digest* finished")
    assert "a test" in facts_of(tested)
    assert not world.slack.messages(OPS)
