"""The page of the local Slack in a real browser: what a newcomer sees, types, presses and fills in."""

import re
import shutil
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, ViewportSize, async_playwright, expect
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.slack import LocalSlack

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESK = ViewportSize(width=1280, height=800)
PHONE = ViewportSize(width=390, height=800)
NINE_UTC = 1_795_510_800  # Tuesday 24 November 2026, 09:00 UTC: 10:00 in Berlin, 18:00 in Tokyo

pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="module"),  # one browser for all: starting it takes longer than a test
    pytest.mark.skipif(CHROMIUM is None, reason=f"no browser: none of {', '.join(NAMES)} is installed"),
]


def plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def button(text: str, action_id: str, **more: Any) -> dict[str, Any]:
    return {"type": "button", "text": plain(text), "action_id": action_id, "value": "7", **more}


def typed(block_id: str, label: str, **more: Any) -> dict[str, Any]:
    element = {"type": "plain_text_input", "action_id": "text"}
    return {"type": "input", "block_id": block_id, "label": plain(label), "element": element, **more}


def form(title: str, *blocks: dict[str, Any], callback_id: str = "job_new") -> dict[str, Any]:
    named = {"type": "modal", "callback_id": callback_id, "title": plain(title)}
    return {**named, "submit": plain("Save"), "close": plain("Cancel"), "blocks": list(blocks)}


OVERLAP: dict[str, Any] = {
    "type": "input",
    "block_id": "overlap",
    "label": plain("When the last run is still going"),
    "element": {
        "type": "static_select",
        "action_id": "choice",
        "options": [{"text": plain("Skip"), "value": "skip"}, {"text": plain("Queue"), "value": "queue"}],
    },
}
PREVIEW: dict[str, Any] = {"type": "section", "block_id": "preview", "text": plain("Next: unknown")}
NEW_JOB = form("New job", typed("name", "Name"), typed("when", "When", dispatch_action=True), PREVIEW, OVERLAP)
DELETE_CONFIRM = {
    "title": plain("Delete Nightly digest?"),
    "text": plain("It will not run again."),
    "confirm": plain("Delete"),
    "deny": plain("Keep"),
}
FOLD = {
    "type": "container",
    "title": plain("Iteration"),
    "subtitle": plain("1 of 5 items failed"),
    "is_collapsible": True,
    "default_collapsed": True,
    "child_blocks": [mrkdwn("Item 3 met *502*")],
}


class Robot:
    """A small app on the real Bolt: it opens forms and notes what people did."""

    def __init__(self, client: AsyncWebClient, secret: str) -> None:
        self.seen: list[tuple[str, Any]] = []
        self.app = AsyncApp(client=client, signing_secret=secret, process_before_response=True)
        self.app.command("/dify")(self.command)
        self.app.action(re.compile(".*"))(self.action)
        self.app.view("job_new")(self.submit)
        self.app.event("app_home_opened")(self.home)

    async def command(self, ack: Any, body: Any, client: AsyncWebClient) -> None:
        self.seen.append(("command", body["text"]))
        if body["text"] == "schedule":
            await client.views_open(trigger_id=body["trigger_id"], view=NEW_JOB)
            await ack()
        else:
            await ack(text="a card", blocks=[mrkdwn("*3 jobs*, none failing")])

    async def action(self, ack: Any, body: Any, client: AsyncWebClient) -> None:
        await ack()
        action = body["actions"][0]
        self.seen.append((action["action_id"], action.get("value")))
        if action["action_id"] == "trace":
            opened = body.get("view")
            call = client.views_push if opened else client.views_open
            level = form("Deeper" if opened else "Trace", mrkdwn("a node"), deeper(), callback_id="trace")
            await call(trigger_id=body["trigger_id"], view=level)
        if action["block_id"] == "when":
            preview = {**PREVIEW, "text": plain(f"Next: {action['value']}, at last")}
            blocks = [preview if block is PREVIEW else block for block in NEW_JOB["blocks"]]
            await client.views_update(view_id=body["view"]["id"], view={**NEW_JOB, "blocks": blocks})

    async def submit(self, ack: Any, view: Any, client: AsyncWebClient) -> None:
        values = view["state"]["values"]
        name = values["name"]["text"]["value"]
        if len(name) < 3:
            await ack(response_action="errors", errors={"name": "That name is too short."})
            return
        await ack()
        chosen = values["overlap"]["choice"]["selected_option"]["value"]
        await client.chat_postMessage(channel="C0OPS", text=f"*{name}* is saved, overlap: {chosen}")

    async def home(self, event: Any, client: AsyncWebClient) -> None:
        view = {"type": "home", "blocks": [mrkdwn("No jobs yet"), deeper()]}
        await client.views_publish(user_id=event["user"], view=view)


