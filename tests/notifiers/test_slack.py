"""Telling in Slack: posted once, edited in place, plainer where Slack wants it, and the whole output as a file."""

from dataclasses import replace
from typing import Any

import pytest

from bot.blocks.parts import Message, section
from bot.errors import DeliveryError
from bot.notifiers import slack as notifier
from bot.registry import leaves
from storage.tag import EVENT, token_of
from tests.loops.house import ANA, OPS, House
from tests.storage.examples import a_delivery

HELLO = Message("Hello", [section("*Hello*")])
WITH_FILE = replace(HELLO, attachment=("result.md", "# All of it\n" * 1000))


async def granted() -> bool:
    return True


async def send(house: House, message: Message = HELLO, **fields: Any) -> dict[str, Any]:
    delivery = a_delivery(**{"id": 7, "target": OPS} | fields)
    return dict(await notifier.send(house.services, delivery, message, granted))


def files(house: House) -> list[Any]:
    return list(house.slack.workspace.files.values())


def test_every_file_of_the_folder_can_send() -> None:
    found = leaves("bot.notifiers")
    assert "slack" in found
    assert all(callable(leaf.send) for leaf in found.values())


async def test_the_first_time_it_is_posted_and_the_receipt_says_where(house: House) -> None:
    receipt = await send(house)
    (message,) = house.said()
    assert receipt == {"channel": OPS, "ts": message.ts}
    assert (message.text, len(message.blocks)) == ("Hello", 1)


async def test_metadata_holds_ids_and_nothing_else_since_anybodys_app_may_read_it(house: House) -> None:
    await send(house, replace(HELLO, text="secret prompt"), key="run:7>C0OPS")
    (message,) = house.said()
    token = token_of(house.services.installation, "run:7>C0OPS")
    assert message.metadata == {"event_type": EVENT, "event_payload": {"delivery": token}}


async def test_afterwards_it_is_edited_in_its_place(house: House) -> None:
    receipt = await send(house)
    again = await send(house, Message("Bye", [section("Bye")]), receipt=receipt)
    (message,) = house.said()
    assert (again, message.text, message.edits) == (receipt, "Bye", 1)


async def test_a_direct_message_goes_to_the_person(house: House) -> None:
    receipt = await send(house, target=ANA)
    conversation = house.slack.workspace.open_im(ANA)
    assert receipt["channel"] == conversation.id
    await send(house, Message("Bye"), target=ANA, receipt=receipt)
    (message,) = house.slack.messages(conversation.id)
    assert message.text == "Bye"


@pytest.mark.parametrize("code", sorted(notifier.MESSAGE_GONE))
async def test_a_message_that_can_be_edited_no_more_is_posted_afresh(house: House, code: str) -> None:
    receipt = await send(house)
    house.slack.fail("chat.update", error=code)
    fresh = await send(house, receipt=receipt)
    assert fresh["ts"] != receipt["ts"]
    assert [message.edits for message in house.said()] == [0, 0]


@pytest.mark.parametrize("code", sorted(notifier.REFUSED_FORM))
@pytest.mark.parametrize("times", [1, 2])
async def test_what_slack_finds_too_much_is_sent_plainer_and_at_last_as_text(
    house: House, code: str, times: int
) -> None:
    rich = Message("Sense", [{"type": "header", "text": {"type": "plain_text", "text": "Looks"}}, section("more")])
    house.slack.fail("chat.postMessage", error=code, times=times)
    await send(house, rich)
    (message,) = house.said()
    assert message.text == "Sense"
    kinds = [block["type"] for block in message.blocks]
    assert kinds == ([] if times == 2 else ["section", "section"])


async def test_an_edit_is_sent_plainer_as_well_and_never_twice(house: House) -> None:
    receipt = await send(house)
    house.slack.fail("chat.update", error="invalid_blocks", times=2)
    await send(house, Message("Sense", [section("looks")]), receipt=receipt)
    (message,) = house.said()
    assert (message.text, message.blocks) == ("Sense", [])


async def test_what_slack_refuses_in_every_form_is_an_error_that_stays(house: House) -> None:
    house.slack.fail("chat.postMessage", error="invalid_blocks", times=3)
    with pytest.raises(DeliveryError) as refused:
        await send(house)
    assert (refused.value.code, refused.value.permanent) == ("invalid_blocks", True)
    assert house.said() == []


