"""No key and no token is ever seen again: in no message, log, error, file or list of processes."""

import logging
from pathlib import Path

import pytest

from bot.app import build
from bot.demo.slack import LocalSlack
from bot.settings import read
from tests.stories.process import ROOT, serve
from tests.stories.servers import WatchedDify, connect_all, environment, open_servers
from tests.stories.sight import words_of
from tests.stories.world import ANA, OPS, TRANSPORTS, TurnedClock, World


def secrets_of(slack: LocalSlack, dify: WatchedDify) -> list[str]:
    return [slack.bot_token, slack.app_token, slack.signing_secret, *dify.keys.values()]


async def live_through_much(world: World) -> None:
    """Successes, failures, refusals of the key and of the token, and a key typed where none belongs."""
    key = world.dify.keys["broken"]
    await world.type("/dify run loops")
    await world.told("*loops* finished")
    await world.save("/dify schedule broken every day at 9")
    world.dify.mischief.revoke("broken")
    await world.type("/dify run broken")
    await world.told("*broken* failed")
    await world.type(f"/dify schedule {key} every day at 9")
    await world.type(f"/dify run digest topic={key}")
    await world.type(f"/dify show {key}")
    await world.slack.type(ANA, OPS, "/dify connect")
    view = await world.view("Connect a Dify app")
    await world.slack.submit(ANA, view, {"name": "again", "base_urls": world.dify.url, "key": key})
    await world.wait(lambda: "Dify refused the API key" in words_of(view), what="the refusal")
    await world.slack.open_home(ANA)
    world.slack.fail("chat.postMessage", error="invalid_auth")
    world.dify.close_door()
    await world.type("/dify run broken")


@pytest.mark.parametrize("world", TRANSPORTS, indirect=True)
async def test_nothing_that_is_logged_or_told_holds_a_secret(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    await live_through_much(world)
    for secret in secrets_of(world.slack, world.dify):
        assert secret not in caplog.text
        assert secret not in repr(world.bot)
        if secret != world.dify.keys["broken"]:  # which a person has typed into Slack, and reads there
            assert secret not in world.says()


async def test_no_answer_repeats_a_key_that_was_typed(world: World) -> None:
    key = "app-" + "k3Y" * 8
    for typed in (f"schedule {key} every day at 9", f"run digest topic={key}", f"show {key}", f"run {key}", key):
        answer = await world.type(f"/dify {typed}")
        assert key not in words_of(answer), typed
        assert key not in answer.text, typed


async def test_a_process_at_the_highest_log_level_shows_no_secret_anywhere(tmp_path: Path) -> None:
    async with open_servers() as (slack, dify):
        environ = environment(slack, tmp_path) | {"DIFY_OPS_LOG_LEVEL": "DEBUG"}
        seeding = await build(read(environ, None))
        await connect_all(seeding, dify)
        await seeding.stop()
        world = World(slack=slack, dify=dify, bot=seeding, clock=TurnedClock())
        async with serve(environ, tmp_path / "serve.log") as process:
            await world.wait(lambda: slack.sockets.count == 1, 20, what="the bot")
            await live_through_much(world)
            arguments = Path(f"/proc/{process.pid}/cmdline").read_bytes()
            await process.end()
        log = (tmp_path / "serve.log").read_text()
        files = [path for path in tmp_path.rglob("*") if path.is_file() and path.suffix != ".key"]
        kept = b"".join(path.read_bytes() for path in files)
        assert "broken" in log
        for secret in secrets_of(slack, dify):
            assert secret not in log
            assert secret.encode() not in arguments
            if secret != dify.keys["broken"]:
                assert secret.encode() not in kept
        assert dify.keys["loops"].encode() not in kept


async def test_the_files_of_the_bot_are_for_its_user_alone(world: World) -> None:
    folder = world.bot.services.settings.data_folder
    assert world.bot.services.settings.key_file.stat().st_mode & 0o077 == 0
    assert folder != ROOT
