"""reactions.add: an emoji of the bot on a message."""

from bot.demo.slack.access import need_channel
from bot.demo.slack.call import ApiError, Args, Method, Reply
from bot.demo.slack.pace import Tier
from bot.demo.slack.people import BOT_USER
from bot.demo.slack.workspace import Workspace


def _add(workspace: Workspace, args: Args) -> Reply:
    channel = need_channel(workspace, args.need("channel"))
    message = workspace.find_message(channel.id, args.need("timestamp"))
    if message is None:
        raise ApiError("message_not_found")
    name = args.need("name").strip(":")
    if any(each["name"] == name for each in message.reactions):
        raise ApiError("already_reacted")
    message.reactions.append({"name": name, "users": [BOT_USER], "count": 1})
    workspace.touch()
    return {}


METHODS = {"reactions.add": Method(_add, Tier.THREE, ("reactions:write",))}
