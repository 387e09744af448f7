"""The Web API client, against the local Slack."""

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.demo.slack import LocalSlack
from bot.errors import DeliveryError
from bot.settings import Settings
from bot.slack.answers import AMBIGUOUS, read_refusal
from bot.slack.client import Slack
from storage.vault import Secret

OPS, FINANCE, ANA, BEN, GUS = "C0OPS", "C0FINANCE", "U0ANA", "U0BEN", "U0GUS"
MODAL = {
    "type": "modal",
    "title": {"type": "plain_text", "text": "Job"},
    "callback_id": "job",
    "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "Hello"}}],
}
HOME = {"type": "home", "blocks": MODAL["blocks"]}
SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "Done"}}


class Time:
    """A clock for the client and the local Slack alike; it moves when the client waits."""

    def __init__(self) -> None:
        self.now = 1_795_480_000.0
        self.paused: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def pause(self, seconds: float) -> None:
        await asyncio.sleep(0)
        self.now += seconds
        self.paused.append(seconds)


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
async def local(time: Time) -> AsyncIterator[LocalSlack]:
    async with LocalSlack(manifest=LocalSlack.load_manifest(), clock=time) as local:
        yield local


@pytest.fixture
async def slack(local: LocalSlack, time: Time, tmp_path: Path) -> AsyncIterator[Slack]:
    slack = build(local, time, tmp_path)
    yield slack
    await slack.close()


def build(local: LocalSlack, time: Time, home: Path, **changes: Any) -> Slack:
    token = Secret(changes.pop("token", local.bot_token))
    settings = Settings(data_folder=home, slack_bot_token=token, slack_api_url=changes.pop("url", local.api_url))
    return Slack(settings, monotonic=time, pause=time.pause, **changes)


async def refusal_of(call: Any) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        await call
    return caught.value


async def test_a_post_stands_in_the_channel_without_previews_or_made_up_mentions(
    slack: Slack, local: LocalSlack
) -> None:
    metadata = {"event_type": "x", "event_payload": {"run": 1}}
    receipt = await slack.post(OPS, {"text": "Done <https://x.example>", "blocks": [SECTION], "metadata": metadata})
    (message,) = local.workspace.messages[OPS]
    assert (receipt.channel, receipt.ts) == (OPS, message.ts)
    assert message.text == "Done <https://x.example>"
    assert message.metadata == metadata
    (call,) = local.log.calls("chat.postMessage")
    sent = call.detail["args"]
    assert (sent["unfurl_links"], sent["unfurl_media"], sent["link_names"]) == (False, False, False)


async def test_a_post_to_a_person_opens_their_conversation(slack: Slack) -> None:
    receipt = await slack.post(ANA, {"text": "Hello"})
    assert receipt.channel.startswith("D")
    again = await slack.post(receipt.channel, {"text": "In the thread", "thread_ts": receipt.ts})
    assert again.channel == receipt.channel


async def test_what_is_no_content_of_a_message_is_not_sent(slack: Slack, local: LocalSlack) -> None:
    await slack.post(OPS, {"text": "x", "blocks": None, "as_user": True, "unfurl_links": True})
    args = local.log.calls("chat.postMessage")[0].detail["args"]
    assert "as_user" not in args
    assert args["unfurl_links"] is False


async def test_many_posts_into_one_channel_keep_slacks_pace_and_their_order(
    slack: Slack, local: LocalSlack, time: Time
) -> None:
    began = time.now
    await asyncio.gather(*(slack.post(OPS, {"text": str(n)}) for n in range(12)))
    assert [message.text for message in local.workspace.messages[OPS]] == [str(n) for n in range(12)]
    assert {call.detail["status"] for call in local.log.calls("chat.postMessage")} == {200}
    assert time.now - began == pytest.approx(9, abs=0.1)


