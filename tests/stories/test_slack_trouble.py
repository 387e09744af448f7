"""What Slack refuses, loses or delays: the message still comes, once, or the owner hears why it does not."""

import pytest

from bot.operations.tell import tell
from bot.web.health import check_health
from storage import jobs
from tests.stories.sight import blocks_of, facts_of, words_of
from tests.stories.world import ANA, BEN, CHIE, NEWS, OPS, World


async def finished(world: World, channel: str = OPS, nth: int = 0):  # type: ignore[no-untyped-def]
    await world.type("/dify run digest topic=Tea", channel=channel)
    return await world.told("*digest* finished", channel, nth)


async def test_fmea_d16_a_message_whose_blocks_are_refused_is_sent_plainer(world: World) -> None:
    world.slack.fail("chat.postMessage", error="invalid_blocks")
    done = await finished(world)
    assert "prices fall" in words_of(done)
    assert {block["type"] for block in done.blocks} <= {"section", "context", "actions"}


async def test_a_message_whose_plain_blocks_are_refused_too_is_sent_as_text(world: World) -> None:
    world.slack.fail("chat.postMessage", error="invalid_blocks", times=2)
    done = await finished(world)
    assert done.blocks == []
    assert "*digest* finished" in done.text


async def test_fmea_d22_while_slack_is_busy_nothing_is_lost_and_nothing_doubled(world: World) -> None:
    world.slack.fail("chat.postMessage", error=429, times=2, retry_after_s=1)
    await finished(world)
    assert len(world.slack.messages(OPS)) == 1
    assert len(world.slack.log.calls("chat.postMessage")) == 3


async def test_fmea_d18_a_message_that_somebody_deleted_is_posted_afresh(world: World) -> None:
    done = await finished(world)
    world.slack.workspace.remove(done)
    await world.type("/dify rerun 1 again")
    await world.told("*digest* finished", nth=1)
    assert len([one for one in world.slack.messages(OPS) if "finished" in one.text]) == 2


async def test_an_edit_that_slack_lost_once_is_made_again(world: World) -> None:
    await world.save('/dify schedule digest every hour as "Tea" topic=Tea')
    await world.type("/dify run tea")
    done = await world.told("*Tea* finished")
    world.slack.fail("chat.update", error="internal_error")
    await world.press(done, "Pause job")
    await world.wait(lambda: "Resume job" in words_of(done), what="Resume job")


@pytest.mark.parametrize("error", ["internal_error", "503", "drop"])
async def test_a_message_that_slack_did_not_take_is_sent_again(world: World, error: str) -> None:
    world.slack.fail("chat.postMessage", error=error)
    await finished(world)
    assert len(world.slack.messages(OPS)) == 1


async def test_fmea_d11_the_owner_is_told_once_of_a_channel_that_was_archived(world: World) -> None:
    await world.save('/dify schedule digest every hour as "Tea" topic=Tea to #news')
    await world.turn_to_next()
    await world.told("*Tea* finished", NEWS)
    world.slack.archive(NEWS)
    for number in (2, 3):
        await world.turn_to_next()
        await world.history("tea", f"run {number} · finished")
    notice = await world.dm("I cannot post the results of your job in <#C0NEWS>")
    assert "It is archived." in notice.text
    await world.bot.services.tasks.idle()
    assert len(world.slack.messages(notice.channel)) == 1
    await world.press(notice, "Move to another channel")
    await world.view("Edit job")
    await world.wait(lambda: "C0NEWS" in str(world.slack.views(ANA)[-1].blocks), what="the form with its channel")


async def test_the_owner_is_told_how_to_bring_the_bot_back_into_the_channel(world: World) -> None:
    await world.save('/dify schedule digest every hour as "Tea" topic=Tea to #news')
    world.slack.remove_bot(NEWS)
    await world.turn_to_next()
    notice = await world.dm("I cannot post the results of your job in <#C0NEWS>")
    assert "/invite @Dify Ops" in notice.text
    world.slack.invite_bot(NEWS)
    await world.turn_to_next()
    await world.told("*Tea* finished", NEWS)


