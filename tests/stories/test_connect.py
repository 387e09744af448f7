"""Connecting a Dify app: for admins, and with a key that nobody sees again."""

import pytest

from tests.stories.sight import words_of
from tests.stories.world import ANA, BEN, OPS, TRANSPORTS, World


@pytest.mark.parametrize("world", TRANSPORTS, indirect=True)
async def test_an_admin_connects_an_app_and_its_key_is_seen_by_nobody_again(world: World) -> None:
    key = world.dify.keys["loops"]
    await world.slack.type(ANA, OPS, "/dify connect")
    view = await world.view("Connect a Dify app")
    typed = {"name": "my-loops", "base_url": world.dify.url, "key": "app-000000000000000000000000"}
    await world.slack.submit(ANA, view, typed)
    await world.wait(lambda: "Dify refused the API key" in words_of(view), what="the refusal")
    assert "app-0000" not in world.says()
    answer = await world.slack.submit(ANA, view, typed | {"key": key})
    assert answer.ok
    await world.wait(lambda: "“my-loops” is connected" in words_of(view), what="the success")
    assert key not in world.says()
    await world.type("/dify run my-loops")
    await world.told("*my-loops* finished")


async def test_nobody_but_an_admin_connects_apps(world: World) -> None:
    assert "Only a workspace admin may connect" in (await world.type("/dify connect", BEN)).text
    assert not world.slack.views(BEN)


async def test_a_key_typed_into_a_command_is_refused_and_not_repeated(world: World) -> None:
    key = "app-" + "k" * 24
    for typed in (f"/dify schedule {key} every day at 9", f"/dify run digest topic={key}"):
        answer = await world.type(typed)
        assert "looks like a Dify API key" in answer.text
        assert key not in words_of(answer)
