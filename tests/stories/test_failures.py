"""What goes wrong at Dify is told where and why, in plain words, once; and nothing is started twice."""

from collections.abc import Callable
from fnmatch import fnmatch
from pathlib import Path

import pytest

from bot.demo.dify import LocalDify
from bot.loops import pursuit
from tests.stories.sight import buttons_of, words_of
from tests.stories.world import ANA, OPS, World, open_world


async def test_a_failing_job_alerts_its_owner_once_and_tells_when_it_works_again(tmp_path: Path) -> None:
    async with open_world(tmp_path) as world:
        await world.save('/dify schedule digest every hour as "Watch" retry off topic=Tea')
        for number in range(3):
            world.dify.mischief.fail_next(1, on="start", status=500)
            await world.turn_to_next()
            await world.told("*Watch* failed", nth=number + 1 if number else 0)
        alerts = [one for one in world.slack.messages(OPS) if "<@U0ANA>" in one.text]
        assert len(alerts) == 1
        assert "no success yet" in words_of(alerts[0])
        assert buttons_of(alerts[0]) == ["Run again", "Open trace", "Pause job"]
        await world.turn_to_next()
        recovered = await world.told("*Watch* works again")
        assert "It failed 3 times" in recovered.text
        assert "<@" not in recovered.text
        await world.turn_to_next()
        await world.told("*Watch* finished", nth=1)
        assert len([one for one in world.slack.messages(OPS) if "works again" in one.text]) == 1


async def test_a_node_that_fails_is_named_with_its_error(world: World) -> None:
    await world.type("/dify run broken")
    failed = await world.told("*broken* failed at node *Fetch the price list*")
    assert "Connection refused" in failed.text
    assert "container" in [block["type"] for block in failed.blocks]
    assert buttons_of(failed) == ["Run again", "Open trace"]


async def test_fmea_e22_a_run_that_succeeded_in_part_says_what_went_wrong(world: World) -> None:
    await world.type("/dify run partial k=Basel")
    partial = await world.told("*partial* finished with warnings")
    assert "Fetch the stock list" in partial.text


async def test_a_run_is_stopped_at_the_limit_that_was_typed_in_the_form(world: World) -> None:
    await world.slack.type(ANA, OPS, "/dify schedule")
    view = await world.wait(lambda: [v for v in world.slack.views(ANA) if v.callback_id == "schedule"])
    await world.slack.choose(ANA, view[-1], "schedule_app", "never-ending")
    await world.wait(lambda: any(block["block_id"] == "when" for block in view[-1].blocks))
    typed = {"when": "every hour", "timeout": "0.1", "name": "Short"}
    answer = await world.slack.submit(ANA, view[-1], typed)
    assert answer.ok, answer
    await world.turn_to_next()
    timed_out = await world.told("*Short* timed out: it was stopped after 6 s, its limit.")
    assert "Watch the queue" in timed_out.text
    assert world.dify.starts()[0].status == "stopped"
    await world.told("<@U0ANA> *Short* timed out")
    assert len([one for one in world.slack.messages(OPS) if "<@U0ANA>" in one.text]) == 1


async def test_a_run_whose_worker_died_heeds_no_stop_and_its_message_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_world(tmp_path) as world:
        await world.type("/dify run worker-killed")
        await world.started("worker-killed")
        await world.type("/dify stop 1")
        monkeypatch.setattr(pursuit, "FOLLOWED_FOR_S", 0.5)
        ended = await world.told("*worker-killed* was stopped by Ana")
        assert "has not confirmed" in ended.text
        assert len(world.dify.starts()) == 1


async def test_a_stream_that_breaks_is_finished_from_the_run_detail(world: World) -> None:
    world.dify.mischief.cut_next(4, app="daily-report")
    await world.type("/dify run daily-report city=Basel")
    done = await world.told("*daily-report* finished")
    assert "Daily report for Basel" in words_of(done)
    assert len(world.dify.starts()) == 1


async def test_a_start_whose_answer_was_lost_is_found_at_dify_and_not_repeated(world: World) -> None:
    await world.save('/dify schedule digest every hour as "Watch" topic=Tea')
    world.dify.mischief.drop_answer_next(1)
    await world.turn_to_next()
    await world.told("*Watch* finished")
    assert len(world.dify.starts()) == 1


async def test_a_start_of_which_dify_cannot_tell_is_said_to_be_lost_and_not_repeated(world: World) -> None:
    await world.save('/dify schedule digest every hour as "Watch" topic=Tea')
    world.dify.mischief.drop_answer_next(1)
    world.dify.mischief.fail_next(99, status=403, on="logs")
    await world.turn_to_next()
    lost = await world.told("*Watch* was lost")
    assert "may or may not have run" in lost.text
    assert "nothing was started again" in lost.text
    dialog = await world.slack.click(ANA, lost, "Run again")
    assert dialog.confirm is not None
    assert len(world.dify.starts()) == 1