async def test_a_storm_of_edits_is_sent_once_a_message_and_never_too_fast(slack: Slack, local: LocalSlack) -> None:
    stamps = [(await slack.post(channel, {"text": "0"})).ts for channel in (OPS, "C0NEWS")]
    edits = [
        slack.update(channel, ts, {"text": f"{step}"}, rank=5)
        for step in range(1, 90)
        for channel, ts in zip((OPS, "C0NEWS"), stamps, strict=True)
    ]
    receipts = await asyncio.gather(*edits)
    calls = local.log.calls("chat.update")
    assert {call.detail["status"] for call in calls} == {200}
    assert len(calls) <= 4
    assert [local.workspace.messages[channel][0].text for channel in (OPS, "C0NEWS")] == ["89", "89"]
    assert {receipt.ts for receipt in receipts} == set(stamps)


async def test_twenty_messages_are_edited_within_slacks_tier(slack: Slack, local: LocalSlack) -> None:
    local.set_limits(enabled=False)
    posted = [await slack.post(OPS, {"text": "0"}) for _ in range(20)]
    local.set_limits(enabled=True)
    results = await asyncio.gather(
        *(slack.update(one.channel, one.ts, {"text": "1"}) for one in posted), return_exceptions=True
    )
    assert {call.detail["status"] for call in local.log.calls("chat.update")} == {200}
    assert sum(not isinstance(result, Exception) for result in results) >= 19


async def test_a_429_is_waited_out_for_its_own_queue(slack: Slack, local: LocalSlack, time: Time) -> None:
    local.fail("chat.postMessage", error="429", channel=OPS, retry_after_s=7)
    began = time.now
    await slack.post(OPS, {"text": "patient"})
    assert time.now - began == pytest.approx(7)
    assert [message.text for message in local.workspace.messages[OPS]] == ["patient"]


async def test_a_429_that_lasts_is_handed_back_with_its_time(slack: Slack, local: LocalSlack) -> None:
    local.fail("chat.postMessage", error="429", retry_after_s=120)
    error = await refusal_of(slack.post(OPS, {"text": "x"}))
    assert (error.permanent, error.retry_after_s) == (False, pytest.approx(120))


async def test_a_person_is_not_kept_waiting_by_a_429(slack: Slack, local: LocalSlack, time: Time) -> None:
    local.fail("users.info", error="429", retry_after_s=30)
    first = await refusal_of(slack.person(ANA))
    second = await refusal_of(slack.person(BEN))
    assert (first.code, second.code) == ("ratelimited", "ratelimited")
    assert second.retry_after_s == pytest.approx(30)
    assert len(local.log.calls("users.info")) == 1
    assert time.paused == []
    time.now += 30
    assert (await slack.person(BEN)).name == "Ben"


@pytest.mark.parametrize(
    ("fault", "code", "permanent"),
    [
        ("internal_error", "internal_error", False),
        ("fatal_error", "fatal_error", False),
        ("503", "http_503", False),
        ("drop", "unanswered", False),
        ("drop_after_accept", "unanswered", False),
        ("channel_not_found", "channel_not_found", True),
        ("is_archived", "is_archived", True),
        ("msg_too_long", "msg_too_long", True),
        ("invalid_auth", "invalid_auth", False),  # a slip: the token itself is good
        ("something_new", "something_new", True),
    ],
)
async def test_every_fault_says_whether_another_try_can_help(
    slack: Slack, local: LocalSlack, fault: str, code: str, permanent: bool
) -> None:
    local.fail("chat.postMessage", error=fault)
    error = await refusal_of(slack.post(OPS, {"text": "x"}))
    assert (error.code, error.permanent) == (code, permanent)
    assert error.message
    assert (code in AMBIGUOUS) == (fault in ("internal_error", "fatal_error", "drop", "drop_after_accept"))


async def test_silence_ends_and_is_ambiguous(local: LocalSlack, time: Time, tmp_path: Path) -> None:
    slack = build(local, time, tmp_path, timeout_s=0.2)
    local.fail("chat.postMessage", error="timeout_after_accept")
    error = await refusal_of(slack.post(OPS, {"text": "x"}))
    assert error.code == "unanswered"
    assert len(local.workspace.messages[OPS]) == 1
    await slack.close()