def deeper() -> dict[str, Any]:
    return {"type": "actions", "elements": [button("Open trace", "trace")]}


@pytest_asyncio.fixture(loop_scope="module")
async def slack() -> AsyncIterator[LocalSlack]:
    server = LocalSlack(manifest=LocalSlack.load_manifest())
    server.set_limits(enabled=False)
    await server.start()
    yield server
    await server.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def client(slack: LocalSlack) -> AsyncWebClient:
    return AsyncWebClient(token=slack.bot_token, base_url=slack.api_url, timeout=5)


@pytest_asyncio.fixture(loop_scope="module")
async def robot(slack: LocalSlack, client: AsyncWebClient) -> AsyncIterator[Robot]:
    robot = Robot(client, slack.signing_secret)
    handler = AsyncSocketModeHandler(robot.app, slack.app_token)
    await handler.connect_async()
    yield robot
    await handler.close_async()


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield chromium
        await chromium.close()


@pytest_asyncio.fixture(loop_scope="module")
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    context = await browser.new_context(viewport=DESK)
    context.set_default_timeout(10_000)
    yield context
    await context.close()


@pytest_asyncio.fixture(loop_scope="module")
async def page(context: BrowserContext, slack: LocalSlack) -> AsyncIterator[Page]:
    """A page that must neither complain nor ask anybody but the local Slack."""
    page = await context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
    page.on("request", lambda ask: None if is_own(ask.url, slack) else complaints.append(ask.url))
    yield page
    assert complaints == []


def is_own(address: str, slack: LocalSlack) -> bool:
    return address.startswith((slack.url, "data:"))


async def visit(page: Page, slack: LocalSlack, person: str = "U0ANA", place: str = "C0OPS") -> None:
    await page.goto(f"{slack.url}#/{person}/{place}")
    await expect(page.locator(".link-state")).to_have_text("Live")


async def test_a_message_appears_with_its_blocks_while_one_looks(
    page: Page, slack: LocalSlack, client: AsyncWebClient
) -> None:
    await visit(page, slack)
    text = f"*Nightly digest* ran on <!date^{NINE_UTC}^{{date_num}} {{time}}|x> in <#C0OPS|ops>"
    ts = (await client.chat_postMessage(channel="C0OPS", text="ran", blocks=[mrkdwn(text), FOLD]))["ts"]
    message = page.locator(f'[data-ts="{ts}"]')
    await expect(message.locator("strong", has_text="Nightly digest")).to_be_visible()
    await expect(message.locator("time.date").last).to_have_text("2026-11-24 10:00 AM")
    await expect(message.locator("a.mention")).to_have_text("#ops")
    await expect(message.get_by_text("Item 3 met")).to_be_hidden()
    await message.get_by_text("1 of 5 items failed").click()
    await expect(message.get_by_text("Item 3 met")).to_be_visible()


async def test_each_person_reads_times_in_their_own_zone(
    page: Page, slack: LocalSlack, client: AsyncWebClient
) -> None:
    await client.chat_postMessage(channel="C0OPS", text=f"at <!date^{NINE_UTC}^{{time}}|x>")
    await visit(page, slack)
    await expect(page.locator(".mrkdwn time")).to_have_text("10:00 AM")
    await page.locator("[data-switcher]").click()
    await page.locator('[data-person="U0CHIE"]').click()
    await expect(page.locator(".mrkdwn time")).to_have_text("18:00")
    await expect(page.locator("[data-switcher]")).to_contain_text("Asia/Tokyo")


async def test_nothing_that_is_sent_becomes_html_and_a_leaked_ping_is_loud(
    page: Page, slack: LocalSlack, client: AsyncWebClient
) -> None:
    evil = "<img src=x onerror=alert(1)> [here](javascript:alert(1)) <!channel> and &lt;!here&gt;"
    blocks = [{"type": "markdown", "text": evil}, mrkdwn(evil)]
    await client.chat_postMessage(channel="C0OPS", text="evil", blocks=blocks)
    await visit(page, slack)
    await expect(page.locator(".ping")).to_have_text(["@channel", "@channel"])
    await expect(page.locator(".markdown")).to_contain_text("<img src=x onerror=alert(1)>")
    await expect(page.locator(".mrkdwn")).to_contain_text("<!here>")
    assert await page.locator(".message img, a[href^=javascript]").count() == 0


