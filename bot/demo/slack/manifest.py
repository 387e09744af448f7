"""What the app's manifest promises: scopes, commands, shortcuts, events, transport."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

_PACKAGED = Path(__file__).parent.parent / "manifest.yml"
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast, where PyYAML was built with it
_CHECKOUT = Path(__file__).parents[3] / "manifest.yml"


def load_manifest(path: Path | str | None = None) -> Mapping[str, Any]:
    """The manifest at `path`, or the one packaged with the wheel, or the one of the checkout."""
    places = [Path(path)] if path else [_PACKAGED, _CHECKOUT]
    found = next((each for each in places if each.is_file()), None)
    if found is None:
        raise FileNotFoundError(f"no manifest at {' or '.join(map(str, places))}")
    loader = _Loader(found.read_text("utf-8"))
    try:
        return cast(Mapping[str, Any], loader.get_single_data())
    finally:
        loader.dispose()


@dataclass(frozen=True, slots=True)
class Command:
    """One slash command; `name` begins with the slash."""

    name: str
    description: str
    usage_hint: str
    should_escape: bool


@dataclass(frozen=True, slots=True)
class Shortcut:
    """One shortcut; `kind` is global or message."""

    name: str
    kind: str
    callback_id: str
    description: str


class Manifest:
    """A manifest, read once into what the server asks it."""

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self.raw = raw
        features: Mapping[str, Any] = raw.get("features", {})
        settings: Mapping[str, Any] = raw.get("settings", {})
        self.app_name = str(raw["display_information"]["name"])
        self.bot_name = str(features.get("bot_user", {}).get("display_name", self.app_name))
        self.scopes = tuple(raw.get("oauth_config", {}).get("scopes", {}).get("bot", []))
        self.events = frozenset(settings.get("event_subscriptions", {}).get("bot_events", []))
        self.commands = {each["command"]: _read_command(each) for each in features.get("slash_commands", [])}
        self.shortcuts = {each["callback_id"]: _read_shortcut(each) for each in features.get("shortcuts", [])}
        self.socket_mode = bool(settings.get("socket_mode_enabled"))
        self.home_tab = bool(features.get("app_home", {}).get("home_tab_enabled"))


def _read_command(raw: Mapping[str, Any]) -> Command:
    return Command(raw["command"], raw["description"], raw.get("usage_hint", ""), bool(raw.get("should_escape")))


def _read_shortcut(raw: Mapping[str, Any]) -> Shortcut:
    return Shortcut(raw["name"], raw["type"], raw["callback_id"], raw["description"])
