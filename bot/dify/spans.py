"""What can be read from the finished list of spans: the tree they form, what broke, what it cost."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from bot.dify.box import Box
from bot.dify.node import CONTAINERS, Node
from storage.records import NodeSpan

UNFINISHED = "unfinished"
"""A node that began and never ended."""

GOING_ON = frozenset({"running", "retry", UNFINISHED})

MAX_TREE_DEPTH = 32
"""Dify nests two or three containers; what is deeper is shown at the top, so that any tree can be written as JSON."""


def freeze(nodes: Sequence[Node], *, over: bool) -> tuple[NodeSpan, ...]:
    """The spans of the nodes; when all is over, what still runs is unfinished."""
    parents = _read_parents(nodes)
    return tuple(_freeze(node, parents.get(node.id), over=over) for node in nodes)


def _freeze(node: Node, parent: str | None, *, over: bool) -> NodeSpan:
    """A leaf that has ended seldom changes any more, and a run is told many times while it goes on."""
    if node.frozen is not None and node.frozen.parent == parent:
        return node.frozen
    span = NodeSpan(
        id=node.id,
        node_id=node.node_id,
        kind=node.kind,
        title=node.title,
        state=node.state if node.ended or not over else UNFINISHED,
        parent=parent,
        error=node.error,
        elapsed_s=node.elapsed_s,
        tokens=node.tokens,
        price=node.price,
        currency=node.currency,
        round=node.round,
        rounds=node.rounds,
        branch=node.branch,
        attempts=node.attempts,
        inputs=node.inputs,
        outputs=node.outputs,
    )
    if node.ended and not isinstance(node, Box):
        node.frozen = span
    return span


def close_spans(spans: Iterable[NodeSpan]) -> tuple[NodeSpan, ...]:
    """The spans of a stream that is gone: what was at work then will never be told."""
    return tuple(replace(span, state=UNFINISHED) if span.state in GOING_ON else span for span in spans)


def find_culprit(spans: Iterable[NodeSpan]) -> NodeSpan | None:
    """The node that broke the run: the last that failed with a reason, a leaf rather than its container."""
    failed = [span for span in spans if span.state == "failed"]
    return max(
        enumerate(failed),
        key=lambda at: (at[1].error is not None, at[1].kind not in CONTAINERS, at[0]),
        default=(0, None),
    )[1]


def sum_costs(spans: Iterable[NodeSpan]) -> dict[str, Decimal]:
    """Money per currency ("" where Dify named none); empty when nothing is known, which is not zero.

    Leaves are summed. A container repeats the sum of its children, so it counts only where none of them is priced.
    """
    by_id = {span.id: span for span in spans}
    covered: set[str] = set()
    costs: dict[str, Decimal] = {}
    for span in by_id.values():
        if span.price is not None and span.kind not in CONTAINERS:
            _add_cost(costs, span)
            covered.update(_uncovered_holders(span, by_id, covered))
    for span in by_id.values():
        if span.kind in CONTAINERS and _is_spending(span) and span.id not in covered:
            holders = _uncovered_holders(span, by_id, covered)
            if not any(_is_spending(by_id[holder]) for holder in holders):
                _add_cost(costs, span)
    return costs


def _is_spending(span: NodeSpan) -> bool:
    return span.price is not None and Decimal(span.price) > 0


def _uncovered_holders(span: NodeSpan, by_id: Mapping[str, NodeSpan], covered: set[str]) -> list[str]:
    found: list[str] = []
    holder = span.parent
    while holder is not None and holder not in covered and holder in by_id:
        found.append(holder)
        holder = by_id[holder].parent
    return found


def _add_cost(costs: dict[str, Decimal], span: NodeSpan) -> None:
    currency = span.currency or ""
    costs[currency] = costs.get(currency, Decimal(0)) + Decimal(span.price or 0)


def _read_parents(nodes: Sequence[Node]) -> dict[str, str]:
    """The holder of each node that has one. A holder has the lower rank, so that there is no circle."""
    boxes = sorted((node for node in nodes if isinstance(node, Box)), key=lambda box: box.rank)
    depths: dict[str, int] = {}
    for box in boxes:
        depths[box.id] = 0 if box.parent is None else depths[box.parent.id] + 1
    return {
        node.id: node.parent.id
        for node in nodes
        if node.parent is not None and depths[node.parent.id] % MAX_TREE_DEPTH < MAX_TREE_DEPTH - 1
    }
