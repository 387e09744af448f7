"""One call of the Web API: its arguments, its refusal, and how a method describes itself."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from bot.demo.slack.pace import Tier
from bot.demo.slack.problem import Problem, as_messages
from bot.demo.slack.workspace import Workspace

Reply = dict[str, Any]


class ApiError(Exception):
    """Slack's answer `ok: false`. `extra` joins the body."""

    def __init__(self, error: str, *, problems: Sequence[Problem] = (), **extra: Any) -> None:
        super().__init__(error)
        self.error = error
        self.body: Reply = {"ok": False, "error": error, **extra}
        if problems:
            messages = as_messages(problems)
            self.body["errors"] = [problem.message for problem in problems]
            self.body["response_metadata"] = {"messages": messages}


@dataclass(frozen=True, slots=True)
class Method:
    """`run(workspace, args)` answers or raises ApiError. `token` is bot, app or none."""

    run: Callable[[Workspace, "Args"], Reply]
    tier: Tier
    scopes: tuple[str, ...] = ()
    token: str = "bot"  # noqa: S105


class Args:
    """The arguments of a call, whether they came as a form, a query or JSON."""

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self.raw = {name: value for name, value in raw.items() if name != "token"}

    def text(self, name: str, default: str = "") -> str:
        """An argument as text; missing and null are the default."""
        value = self.raw.get(name)
        return default if value is None else str(value)

    def need(self, name: str) -> str:
        """A required argument as text."""
        value = self.text(name)
        if not value:
            message = f"[ERROR] missing required field: {name}"
            raise ApiError("invalid_arguments", response_metadata={"messages": [message]})
        return value

    def flag(self, name: str, default: bool = False) -> bool:
        """A yes or no; forms send true, false, 1, 0."""
        value = self.raw.get(name)
        return default if value is None else str(value).lower() in ("true", "1")

    def number(self, name: str, default: int) -> int:
        """A whole number."""
        try:
            return int(self.text(name, str(default)))
        except ValueError:
            raise ApiError("invalid_arguments") from None

    def has(self, name: str) -> bool:
        """Whether the caller gave this argument, even as an empty list."""
        return self.raw.get(name) not in (None, "")

    def value(self, name: str, error: str = "invalid_arguments") -> Any:
        """A structured argument; in a form it is JSON in a string. None when missing."""
        value = self.raw.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError:
            raise ApiError(error) from None
