"""/person/…: what the page asks and does, as HTTP."""

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.slack import LocalSlack

Connect = Callable[..., Any]
PLAIN = {"type": "plain_text", "text": "Go"}
BUTTON = {"type": "actions", "block_id": "b", "elements": [{"type": "button", "action_id": "go", "text": PLAIN}]}


class Page:
    """Speaks as the page does."""

    def __init__(self, slack: LocalSlack, session: aiohttp.ClientSession) -> None:
        self.slack, self.session = slack, session

    async def state(self, user: str) -> dict[str, Any]:
        async with self.session.get(f"{self.slack.url}person/state?user={user}") as response:
            body: dict[str, Any] = await response.json()
            return body

    async def do(self, deed: str, **body: Any) -> dict[str, Any]:
        async with self.session.post(f"{self.slack.url}person/{deed}", json=body) as response:
            assert response.status == 200
            answer: dict[str, Any] = await response.json()
            return answer


@pytest.fixture
async def page(slack: LocalSlack) -> AsyncIterator[Page]:
    async with aiohttp.ClientSession() as session:
        yield Page(slack, session)


async def test_a_person_sees_their_own_world(slack: LocalSlack, client: AsyncWebClient, page: Page) -> None:
    await client.chat_postMessage(channel="C0FINANCE", text="secret figures")
    parent = (await client.chat_postMessage(channel="C0OPS", text="run"))["ts"]
    await client.chat_postMessage(channel="C0OPS", text="detail", thread_ts=parent)
    await client.chat_postEphemeral(channel="C0OPS", user="U0BEN", text="only Ben")
    await client.chat_postMessage(channel="U0ANA", text="only Ana")
    ana, ben, gus = [await page.state(user) for user in ("U0ANA", "U0BEN", "U0GUS")]
    assert ana["me"]["id"] == "U0ANA"
    assert [m["text"] for m in ana["messages"]["C0FINANCE"]] == ["secret figures"]
    assert ana["messages"]["C0OPS"][0]["reply_count"] == 1
    assert [c["is_dm"] for c in ana["channels"] if c["id"] == "D0ANA"] == [True]
    assert [m["text"] for m in ben["ephemerals"]["C0OPS"]] == ["only Ben"]
    for theirs in (ben, gus):
        everything = json.dumps(theirs)
        assert "secret figures" not in everything
        assert "only Ana" not in everything
        assert "finance" not in everything
    assert "only Ben" not in json.dumps(ana)
    assert {c["name"] for c in gus["channels"]} == {"general", "ops"}


async def test_a_click_on_an_ephemeral_message(
    slack: LocalSlack, client: AsyncWebClient, page: Page, connect: Connect
) -> None:
    sent = await client.chat_postEphemeral(channel="C0OPS", user="U0ANA", text="x", blocks=[BUTTON])
    source = {"message": {"channel": "C0OPS", "ts": sent["message_ts"], "ephemeral": True}}
    async with connect() as app:
        click = {"source": source, "block_id": "b", "action_id": "go"}
        assert (await page.do("click", user="U0ANA", **click)) == {"ok": True}
        refused = await page.do("click", user="U0BEN", **click)
        assert (refused["ok"], refused["error"]) == (False, "not_there")
        assert len(app.got) == 1


