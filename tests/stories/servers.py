"""The two local servers of a story, and what an operator and an admin set up between them."""

import math
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bot.app import Bot
from bot.demo.dify import DemoApp, DemoRun, LocalDify
from bot.demo.slack import LocalSlack, Person
from bot.operations.connect import connect
from bot.rules.access import system


class WatchedDify(LocalDify):
    """A local Dify that wakes those who wait in the world whenever something happens in it."""

    def __init__(self, slack: LocalSlack, **settings: Any) -> None:
        super().__init__(**settings)
        self._slack = slack

    def note(self, what: str, run: DemoRun | None = None, **more: Any) -> None:
        super().note(what, run, **more)
        self._slack.workspace.wake()


@asynccontextmanager
async def open_servers(
    *,
    people: Sequence[Person] | None = None,
    apps: Sequence[DemoApp] | None = None,
    speed: float = math.inf,
) -> AsyncIterator[tuple[LocalSlack, WatchedDify]]:
    """The local Slack without rate limits, and the local Dify that replays `speed` times as fast."""
    slack = LocalSlack(manifest=LocalSlack.load_manifest(), people=people)
    slack.set_limits(enabled=False)
    dify = WatchedDify(slack, apps=apps, speed=speed, settle_s=0.0, ping_s=0.05)
    try:
        await slack.start()
        await dify.start()
        yield slack, dify
    finally:
        await dify.stop()
        await slack.stop()


def environment(slack: LocalSlack, folder: Path, transport: str = "socket") -> dict[str, str]:
    """What an operator would set."""
    hearing = {
        "socket": {"SLACK_APP_TOKEN": slack.app_token, "DIFY_OPS_HTTP": ""},
        "http": {"SLACK_SIGNING_SECRET": slack.signing_secret, "DIFY_OPS_HTTP": "127.0.0.1:0"},
    }
    return {
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_API_URL": slack.api_url,
        "DIFY_OPS_HOME": str(folder),
        "DIFY_OPS_ALLOWED_HOSTS": "127.0.0.1",
        "DIFY_OPS_START_GRACE": "1",
        **hearing[transport],
    }


async def connect_all(bot: Bot, dify: LocalDify) -> None:
    """What an admin does for every app of the local Dify."""
    services, now = bot.services, bot.services.now()

    def join(c: Any) -> None:
        for name, key in dify.keys.items():
            app = dify.apps[name]
            connect(
                c,
                system(services.team_id),
                services.vault,
                name=name,
                base_urls=(dify.url,),
                key=key,
                mode=app.mode,
                description=app.description,
                now=now,
            )

    await services.store.run(join)
