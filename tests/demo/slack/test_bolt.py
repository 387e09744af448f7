"""The real slack_bolt against the local Slack, over Socket Mode and over signed HTTP."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.slack import LocalSlack

MODAL: dict[str, Any] = {
    "type": "modal",
    "callback_id": "job_new",
    "title": {"type": "plain_text", "text": "New job"},
    "submit": {"type": "plain_text", "text": "Save"},
    "blocks": [
        {
            "type": "input",
            "block_id": "name",
            "label": {"type": "plain_text", "text": "Name"},
            "element": {"type": "plain_text_input", "action_id": "text"},
        }
    ],
}
CARD: list[dict[str, Any]] = [
    {"type": "section", "text": {"type": "mrkdwn", "text": "*Nightly digest*"}},
    {
        "type": "actions",
        "block_id": "deeds",
        "elements": [
            {"type": "button", "action_id": "save", "value": "7", "text": {"type": "plain_text", "text": "Save"}}
        ],
    },
]


def wire_up(app: AsyncApp) -> None:
    @app.command("/dify")
    async def command(ack: Any, body: Any, client: AsyncWebClient) -> None:
        if body["text"] == "schedule":
            await ack()
            await client.views_open(trigger_id=body["trigger_id"], view=MODAL)
        else:
            await ack(text="Here is a card", blocks=CARD)

    @app.action("save")
    async def save(ack: Any, respond: Any) -> None:
        await ack()
        await respond(text="Saved", replace_original=True)

    @app.view("job_new")
    async def submit(ack: Any, view: Any, client: AsyncWebClient) -> None:
        name = view["state"]["values"]["name"]["text"]["value"]
        if len(name) < 3:
            await ack(response_action="errors", errors={"name": "That name is too short."})
            return
        await ack()
        await client.chat_postMessage(channel="C0OPS", text=f"Job {name} is saved")

    @app.event("app_home_opened")
    async def home(event: Any, client: AsyncWebClient) -> None:
        blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "No jobs yet"}}]
        await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": blocks})

    @app.shortcut("job_new")
    async def shortcut(ack: Any, body: Any, client: AsyncWebClient) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=MODAL)


@pytest.fixture(params=["socket", "http"])
async def running(
    request: pytest.FixtureRequest, slack: LocalSlack, client: AsyncWebClient
) -> AsyncIterator[LocalSlack]:
    app = AsyncApp(client=client, signing_secret=slack.signing_secret, process_before_response=True)
    wire_up(app)
    slack.wire.ack_s = 3.0
    if request.param == "socket":
        handler = AsyncSocketModeHandler(app, slack.app_token, ping_interval=60)
        handler.client.web_client = AsyncWebClient(token=slack.app_token, base_url=slack.api_url)
        await handler.connect_async()
        await slack.wait_for(lambda: slack.sockets.count == 1)
        yield slack
        await handler.close_async()
        await asyncio.gather(handler.client.message_processor, return_exceptions=True)
        return
    server = app.server(port=0)
    runner = web.AppRunner(server.web_app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    slack.request_url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    yield slack
    await runner.cleanup()


async def test_a_command_is_answered_and_its_card_is_replaced_by_the_buttons_response(
    running: LocalSlack,
) -> None:
    answer = await running.type("U0ANA", "#ops", "/dify")
    assert answer.ok, answer
    card = answer.message
    assert card is not None
    assert card.viewer == "U0ANA"
    assert (await running.click("U0ANA", card, "Save")).ok
    await running.wait_for(lambda: card.text == "Saved")
    assert card.blocks == []
    assert running.ephemerals("U0BEN") == []


async def test_a_modal_is_opened_refused_and_submitted(running: LocalSlack) -> None:
    assert (await running.type("U0BEN", "C0OPS", "/dify schedule")).ok
    view = (await running.wait_for(lambda: running.views("U0BEN")))[-1]
    refused = await running.submit("U0BEN", view, {"Name": "ab"})
    assert refused.errors == {"name": "That name is too short."}
    assert (await running.submit("U0BEN", view.id, {"name": {"text": "Nightly"}})).ok
    assert running.views("U0BEN") == []
    posted = await running.wait_for(lambda: running.messages("C0OPS"))
    assert posted[0].text == "Job Nightly is saved"


async def test_the_home_is_published_when_it_is_opened(running: LocalSlack) -> None:
    assert (await running.open_home("U0CHIE")).ok
    home = await running.wait_for(lambda: running.home("U0CHIE"))
    assert home.blocks[0]["text"]["text"] == "No jobs yet"
    assert running.home("U0ANA") is None


async def test_a_global_shortcut_opens_a_modal(running: LocalSlack) -> None:
    assert (await running.shortcut("U0ANA", "job_new")).ok
    views = await running.wait_for(lambda: running.views("U0ANA"))
    assert views[0].title == "New job"


async def test_the_client_of_socket_mode_comes_back_after_a_disconnect(
    slack: LocalSlack, client: AsyncWebClient
) -> None:
    app = AsyncApp(client=client, signing_secret=slack.signing_secret, process_before_response=True)
    wire_up(app)
    slack.wire.ack_s = 3.0
    handler = AsyncSocketModeHandler(app, slack.app_token, ping_interval=60)
    await handler.connect_async()
    await slack.wait_for(lambda: slack.sockets.count == 1)
    await slack.disconnect_sockets()
    assert slack.sockets.count == 0
    await slack.wait_for(lambda: slack.sockets.count == 1)
    assert (await slack.type("U0ANA", "C0OPS", "/dify")).ok
    await handler.close_async()
    await asyncio.gather(handler.client.message_processor, return_exceptions=True)
