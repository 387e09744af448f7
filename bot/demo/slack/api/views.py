"""views.*: a person's stack of modals, and their Home."""

from typing import Any

from bot.demo.slack.call import ApiError, Args, Method, Reply
from bot.demo.slack.check import check_view
from bot.demo.slack.limits import VIEW_STACK
from bot.demo.slack.pace import Tier
from bot.demo.slack.shown import View
from bot.demo.slack.stack import clear_stack, push_view
from bot.demo.slack.workspace import Workspace


def _open(workspace: Workspace, args: Args) -> Reply:
    view = _read_view(workspace, args, "modal")
    user = _use_trigger(workspace, args)
    clear_stack(workspace, user)
    return _show(workspace, push_view(workspace, user, view))


def _push(workspace: Workspace, args: Args) -> Reply:
    view = _read_view(workspace, args, "modal")
    user = _use_trigger(workspace, args)
    if len(workspace.stacks.get(user, [])) >= VIEW_STACK:
        raise ApiError("push_limit_reached")
    if not workspace.stacks.get(user):
        raise ApiError("not_found")
    return _show(workspace, push_view(workspace, user, view))


def _update(workspace: Workspace, args: Args) -> Reply:
    if args.has("view_id") == args.has("external_id"):
        raise ApiError("invalid_arguments")
    current = workspace.find_view(args.text("view_id"), args.text("external_id"))
    view = _read_view(workspace, args, current.payload["type"] if current else "modal", current)
    if current is None:
        raise ApiError("not_found")
    _need_hash(current, args)
    workspace.redraw(current, view)
    return _show(workspace, current)


def _publish(workspace: Workspace, args: Args) -> Reply:
    user = args.need("user_id")
    if user not in workspace.people:
        raise ApiError("user_not_found")
    if not workspace.manifest.home_tab:
        raise ApiError("not_enabled")
    home = workspace.homes.get(user)
    view = _read_view(workspace, args, "home", home)
    if home is None:
        home = workspace.homes[user] = workspace.new_view(user, view)
        workspace.note_view(home, "published")
    else:
        _need_hash(home, args)
        workspace.redraw(home, view)
    return _show(workspace, home)


def _read_view(workspace: Workspace, args: Args, kind: str, current: View | None = None) -> dict[str, Any]:
    """The view argument, checked; `current` may keep its own external_id."""
    view = args.value("view")
    if view is None:
        args.need("view")
    problems = check_view(view)
    if problems:
        raise ApiError("invalid_arguments", problems=problems)
    found: dict[str, Any] = view
    if found["type"] != kind:
        text = f"[ERROR] must be one of: {kind} [json-pointer:/view/type]"
        raise ApiError("invalid_arguments", response_metadata={"messages": [text]})
    other = workspace.find_view(external_id=found.get("external_id"))
    if other is not None and other is not current:
        raise ApiError("duplicate_external_id")
    return found


def _use_trigger(workspace: Workspace, args: Args) -> str:
    user, refusal = workspace.passes.use_trigger(args.need("trigger_id"))
    if refusal:
        raise ApiError(refusal)
    return user


def _need_hash(view: View, args: Args) -> None:
    if args.has("hash") and args.text("hash") != view.hash:
        raise ApiError("hash_conflict")


def _show(workspace: Workspace, view: View) -> Reply:
    return {"view": view.as_json(workspace.team_id)}


METHODS = {
    "views.open": Method(_open, Tier.FOUR),
    "views.push": Method(_push, Tier.FOUR),
    "views.update": Method(_update, Tier.FOUR),
    "views.publish": Method(_publish, Tier.FOUR),
}
