"""chat.*: messages in channels, before one person, and their addresses."""

from typing import Any

import orjson

from bot.demo.slack import limits
from bot.demo.slack.access import need_channel, need_own_message, need_posting
from bot.demo.slack.call import ApiError, Args, Method, Reply
from bot.demo.slack.check import check_message, text_sum
from bot.demo.slack.pace import Tier
from bot.demo.slack.people import BOT_USER, Channel
from bot.demo.slack.shown import Message
from bot.demo.slack.workspace import Workspace


def _post(workspace: Workspace, args: Args) -> Reply:
    if not args.has("channel"):
        raise ApiError("channel_not_found")
    channel = need_posting(workspace, args.text("channel"))
    content = _read_content(args)
    _need_some(content)
    thread_ts = _need_thread(workspace, channel, args.text("thread_ts"))
    broadcast = args.flag("reply_broadcast")
    ts = workspace.next_ts()
    made = Message(channel.id, ts, BOT_USER, thread_ts=thread_ts, broadcast=broadcast, **content)
    message = workspace.post(made)
    return {"channel": channel.id, "ts": ts, "message": message.as_json()}


def _post_ephemeral(workspace: Workspace, args: Args) -> Reply:
    channel = need_posting(workspace, args.need("channel"))
    user = args.need("user")
    if user not in workspace.people or user not in channel.members:
        raise ApiError("user_not_in_channel")
    content = _read_content(args)
    _need_some(content)
    thread_ts = _need_thread(workspace, channel, args.text("thread_ts"))
    ts = workspace.next_ts()
    workspace.post(Message(channel.id, ts, BOT_USER, thread_ts=thread_ts, viewer=user, **content))
    return {"message_ts": ts}


def _update(workspace: Workspace, args: Args) -> Reply:
    message = need_own_message(workspace, args.need("channel"), args.need("ts"), "cant_update_message")
    if workspace.channels[message.channel].is_archived:
        raise ApiError("is_archived")
    if len(args.text("text")) > limits.UPDATED_TEXT:
        raise ApiError("msg_too_long")
    content = _read_content(args)
    if not any(args.has(name) for name in ("text", "blocks", "attachments", "metadata", "markdown_text")):
        raise ApiError("no_text")
    fields = {name: value for name, value in content.items() if args.has(name)}
    if args.has("text") and not args.has("blocks"):
        fields["blocks"] = []  # text alone takes the blocks away
    if args.has("markdown_text"):
        fields |= {"text": content["text"], "blocks": content["blocks"]}
    workspace.edit(message, **fields)
    return {
        "channel": message.channel,
        "ts": message.ts,
        "text": message.text,
        "message": message.as_json(),
    }


def _delete(workspace: Workspace, args: Args) -> Reply:
    message = need_own_message(workspace, args.need("channel"), args.need("ts"), "cant_delete_message")
    workspace.remove(message)
    return {"channel": message.channel, "ts": message.ts}


def _permalink(workspace: Workspace, args: Args) -> Reply:
    channel = need_channel(workspace, args.need("channel"))
    ts = args.need("message_ts")
    message = workspace.find_message(channel.id, ts)
    if message is None:
        raise ApiError("message_not_found")
    query = f"?thread_ts={message.thread_ts}&cid={channel.id}" if message.thread_ts not in (None, ts) else ""
    link = f"{workspace.url}archives/{channel.id}/p{ts.replace('.', '')}{query}"
    return {"channel": channel.id, "permalink": link}


def _read_content(args: Args) -> dict[str, Any]:
    """text, blocks, attachments and metadata of a message, checked; raises what Slack would answer."""
    if args.has("markdown_text"):
        return _read_markdown(args)
    blocks = args.value("blocks", "invalid_blocks_format")
    attachments = args.value("attachments", "invalid_attachments")
    metadata = args.value("metadata", "invalid_metadata_format")
    if blocks is not None and not isinstance(blocks, list):
        raise ApiError("invalid_blocks_format")
    _check_sizes(blocks or [], attachments or [], metadata or {})
    problems = check_message({"blocks": blocks, "attachments": attachments, "metadata": metadata})
    if problems:
        raise ApiError(_name_refusal(problems[0].pointer), problems=problems)
    return {
        "text": args.text("text")[: limits.POSTED_TEXT],
        "blocks": blocks or [],
        "attachments": attachments or [],
        "metadata": metadata or {},
    }


def _read_markdown(args: Args) -> dict[str, Any]:
    if args.has("text") or args.has("blocks"):
        raise ApiError("markdown_text_conflict")
    text = args.text("markdown_text")
    if len(text) > limits.MARKDOWN_TEXT:
        raise ApiError("msg_too_long")
    metadata = args.value("metadata") or {}
    blocks = [{"type": "markdown", "text": text}]
    return {"text": text, "blocks": blocks, "attachments": [], "metadata": metadata}


def _check_sizes(blocks: list[Any], attachments: list[Any], metadata: Any) -> None:
    if len(attachments) > limits.ATTACHMENTS:
        raise ApiError("too_many_attachments")
    if len(orjson.dumps(metadata)) > limits.METADATA_BYTES:
        raise ApiError("metadata_too_large")
    if text_sum(blocks) > limits.MESSAGE_TEXT_SUM:
        raise ApiError("msg_blocks_too_long")


def _name_refusal(pointer: str) -> str:
    if pointer.startswith("/metadata"):
        return "invalid_metadata_schema"
    return "invalid_attachments" if pointer.startswith("/attachments") else "invalid_blocks"


def _need_some(content: dict[str, Any]) -> None:
    if not content["text"] and not content["blocks"] and not content["attachments"]:
        raise ApiError("no_text")


def _need_thread(workspace: Workspace, channel: Channel, thread_ts: str) -> str | None:
    """The thread to answer in: it must be a top-level message of the channel that still exists."""
    if not thread_ts:
        return None
    parent = workspace.find_message(channel.id, thread_ts)
    if parent is None:
        raise ApiError("thread_not_found")
    if parent.thread_ts not in (None, parent.ts):
        raise ApiError("invalid_thread_ts")
    return thread_ts


METHODS = {
    "chat.postMessage": Method(_post, Tier.SPECIAL, ("chat:write",)),
    "chat.postEphemeral": Method(_post_ephemeral, Tier.FOUR, ("chat:write",)),
    "chat.update": Method(_update, Tier.THREE, ("chat:write",)),
    "chat.delete": Method(_delete, Tier.THREE, ("chat:write",)),
    "chat.getPermalink": Method(_permalink, Tier.SPECIAL),
}
