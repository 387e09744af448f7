"""conversations.*: channels, who is in them, and what was said there."""

from bot.demo.slack.access import need_channel, need_kind_scope, need_person, need_scope
from bot.demo.slack.call import ApiError, Args, Method, Reply
from bot.demo.slack.pace import Tier
from bot.demo.slack.paging import page_of
from bot.demo.slack.people import BOT_USER, Channel
from bot.demo.slack.shown import Message
from bot.demo.slack.workspace import Workspace

_KINDS = {"public_channel": "channels:read", "private_channel": "groups:read", "im": "im:read"}


def _info(workspace: Workspace, args: Args) -> Reply:
    channel = need_channel(workspace, args.need("channel"))
    need_kind_scope(workspace, channel, "read")
    shape = channel.as_json(BOT_USER)
    if args.flag("include_num_members"):
        shape["num_members"] = len(channel.members)
    return {"channel": shape}


def _members(workspace: Workspace, args: Args) -> Reply:
    channel = need_channel(workspace, args.need("channel"))
    need_kind_scope(workspace, channel, "read")
    return page_of("members", sorted(channel.members), args)


def _list(workspace: Workspace, args: Args) -> Reply:
    kinds = args.text("types", "public_channel").split(",")
    for kind in kinds:
        if kind not in _KINDS and kind != "mpim":
            raise ApiError("invalid_types")
        need_scope(workspace, _KINDS.get(kind, "mpim:read"))
    found = [channel for channel in workspace.channels.values() if _kind_of(channel) in kinds]
    known = [channel for channel in found if not channel.is_private or BOT_USER in channel.members]
    if args.flag("exclude_archived"):
        known = [channel for channel in known if not channel.is_archived]
    return page_of("channels", [channel.as_json(BOT_USER) for channel in known], args)


def _kind_of(channel: Channel) -> str:
    return "im" if channel.im_with else "private_channel" if channel.is_private else "public_channel"


def _open(workspace: Workspace, args: Args) -> Reply:
    users = [user for user in args.text("users").split(",") if user]
    if args.has("channel"):
        channel = need_channel(workspace, args.text("channel"))
    elif len(users) == 1:
        channel = workspace.open_im(need_person(workspace, users[0]).id)
    elif users:
        need_scope(workspace, "mpim:write")
        raise ApiError("method_not_supported_for_channel_type")
    else:
        raise ApiError("users_list_not_supplied")
    shape = channel.as_json(BOT_USER) if args.flag("return_im") else {"id": channel.id}
    return {"channel": shape}


def _join(workspace: Workspace, args: Args) -> Reply:
    channel = need_channel(workspace, args.need("channel"))
    if channel.is_private or channel.im_with:
        raise ApiError("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise ApiError("is_archived")
    channel.members.add(BOT_USER)
    workspace.touch()
    return {"channel": channel.as_json(BOT_USER)}


def _history(workspace: Workspace, args: Args) -> Reply:
    channel = _need_readable(workspace, args)
    said = workspace.messages.get(channel.id, [])
    top = [message for message in said if message.thread_ts in (None, message.ts) or message.broadcast]
    oldest, latest = args.text("oldest", "0"), args.text("latest", "9" * 17)
    kept = [each for each in reversed(top) if float(oldest) <= float(each.ts) <= float(latest)]
    return page_of("messages", [_read(workspace, each) for each in kept], args)


def _replies(workspace: Workspace, args: Args) -> Reply:
    channel = _need_readable(workspace, args)
    ts = args.need("ts")
    said = [each for each in workspace.messages.get(channel.id, []) if ts in (each.ts, each.thread_ts)]
    if not said:
        raise ApiError("thread_not_found")
    return page_of("messages", [_read(workspace, each) for each in said], args)


def _need_readable(workspace: Workspace, args: Args) -> Channel:
    channel = need_channel(workspace, args.need("channel"))
    need_kind_scope(workspace, channel, "history")
    if BOT_USER not in channel.members:
        raise ApiError("not_in_channel")
    return channel


def _read(workspace: Workspace, message: Message) -> Reply:
    replies = workspace.replies(message)
    extra = {"thread_ts": message.ts, "reply_count": len(replies)} if replies else {}
    return message.as_json() | extra


METHODS = {
    "conversations.info": Method(_info, Tier.THREE),
    "conversations.members": Method(_members, Tier.FOUR),
    "conversations.list": Method(_list, Tier.TWO),
    "conversations.open": Method(_open, Tier.THREE, ("im:write",)),
    "conversations.join": Method(_join, Tier.THREE, ("channels:join",)),
    "conversations.history": Method(_history, Tier.THREE),
    "conversations.replies": Method(_replies, Tier.THREE),
}
