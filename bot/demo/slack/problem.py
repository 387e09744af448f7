"""One thing that Slack would refuse in a payload, and the path to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """`pointer` is a JSON pointer, `code` a stable word, `constraint` the bound that was broken (or None)."""

    pointer: str
    code: str
    message: str
    constraint: Any = None

    def as_json(self) -> dict[str, Any]:
        """The shape in which blocks.validate reports."""
        return {
            "pointer": self.pointer,
            "code": self.code,
            "message": self.message,
            "constraint": self.constraint,
        }

    def as_message(self) -> str:
        """The line that stands in response_metadata.messages."""
        return f"[ERROR] {self.message} [json-pointer:{self.pointer}]"


def point(path: Path) -> str:
    """The JSON pointer of a path."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


class Findings:
    """Collects problems while a payload is walked."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def add(self, path: Path, code: str, message: str, constraint: Any = None) -> None:
        """Notes one problem at a path."""
        self.problems.append(Problem(point(path), code, message, constraint))

    def too_long(self, path: Path, limit: int) -> None:
        """A text or a sum of texts exceeds `limit` characters."""
        self.add(path, "too_long", f"must be less than {limit + 1} characters", limit)

    def too_many(self, path: Path, limit: int) -> None:
        """A list holds more than `limit` items."""
        self.add(path, "too_many_items", f"no more than {limit} items allowed", limit)

    def too_few(self, path: Path, limit: int) -> None:
        """A list holds fewer than `limit` items."""
        self.add(path, "too_few_items", f"no fewer than {limit} items allowed", limit)


def as_messages(problems: Sequence[Problem]) -> list[str]:
    """The array that Slack puts into response_metadata.messages."""
    return [problem.as_message() for problem in problems]