async def test_an_unknown_block_is_shown_as_a_warning(page: Page, slack: LocalSlack, client: AsyncWebClient) -> None:
    await client.chat_postMessage(channel="C0OPS", text="soon")
    slack.messages("C0OPS")[0].blocks = [{"type": "hologram", "block_id": "h", "depth": 3}]
    await visit(page, slack)
    await expect(page.locator('[data-unknown="hologram"]')).to_contain_text("Unknown block: hologram")


async def test_a_command_is_completed_and_its_answer_is_seen_by_one_person_only(
    page: Page, slack: LocalSlack, robot: Robot
) -> None:
    await visit(page, slack)
    field = page.locator("#composer")
    await field.fill("/dify li")
    await expect(page.locator("[data-completion]")).to_have_count(1)
    await field.press("Tab")
    await expect(field).to_have_value("/dify list ")
    await expect(page.locator(".usage")).to_contain_text("[failing|mine|all|#channel]")
    await field.press("Enter")
    answer = page.locator('[data-ephemeral="true"]')
    await expect(answer).to_contain_text("Only visible to you")
    await expect(answer).to_contain_text("3 jobs, none failing")
    assert robot.seen == [("command", "list")]
    await answer.get_by_role("button", name="Dismiss").click()
    await expect(answer).to_have_count(0)


async def test_a_form_is_opened_filled_refused_mended_and_submitted(
    page: Page, slack: LocalSlack, robot: Robot
) -> None:
    await visit(page, slack)
    await page.locator("#composer").fill("/dify schedule")
    await page.locator("#composer").press("Enter")
    dialog = page.get_by_role("dialog", name="New job")
    await expect(dialog).to_be_visible()
    await expect(dialog).to_have_attribute("data-view-id", slack.views("U0ANA")[0].id)
    name, when = dialog.get_by_label("Name"), dialog.locator('[data-block-id="when"] input')
    await expect(name).to_be_focused()
    await name.fill("ab")
    await when.fill("every Monday")
    await when.press("Enter")
    await expect(dialog.locator('[data-block-id="preview"]')).to_have_text("Next: every Monday, at last")
    await expect(name).to_have_value("ab")
    await dialog.locator("select").select_option("queue")
    await dialog.get_by_role("button", name="Save").click()
    wrong = dialog.locator('[data-block-id="name"] .field-error')
    await expect(wrong).to_have_text("That name is too short.")
    await name.fill("Daily news")
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog).to_have_count(0)
    await expect(page.locator(".message")).to_contain_text("Daily news is saved, overlap: queue")


async def test_a_missing_answer_is_named_beside_its_field(page: Page, slack: LocalSlack, robot: Robot) -> None:
    await visit(page, slack)
    await page.locator("#composer").fill("/dify schedule")
    await page.locator("#composer").press("Enter")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator(".field-error")).to_have_count(3)


async def test_a_button_with_a_confirm_dialog_asks_first(
    page: Page, slack: LocalSlack, client: AsyncWebClient, robot: Robot
) -> None:
    delete = button("Delete", "delete", style="danger", confirm=DELETE_CONFIRM)
    await client.chat_postMessage(channel="C0OPS", text="x", blocks=[{"type": "actions", "elements": [delete]}])
    await visit(page, slack)
    pressed = page.locator('[data-action-id="delete"]')
    await pressed.click()
    await page.get_by_role("dialog", name="Delete Nightly digest?").get_by_role("button", name="Keep").click()
    assert robot.seen == []
    await pressed.click()
    await page.locator('[data-confirm="yes"]').click()
    await slack.wait_for(lambda: robot.seen == [("delete", "7")])


