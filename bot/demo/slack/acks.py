"""What an ack may carry, and what it does: an answer to a command, the fate of a submitted view, options."""

from collections.abc import Mapping
from typing import Any

from bot.demo.slack.answer import TROUBLE, Answer, refuse
from bot.demo.slack.check import check_message, check_view
from bot.demo.slack.limits import SUGGESTIONS, VIEW_STACK
from bot.demo.slack.people import BOT_USER, Channel
from bot.demo.slack.problem import Findings, Problem, as_messages
from bot.demo.slack.schema import check_for
from bot.demo.slack.shown import Message, View
from bot.demo.slack.stack import clear_stack, pop_view, push_view
from bot.demo.slack.workspace import Workspace

BAD_RESPONSE = "invalid_command_response"


def show_command_answer(workspace: Workspace, user: str, channel: Channel, typed: str, body: Any) -> Answer:
    """The ack of a slash command: nothing, words, or a message for one or for all."""
    if isinstance(body, str):
        body = {"text": body}
    if not body:
        return Answer(True)
    problems = check_message(body)
    if not isinstance(body, dict) or problems:
        _note_refusal(workspace, "command", problems)
        return refuse(BAD_RESPONSE, f'{typed.split()[0]} failed with the error "{BAD_RESPONSE}"')
    if not any(body.get(part) for part in ("text", "blocks", "attachments")):
        return Answer(True)
    in_channel = body.get("response_type") == "in_channel"
    if in_channel:
        workspace.post(Message(channel.id, workspace.next_ts(), user, typed))
    return Answer(True, message=post_answer(workspace, body, channel.id, None if in_channel else user))


def post_answer(workspace: Workspace, body: Mapping[str, Any], channel: str, viewer: str | None) -> Message:
    """Puts the bot's answer to an interaction before one person, or before all when `viewer` is None."""
    return workspace.post(
        Message(
            channel,
            workspace.next_ts(),
            BOT_USER,
            str(body.get("text") or ""),
            blocks=body.get("blocks") or [],
            attachments=body.get("attachments") or [],
            thread_ts=body.get("thread_ts"),
            viewer=viewer,
        )
    )


def settle_submission(workspace: Workspace, view: View, body: Any) -> Answer:
    """The ack of view_submission: close, errors, update, push or clear."""
    body = body or {}
    action = body.get("response_action") if isinstance(body, dict) else "unreadable"
    if action is None:
        pop_view(workspace, view)
        return Answer(True, view=top_view(workspace, view.user))
    if action == "clear":
        clear_stack(workspace, view.user)
        return Answer(True)
    if action == "errors":
        return _show_errors(workspace, view, body.get("errors"))
    if action in ("update", "push"):
        return _show_next(workspace, view, action, body.get("view"))
    return _fail(workspace, f"response_action {action!r} is unknown", [])


def _show_errors(workspace: Workspace, view: View, errors: Any) -> Answer:
    inputs = {block["block_id"] for block in view.blocks if block["type"] == "input"}
    if not isinstance(errors, dict) or not errors or not set(errors) <= inputs:
        text = f"the keys of errors must be block_ids of inputs of this view ({', '.join(sorted(inputs))})"
        return _fail(workspace, text, [])
    view.errors = {block_id: str(sentence) for block_id, sentence in errors.items()}
    workspace.note_view(view, "errors")
    return Answer(False, "view_errors", errors=view.errors, view=view)


def _show_next(workspace: Workspace, view: View, action: str, payload: Any) -> Answer:
    problems = check_view(payload)
    if problems:
        return _fail(workspace, f"the view of {action} is not valid", problems)
    if action == "update":
        workspace.redraw(view, payload)
        return Answer(True, view=view)
    if len(workspace.stacks.get(view.user, [])) >= VIEW_STACK:
        return _fail(workspace, "push_limit_reached", [])
    return Answer(True, view=push_view(workspace, view.user, payload))


def read_options(workspace: Workspace, body: Any) -> Answer:
    """The ack of block_suggestion."""
    body = body if isinstance(body, dict) else {}
    options, groups = body.get("options"), body.get("option_groups")
    found = Findings()
    everything = [*(options or []), *(option for group in groups or [] for option in group.get("options", []))]
    for index, option in enumerate(everything):
        check_for("PlainTextOption")(option, ("options", index), found)
    if len(options or groups or []) > SUGGESTIONS:
        found.too_many(("options",), SUGGESTIONS)
    if (options is None) == (groups is None) or found.problems:
        return _fail(workspace, "exactly one of options and option_groups is expected", found.problems)
    return Answer(True, options=options or [], option_groups=groups or [])


def top_view(workspace: Workspace, user: str) -> View | None:
    """The modal that a person sees now."""
    stack = workspace.stacks.get(user)
    return stack[-1] if stack else None


def _fail(workspace: Workspace, reason: str, problems: list[Problem]) -> Answer:
    _note_refusal(workspace, reason, problems)
    return refuse("invalid_response", TROUBLE)


def _note_refusal(workspace: Workspace, reason: str, problems: list[Problem]) -> None:
    workspace.log.record(workspace.clock(), "refused", reason=reason, problems=as_messages(problems))