async def test_fmea_d15_when_the_owner_has_left_the_job_goes_on_and_a_member_of_its_channel_takes_it_over(
    world: World,
) -> None:
    await world.save('/dify schedule digest every hour as "Tea" topic=Tea to #news', BEN)
    world.slack.deactivate(BEN)
    services = world.bot.services
    (job,) = await services.store.read(lambda c: jobs.list_jobs(c, services.team_id))
    now = services.now()
    await services.store.run(lambda c: tell(c, job, BEN, "hints at *{name}*", occasion="a hint", now=now))
    world.wake()
    notice = await world.told("has left this workspace", NEWS)
    await world.told("Dify Ops hints at", NEWS)
    assert "Only the owner" in (await world.type("/dify edit tea", CHIE, NEWS)).text
    taken = await world.ask(notice, "Take over", CHIE)
    assert "*Tea* is yours now" in taken.text
    await world.told("took over *Tea*", NEWS)
    await world.turn_to_next()
    await world.told("*Tea* finished", NEWS)


async def test_fmea_d9_an_answer_whose_address_fails_comes_another_way(world: World) -> None:
    world.slack.fail("response_url", error="500")
    answer = await world.type("/dify run digest topic=Tea")
    assert "Started *digest*" in answer.text
    assert answer.viewer == ANA


@pytest.mark.parametrize("is_gone", ["revoke_tokens", "uninstall"])
async def test_fmea_d13_without_a_token_nothing_runs_and_nothing_is_asked_of_slack(
    world: World, caplog: pytest.LogCaptureFixture, is_gone: str
) -> None:
    await world.save('/dify schedule digest every hour as "Tea" topic=Tea')
    getattr(world.slack, is_gone)()
    await world.wait(lambda: world.slack.log.of("answered", type="tokens_revoked"), what="that the app has heard it")
    await world.bot.courier.once()
    assert caplog.text.count("Slack has taken the bot token back") == 1
    asked = len(world.slack.log.of("api"))
    await world.turn_to_next()
    await world.bot.courier.once()
    assert await world.bot.clock.once() == 0
    assert len(world.slack.log.of("api")) == asked
    assert world.slack.bot_token not in caplog.text
    health = await check_health(world.bot.services)
    assert "Slack has taken the bot token back" in health.reasons[0]


async def test_fmea_d3_sockets_that_break_again_and_again_lose_nothing_that_slack_repeats(world: World) -> None:
    world.slack.wire.retry_delays_s = (0.0, 0.2, 1.0, 5.0)
    for reason in ("drop", "too_many_websockets", "drop", "refresh_requested", "drop"):
        drawn = len(world.slack.log.calls("views.publish"))
        await world.slack.disconnect_sockets(reason)
        await world.slack.open_home(ANA)  # while there is no socket
        await world.wait(
            lambda drawn=drawn: len(world.slack.log.calls("views.publish")) > drawn,  # type: ignore[misc]
            what="the Home",
        )
        assert (await world.type("/dify")).text == "No jobs yet."


async def test_the_small_print_says_what_a_run_used(world: World) -> None:
    done = await finished(world)
    assert blocks_of(done, "context")
    assert "0 tokens" in facts_of(done)


async def test_help_is_given_while_slack_tells_nothing_of_the_person(world: World) -> None:
    world.slack.fail("users.info", error=429, retry_after_s=60)
    for _ in range(2):
        assert "Dify Ops runs your Dify workflows" in (await world.type("/dify help", CHIE)).text


@pytest.mark.parametrize("typed", ["schedule", "connect", "calendar import closing days"])
async def test_fmea_d8_a_form_whose_trigger_has_expired_is_told_with_what_to_do(
    world: World, typed: str, caplog: pytest.LogCaptureFixture
) -> None:
    world.slack.fail("views.open", error="expired_trigger_id")
    answer = await world.type(f"/dify {typed}")
    assert answer.text == "Slack took too long, so nothing was opened. Press again, or type it again."
    assert "ERROR" not in caplog.text
    await world.slack.type(ANA, OPS, f"/dify {typed}")
    await world.wait(lambda: world.slack.views(ANA), what="the form")


async def test_fmea_d8_a_press_in_a_modal_whose_trigger_has_expired_is_told_by_direct_message(world: World) -> None:
    await world.press(await finished(world), "Open trace")
    tree = await world.view("Run ")
    rows = [block["block_id"] for block in tree.blocks if block.get("accessory")]
    world.slack.fail("views.push", error="trigger_expired")
    await world.press(tree, "trace_open", block_id=rows[0])
    assert "nothing was opened" in (await world.dm("Slack took too long")).text
