"""files.*: an address to upload to, and the message that shows what was uploaded."""

import secrets

from bot.demo.slack.access import need_posting
from bot.demo.slack.call import ApiError, Args, Method, Reply
from bot.demo.slack.pace import Tier
from bot.demo.slack.people import BOT_USER
from bot.demo.slack.shown import File, Message
from bot.demo.slack.workspace import Workspace

_ALT_TEXT = 1000


def _get_upload_url(workspace: Workspace, args: Args) -> Reply:
    name, length = args.need("filename"), args.number("length", 0)
    if length <= 0:
        raise ApiError("invalid_arguments")
    if len(args.text("alt_txt")) > _ALT_TEXT:
        raise ApiError("alt_txt_too_large")
    file_id = f"F{secrets.token_hex(5).upper()}"
    file = File(file_id, name, length, args.text("alt_txt"), args.text("snippet_type"))
    workspace.files[file_id] = file
    ticket = workspace.new_upload(file_id)
    return {"upload_url": f"{workspace.url}upload/v1/{ticket}", "file_id": file_id}


def _complete_upload(workspace: Workspace, args: Args) -> Reply:
    wanted = args.value("files")
    if not isinstance(wanted, list) or not wanted:
        raise ApiError("invalid_arguments")
    files = [_finish(workspace, each) for each in wanted]
    shapes = [file.as_json(workspace.url, workspace.team_id) for file in files]
    target = args.text("channel_id") or args.text("channels")
    if target:
        channel = need_posting(workspace, target)
        text, thread_ts = args.text("initial_comment"), args.text("thread_ts") or None
        ts = workspace.next_ts()
        workspace.post(Message(channel.id, ts, BOT_USER, text, thread_ts=thread_ts, files=shapes))
        for file in files:
            file.channels.add(channel.id)
    return {"files": shapes}


def _finish(workspace: Workspace, wanted: Reply) -> File:
    file = workspace.files.get(str(wanted.get("id")))
    if file is None or file.content is None:
        raise ApiError("file_not_found")
    file.title = str(wanted.get("title") or file.name)
    return file


METHODS = {
    "files.getUploadURLExternal": Method(_get_upload_url, Tier.FOUR, ("files:write",)),
    "files.completeUploadExternal": Method(_complete_upload, Tier.FOUR, ("files:write",)),
}
