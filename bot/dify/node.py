"""One node of a run while it is being told: what an event says about it, and where it says the node stands."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NamedTuple

import orjson

from bot.dify.events import ident, mapping, number, shallow, text, whole
from storage.records import NodeSpan

PREVIEW_BYTES = 64 * 1024
"""The inputs or the outputs of one node that are kept; a longer value becomes the head of its JSON, marked as cut."""

TRACE_PREVIEW_BYTES = 16 * 1024 * 1024
"""All inputs and outputs kept of one run; past it they are left out, for a process holds hundreds of runs."""

CONTAINERS = frozenset({"iteration", "loop"})

VAGUE = frozenset({"Unknown error", "Workflow stream ended without a terminal event"})
"""Error texts that Dify sends instead of the cause."""


_PLAIN_PRICE = re.compile(r"[0-9]{1,15}(\.[0-9]{1,15})?", re.ASCII)


class Where(NamedTuple):
    """The containers around a node as (node id, kind), innermost first when `sure`, and the rounds that are told."""

    ids: tuple[tuple[str, str], ...]
    sure: bool
    rounds: tuple[tuple[str, int], ...]
    worker: str | None  # one item of a parallel iteration on Dify 1.8

    def round_in(self, node_id: str) -> int | None:
        for name, index in self.rounds:
            if name == node_id:
                return index
        return None


NOWHERE: Final = Where((), True, (), None)


def locate(data: Mapping[str, Any]) -> Where:
    """Where the event says that its node stands.

    Of two containers of one kind, the body names the outer one and the metadata the inner one, with its round.
    """
    meta = mapping(data.get("execution_metadata"))
    if not (
        data.get("iteration_id")
        or data.get("loop_id")
        or data.get("parallel_run_id")
        or (meta and (meta.get("iteration_id") or meta.get("loop_id") or meta.get("parallel_mode_run_id")))
    ):
        return NOWHERE  # most nodes, spared the long look
    worker = ident(data.get("parallel_run_id")) or ident(meta.get("parallel_mode_run_id"))
    ids: list[tuple[str, str]] = []
    rounds: list[tuple[str, int]] = []
    sure = False
    for kind in ("loop", "iteration"):
        body, told = ident(data.get(f"{kind}_id")), ident(meta.get(f"{kind}_id"))
        inner = told or body
        if inner is None:
            continue
        if (index := whole(meta.get(f"{kind}_index"))) is not None:
            rounds.append((inner, index))
        if body is not None and body != inner:
            ids, sure = [(inner, kind), (body, kind)], True
            break
        if all(inner != other for other, _ in ids):
            ids.append((inner, kind))
    if not ids and worker is None:
        return NOWHERE
    return Where(tuple(ids), sure or len(ids) < 2, tuple(rounds), worker)


class Previews:
    """What is kept of inputs and outputs, within a budget for the whole run."""

    def __init__(self) -> None:
        self._left = TRACE_PREVIEW_BYTES

    def take(self, value: object, size: int) -> Any:
        """The value, or its cut text, or None when it is too deep or the budget is spent. `size` bounds its bytes."""
        if not value:
            return value
        if size > PREVIEW_BYTES:
            try:
                json_text = orjson.dumps(value)
            except orjson.JSONEncodeError:
                return None
            size = len(json_text)
            if size > PREVIEW_BYTES:
                value = f"{json_text[:PREVIEW_BYTES].decode('utf-8', 'ignore')}… [cut: {size:,} bytes]"
                size = PREVIEW_BYTES
        if size > self._left or (value := shallow(value)) is None:
            return None
        self._left -= size
        return value


@dataclass(slots=True, eq=False, kw_only=True)
class Node:
    """One execution of a node. `hint` is the round that its container was in when it began."""

    id: str
    node_id: str
    kind: str = "unknown"
    title: str = ""
    state: str = "running"
    begun: bool = False
    ended: bool = False
    parent: "Node | None" = None
    hint: int | None = None
    error: str | None = None
    elapsed_s: float | None = None
    tokens: int | None = None
    price: str | None = None
    currency: str | None = None
    round: int | None = None
    rounds: int | None = None
    branch: str | None = None
    attempts: int = 1
    inputs: Any = None
    outputs: Any = None
    frozen: NodeSpan | None = None  # as it was last told, where it had ended

    def name(self, data: Mapping[str, Any]) -> None:
        self.kind = text(data.get("node_type")) or self.kind
        self.title = text(data.get("title")) or self.title or self.node_id

    def finish(self, data: Mapping[str, Any], size: int, previews: Previews) -> None:
        """Takes what the end says; a second end (a replay carries nulls) adds and never erases."""
        self.frozen = None
        outputs = mapping(data.get("outputs"))
        state = text(data.get("status"))
        error = read_error(state, text(data.get("error")), outputs)
        self.state = state or (self.state if self.ended else "unknown")
        if error is not None or not self.ended:
            self.error = error
        if (elapsed_s := number(data.get("elapsed_time"))) is not None:
            self.elapsed_s = elapsed_s
        if (branch := read_branch(self.kind, outputs)) is not None:
            self.branch = branch
        self._count(data)
        if (taken := previews.take(data.get("inputs"), size)) is not None:
            self.inputs = taken
        if (taken := previews.take(data.get("outputs"), size)) is not None:
            self.outputs = taken
        self.ended = True

    def _count(self, data: Mapping[str, Any]) -> None:
        """Tokens and money as Dify states them; a node that states none has used an unknown amount, not zero."""
        meta = mapping(data.get("execution_metadata"))
        usage = mapping(mapping(data.get("process_data")).get("usage"))
        for told in (meta, usage, data):
            if told and (tokens := whole(told.get("total_tokens"))) is not None:
                self.tokens = tokens
                break
        source = meta if meta.get("total_price") is not None else usage
        if source and (price := read_price(source.get("total_price"))) is not None:
            self.price, self.currency = price, text(source.get("currency"))


def read_error(state: str | None, error: str | None, outputs: Mapping[str, Any]) -> str | None:
    """The real cause: a handled exception hides it in its outputs."""
    if state == "exception" and (error is None or error in VAGUE):
        return text(outputs.get("error_message")) or error
    return error


def read_branch(kind: str, outputs: Mapping[str, Any]) -> str | None:
    """The way that a branching node chose: a case, a class, or the button that a human pressed."""
    if kind == "if-else":
        result = outputs.get("result")
        return text(outputs.get("selected_case_id")) or (str(result).lower() if isinstance(result, bool) else None)
    if kind == "question-classifier":
        return text(outputs.get("class_name")) or text(outputs.get("class_id"))
    if kind == "human-input":
        return text(outputs.get("__action_id"))
    return None


def read_price(value: object) -> str | None:
    """A decimal string as Dify sends it, or None."""
    if type(value) in (int, float):
        value = str(value)
    if not isinstance(value, str) or len(value) > 40:
        return None
    if _PLAIN_PRICE.fullmatch(value):
        return value
    try:
        return value if Decimal(value).is_finite() else None
    except InvalidOperation:
        return None
