"""The manifest: what Slack would refuse, and exactly the rights that the bot needs."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from bot.registry import leaves

MANIFEST = Path(__file__).parents[1] / "manifest.yml"

# What each right is for. Another right needs another line here, and a feature that fails without it.
SCOPES = {
    "commands": "/dify and the shortcut",
    "chat:write": "results, alerts and answers, in channels that the bot was invited to",
    "im:write": "telling the owner of a job what could not be posted, and who a direct message belongs to",
    "users:read": "the time zone of a job's owner, and who is an administrator or a guest",
    "channels:read": "who is in a public channel, and whether it is archived",
    "groups:read": "the same for private channels",
    "channels:history": "whether a message whose answer was lost stands there already",
    "groups:history": "the same for private channels",
    "im:history": "the same for direct messages",
    "files:write": "a whole output as a file, where it is too long for a message",
}
EVENTS = {"app_home_opened", "app_uninstalled", "tokens_revoked"}


def text(most: int, least: int = 1) -> dict[str, Any]:
    return {"type": "string", "minLength": least, "maxLength": most}


def only(required: str = "", **properties: Any) -> dict[str, Any]:
    """An object without unknown keys, for Slack refuses them."""
    return {
        "type": "object",
        "properties": properties,
        "required": required.split(),
        "additionalProperties": False,
    }


def array(items: Any, most: int) -> dict[str, Any]:
    return {"type": "array", "items": items, "maxItems": most, "uniqueItems": True}


FLAG = {"type": "boolean"}
COMMAND = only(
    "command description",
    command={**text(32), "pattern": r"^/[a-z0-9_-]+$"},
    description=text(2000),
    usage_hint=text(1000),
    should_escape=FLAG,
    url=text(3000),
)
SHORTCUT = only(
    "name type callback_id description",
    name=text(24),
    type={"enum": ["message", "global"]},
    callback_id=text(255),
    description=text(150),
)
FEATURES = only(
    app_home=only(home_tab_enabled=FLAG, messages_tab_enabled=FLAG, messages_tab_read_only_enabled=FLAG),
    bot_user=only("display_name", display_name=text(80), always_online=FLAG),
    slash_commands=array(COMMAND, 50),
    shortcuts=array(SHORTCUT, 10),
    unfurl_domains=array(text(255), 5),
)
SETTINGS = only(
    event_subscriptions=only(
        request_url=text(3000), bot_events=array(text(255), 100), user_events=array(text(255), 100)
    ),
    interactivity=only("is_enabled", is_enabled=FLAG, request_url=text(3000), message_menu_options_url=text(3000)),
    socket_mode_enabled=FLAG,
    org_deploy_enabled=FLAG,
    token_rotation_enabled=FLAG,
)
SCOPE_LISTS = only(**{name: array(text(255), 255) for name in ("bot", "user", "bot_optional", "user_optional")})
SCHEMA = only(
    "display_information",
    _metadata=only(major_version={"enum": [1, 2]}, minor_version={"type": "integer", "minimum": 0}),
    display_information=only(
        "name",
        name=text(35),
        description=text(140),
        long_description=text(4000, least=175),
        background_color={"type": "string", "pattern": r"^#([0-9A-Fa-f]{3}|[0-9A-Fa-f]{6})$"},
    ),
    features=FEATURES,
    oauth_config=only(redirect_urls=array(text(3000), 1000), scopes=SCOPE_LISTS),
    settings=SETTINGS,
)


@pytest.fixture
def manifest() -> Mapping[str, Any]:
    read: Mapping[str, Any] = yaml.safe_load(MANIFEST.read_text("utf-8"))
    return read


def complaints(manifest: Mapping[str, Any]) -> list[str]:
    return [error.message for error in jsonschema.Draft202012Validator(SCHEMA).iter_errors(manifest)]


def test_slack_would_take_the_manifest(manifest: Mapping[str, Any]) -> None:
    assert complaints(manifest) == []


@pytest.mark.parametrize(
    "change",
    [
        {"colour": "blue"},
        {"display_information": {"name": "x" * 36}},
        {"display_information": {"name": "x", "long_description": "too short"}},
        {"features": {"shortcuts": [{"name": "x", "type": "view", "callback_id": "x", "description": "x"}]}},
        {"settings": {"interactivity": {}}},
    ],
)
def test_the_rules_catch_what_slack_refuses(manifest: Mapping[str, Any], change: Mapping[str, Any]) -> None:
    assert complaints({**manifest, **change})


def test_the_bot_asks_for_no_right_that_it_does_not_need(manifest: Mapping[str, Any]) -> None:
    scopes = manifest["oauth_config"]["scopes"]
    assert set(scopes) == {"bot"}, "no token of a person, and nothing optional"
    assert sorted(scopes["bot"]) == sorted(SCOPES)


def test_the_bot_hears_of_nothing_that_it_does_not_need(manifest: Mapping[str, Any]) -> None:
    assert set(manifest["settings"]["event_subscriptions"]["bot_events"]) == EVENTS


def test_names_in_commands_arrive_as_references(manifest: Mapping[str, Any]) -> None:
    (command,) = manifest["features"]["slash_commands"]
    assert command["command"] == "/dify"
    assert command["should_escape"] is True


def test_the_words_of_the_usage_hint_are_commands(manifest: Mapping[str, Any]) -> None:
    hint = manifest["features"]["slash_commands"][0]["usage_hint"]
    assert {word.strip() for word in hint.split("|")} <= set(leaves("bot.slack.commands"))


def test_a_new_job_can_be_made_from_the_shortcut(manifest: Mapping[str, Any]) -> None:
    (shortcut,) = manifest["features"]["shortcuts"]
    assert (shortcut["type"], shortcut["callback_id"]) == ("global", "job_new")


def test_the_manifest_needs_no_address_of_its_own(manifest: Mapping[str, Any]) -> None:
    """Socket Mode: whoever installs the bot has nothing to fill in."""
    assert manifest["settings"]["socket_mode_enabled"] is True
    assert "url" not in str(manifest)
    assert manifest["settings"]["token_rotation_enabled"] is False, "it cannot be turned off again"
