"""The bot as a whole: built or refused with a sentence, started by its roles, stopped with nothing left open."""

import asyncio
import os
import resource
import signal
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.app import ROLES, Bot, build
from bot.demo.slack import LocalSlack
from bot.errors import Refusal
from bot.opening import TEAM_KEY, follow_zone_data
from bot.process import raise_file_limit, serve
from bot.schedules.zones import data_version
from bot.settings import Settings, read
from storage import meta
from storage.database import open_store
from storage.errors import SchemaBehind, Served, StorageError
from storage.schema import status
from tests.makers import KEY_TEXT


@pytest.fixture
async def slack() -> AsyncIterator[LocalSlack]:
    async with LocalSlack(manifest=LocalSlack.load_manifest()) as local:
        yield local


@pytest.fixture
def settings(slack: LocalSlack, tmp_path: Path) -> Settings:
    """Socket Mode, over a fresh data folder, with the web door on any free port."""
    return settings_of(slack, tmp_path)


def settings_of(slack: LocalSlack, folder: Path, **more: str) -> Settings:
    environ = {
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "SLACK_API_URL": slack.api_url,
        "DIFY_OPS_HOME": str(folder),
        "DIFY_OPS_HTTP": "127.0.0.1:0",
    }
    return read(environ | more, None)


def http_mode(slack: LocalSlack, folder: Path) -> Settings:
    return settings_of(slack, folder, SLACK_APP_TOKEN="", SLACK_SIGNING_SECRET=slack.signing_secret)


async def is_closed(bot: Bot) -> bool:
    """Nothing can be asked of a closed store."""
    try:
        await bot.services.store.read(lambda c: None)
    except StorageError:
        return len(bot.services.tasks) == 0
    return False


async def test_a_start_with_new_rules_of_time_zones_remembers_them(settings: Settings) -> None:
    bot = await build(settings)
    try:
        assert await bot.services.store.read(lambda c: meta.get(c, "tzdata")) == data_version()
        await bot.services.store.run(lambda c: meta.put(c, "tzdata", "1999a"))
        await follow_zone_data(bot.services.store, bot.services.team_id, bot.services.now())
        assert await bot.services.store.read(lambda c: meta.get(c, "tzdata")) == data_version()
    finally:
        await bot.stop()


async def test_a_fresh_start_makes_the_database_the_key_and_remembers_the_workspace(
    settings: Settings, slack: LocalSlack
) -> None:
    bot = await build(settings)
    try:
        assert bot.services.team_id == slack.workspace.team_id
        assert await bot.services.store.read(lambda c: meta.get(c, TEAM_KEY)) == slack.workspace.team_id
        assert settings.key_file.stat().st_mode & 0o777 == 0o600
        current, head = await status(settings.database_url)
        assert current == head
    finally:
        await bot.stop()
    assert await is_closed(bot)


async def test_two_processes_have_two_names_in_their_claims(settings: Settings) -> None:
    names = set()
    for _ in range(2):
        bot = await build(settings)
        names.add(bot.services.owner)
        await bot.stop()
    assert len(names) == 2


async def test_two_servers_on_one_file_are_refused_in_words(settings: Settings) -> None:
    bot = await build(settings)
    with pytest.raises(Served, match="is served already by process"):
        await build(settings)
    await bot.stop()
    await (await build(settings)).stop()


async def test_a_bot_that_was_started_serves_health_and_hears_slack(settings: Settings, slack: LocalSlack) -> None:
    bot = await build(settings)
    await bot.start()
    try:
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.get(f"http://127.0.0.1:{bot.port}/healthz")
            assert (answer.status_code, answer.json()["status"]) == (200, "ok")
            assert (await client.post(f"http://127.0.0.1:{bot.port}/slack/events")).status_code == 404
        answered = await slack.type("U0ANA", "#ops", "/dify help")
        assert answered.ok
    finally:
        await bot.stop()
    assert await is_closed(bot)


async def test_in_http_mode_slack_comes_through_the_web_door(slack: LocalSlack, tmp_path: Path) -> None:
    bot = await build(http_mode(slack, tmp_path))
    await bot.start()
    try:
        slack.request_url = f"http://127.0.0.1:{bot.port}/slack/events"
        assert (await slack.type("U0ANA", "#ops", "/dify help")).ok
        async with httpx.AsyncClient(trust_env=False) as client:
            forged = await client.post(slack.request_url, content=b"command=/dify")
            assert forged.status_code == 401
    finally:
        await bot.stop()


@pytest.mark.parametrize(
    ("roles", "has_port", "hears", "beats"),
    [
        (ROLES, True, True, True),
        (("worker",), False, False, True),
        (("web",), True, False, False),
        (("bot",), False, True, False),
    ],
)
async def test_a_process_does_what_its_roles_say(
    settings: Settings, slack: LocalSlack, roles: tuple[str, ...], has_port: bool, hears: bool, beats: bool
) -> None:
    bot = await build(settings, roles=roles)
    await bot.start()
    try:
        assert (bot.port is not None) is has_port
        assert (bot.services.pulse.age_s() is not None) is beats
        assert (await slack.type("U0ANA", "#ops", "/dify help")).ok is hears
    finally:
        await bot.stop()


async def test_the_web_door_can_stay_closed(slack: LocalSlack, tmp_path: Path) -> None:
    bot = await build(settings_of(slack, tmp_path, DIFY_OPS_HTTP=""))
    await bot.start()
    assert bot.port is None
    await bot.stop()


