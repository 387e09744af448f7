"""Where somebody clicks: a message, an ephemeral, a modal or the Home; and which element there is meant."""

from collections.abc import Mapping
from typing import Any

from bot.demo.slack.forms import fields_of
from bot.demo.slack.shown import Message, View
from bot.demo.slack.workspace import Workspace

Where = Message | View | tuple[str, str] | str | Mapping[str, Any]
HOME = "home"


def find_place(workspace: Workspace, user: str, where: Where) -> Message | View:
    """The message or view meant by `where`; raises LookupError when this person does not see it.

    `where` is a Message, a View, (channel, ts), a view id, "home", or the page's source object
    {"message": {channel, ts, ephemeral?}} | {"view": id} | {"home": true}.
    """
    named = _read_source(where) if isinstance(where, Mapping) else where
    if isinstance(named, Message):
        named = (named.channel, named.ts)
    if isinstance(named, tuple):
        return _find_message(workspace, user, *named)
    view_id = named.id if isinstance(named, View) else named
    view = workspace.homes.get(user) if view_id == HOME else workspace.find_view(view_id)
    if view is None or view.user != user:
        raise LookupError(f"{user} sees no view {view_id!r}: it was closed, or never opened for them")
    return view


def find_element(place: Message | View, action: str, block_id: str = "") -> tuple[dict[str, Any], dict[str, Any]]:
    """(block, element) by action_id, `block_id/action_id`, or the text on it; raises LookupError with the choices."""
    if "/" in action and not block_id:
        head, _, tail = action.partition("/")
        found = [(b, e) for b, e in fields_of(place.blocks) if b["block_id"] == head and e["action_id"] == tail]
        if found:
            return found[0]
    fields = [(b, e) for b, e in fields_of(place.blocks) if block_id in ("", b["block_id"])]
    by_id = [each for each in fields if each[1]["action_id"] == action]
    found = by_id or [each for each in fields if action in _labels(*each)]
    if len(found) == 1:
        return found[0]
    there = ", ".join(f"{b['block_id']}/{e['action_id']} {_labels(b, e)}" for b, e in fields) or "nothing"
    why = "is there more than once; name it as block_id/action_id" if found else "is not there"
    raise LookupError(f"{action!r} {why}. There is: {there}")


def _labels(block: Mapping[str, Any], element: Mapping[str, Any]) -> list[str]:
    texts = (element.get("text"), block.get("label"))
    return [text["text"] for text in texts if isinstance(text, dict) and block.get("type") != "section"] or [
        text["text"] for text in texts[:1] if isinstance(text, dict)
    ]


def _read_source(source: Mapping[str, Any]) -> tuple[str, str] | str:
    if source.get("home"):
        return HOME
    if "view" in source:
        return str(source["view"])
    message = source.get("message")
    if not isinstance(message, Mapping):
        raise LookupError("source must name a message, a view or the home")
    return str(message.get("channel")), str(message.get("ts"))


def _find_message(workspace: Workspace, user: str, channel_id: str, ts: str) -> Message:
    channel = workspace.find_channel(channel_id)
    own = workspace.find_ephemeral(user, ts)
    if own is not None and channel is not None and own.channel == channel.id:
        return own
    if channel is not None and channel.is_visible_to(workspace.people[user]):
        message = workspace.find_message(channel.id, ts)
        if message is not None:
            return message
    raise LookupError(f"{user} sees no message {ts} in {channel_id}")
