"""Connecting a Dify app: for admins, and with a key that nobody sees again."""

import math
import sqlite3
from contextlib import closing

import pytest

from bot.demo.dify import LocalDify
from tests.stories.sight import words_of
from tests.stories.world import ANA, BEN, OPS, TRANSPORTS, World


@pytest.mark.parametrize("world", TRANSPORTS, indirect=True)
async def test_an_admin_connects_an_app_and_its_key_is_seen_by_nobody_again(world: World) -> None:
    key = world.dify.keys["loops"]
    await world.slack.type(ANA, OPS, "/dify connect")
    view = await world.view("Connect a Dify app")
    typed = {"name": "my-loops", "base_urls": world.dify.url, "key": "app-000000000000000000000000"}
    await world.slack.submit(ANA, view, typed)
    await world.wait(lambda: "Dify refused the API key" in words_of(view), what="the refusal")
    assert "app-0000" not in world.says()
    answer = await world.slack.submit(ANA, view, typed | {"key": key})
    assert answer.ok
    await world.wait(lambda: "“my-loops” is connected" in words_of(view), what="the success")
    assert key not in world.says()
    await world.type("/dify run my-loops")
    await world.told("*my-loops* finished")


async def test_an_app_with_two_addresses_is_run_where_dify_can_be_reached(world: World) -> None:
    second = LocalDify(speed=math.inf)
    second.keys = world.dify.keys
    await second.start()
    try:
        await world.slack.type(ANA, OPS, "/dify connect")
        view = await world.view("Connect a Dify app")
        assert "several" in words_of(view)
        urls = f"{world.dify.url}\n{second.url}"
        typed = {"name": "twice", "base_urls": urls, "routing": "failover", "key": world.dify.keys["digest"]}
        await world.slack.submit(ANA, view, typed)
        await world.wait(lambda: "“twice” is connected" in words_of(view), what="the success")
        world.dify.close_door()
        await world.type("/dify run twice topic=Tea")
        await world.told("*twice* finished")
        assert len(second.starts()) == 1
    finally:
        await second.stop()
        await world.dify.open_door()


async def test_fmea_b1_a_database_that_others_hold_is_said_in_the_form_of_an_app(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.writer.PATIENCE_S", 0.1)
    await world.slack.type(ANA, OPS, "/dify connect")
    view = await world.view("Connect a Dify app")
    typed = {"name": "my-loops", "base_urls": world.dify.url, "key": world.dify.keys["loops"]}
    file = world.bot.services.settings.data_folder / "dify-ops.sqlite3"
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        await world.slack.submit(ANA, view, typed)
        await world.wait(lambda: "nothing was saved. Please try again." in words_of(view), what="the reason")
    await world.slack.submit(ANA, view, typed)
    await world.wait(lambda: "“my-loops” is connected" in words_of(view), what="the success")


async def test_nobody_but_an_admin_connects_apps(world: World) -> None:
    assert "Only a workspace admin may connect" in (await world.type("/dify connect", BEN)).text
    assert not world.slack.views(BEN)


async def test_a_key_typed_into_a_command_is_refused_and_not_repeated(world: World) -> None:
    key = "app-" + "k" * 24
    for typed in (f"/dify schedule {key} every day at 9", f"/dify run digest topic={key}"):
        answer = await world.type(typed)
        assert "looks like a Dify API key" in answer.text
        assert key not in words_of(answer)
