"""What a person types, as Slack hands it on: names become ids where the manifest asks for it."""

import re

from bot.demo.slack.people import Person, find_by_name
from bot.demo.slack.workspace import Workspace

# The boundaries keep an address (a@b.example) and a fragment (page#part) as they are.
_CHANNEL = re.compile(r"(?<![\w/&<#])#([a-z0-9][\w-]{0,79})", re.IGNORECASE)
_PERSON = re.compile(r"(?<![\w<@])@([\w.-]{1,80})")
_LINK = re.compile(r"(?<!<)\bhttps?://[^\s<>|]+")


def escape_command(workspace: Workspace, text: str) -> str:
    """The text of a command with should_escape: `#ops` → `<#C0OPS|ops>`, `@Ben` → `<@U0BEN>`, links in `<>`."""

    def channel(match: re.Match[str]) -> str:
        found = find_by_name(workspace.channels, match[1])
        if found is None:
            return match[0]
        shown = "" if found.is_private and not workspace.bot_is_in(found) else found.name
        return f"<#{found.id}|{shown}>"

    def person(match: re.Match[str]) -> str:
        found = find_person(workspace, match[1])
        return f"<@{found.id}>" if found else match[0]

    linked = _LINK.sub(lambda match: f"<{match[0]}>", text)
    return _PERSON.sub(person, _CHANNEL.sub(channel, linked))


def find_person(workspace: Workspace, name: str) -> Person | None:
    """The person (or the bot) with this name or handle."""
    wanted = name.removeprefix("@").strip().lower()
    for person in workspace.people.values():
        if wanted in (person.name.lower(), person.name.lower().replace(" ", "_"), person.id.lower()):
            return person
    return None
