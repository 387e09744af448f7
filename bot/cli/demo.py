"""`dify-ops demo`: the main job end to end, with the real bot, a local Slack and a local Dify."""

import asyncio
import signal
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import click

from bot.app import Bot, build
from bot.demo.dify.server import LocalDify
from bot.demo.slack import LocalSlack
from bot.demo.story import tell
from bot.log import set_up_log
from bot.operations.connect import ask_app, connect
from bot.rules.access import system
from bot.settings import Settings, read

PORT = 8090


@click.command("demo")
@click.option("--once", is_flag=True, help="End after the story.")
@click.option(
    "--port", default=None, type=click.IntRange(0, 65535), help=f"Port of the Slack page [default: {PORT}]."
)
@click.option("--verbose", is_flag=True, help="Show the bot's own log as well.")
def command(once: bool, port: int | None, verbose: bool) -> None:
    """Play the main job on this machine: schedule, run, result, trace, rerun, pause, a failure."""
    wanted = port if port is not None else 0 if once else PORT
    asyncio.run(_demo(once=once, port=wanted, verbose=verbose))


async def _demo(*, once: bool, port: int, verbose: bool) -> None:
    async with open_world(port, verbose=verbose) as (slack, _, _):
        await tell(slack, click.echo)
        if once:
            return
        click.echo(f"\nGo on by yourself at {slack.url} (Ctrl-C ends it). Try: /dify run loops")
        asked = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, asked.set)
        await asked.wait()
        click.echo("Good-bye.")


@asynccontextmanager
async def open_world(port: int = 0, *, verbose: bool = False) -> AsyncIterator[tuple[LocalSlack, LocalDify, Bot]]:
    """The two local servers and the real bot between them, over a database in a temporary folder."""
    slack, dify = LocalSlack(manifest=LocalSlack.load_manifest(None)), LocalDify()
    with tempfile.TemporaryDirectory(prefix="dify-ops-") as folder:
        try:
            await _listen(slack, port)
            await dify.start()
            settings = _settings(slack, folder, verbose=verbose)
            set_up_log(settings)
            bot = await build(settings)
            await _connect_apps(bot, dify)
            await bot.start()
            try:
                yield slack, dify, bot
            finally:
                await bot.stop()
        finally:
            await dify.stop()
            await slack.stop()


async def _listen(slack: LocalSlack, port: int) -> None:
    try:
        await slack.start(port=port)
    except OSError:
        await slack.start(port=0)


def _settings(slack: LocalSlack, folder: str, *, verbose: bool) -> Settings:
    return read(
        {
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_APP_TOKEN": slack.app_token,
            "SLACK_API_URL": slack.api_url,
            "DIFY_OPS_HOME": str(Path(folder)),
            "DIFY_OPS_HTTP": "",
            "DIFY_OPS_ALLOWED_HOSTS": "127.0.0.1",
            "DIFY_OPS_LOG_LEVEL": "INFO" if verbose else "ERROR",
        },
        None,
    )


async def _connect_apps(bot: Bot, dify: LocalDify) -> None:
    """What an admin does with `dify-ops apps add`, for every app of the local Dify."""
    services = bot.services
    for name, key in dify.keys.items():
        info = await ask_app(services.dify, (dify.url,), key)
        join = partial(
            connect,
            actor=system(services.team_id),
            vault=services.vault,
            name=name,
            base_urls=(dify.url,),
            key=key,
            mode=info.mode,
            description=info.description,
            now=services.now(),
        )
        await services.store.run(join)
