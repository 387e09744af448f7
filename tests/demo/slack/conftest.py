"""A local Slack for each test, without rate limits unless a test asks for them."""

import importlib.util
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.slack import LocalSlack


class Hand:
    """A clock that is turned by hand."""

    def __init__(self) -> None:
        self.now = 1_795_480_000.0

    def __call__(self) -> float:
        return self.now

    def turn(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def hand() -> Hand:
    return Hand()


@pytest.fixture
async def slack(hand: Hand) -> AsyncIterator[LocalSlack]:
    server = LocalSlack(manifest=_manifest(), clock=hand, ack_s=0.5)
    server.set_limits(enabled=False)
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def client(slack: LocalSlack) -> AsyncWebClient:
    """The real client of slack_sdk, with the bot's token."""
    return AsyncWebClient(token=slack.bot_token, base_url=slack.api_url, timeout=5)


@pytest.fixture(scope="session")
def fakes() -> ModuleType:
    """The bare app of fakeapp.py (the tests are no package, so it is loaded by its path)."""
    spec = importlib.util.spec_from_file_location("fakeapp", Path(__file__).with_name("fakeapp.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def connect(slack: LocalSlack, fakes: ModuleType) -> Callable[..., Any]:
    """connect(reply) makes a bare app that connects over Socket Mode."""
    return lambda *args: fakes.FakeApp(slack, *args)


def _manifest() -> dict[str, Any]:
    """An app with more than ours has today: a message shortcut, and events of channels."""
    manifest = dict(LocalSlack.load_manifest())
    shortcut = {"name": "Run a workflow on this", "type": "message", "callback_id": "run_on_message"}
    more = {"description": "Start a Dify workflow with this message as input"}
    manifest["features"] = {
        **manifest["features"],
        "shortcuts": [*manifest["features"]["shortcuts"], shortcut | more],
    }
    events = ["app_home_opened", "app_uninstalled", "tokens_revoked"]
    channels = ["channel_archive", "channel_deleted", "member_left_channel"]
    manifest["settings"] = {**manifest["settings"], "event_subscriptions": {"bot_events": [*events, *channels]}}
    return manifest