async def test_modals_stack_and_escape_goes_back_one_level(
    page: Page, slack: LocalSlack, client: AsyncWebClient, robot: Robot
) -> None:
    await client.chat_postMessage(channel="C0OPS", text="x", blocks=[deeper()])
    await visit(page, slack)
    await page.locator('.message [data-action-id="trace"]').click()
    await page.get_by_role("dialog", name="Trace").get_by_role("button", name="Open trace").click()
    await expect(page.get_by_role("dialog", name="Deeper")).to_be_visible()
    await expect(page.locator("[data-view-id][role=dialog]")).to_have_count(2)
    await page.keyboard.press("Escape")
    await expect(page.locator("[data-view-id][role=dialog]")).to_have_count(1)
    await page.get_by_role("dialog", name="Trace").get_by_role("button", name="Cancel").click()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    assert slack.views("U0ANA") == []


async def test_the_home_is_asked_for_when_it_is_opened(page: Page, slack: LocalSlack, robot: Robot) -> None:
    await visit(page, slack)
    await page.locator('[data-nav="app"]').click()
    await expect(page.get_by_role("tabpanel", name="Home")).to_contain_text("No jobs yet")
    await page.get_by_role("tab", name="Messages").click()
    await expect(page.locator("#composer")).to_have_attribute("aria-label", "Message Dify Ops")


async def test_a_thread_shows_answers_and_takes_new_ones(
    page: Page, slack: LocalSlack, client: AsyncWebClient
) -> None:
    ts = (await client.chat_postMessage(channel="C0OPS", text="Nightly digest failed"))["ts"]
    await client.chat_postMessage(channel="C0OPS", text="Node HTTP met 502", thread_ts=ts)
    await visit(page, slack)
    await expect(page.locator("#pane")).not_to_contain_text("Node HTTP met 502")
    await page.get_by_role("button", name="1 reply").click()
    await expect(page.locator("#thread")).to_contain_text("Node HTTP met 502")
    await page.locator("#composer-thread").fill("I look at it")
    await page.locator("#composer-thread").press("Enter")
    await expect(page.locator("#thread [data-user=U0ANA]")).to_contain_text("I look at it")
    assert slack.messages("C0OPS")[-1].thread_ts == ts


async def test_a_permalink_leads_to_its_message(page: Page, slack: LocalSlack, client: AsyncWebClient) -> None:
    ts = str((await client.chat_postMessage(channel="C0NEWS", text="the one"))["ts"])
    found = await client.chat_getPermalink(channel="C0NEWS", message_ts=ts)
    await page.goto(str(found["permalink"]))
    await expect(page.locator(f'.found[data-ts="{ts}"]')).to_contain_text("the one")


async def test_a_refusal_is_said_and_the_words_are_kept(page: Page, slack: LocalSlack) -> None:
    await visit(page, slack)
    await page.locator("#composer").fill("/dify run nothing")
    await page.locator("#composer").press("Enter")
    await expect(page.locator(".toast-error")).to_contain_text("dispatch_failed")
    await expect(page.locator("#composer")).to_have_value("/dify run nothing")


async def test_the_first_hint_fills_the_field_and_stays_away_once_dismissed(page: Page, slack: LocalSlack) -> None:
    await visit(page, slack)
    await page.locator('[data-example="/dify schedule"]').click()
    await expect(page.locator("#composer")).to_have_value("/dify schedule ")
    await page.locator("#composer").fill("")
    await page.locator('[data-dismiss="hint"]').click()
    await page.reload()
    await expect(page.locator(".link-state")).to_have_text("Live")
    await expect(page.locator(".hint")).to_have_count(0)


async def test_a_guest_sees_only_the_channels_of_guests(page: Page, slack: LocalSlack) -> None:
    await visit(page, slack, "U0GUS", "C0GENERAL")
    await expect(page.locator("[data-nav^=C0]")).to_have_text(["general", "ops"])


async def test_a_phone_needs_no_sideways_scrolling(page: Page, slack: LocalSlack, client: AsyncWebClient) -> None:
    wide = {"type": "markdown", "text": "| a | b |\n|--|--|\n| " + "long " * 40 + " | x |\n\n`" + "x" * 200 + "`"}
    await client.chat_postMessage(channel="C0OPS", text="x", blocks=[wide, FOLD, deeper()])
    await page.set_viewport_size(PHONE)
    await visit(page, slack)
    await expect(page.locator(".markdown")).to_be_visible()
    widths = await page.evaluate(
        "[document.documentElement.scrollWidth, document.querySelector('.scroll').scrollWidth]"
    )
    assert max(widths) <= PHONE["width"]
    await page.get_by_role("button", name="Open the sidebar").click()
    await page.locator('[data-nav="C0NEWS"]').click()
    await expect(page.locator(".pane-title")).to_have_text("news")
