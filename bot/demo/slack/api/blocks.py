"""blocks.validate: the checker, asked without a token."""

from collections.abc import Callable
from typing import Any

from bot.demo.slack.call import ApiError, Args, Method, Reply
from bot.demo.slack.check import check_blocks, check_message, check_view
from bot.demo.slack.pace import Tier
from bot.demo.slack.problem import Problem
from bot.demo.slack.workspace import Workspace

_CHECKS: dict[str, Callable[[Any], list[Problem]]] = {
    "blocks": check_blocks,
    "view": check_view,
    "message": check_message,
}


def _validate(workspace: Workspace, args: Args) -> Reply:
    given = [name for name in _CHECKS if args.has(name)]
    if len(given) != 1:
        raise ApiError("invalid_arguments")
    problems = _CHECKS[given[0]](args.value(given[0]))
    if problems:
        raise ApiError("invalid_blocks", errors=[problem.as_json() for problem in problems])
    return {}


METHODS = {"blocks.validate": Method(_validate, Tier.THREE, token="none")}  # noqa: S106
