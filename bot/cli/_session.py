"""What commands that touch the database share: settings, an open store, and the workspace that rows belong to."""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import orjson

from bot import settings as settings_file
from bot.dify.client import Dify
from bot.egress import AllowedHosts
from bot.errors import Refusal
from bot.log import set_up_log
from bot.opening import TEAM_KEY, open_database
from bot.rules.access import Actor, system
from bot.settings import Settings
from storage import meta
from storage.database import Store


def read_settings() -> Settings:
    """The environment and .env, refused early; the log is set up by it."""
    settings = settings_file.read(os.environ)
    set_up_log(settings)
    return settings


@asynccontextmanager
async def open_rows(settings: Settings) -> AsyncIterator[tuple[Store, Actor]]:
    """An open store and the operator as actor. Without a remembered workspace there is nothing to read or write."""
    store = await open_database(settings)
    try:
        team_id = await store.read(lambda c: meta.get(c, TEAM_KEY))
        if team_id is None:
            raise Refusal(
                "This database belongs to no workspace yet.",
                "Start `dify-ops serve` once with SLACK_BOT_TOKEN set, then call this again.",
                code="no_workspace",
            )
        yield store, system(team_id)
    finally:
        await store.close()


def print_json(value: object) -> None:
    """Machine-readable output and nothing else on stdout."""
    sys.stdout.buffer.write(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z) + b"\n")
    sys.stdout.flush()


def open_dify(settings: Settings) -> Dify:
    """A client that may go where the settings allow."""
    return Dify(allowed_hosts=AllowedHosts.parse(settings.allowed_hosts))


def utc_now() -> datetime:
    """The present instant."""
    return datetime.now(UTC)
