"""The workspace as one person sees it: the JSON that the page draws. What they may not see is not in it."""

from typing import Any

from bot.demo.slack.people import BOT_ID, Channel, Person
from bot.demo.slack.shown import Message, View
from bot.demo.slack.workspace import Workspace

Scene = dict[str, Any]


def draw_scene(workspace: Workspace, user: str) -> Scene:
    """{me, people, channels, messages, ephemerals, views, home, files, shortcuts, rev, now} for one person.

    `messages` is {channel id: [message, oldest first]} with thread answers in the same list (`thread_ts` != `ts`);
    a parent has `reply_count`, `reply_users`, `latest_reply`. `ephemerals` has the same shape. `views` is the stack
    of modals, the top last, each with `errors` {block_id: sentence}. `home` is a view or null.
    """
    me = workspace.people[user]
    visible = [channel for channel in workspace.channels.values() if channel.is_visible_to(me)]
    ids = {channel.id for channel in visible}
    return {
        "me": _draw_person(workspace, me),
        "people": [_draw_person(workspace, person) for person in workspace.people.values()],
        "channels": [_draw_channel(channel, user) for channel in visible],
        "messages": {channel.id: _draw_messages(workspace, channel) for channel in visible},
        "ephemerals": _draw_ephemerals(workspace, user),
        "views": [_draw_view(workspace, view) for view in workspace.stacks.get(user, [])],
        "home": _draw_view(workspace, workspace.homes[user]) if user in workspace.homes else None,
        "files": [
            file.as_json(workspace.url, workspace.team_id) for file in workspace.files.values() if file.channels & ids
        ],
        "shortcuts": draw_shortcuts(workspace),
        "rev": workspace.rev,
        "now": workspace.clock(),
    }


def draw_shortcuts(workspace: Workspace) -> list[Scene]:
    """The app's shortcuts, as the manifest names them."""
    return [
        {"name": each.name, "type": each.kind, "callback_id": each.callback_id, "description": each.description}
        for each in workspace.manifest.shortcuts.values()
    ]


def draw_commands(workspace: Workspace) -> list[Scene]:
    """What may be typed after a slash."""
    return [
        {"command": each.name, "description": each.description, "usage_hint": each.usage_hint}
        for each in workspace.manifest.commands.values()
    ]


def _draw_person(workspace: Workspace, person: Person) -> Scene:
    flags = {"is_admin": person.is_admin, "is_guest": person.is_guest, "is_bot": person.is_bot}
    names = {"id": person.id, "name": person.name, "real_name": person.name}
    bot = {"bot_id": BOT_ID} if person.is_bot else {}
    return {**names, "tz": person.tz, "locale": person.locale, "deleted": person.deleted, **flags, **bot}


def _draw_channel(channel: Channel, user: str) -> Scene:
    return {
        "id": channel.id,
        "name": channel.name,
        "is_dm": channel.im_with is not None,
        "is_private": channel.is_private,
        "is_archived": channel.is_archived,
        "is_member": user in channel.members,
        "members": sorted(channel.members),
        "user": channel.im_with,
        "topic": channel.topic,
    }


def _draw_messages(workspace: Workspace, channel: Channel) -> list[Scene]:
    said = workspace.messages.get(channel.id, [])
    answers: dict[str, list[Message]] = {}
    for message in said:
        if message.thread_ts and message.thread_ts != message.ts:
            answers.setdefault(message.thread_ts, []).append(message)
    return [_draw_message(message, answers.get(message.ts, [])) for message in said]


def _draw_message(message: Message, answers: list[Message]) -> Scene:
    shape = message.as_json() | {"channel": message.channel, "state": {"values": message.state}}
    if message.edits:
        shape["edits"] = message.edits
    if answers:
        users = sorted({answer.user for answer in answers})
        shape |= {"reply_count": len(answers), "reply_users": users, "latest_reply": answers[-1].ts}
    return shape


def _draw_ephemerals(workspace: Workspace, user: str) -> dict[str, list[Scene]]:
    shelf: dict[str, list[Scene]] = {}
    for message in workspace.private.get(user, []):
        shelf.setdefault(message.channel, []).append({**_draw_message(message, []), "is_ephemeral": True})
    return shelf


def _draw_view(workspace: Workspace, view: View) -> Scene:
    return view.as_json(workspace.team_id) | {"errors": view.errors}
