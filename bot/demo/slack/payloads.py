"""The payloads that Slack sends to an app, built from the state of the workspace."""

from typing import Any

from bot.demo.slack.manifest import Shortcut
from bot.demo.slack.people import APP_ID, Channel
from bot.demo.slack.shown import Message, View
from bot.demo.slack.workspace import Workspace

Payload = dict[str, Any]
_LEGACY_TOKEN = "legacy"  # noqa: S105  the deprecated verification token


def build_command(workspace: Workspace, user: str, channel: Channel, command: str, text: str) -> Payload:
    """The form of a slash command."""
    pass_id = workspace.passes.new_response(user, channel.id)
    return {
        "token": _LEGACY_TOKEN,
        "team_id": workspace.team_id,
        "team_domain": workspace.team_domain,
        "channel_id": channel.id,
        "channel_name": _unreliable_name(channel),
        "user_id": user,
        "user_name": workspace.people[user].name.lower(),
        "command": command,
        "text": text,
        "api_app_id": APP_ID,
        "is_enterprise_install": "false",
        "response_url": f"{workspace.url}respond/{pass_id}",
        "trigger_id": workspace.passes.new_trigger(user),
    }


def build_action(workspace: Workspace, user: str, place: Message | View, action: Payload) -> Payload:
    """block_actions, from a message or from a view."""
    payload = _about(workspace, "block_actions", user)
    payload |= build_place(workspace, user, place)
    payload |= {"trigger_id": workspace.passes.new_trigger(user), "actions": [action]}
    if isinstance(place, Message):
        original = (place.channel, place.ts, place.is_ephemeral)
        pass_id = workspace.passes.new_response(user, place.channel, original)
        payload |= {"response_url": f"{workspace.url}respond/{pass_id}", "state": {"values": place.state}}
    return payload


def build_place(workspace: Workspace, user: str, place: Message | View) -> Payload:
    """`container` and what it names: the view, or the channel and (unless ephemeral) the message."""
    if isinstance(place, View):
        return {
            "container": {"type": "view", "view_id": place.id},
            "view": place.as_json(workspace.team_id),
        }
    container: Payload = {
        "type": "message",
        "message_ts": place.ts,
        "channel_id": place.channel,
        "is_ephemeral": place.is_ephemeral,
    }
    if place.thread_ts:
        container["thread_ts"] = place.thread_ts
    channel = workspace.channels[place.channel]
    found: Payload = {
        "container": container,
        "channel": {"id": channel.id, "name": _unreliable_name(channel)},
    }
    return found if place.is_ephemeral else {**found, "message": place.as_json()}


def build_submission(workspace: Workspace, user: str, view: View) -> Payload:
    """view_submission, with a response_url for each conversation select that asks for one."""
    payload = _about(workspace, "view_submission", user)
    return payload | {
        "trigger_id": workspace.passes.new_trigger(user),
        "view": view.as_json(workspace.team_id),
        "response_urls": _response_urls(workspace, user, view),
    }


def build_closing(workspace: Workspace, view: View, is_cleared: bool) -> Payload:
    """view_closed."""
    payload = _about(workspace, "view_closed", view.user)
    return payload | {"view": view.as_json(workspace.team_id), "is_cleared": is_cleared}


def build_suggestion(
    workspace: Workspace, user: str, place: Message | View, block_id: str, action_id: str, typed: str
) -> Payload:
    """block_suggestion: somebody types into an external select."""
    payload = _about(workspace, "block_suggestion", user) | build_place(workspace, user, place)
    return payload | {"block_id": block_id, "action_id": action_id, "value": typed}


def build_shortcut(workspace: Workspace, user: str, shortcut: Shortcut, message: Message | None) -> Payload:
    """shortcut (global), or message_action when it is used on a message."""
    kind = "message_action" if message else "shortcut"
    payload = _about(workspace, kind, user)
    payload |= {
        "callback_id": shortcut.callback_id,
        "trigger_id": workspace.passes.new_trigger(user),
        "action_ts": workspace.next_ts(),
    }
    if message is None:
        return payload
    channel = workspace.channels[message.channel]
    pass_id = workspace.passes.new_response(user, message.channel, (message.channel, message.ts, False))
    return payload | {
        "channel": {"id": channel.id, "name": _unreliable_name(channel)},
        "message": message.as_json(),
        "message_ts": message.ts,
        "response_url": f"{workspace.url}respond/{pass_id}",
    }


def _about(workspace: Workspace, kind: str, user: str) -> Payload:
    name = workspace.people[user].name.lower()
    return {
        "type": kind,
        "team": {"id": workspace.team_id, "domain": workspace.team_domain},
        "user": {"id": user, "username": name, "name": name, "team_id": workspace.team_id},
        "api_app_id": APP_ID,
        "token": _LEGACY_TOKEN,
        "enterprise": None,
        "is_enterprise_install": False,
    }


def _unreliable_name(channel: Channel) -> str:
    """What Slack puts where a name is expected: apps must not key on it."""
    if channel.im_with:
        return "directmessage"
    return "privategroup" if channel.is_private else channel.name


def _response_urls(workspace: Workspace, user: str, view: View) -> list[Payload]:
    found: list[Payload] = []
    for block in view.blocks:
        element = block.get("element", {})
        if not element.get("response_url_enabled"):
            continue
        state = view.state[block["block_id"]][element["action_id"]]
        channel = state.get("selected_conversation") or state.get("selected_channel")
        if channel:
            url = f"{workspace.url}respond/{workspace.passes.new_response(user, channel)}"
            ids = {"block_id": block["block_id"], "action_id": element["action_id"]}
            found.append({**ids, "channel_id": channel, "response_url": url})
    return found
