"""What the bot may reach: channels by membership, scopes by kind of channel, people by id."""

from bot.demo.slack.call import ApiError
from bot.demo.slack.people import BOT_USER, Channel, Person
from bot.demo.slack.shown import Message
from bot.demo.slack.workspace import Workspace

PUBLIC_POSTING = "chat:write.public"


def need_scope(workspace: Workspace, *any_of: str) -> None:
    """Refuses unless the manifest grants one of the scopes."""
    provided = workspace.manifest.scopes
    if any_of and not set(any_of) & set(provided):
        raise ApiError("missing_scope", needed=any_of[0], provided=",".join(provided))


def need_channel(workspace: Workspace, reference: str) -> Channel:
    """The channel, if the bot may know of it: private ones only as a member."""
    channel = workspace.find_channel(reference)
    if channel is None or (channel.is_private and BOT_USER not in channel.members):
        raise ApiError("channel_not_found")
    return channel


def need_kind_scope(workspace: Workspace, channel: Channel, verb: str) -> None:
    """Refuses unless the scope for this kind of channel is granted; `verb` is read, history or write."""
    kind = "im" if channel.im_with else "groups" if channel.is_private else "channels"
    need_scope(workspace, f"{kind}:{verb}")


def need_posting(workspace: Workspace, reference: str) -> Channel:
    """The channel to post into: a person's id opens their conversation with the bot."""
    if reference in workspace.people:
        channel = workspace.open_im(need_person(workspace, reference).id)
    else:
        channel = need_channel(workspace, reference)
    if channel.is_archived:
        raise ApiError("is_archived")
    if BOT_USER not in channel.members and PUBLIC_POSTING not in workspace.manifest.scopes:
        raise ApiError("not_in_channel")
    return channel


def need_person(workspace: Workspace, user: str) -> Person:
    """A person whom the bot may write to."""
    person = workspace.people.get(user)
    if person is None:
        raise ApiError("user_not_found")
    if person.deleted:
        raise ApiError("user_disabled")
    if person.is_bot:
        raise ApiError("cannot_dm_bot")
    return person


def need_own_message(workspace: Workspace, reference: str, ts: str, refusal: str) -> Message:
    """A message of the bot itself, in a channel given by id; `refusal` when it is somebody else's."""
    if reference not in workspace.channels:
        raise ApiError("channel_not_found")
    channel = need_channel(workspace, reference)
    message = workspace.find_message(channel.id, ts)
    if message is None:
        raise ApiError("message_not_found")
    if message.user != BOT_USER:
        raise ApiError(refusal)
    return message
