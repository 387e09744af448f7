"""What people can do and see: acks of all kinds, confirmations, forms, suggestions, privacy."""

from collections.abc import Callable
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.slack import LocalSlack

Connect = Callable[..., Any]


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def button(text: str, action_id: str, **more: Any) -> dict[str, Any]:
    return {"type": "button", "text": plain(text), "action_id": action_id, **more}


def actions(*elements: dict[str, Any], block_id: str = "deeds") -> dict[str, Any]:
    return {"type": "actions", "block_id": block_id, "elements": list(elements)}


def field(element: dict[str, Any], block_id: str, label: str, **more: Any) -> dict[str, Any]:
    return {"type": "input", "block_id": block_id, "label": plain(label), "element": element, **more}


def option(text: str, value: str) -> dict[str, Any]:
    return {"text": plain(text), "value": value}


FORM: dict[str, Any] = {
    "type": "modal",
    "callback_id": "form",
    "title": plain("Form"),
    "submit": plain("Save"),
    "notify_on_close": True,
    "blocks": [
        field({"type": "plain_text_input", "action_id": "text", "max_length": 10}, "name", "Name"),
        field(
            {"type": "number_input", "action_id": "n", "is_decimal_allowed": False, "max_value": "9"},
            "tries",
            "Tries",
            optional=True,
        ),
        field(
            {
                "type": "static_select",
                "action_id": "pick",
                "options": [option("Skip it", "skip"), option("Queue it", "queue")],
                "initial_option": option("Skip it", "skip"),
            },
            "overlap",
            "Overlap",
        ),
        field({"type": "conversations_select", "action_id": "where"}, "channel", "Channel", optional=True),
        field({"type": "external_select", "action_id": "app"}, "app", "App", optional=True),
        field(
            {"type": "checkboxes", "action_id": "days", "options": [option("Mon", "1"), option("Tue", "2")]},
            "days",
            "Days",
            optional=True,
        ),
        field({"type": "plain_text_input", "action_id": "when"}, "when", "When", optional=True, dispatch_action=True),
    ],
}


async def open_form(slack: LocalSlack, client: AsyncWebClient, user: str = "U0ANA") -> Any:
    trigger = slack.workspace.passes.new_trigger(user)
    await client.views_open(trigger_id=trigger, view=FORM)
    return slack.views(user)[-1]


async def test_an_in_channel_answer_shows_the_command_to_all(slack: LocalSlack, connect: Connect) -> None:
    async with connect(lambda envelope: {"text": "done", "response_type": "in_channel"}):
        await slack.type("U0ANA", "C0OPS", "/dify list")
    said = [(m.user, m.text) for m in slack.messages("C0OPS", "U0BEN")]
    assert said == [("U0ANA", "/dify list"), ("U0BOT", "done")]


async def test_an_answer_with_bad_blocks_is_refused_and_logged(slack: LocalSlack, connect: Connect) -> None:
    async with connect(lambda envelope: {"blocks": [{"type": "header"}]}):
        answer = await slack.type("U0ANA", "C0OPS", "/dify")
    assert answer.error == "invalid_command_response"
    assert "[json-pointer:/blocks/0]" in slack.log.of("refused")[0].detail["problems"][0]
    assert slack.ephemerals("U0ANA") == []


async def test_commands_do_not_work_in_threads_or_under_another_name(slack: LocalSlack) -> None:
    assert (await slack.type("U0ANA", "C0OPS", "/dify", thread_ts="1.2")).error == "command_in_thread"
    assert (await slack.type("U0ANA", "C0OPS", "/difi list")).error == "unknown_command"
    assert (await slack.type("U0BEN", "C0FINANCE", "/dify")).error == "channel_not_found"
    assert (await slack.type("U0GUS", "C0NEWS", "hello")).error == "channel_not_found"