@pytest.mark.parametrize(
    ("code", "permanent"), [("internal_error", False), ("is_archived", True), ("not_in_channel", True)]
)
async def test_other_refusals_are_not_tried_in_another_form(house: House, code: str, permanent: bool) -> None:
    house.slack.fail("chat.postMessage", error=code)
    with pytest.raises(DeliveryError) as refused:
        await send(house)
    assert (refused.value.code, refused.value.permanent) == (code, permanent)
    assert house.said() == []


async def test_a_long_output_is_a_file_in_the_thread_once(house: House) -> None:
    receipt = await send(house, WITH_FILE)
    assert receipt["file"] is True
    (file,) = files(house)
    assert (file.name, file.content, file.channels) == ("result.md", WITH_FILE.attachment[1].encode(), {OPS})  # type: ignore[index, union-attr]
    again = await send(house, WITH_FILE, receipt=receipt)
    assert again == receipt
    assert len(files(house)) == 1


async def test_bytes_are_attached_as_they_are(house: House) -> None:
    await send(house, replace(HELLO, attachment=("chart.png", b"\x89PNG\x00")))
    assert [file.content for file in files(house)] == [b"\x89PNG\x00"]


@pytest.mark.parametrize("method", ["files.getUploadURLExternal", "files.completeUploadExternal"])
async def test_fmea_d17_a_file_that_fails_costs_only_the_file_and_is_tried_at_the_next_edit(
    house: House, method: str
) -> None:
    house.slack.fail(method, error="internal_error")
    receipt = await send(house, WITH_FILE)
    assert "file" not in receipt
    assert len(house.said()) == 1
    again = await send(house, WITH_FILE, receipt=receipt)
    assert again == {**receipt, "file": True}


# posts in doubt


async def test_fmea_a10_a_post_that_slack_took_without_saying_so_is_found_and_edited(house: House) -> None:
    since = house.hand.now
    house.slack.fail("chat.postMessage", error="drop_after_accept")
    with pytest.raises(DeliveryError) as unsure:
        await send(house, key="run:7>C0OPS")
    assert unsure.value.is_in_doubt
    (stands,) = house.said()
    receipt = await send(house, Message("Bye", [section("Bye")]), key="run:7>C0OPS", asked_at=since)
    (message,) = house.said()
    assert (receipt["ts"], message.text, message.edits) == (stands.ts, "Bye", 1)


async def test_a_post_in_doubt_to_a_person_is_looked_for_in_their_conversation(house: House) -> None:
    since = house.hand.now
    house.slack.fail("chat.postMessage", error="drop_after_accept")
    with pytest.raises(DeliveryError):
        await send(house, target=ANA, key="notice:1")
    await send(house, target=ANA, key="notice:1", asked_at=since)
    assert len(house.slack.messages(house.slack.workspace.open_im(ANA).id)) == 1


async def test_a_post_that_slack_never_took_is_posted_again(house: House) -> None:
    since = house.hand.now
    house.slack.fail("chat.postMessage", error="drop")
    with pytest.raises(DeliveryError):
        await send(house, key="run:7>C0OPS")
    await send(house, key="run:7>C0OPS", asked_at=since)
    (message,) = house.said()
    assert message.text == "Hello"


async def test_a_message_of_another_delivery_is_not_taken_for_it(house: House) -> None:
    since = house.hand.now
    await send(house, key="run:1>C0OPS")
    await send(house, key="run:2>C0OPS", asked_at=since)
    assert len(house.said()) == 2


@pytest.mark.parametrize("error", ["missing_scope", "not_in_channel"])
async def test_fmea_d14_where_the_history_cannot_be_read_a_repeat_is_marked_as_one(house: House, error: str) -> None:
    since = house.hand.now
    house.slack.fail("conversations.history", error=error)
    await send(house, key="run:7>C0OPS", asked_at=since)
    (message,) = house.said()
    assert message.text == f"Hello {notifier.REPEATED}"
    assert len(message.blocks) == 2


async def test_a_history_that_cannot_be_read_just_now_is_asked_later_and_nothing_is_posted(house: House) -> None:
    house.slack.fail("conversations.history", error="503")
    with pytest.raises(DeliveryError):
        await send(house, key="run:7>C0OPS", asked_at=house.hand.now)
    assert house.said() == []


async def test_without_leave_nothing_is_posted(house: House) -> None:
    async def refused() -> bool:
        return False

    with pytest.raises(DeliveryError) as error:
        await notifier.send(house.services, a_delivery(id=7, target=OPS), HELLO, refused)
    assert (error.value.code, error.value.permanent, house.said()) == ("no_leave", False, [])
