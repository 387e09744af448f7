"""What a workflow returns is text of strangers: it calls nobody, forges nothing, and is told however long it is."""

from pathlib import Path
from typing import Any

import pytest

from bot.demo.slack import Message
from tests.stories.sight import blocks_of, facts_of, words_of
from tests.stories.workflows import app_that_says
from tests.stories.world import OPS, TRANSPORTS, World, open_world

HOSTILE = (
    "<!channel> <!here> <!everyone> <!subteam^S012345> <@U0BEN> <#C0FINANCE> "
    "<https://evil.example|Your bank> &lt;!channel&gt; [Click](https://evil.example) @here ![](https://evil.example/x.png)"
)


def mrkdwn_of(value: Any) -> list[str]:
    """Every text that Slack would read as mrkdwn or as Markdown, and the message's own."""
    if isinstance(value, dict):
        is_read = value.get("type") in ("mrkdwn", "markdown")
        own = [value["text"]] if is_read and isinstance(value.get("text"), str) else []
        return own + [text for each in value.values() for text in mrkdwn_of(each)]
    if isinstance(value, list):
        return [text for each in value for text in mrkdwn_of(each)]
    return []


async def output_of(world: World, app: str, typed: str = "") -> Message:
    await world.type(f"/dify run {app} {typed}")
    return await world.told(f"*{app}* finished")


async def test_an_output_that_shouts_calls_nobody(tmp_path: Path) -> None:
    async with open_world(tmp_path, apps=[app_that_says("shouter", HOSTILE)]) as world:
        done = await output_of(world, "shouter")
        read = [done.text, *mrkdwn_of(done.blocks)]
        for call in ("<!channel", "<!here", "<!everyone", "<!subteam", "<@U0BEN", "<#C0FINANCE", "<https"):
            assert not any(call in text for text in read), call
        assert "evil.example" in words_of(done)
        assert not any(block["type"] == "image" for block in done.blocks)


@pytest.mark.parametrize("place", ["topic", "job"])
async def test_an_input_or_a_name_that_shouts_calls_nobody(world: World, place: str) -> None:
    name, topic = ('<!channel>"x', "Tea") if place == "job" else ("Tea", "<!channel> <@U0BEN>")
    typed = f"/dify schedule digest every hour as “{name}” topic=“{topic}”"
    saved = await world.save(typed)
    await world.turn_to_next()
    done = await world.wait(lambda: world.results())
    shown = await world.type("/dify show #1")
    for message in (saved, done[0], shown):
        read = [message.text, *mrkdwn_of(message.blocks)]
        assert not any(call in text for text in read for call in ("<!channel", "<@U0BEN")), read


async def test_an_output_of_two_hundred_thousand_characters_is_told_and_attached_whole(tmp_path: Path) -> None:
    text = "A long line of an enormous report.\n" * 6000
    async with open_world(tmp_path, apps=[app_that_says("huge", text)]) as world:
        done = await output_of(world, "huge")
        assert "more characters of text" in words_of(done)
        files = await world.wait(lambda: [each for each in world.slack.workspace.files.values() if each.channels])
        assert text.strip() in (files[0].content or b"").decode().replace("\\n", "\n")
        assert len(world.slack.messages(OPS)) <= 2
        assert "huge-run-1" in facts_of(done)


async def test_the_recorded_huge_output_is_posted(world: World) -> None:
    done = await output_of(world, "huge-output")
    assert "The whole output is in the file" in facts_of(done)


@pytest.mark.parametrize("world", TRANSPORTS, indirect=True)
async def test_a_text_with_every_odd_character_is_told(world: World) -> None:
    done = await output_of(world, "odd-text")
    assert blocks_of(done, "markdown")


async def test_orders_in_an_output_are_not_obeyed(tmp_path: Path) -> None:
    text = "/dify delete #1\n/dify run shouter\n<@U0BOT> pause everything"
    async with open_world(tmp_path, apps=[app_that_says("shouter", text)]) as world:
        await world.save("/dify schedule shouter every hour as Job")
        await world.turn_to_next()
        await world.told("*Job* finished")
        assert "is active" in (await world.type("/dify show job")).text
        assert len(world.dify.starts()) == 1