async def test_a_button_with_a_confirm_dialog_needs_a_yes(
    slack: LocalSlack, client: AsyncWebClient, connect: Connect
) -> None:
    confirm = {"title": plain("Sure?"), "text": plain("It will not run again.")}
    blocks = [actions(button("Delete", "delete", confirm=confirm, value="7", style="danger"))]
    await client.chat_postMessage(channel="C0OPS", text="job", blocks=blocks)
    message = slack.messages("C0OPS")[0]
    async with connect() as app:
        asked = await slack.click("U0BEN", message, "delete")
        assert (asked.ok, asked.error, asked.confirm) == (False, "needs_confirm", confirm)
        assert app.got == []
        assert (await slack.click("U0BEN", message, "deeds/delete", confirmed=True)).ok
        payload = app.got[0]["payload"]
    assert payload["user"]["id"] == "U0BEN"
    assert payload["container"]["is_ephemeral"] is False
    assert payload["message"]["ts"] == message.ts
    action = payload["actions"][0]
    assert (action["action_id"], action["value"], action["block_id"]) == ("delete", "7", "deeds")


async def test_a_menu_beside_a_button_is_read_on_the_buttons_click(
    slack: LocalSlack, client: AsyncWebClient, connect: Connect
) -> None:
    menu = {"type": "static_select", "action_id": "how", "options": [option("All", "all"), option("Mine", "mine")]}
    overflow = {"type": "overflow", "action_id": "more", "options": [option("Edit", "edit")]}
    await client.chat_postMessage(channel="C0OPS", text="x", blocks=[actions(menu, overflow, button("Go", "go"))])
    message = slack.messages("C0OPS")[0]
    async with connect() as app:
        await slack.choose("U0ANA", message, "how", "Mine")
        await slack.choose("U0ANA", message, "more", "edit")
        await slack.click("U0ANA", message, "Go")
    chosen, edited, pressed = (envelope["payload"] for envelope in app.got)
    assert chosen["actions"][0]["selected_option"]["value"] == "mine"
    assert edited["actions"][0]["selected_option"]["value"] == "edit"
    assert pressed["state"]["values"]["deeds"]["how"]["selected_option"]["value"] == "mine"


async def test_what_is_not_there_is_said_with_what_is(slack: LocalSlack, client: AsyncWebClient) -> None:
    await client.chat_postMessage(channel="C0FINANCE", text="x", blocks=[actions(button("Go", "go"))])
    message = slack.messages("C0FINANCE")[0]
    with pytest.raises(LookupError, match=r"deeds/go \['Go'\]"):
        await slack.click("U0ANA", message, "stop")
    with pytest.raises(LookupError, match="sees no message"):
        await slack.click("U0BEN", message, "go")
    with pytest.raises(LookupError, match="sees no view"):
        await slack.submit("U0ANA", "V0GONE")


async def test_a_form_is_filled_in_by_label_value_and_id(
    slack: LocalSlack, client: AsyncWebClient, connect: Connect
) -> None:
    def reply(envelope: dict[str, Any]) -> Any:
        if envelope["payload"]["type"] == "block_suggestion":
            return {"options": [option("Daily news", "a7"), option("Digest", "a8")]}
        return None

    async with connect(reply) as app:
        view = await open_form(slack, client)
        values = {
            "Name": "Nightly",
            "tries": 3,
            "pick": "Queue it",
            "where": "C0OPS",
            "app": "Digest",
            "days": {"days": ["1", "Tue"]},
        }
        assert (await slack.submit("U0ANA", view, values)).ok
        sent = app.got[-1]["payload"]["view"]["state"]["values"]
    assert sent["name"]["text"] == {"type": "plain_text_input", "value": "Nightly"}
    assert sent["tries"]["n"]["value"] == "3"
    assert sent["overlap"]["pick"]["selected_option"]["value"] == "queue"
    assert sent["channel"]["where"]["selected_conversation"] == "C0OPS"
    assert sent["app"]["app"]["selected_option"]["value"] == "a8"
    assert [each["value"] for each in sent["days"]["days"]["selected_options"]] == ["1", "2"]
    assert sent["when"]["when"]["value"] is None
    assert slack.views("U0ANA") == []


async def test_slack_itself_complains_about_an_incomplete_form(
    slack: LocalSlack, client: AsyncWebClient, connect: Connect
) -> None:
    async with connect() as app:
        view = await open_form(slack, client)
        answer = await slack.submit("U0ANA", view, {"Tries": "ten"})
        assert answer.errors == {
            "name": "Please complete this required field.",
            "tries": "Please enter a valid number.",
        }
        over = await slack.submit("U0ANA", view, {"Name": "x" * 11, "Tries": "10"})
        assert set(over.errors) == {"name", "tries"}
        assert app.got == []