async def test_a_modal_is_filled_in_and_submitted(
    slack: LocalSlack, client: AsyncWebClient, page: Page, connect: Connect
) -> None:
    element = {"type": "plain_text_input", "action_id": "text"}
    pick = {"type": "external_select", "action_id": "app"}
    blocks = [
        {"type": "input", "block_id": "name", "label": PLAIN, "element": element},
        {"type": "actions", "block_id": "more", "elements": [pick]},
    ]
    view = {"type": "modal", "title": PLAIN, "submit": PLAIN, "blocks": blocks}
    choice = {"text": PLAIN, "value": "v"}
    trigger = slack.workspace.passes.new_trigger("U0ANA")
    view_id = (await client.views_open(trigger_id=trigger, view=view))["view"]["id"]

    def reply(envelope: dict[str, Any]) -> Any:
        kind = envelope["payload"]["type"]
        answers = {
            "block_suggestion": {"options": [choice]},
            "view_submission": {"response_action": "errors", "errors": {"name": "taken"}},
        }
        return answers.get(kind)

    async with connect(reply) as app:
        found = await page.do("suggest", user="U0ANA", view_id=view_id, block_id="more", action_id="app", value="n")
        assert found == {"ok": True, "options": [choice]}
        click = {"block_id": "more", "action_id": "app", "selected_option": choice}
        state = {"name": {"text": {"type": "plain_text_input", "value": "typed"}}}
        await page.do("click", user="U0ANA", source={"view": view_id}, state=state, **click)
        values = app.got[-1]["payload"]["view"]["state"]["values"]
        assert (values["name"]["text"]["value"], values["more"]["app"]["selected_option"]) == ("typed", choice)
        refused = await page.do("submit", user="U0ANA", view_id=view_id, values=state)
    assert refused["errors"] == {"name": "taken"}
    assert (await page.state("U0ANA"))["views"][0]["errors"] == {"name": "taken"}
    assert (await page.do("close", user="U0ANA", view_id=view_id)) == {"ok": True}
    assert (await page.state("U0ANA"))["views"] == []


async def test_typing_the_home_and_shortcuts(slack: LocalSlack, page: Page, connect: Connect) -> None:
    async with connect(lambda envelope: {"text": "hi"}):
        answer = await page.do("type", user="U0ANA", channel="C0OPS", text="/dify")
        said = await page.do("type", user="U0BEN", channel="C0OPS", text="hello")
        assert answer["ts"] == slack.ephemerals("U0ANA")[0].ts
        assert (await page.do("home", user="U0ANA"))["ok"]
        assert (await page.do("shortcut", user="U0ANA", callback_id="job_new"))["ok"]
        on_message = {"callback_id": "run_on_message", "channel": "C0OPS", "ts": said["ts"]}
        assert (await page.do("shortcut", user="U0ANA", **on_message))["ok"]
    wrong = await page.do("type", user="U0ANA", channel="C0OPS", text="/nothing")
    assert wrong == {"ok": False, "error": "unknown_command", "notice": "/nothing is not a valid command."}


async def test_commands_and_shortcuts_come_from_the_manifest(slack: LocalSlack, page: Page) -> None:
    async with page.session.get(f"{slack.url}person/commands") as response:
        body = await response.json()
    assert [each["command"] for each in body["commands"]] == ["/dify"]
    assert {each["type"] for each in body["shortcuts"]} == {"global", "message"}


async def test_the_stream_tells_of_each_change(slack: LocalSlack, page: Page) -> None:
    async with page.session.get(f"{slack.url}person/events?user=U0ANA") as response:
        assert response.content_type == "text/event-stream"
        first = json.loads((await response.content.readuntil(b"\n\n"))[6:])["rev"]
        await slack.type("U0BEN", "C0OPS", "hello")
        second = json.loads((await response.content.readuntil(b"\n\n"))[6:])["rev"]
        assert second > first
        await slack.stop()
        assert await response.content.read() == b""


async def test_only_this_machine_and_only_json_may_act(slack: LocalSlack, page: Page) -> None:
    async with page.session.get(slack.url, headers={"Host": "evil.example"}) as response:
        assert response.status == 403
    async with page.session.post(f"{slack.url}person/type", data='{"user": "U0ANA"}') as response:
        assert response.status == 415
    for path in ("person/state?user=U0NOBODY", "person/nothing?user=U0ANA", "page/nothing.js", "page/..%2fserver.py"):
        async with page.session.get(slack.url + path) as response:
            assert response.status in (404, 405)


async def test_the_index_is_served_for_permalinks_too(slack: LocalSlack, page: Page) -> None:
    for path in ("", "archives/C0OPS/p123"):
        async with page.session.get(slack.url + path) as response:
            assert (response.status, response.content_type) == (200, "text/html")
