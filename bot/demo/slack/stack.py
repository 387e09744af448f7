"""A person's stack of modals: at most three, the last one on top."""

from collections.abc import Mapping
from typing import Any

from bot.demo.slack.shown import View
from bot.demo.slack.workspace import Workspace


def push_view(workspace: Workspace, user: str, payload: Mapping[str, Any]) -> View:
    """Puts a new view on top of the person's stack."""
    stack = workspace.stacks.setdefault(user, [])
    view = workspace.new_view(user, payload, stack[-1] if stack else None)
    stack.append(view)
    workspace.note_view(view, "opened" if len(stack) == 1 else "pushed")
    return view


def pop_view(workspace: Workspace, view: View) -> None:
    """Takes a view away, and what lies on top of it."""
    stack = workspace.stacks.get(view.user, [])
    if view in stack:
        del stack[stack.index(view) :]
        workspace.note_view(view, "closed")


def clear_stack(workspace: Workspace, user: str) -> None:
    """Closes all modals of a person."""
    for view in list(workspace.stacks.get(user, []))[:1]:
        pop_view(workspace, view)