async def test_a_field_with_dispatch_action_tells_the_app_while_typing(
    slack: LocalSlack, client: AsyncWebClient, connect: Connect
) -> None:
    async with connect() as app:
        view = await open_form(slack, client)
        await slack.fill("U0ANA", view, {"Name": "x", "When": "every day"})
        assert [each["payload"]["actions"][0]["action_id"] for each in app.got] == ["when"]
        assert app.got[0]["payload"]["view"]["state"]["values"]["name"]["text"]["value"] == "x"


@pytest.mark.parametrize("action", ["update", "push", "clear"])
async def test_a_submission_may_show_another_view(
    slack: LocalSlack, client: AsyncWebClient, connect: Connect, action: str
) -> None:
    following = {"type": "modal", "title": plain("Next"), "blocks": []}
    body = {"response_action": action, **({} if action == "clear" else {"view": following})}
    async with connect(lambda envelope: body):
        view = await open_form(slack, client)
        assert (await slack.submit("U0ANA", view, {"Name": "x"})).ok
    titles = {"update": ["Next"], "push": ["Form", "Next"], "clear": []}
    assert [each.title for each in slack.views("U0ANA")] == titles[action]


@pytest.mark.parametrize(
    "body",
    [
        {"response_action": "errors", "errors": {"nowhere": "x"}},
        {"response_action": "update", "view": {"type": "modal"}},
        {"response_action": "dance"},
        {"response_action": "errors"},
    ],
    ids=str,
)
async def test_a_response_that_slack_would_not_understand_is_trouble(
    slack: LocalSlack, client: AsyncWebClient, connect: Connect, body: dict[str, Any]
) -> None:
    async with connect(lambda envelope: body):
        view = await open_form(slack, client)
        answer = await slack.submit("U0ANA", view, {"Name": "x"})
    assert (answer.ok, answer.error) == (False, "invalid_response")
    assert slack.views("U0ANA") == [view]
    assert len(slack.log.of("refused")) == 1


async def test_closing_is_told_where_the_view_asks_for_it(
    slack: LocalSlack, client: AsyncWebClient, connect: Connect
) -> None:
    async with connect() as app:
        await slack.close_view("U0ANA", await open_form(slack, client))
        payload = app.got[0]["payload"]
    assert (payload["type"], payload["is_cleared"], payload["view"]["callback_id"]) == ("view_closed", False, "form")


async def test_shortcuts_go_where_they_belong(slack: LocalSlack, connect: Connect) -> None:
    said = (await slack.type("U0BEN", "C0OPS", "please summarise")).message
    async with connect() as app:
        assert (await slack.shortcut("U0ANA", "run_on_message", said)).ok
        assert (await slack.shortcut("U0ANA", "run_on_message")).error == "wrong_place"
        assert (await slack.shortcut("U0GUS", "job_new")).error == "not_allowed"
        assert (await slack.shortcut("U0ANA", "nothing")).error == "unknown_shortcut"
        payload = app.got[0]["payload"]
    assert (payload["type"], payload["message"]["text"]) == ("message_action", "please summarise")
    assert payload["channel"] == {"id": "C0OPS", "name": "ops"}


async def test_the_home_event_carries_the_view_from_the_second_time_on(
    slack: LocalSlack, client: AsyncWebClient, connect: Connect
) -> None:
    async with connect() as app:
        await slack.open_home("U0ANA")
        await client.views_publish(user_id="U0ANA", view={"type": "home", "blocks": []})
        await slack.open_home("U0ANA")
        await slack.open_home("U0ANA", tab="messages")
    events = [envelope["payload"]["event"] for envelope in app.got]
    assert ["view" in event for event in events] == [False, True, False]
    assert [event["tab"] for event in events] == ["home", "home", "messages"]


async def test_waiting_gives_up_with_the_last_lines_of_the_log(slack: LocalSlack) -> None:
    await slack.type("U0ANA", "C0OPS", "a line")
    with pytest.raises(TimeoutError, match="a line"):
        await slack.wait_for(lambda: slack.views("U0ANA"), timeout=0.01)
