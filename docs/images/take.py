"""Takes the pictures of the documentation anew: `python docs/images/take.py` plays the demo and photographs it."""

import asyncio
import shutil
from pathlib import Path

from playwright.async_api import Browser, FloatRect, Locator, Page, async_playwright

from bot.cli.demo import open_world
from bot.demo.story import tell

HERE = Path(__file__).parent
WIDE, TALL = 1000, 1700  # the whole of every message stands in the window
MARGIN = 24


async def take_all() -> None:
    """Play the story, then go on by hand, one picture after the other."""
    async with open_world() as (slack, _, _), async_playwright() as player:
        await tell(slack, lambda _: None)
        browser = await player.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = await open_page(browser, slack.url, scale=2)
        await page.goto(f"{slack.url}#/U0ANA/C0NEWS")
        await page.reload()
        await take_result(page)
        await page.goto(f"{slack.url}#/U0ANA/C0OPS")
        await take_form(page)
        await take_failure(page)
        await type_words(page, "/dify run slow")
        await page.wait_for_timeout(4000)
        await take_home(await open_page(browser, slack.url, scale=1.5), slack.url)
        await browser.close()


async def open_page(browser: Browser, url: str, *, scale: float) -> Page:
    page = await browser.new_page(
        viewport={"width": WIDE, "height": TALL},
        device_scale_factor=scale,
        locale="en-GB",
        timezone_id="Europe/Berlin",
    )
    await page.goto(url)
    await page.evaluate("localStorage.setItem('local-slack.hint-seen', '1')")
    return page


async def take_result(page: Page) -> None:
    await type_words(page, '/dify schedule daily-report every weekday at 8:30 as "Morning briefing"')
    await page.locator("button", has_text="Save").last.click()
    await page.wait_for_timeout(1000)
    await type_words(page, '/dify run "Morning briefing"')
    result = page.locator(".message:not(.ephemeral)", has_text="Morning briefing finished").last
    await result.locator("button", has_text="Pause job").wait_for()
    await photograph(page, result, "result.png")
    await result.locator("button", has_text="Open trace").click()
    await photograph_dialog(page, "trace.png")


async def take_form(page: Page) -> None:
    await type_words(page, '/dify schedule daily-report first Monday of every month at 8:30 as "Monthly report"')
    card = page.locator(".message.ephemeral", has_text="Monthly report").last
    await card.locator("button", has_text="Edit").click()
    await page.locator("dialog[open]", has_text="Time zone").wait_for()
    await photograph_dialog(page, "modal.png")
    await card.locator("button", has_text="Save").click()


async def take_failure(page: Page) -> None:
    """The alert and the message of the run race to the channel; the picture is of an alert that came first."""
    for name in ("Price watch", "Stock watch", "Rate watch", "Fuel watch", "Coin watch", "Rent watch"):
        await type_words(page, f'/dify schedule broken every 30 seconds as "{name}"')
        await page.locator("button", has_text="Save").last.click()
        alert = page.locator(".message:not(.ephemeral)", has_text=f"{name} failed").filter(has_text="@Ana").first
        await alert.wait_for(timeout=60_000)
        await page.wait_for_timeout(1500)
        if "follows" not in (await alert.get_attribute("class") or ""):
            await photograph(page, alert, "failure.png")
            return
        await type_words(page, f'/dify delete "{name}"')
        await page.locator("button", has_text="Delete").last.click()
        await page.locator("dialog[open] button", has_text="Delete").click()
        await page.wait_for_timeout(1000)
    raise RuntimeError("no alert came first")


async def take_home(page: Page, url: str) -> None:
    await page.goto(f"{url}#/U0ANA/app/home")
    home = page.locator(".home .blocks, .home").last
    await page.locator("text=Running now").wait_for()
    await page.wait_for_timeout(500)
    await photograph(page, home, "home.png")


async def type_words(page: Page, words: str) -> None:
    field = page.locator("#composer")
    await field.fill(words)
    await field.press("Enter")
    await page.wait_for_timeout(1500)


async def photograph(page: Page, what: Locator, name: str) -> None:
    await what.scroll_into_view_if_needed()
    await page.mouse.move(5, 5)
    await page.wait_for_timeout(300)
    await what.screenshot(path=HERE / name)


async def photograph_dialog(page: Page, name: str) -> None:
    """The dialog alone, on a plain ground, and closed afterwards."""
    await page.wait_for_timeout(1200)
    await page.evaluate("document.getElementById('frame').style.visibility = 'hidden'")
    dialog = page.locator("dialog[open]").last
    box = await dialog.bounding_box()
    assert box is not None
    clip = FloatRect(
        x=box["x"] - MARGIN, y=box["y"] - MARGIN, width=box["width"] + 2 * MARGIN, height=box["height"] + 2 * MARGIN
    )
    await page.screenshot(path=HERE / name, clip=clip)
    await page.evaluate("document.getElementById('frame').style.visibility = ''")
    await dialog.get_by_role("button", name="Close").first.click()
    await page.wait_for_timeout(500)


if __name__ == "__main__":
    asyncio.run(take_all())
