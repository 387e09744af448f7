"""The manifest is found, and read into scopes, commands, shortcuts and events."""

from pathlib import Path

import pytest

from bot.demo.slack.manifest import Manifest, load_manifest


def test_the_manifest_of_this_project_is_found_by_itself() -> None:
    read = Manifest(load_manifest())
    assert read.app_name == "Dify Ops"
    assert "chat:write" in read.scopes
    assert read.commands["/dify"].should_escape
    assert {each.kind for each in read.shortcuts.values()} == {"global"}
    assert "app_home_opened" in read.events


def test_a_missing_manifest_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no manifest at .*other\.yml"):
        load_manifest(tmp_path / "other.yml")
