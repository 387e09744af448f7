"""What a stream has told about a run as a whole."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The run as the stream tells it so far. `complete` and `status` come from the terminal event and only from it.

    `error` is the real cause. `said` is the error event (code, status, message), which is not an end.
    `answer` and `usage` belong to chat apps, `forms` and `reasons` to a run that waits for a human.
    """

    run_id: str | None
    task_id: str | None
    workflow_id: str | None
    status: str | None
    error: str | None
    elapsed_s: float | None
    total_tokens: int | None
    total_steps: int | None
    outputs: Any
    complete: bool
    ignored_events: int
    events: int
    exceptions: int | None
    said: Mapping[str, Any] | None
    answer: str | None
    usage: Mapping[str, Any]
    forms: tuple[Mapping[str, Any], ...]
    reasons: tuple[Mapping[str, Any], ...]
    nodes: int
    nodes_done: int
    nodes_dropped: int
    current_node: str | None