async def test_a_failure_that_may_pass_is_tried_again_before_anybody_is_called(world: World) -> None:
    await world.save('/dify schedule digest every hour as "Watch" retry 2 after 1m topic=Tea')
    world.dify.mischief.fail_next(2, status=500)
    await world.turn_to_next()
    for edits in range(2):
        again = await world.told("*Watch* is starting again")
        await world.wait(lambda edits=edits: world.slack.messages(OPS)[-1].edits >= edits)  # type: ignore[misc]
        assert "The Dify server had an error" in again.text
        await world.turn_to_try()
    done = await world.told("*Watch* finished")
    assert "3 tries" in words_of(done)
    assert len([one for one in world.slack.messages(OPS) if "Watch" in one.text]) == 1
    assert len(world.dify.starts()) == 1


async def test_a_run_that_waits_for_its_next_try_can_be_stopped(world: World) -> None:
    await world.save('/dify schedule digest every hour as "Watch" retry 2 after 1m topic=Tea')
    world.dify.mischief.fail_next(1, status=500)
    await world.turn_to_next()
    again = await world.told("*Watch* is starting again")
    await world.press(again, "Stop")
    stopped = await world.told("*Watch* was stopped by Ana")
    assert "it waited for its next try" in stopped.text


async def test_a_dify_that_is_down_fails_the_run_with_plain_words(world: World) -> None:
    await world.save("/dify schedule broken every hour retry off")
    world.dify.close_door()
    await world.turn_to_next()
    failed = await world.told("*broken* failed")
    assert "127.0.0.1 cannot be reached" in failed.text
    assert "Check that Dify runs" in failed.text
    assert not world.dify.starts()


@pytest.mark.parametrize(
    ("break_it", "words"),
    [
        (lambda dify: dify.mischief.revoke("broken"), "failed after * Dify refused the API key."),
        (lambda dify: dify.mischief.fail_next(1, status=500), "failed after * The Dify server had an error."),
        (lambda dify: dify.mischief.too_many_next(1), "starting as soon as there is room: * as many requests*"),
        (lambda dify: dify.mischief.fail_next(3, status=502), "failed*: * Dify's log shows that it never began*"),
    ],
)
async def test_each_way_in_which_dify_refuses_has_its_own_sentence(
    world: World, break_it: Callable[[LocalDify], None], words: str
) -> None:
    await world.save("/dify schedule broken every hour retry off")
    break_it(world.dify)
    await world.turn_to_next()
    failed = await world.told("*broken* ")
    await world.wait(lambda: "running" not in failed.text)
    assert fnmatch(failed.text, f"*{words}*"), failed.text
    assert ".." not in failed.text
    assert not world.dify.starts()


@pytest.mark.parametrize(
    ("app", "typed", "words"),
    [
        ("no-model", "q=Why?", "model"),
        ("quota", "q=Why?", "rate limit"),
        ("bad-code", "", "failed at node *code that fails* after 41 ms: * keyerror: 'missing'"),
        ("time-limit", "", "longer than the dify server allows"),
    ],
)
async def test_each_way_in_which_a_workflow_fails_has_its_own_sentence(
    world: World, app: str, typed: str, words: str
) -> None:
    await world.type(f"/dify run {app} {typed}")
    ended = await world.wait(lambda: [one for one in world.results() if f"*{app}*" in one.text])
    assert fnmatch(ended[0].text.lower(), f"*{words}*"), ended[0].text
    assert "Traceback" not in ended[0].text
    assert "its limit" not in ended[0].text


async def test_fmea_e2_an_app_that_was_never_published_is_said_before_anything_runs(world: World) -> None:
    answer = await world.type("/dify run unpublished")
    assert "The app is not published. Publish it in Dify" in answer.text
    assert not world.slack.messages(OPS)


async def test_fmea_e16_a_run_that_waits_for_a_person_says_so_and_is_finished_when_the_form_is_filled(
    world: World,
) -> None:
    await world.type('/dify run approval draft="Prices rise"')
    waiting = await world.told("*approval* is waiting for a person")
    (run,) = world.dify.starts("approval")
    assert run.status == "paused"
    assert "Run again" not in buttons_of(waiting)


async def test_the_message_of_a_run_follows_it_from_its_start_to_its_end(tmp_path: Path) -> None:
    async with open_world(tmp_path, speed=1.0) as world:
        await world.type("/dify run daily-report city=Basel")
        running = await world.told("*daily-report* is running")
        assert "Stop" in buttons_of(running)
        done = await world.told("*daily-report* finished")
        assert done.ts == running.ts
        assert done.edits >= 1
        assert len(world.slack.messages(OPS)) == 1