# refusals


async def refused(settings: Settings) -> Refusal:
    with pytest.raises(Refusal) as caught:
        await build(settings)
    for secret in (settings.slack_bot_token, settings.slack_app_token):
        assert secret is None or secret.reveal() not in str(caught.value)
    return caught.value


async def test_a_bot_token_that_slack_does_not_know_is_refused(settings: Settings, slack: LocalSlack) -> None:
    slack.revoke_tokens()
    assert "Slack did not accept the bot token" in str(await refused(settings))


async def test_a_slack_that_is_away_is_refused(settings: Settings) -> None:
    error = await refused(replace(settings, slack_api_url="http://127.0.0.1:9/api/"))
    assert "unreachable" in str(error)


async def test_a_slack_that_lets_nobody_in_for_now_blames_no_token(slack: LocalSlack, settings: Settings) -> None:
    bot = await build(settings)
    slack.fail("apps.connections.open", error="ratelimited", retry_after_s=5)
    try:
        with pytest.raises(Refusal, match=r"Slack lets nobody in now \(ratelimited\)"):
            await bot.start()
    finally:
        await bot.stop()


async def test_an_app_token_that_slack_does_not_know_is_refused_at_the_start(
    slack: LocalSlack, tmp_path: Path
) -> None:
    bot = await build(settings_of(slack, tmp_path, SLACK_APP_TOKEN="xapp-1-A0DEMO-" + "0" * 48))
    try:
        with pytest.raises(Refusal, match="Slack did not accept the app token"):
            await bot.start()
    finally:
        await bot.stop()
    assert await is_closed(bot)


async def test_a_database_of_another_workspace_is_refused(settings: Settings, tmp_path: Path) -> None:
    await (await build(settings)).stop()
    async with LocalSlack(manifest=LocalSlack.load_manifest(), team_id="TOTHER") as other:
        error = await refused(settings_of(other, tmp_path))
    assert "This database belongs to the workspace T0DEMO, and the bot token to TOTHER" in str(error)


async def test_a_postgresql_is_upgraded_only_when_told(settings: Settings, postgres: Any) -> None:
    name = postgres.create()
    try:
        with pytest.raises(SchemaBehind, match="run `dify-ops db upgrade`"):
            await build(replace(settings, database_url=postgres.url(name)))
    finally:
        postgres.drop(name)


async def test_hosts_that_make_no_sense_are_refused(settings: Settings) -> None:
    assert "DIFY_OPS_ALLOWED_HOSTS" in str(await refused(replace(settings, allowed_hosts="http://x/")))


async def test_fmea_b14_a_bot_with_other_keys_starts_and_says_so(
    settings: Settings, slack: LocalSlack, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await (await build(settings)).stop()
    bot = await build(settings_of(slack, tmp_path, DIFY_OPS_SECRET_KEYS=KEY_TEXT))
    await bot.stop()
    assert "DIFY_OPS_SECRET_KEYS is not what the keys of the Dify apps were sealed with" in caplog.text
    assert KEY_TEXT not in caplog.text


# serving


async def until_it_answers(bot: Bot, client: httpx.AsyncClient) -> None:
    while True:
        try:
            await client.get(f"http://127.0.0.1:{bot.port or 9}/healthz")
        except httpx.ConnectError:
            continue
        return


async def test_a_signal_ends_it_cleanly(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    bot = await build(settings)
    caplog.set_level("INFO")
    serving = asyncio.create_task(serve(bot))
    try:
        async with asyncio.timeout(10):
            async with httpx.AsyncClient(trust_env=False) as client:
                await until_it_answers(bot, client)
            os.kill(os.getpid(), signal.SIGTERM)
            await serving
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().remove_signal_handler(number)
    assert "Dify Ops is ready (bot, web, worker)" in caplog.text
    assert "are joined again at the next start" in caplog.text
    assert await is_closed(bot)


async def test_a_start_that_fails_leaves_nothing_open(slack: LocalSlack, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        bot = await build(settings_of(slack, tmp_path, DIFY_OPS_HTTP=f"127.0.0.1:{port}"))
        try:
            with pytest.raises(Refusal, match=f"The web door cannot listen on 127.0.0.1:{port}"):
                await serve(bot)
        finally:
            for number in (signal.SIGTERM, signal.SIGINT):
                asyncio.get_running_loop().remove_signal_handler(number)
    assert await is_closed(bot)


async def test_a_database_that_is_refused_is_let_go_of(settings: Settings) -> None:
    """What was opened for a look is closed, also when the look was refused; and the newest copy is named."""
    folder = settings.data_folder
    copy = folder / "backups" / "daily-20260901T070000Z.sqlite3"
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.touch()
    (folder / "dify-ops.sqlite3").write_bytes(b"no database at all, but long enough to look like something" * 50)
    with pytest.raises(Refusal, match="damaged or no database") as caught:
        await build(settings)
    assert f"`dify-ops db restore FILE`. The newest is {copy}." in str(caught.value)


def test_fmea_a18_the_limit_of_open_files_is_raised_as_far_as_allowed() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(256, soft), hard))
        raise_file_limit()
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == min(65_536, hard)
        raise_file_limit()
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[1] == hard
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_what_the_command_line_opens_is_the_database_of_the_bot(settings: Settings) -> None:
    await (await build(settings)).stop()
    store = open_store(settings.database_url)
    assert await store.read(lambda c: meta.get(c, TEAM_KEY)) == "T0DEMO"
    await store.close()