async def test_a_slack_that_is_not_there_was_sent_nothing(local: LocalSlack, time: Time, tmp_path: Path) -> None:
    slack = build(local, time, tmp_path, url="http://127.0.0.1:1/api/")
    error = await refusal_of(slack.post(OPS, {"text": "x"}))
    assert (error.code, error.permanent) == ("unreachable", False)
    assert (await refusal_of(slack.answer("http://127.0.0.1:1/respond/x", {"text": "x"}))).code == "unreachable"
    await slack.close()


async def test_refused_blocks_are_logged_by_their_place(
    slack: Slack, local: LocalSlack, caplog: pytest.LogCaptureFixture
) -> None:
    error = await refusal_of(slack.post(OPS, {"text": "x", "blocks": [{"type": "section", "text": {}}]}))
    assert (error.code, error.permanent) == ("invalid_blocks", True)
    assert "/blocks/0" in caplog.text


async def test_no_token_and_no_message_is_ever_logged(
    slack: Slack, local: LocalSlack, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await slack.post(OPS, {"text": "canary-content"})
    local.fail("chat.postMessage", error="channel_not_found")
    error = await refusal_of(slack.post(OPS, {"text": "canary-content"}))
    assert local.bot_token not in caplog.text + repr(error)
    assert "canary-content" not in caplog.text + repr(error)


async def test_an_ephemeral_is_seen_by_one_person(slack: Slack, local: LocalSlack) -> None:
    await slack.ephemeral(OPS, ANA, {"text": "Only you", "blocks": [SECTION]})
    assert [message.text for message in local.workspace.private[ANA]] == ["Only you"]
    assert (await refusal_of(slack.ephemeral(FINANCE, BEN, {"text": "x"}))).code == "user_not_in_channel"


async def test_an_answer_goes_to_the_response_url_until_it_is_used_up(slack: Slack, local: LocalSlack) -> None:
    url = f"{local.url}respond/{local.workspace.passes.new_response(ANA, OPS)}"
    for number in range(5):
        await slack.answer(url, {"text": str(number), "response_type": "ephemeral"})
    assert [message.text for message in local.workspace.private[ANA]] == ["0", "1", "2", "3", "4"]
    local.set_limits(enabled=False)
    error = await refusal_of(slack.answer(url, {"text": "x"}))
    assert (error.code, error.permanent) == ("used_url", True)


async def test_an_answer_goes_nowhere_but_over_https(local: LocalSlack, time: Time, tmp_path: Path) -> None:
    slack = build(local, time, tmp_path, url="https://slack.com/api/")
    error = await refusal_of(slack.answer(f"{local.url}respond/x", {"text": "x"}))
    assert (error.code, error.permanent) == ("invalid_url", True)
    await slack.close()


async def test_views_are_opened_pushed_and_updated_by_the_newest_hash(slack: Slack, local: LocalSlack) -> None:
    opened = await slack.open_view(local.workspace.passes.new_trigger(ANA), MODAL)
    pushed = await slack.push_view(local.workspace.passes.new_trigger(ANA), MODAL)
    assert [view.id for view in local.workspace.stacks[ANA]] == [opened.id, pushed.id]
    updated = await slack.update_view(pushed.id, MODAL, pushed.hash)
    assert updated.hash != pushed.hash
    assert (await refusal_of(slack.update_view(pushed.id, MODAL, pushed.hash))).code == "hash_conflict"


async def test_a_trigger_opens_one_view(slack: Slack, local: LocalSlack) -> None:
    trigger = local.workspace.passes.new_trigger(ANA)
    await slack.open_view(trigger, MODAL)
    assert (await refusal_of(slack.open_view(trigger, MODAL))).permanent


async def test_the_home_of_a_person_is_published(slack: Slack, local: LocalSlack) -> None:
    first = await slack.publish_home(ANA, HOME)
    assert local.workspace.homes[ANA].id == first.id
    await slack.publish_home(ANA, HOME, first.hash)
    assert (await refusal_of(slack.publish_home(ANA, HOME, first.hash))).code == "hash_conflict"


async def test_a_file_is_uploaded_into_a_thread(slack: Slack, local: LocalSlack) -> None:
    receipt = await slack.post(OPS, {"text": "Done"})
    content = "größer\n".encode()
    file_id = await slack.upload(OPS, "run.txt", content, title="Output", thread_ts=receipt.ts)
    file = local.workspace.files[file_id]
    assert (file.content, file.title, file.channels) == (content, "Output", {OPS})
    assert local.workspace.messages[OPS][-1].thread_ts == receipt.ts


async def test_a_person_is_known_for_ten_minutes(slack: Slack, local: LocalSlack, time: Time) -> None:
    ana = await slack.person(ANA)
    assert (ana.id, ana.name, ana.tz, ana.is_admin, ana.is_guest) == (ANA, "Ana", "Europe/Berlin", True, False)
    assert (ana.team_id, ana.locale) == (local.workspace.team_id, "en-US")
    assert (await slack.person(GUS)).is_guest
    time.now += 599
    await slack.person(ANA)
    assert len(local.log.calls("users.info")) == 2
    time.now += 2
    await slack.person(ANA)
    assert len(local.log.calls("users.info")) == 3
    assert (await refusal_of(slack.person("U0NOBODY"))).code == "user_not_found"


async def test_facts_of_a_channel_are_known_for_a_minute(slack: Slack, local: LocalSlack, time: Time) -> None:
    ops, finance = await slack.channel(OPS), await slack.channel(FINANCE)
    assert (ops.name, ops.is_private, ops.is_archived, ops.is_member) == ("ops", False, False, True)
    assert finance.is_private
    local.archive(OPS)
    assert not (await slack.channel(OPS)).is_archived
    time.now += 61
    assert (await slack.channel(OPS)).is_archived
    assert (await slack.channel("D0ANA")).is_private
    assert (await refusal_of(slack.channel("C0NOWHERE"))).code == "channel_not_found"


async def test_membership_is_what_slack_says(slack: Slack) -> None:
    assert await slack.is_member(ANA, FINANCE)
    assert not await slack.is_member(BEN, FINANCE)
    assert not await slack.is_member(ANA, "C0NOWHERE")


async def test_membership_is_found_on_a_later_page(
    slack: Slack, local: LocalSlack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.slack.directory.MEMBERS_A_PAGE", 1)
    assert await slack.is_member(GUS, OPS)
    assert len(local.log.calls("conversations.members")) > 1


async def test_a_lost_membership_ends_within_a_minute(slack: Slack, local: LocalSlack, time: Time) -> None:
    assert await slack.is_member(BEN, OPS)
    local.workspace.channels[OPS].members.discard(BEN)
    time.now += 61
    assert not await slack.is_member(BEN, OPS)
    local.workspace.channels[OPS].members.add(BEN)
    time.now += 6
    assert await slack.is_member(BEN, OPS)


@pytest.mark.parametrize("fault", ["internal_error", "429", "503", "drop", "missing_scope"])
async def test_when_slack_does_not_say_nobody_is_a_member(slack: Slack, local: LocalSlack, fault: str) -> None:
    local.fail("conversations.members", error=fault)
    assert not await slack.is_member(ANA, OPS)


async def test_a_direct_message_belongs_to_its_person(slack: Slack, local: LocalSlack) -> None:
    receipt = await slack.post(ANA, {"text": "Hello"})
    assert await slack.is_member(ANA, receipt.channel)
    assert not await slack.is_member(BEN, receipt.channel)


async def test_the_token_tells_its_workspace_and_its_scopes(slack: Slack, local: LocalSlack) -> None:
    team = await slack.check()
    assert team.team_id == local.workspace.team_id
    assert team.bot_user_id == "U0BOT"
    assert {"commands", "chat:write"} <= team.scopes


async def test_a_wrong_token_is_told(local: LocalSlack, time: Time, tmp_path: Path) -> None:
    slack = build(local, time, tmp_path, token="xoxb-wrong-token")
    error = await refusal_of(slack.check())
    assert (error.code, error.permanent) == ("invalid_auth", True)
    await slack.close()


async def test_fmea_d13_a_token_that_was_taken_back_is_used_once_more_to_be_sure_and_then_no_more(
    slack: Slack, local: LocalSlack
) -> None:
    local.revoke_tokens()
    error = await refusal_of(slack.post(OPS, {"text": "x"}))
    assert (error.code, error.permanent, slack.cut_off) == ("token_revoked", True, "token_revoked")
    made = len(local.log.of("api"))
    assert made == 2
    for ask in (slack.post(OPS, {"text": "y"}), slack.person(ANA), slack.check()):
        assert (await refusal_of(ask)).code == "cut_off"
    assert len(local.log.of("api")) == made


async def test_one_answer_that_the_token_is_bad_is_no_proof(slack: Slack, local: LocalSlack) -> None:
    local.fail("chat.postMessage", error="token_revoked")
    error = await refusal_of(slack.post(OPS, {"text": "x"}))
    assert (error.code, error.permanent, slack.cut_off) == ("token_revoked", False, None)
    await slack.post(OPS, {"text": "x"})


async def test_an_app_token_that_is_bad_says_nothing_of_the_bot_token(slack: Slack) -> None:
    await refusal_of(slack.check_app_token(Secret("xapp-wrong")))
    assert slack.cut_off is None


async def test_an_app_token_is_tried_before_bolt_does(slack: Slack, local: LocalSlack) -> None:
    await slack.check_app_token(Secret(local.app_token))
    assert (await refusal_of(slack.check_app_token(Secret("xapp-wrong")))).code == "invalid_auth"


async def test_a_message_has_an_address(slack: Slack) -> None:
    receipt = await slack.post(OPS, {"text": "Done"})
    link = await slack.permalink(receipt.channel, receipt.ts)
    assert link.endswith(f"archives/{OPS}/p{receipt.ts.replace('.', '')}")


async def test_after_closing_nothing_is_sent(local: LocalSlack, time: Time, tmp_path: Path) -> None:
    slack = build(local, time, tmp_path)
    await slack.close()
    assert (await refusal_of(slack.post(OPS, {"text": "x"}))).code == "stopping"
    assert len(local.log.calls("chat.postMessage")) == 0


@pytest.mark.parametrize(
    ("status", "headers", "body", "code", "permanent", "retry_after_s"),
    [
        (429, {"retry-after": "12"}, {"ok": False, "error": "ratelimited"}, "ratelimited", False, 12),
        (429, {}, "slow down", "ratelimited", False, 30),
        (429, {"retry-after": "soon"}, None, "ratelimited", False, 30),
        (429, {"retry-after": "0"}, None, "ratelimited", False, 1),
        (200, {}, {"ok": False}, "http_200", True, None),
        (404, {}, "expired_url", "expired_url", True, None),
        (502, {}, "<html>bad gateway</html>", "http_502", False, None),
        (200, {}, {"ok": False, "error": {"odd": 1}}, "http_200", True, None),
    ],
)
def test_an_answer_that_is_not_ok_becomes_one_kind_of_error(
    status: int, headers: dict[str, str], body: Any, code: str, permanent: bool, retry_after_s: float | None
) -> None:
    error = read_refusal("chat.postMessage", status, headers, body)
    assert (error.code, error.permanent, error.retry_after_s) == (code, permanent, retry_after_s)


def test_a_missing_scope_is_named() -> None:
    error = read_refusal("files.x", 200, {}, {"ok": False, "error": "missing_scope", "needed": "files:write"})
    assert "files:write" in error.message
    assert "Reinstall" in error.message
