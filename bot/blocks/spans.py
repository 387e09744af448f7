"""What a trace tells: which nodes hold others, in which round each ran, which failed, which were slow."""

from collections.abc import Iterable, Sequence

from bot.blocks.text import first_line, one_line
from storage.records import NodeSpan

CONTAINERS = ("iteration", "loop")
FAILED = "failed"
HANDLED = "exception"
Rounds = dict[int | None, list[NodeSpan]]


def title(span: NodeSpan) -> str:
    return one_line(span.title) or one_line(span.node_id) or "a node without a name"


def tops(spans: Iterable[NodeSpan]) -> list[NodeSpan]:
    return [span for span in spans if span.parent is None]


def children(spans: Iterable[NodeSpan], parent: NodeSpan) -> list[NodeSpan]:
    return [span for span in spans if span.parent == parent.id]


def find(spans: Iterable[NodeSpan], span_id: str) -> NodeSpan | None:
    return next((span for span in spans if span.id == span_id), None)


def holds(spans: Iterable[NodeSpan], span: NodeSpan) -> bool:
    """Whether the span is a container, by its kind or because another span stands in it."""
    return span.kind in CONTAINERS or any(other.parent == span.id for other in spans)


def rounds_of(spans: Sequence[NodeSpan], holder: NodeSpan) -> Rounds:
    """The nodes of a container by their 0-based round; under None those whose round nobody told.

    The nodes of an inner loop carry the round of the iteration around it. Their own round is counted: a new one
    begins where a node comes again.
    """
    inside = children(spans, holder)
    if holder.parent is not None:
        return _counted(inside)
    rounds: Rounds = {}
    for span in inside:
        rounds.setdefault(span.round, []).append(span)
    return rounds


def _counted(inside: Iterable[NodeSpan]) -> Rounds:
    rounds: Rounds = {}
    number, seen = -1, set[str]()
    for span in inside:
        if number < 0 or span.node_id in seen:
            number, seen = number + 1, set()
        seen.add(span.node_id)
        rounds.setdefault(number, []).append(span)
    return rounds


def round_of(spans: Sequence[NodeSpan], span: NodeSpan) -> int | None:
    """The round in which a node stands inside its container."""
    holder = find(spans, span.parent) if span.parent is not None else None
    if holder is None:
        return None
    rounds = rounds_of(spans, holder)
    return next((number for number, inside in rounds.items() if span in inside), None)


def has_failed(spans: Iterable[NodeSpan]) -> bool:
    return any(span.state == FAILED for span in spans)


def failed_rounds(spans: Sequence[NodeSpan], holder: NodeSpan) -> list[int]:
    """The numbers of the rounds in which a node failed, in order."""
    rounds = rounds_of(spans, holder)
    return sorted(number for number, inside in rounds.items() if number is not None and has_failed(inside))


def rounds_known(spans: Sequence[NodeSpan], holder: NodeSpan) -> int:
    """How many rounds there were: what Dify told, or more when more were seen."""
    seen = [number for number in rounds_of(spans, holder) if number is not None]
    return max(holder.rounds or 0, max(seen, default=-1) + 1)


def failures(spans: Sequence[NodeSpan]) -> list[NodeSpan]:
    """Nodes that failed, the causes before the containers that failed because of them; then the handled ones."""
    bad = [span for span in spans if span.state == FAILED]
    causes = [span for span in bad if not holds(spans, span)]
    handled = [span for span in spans if span.state == HANDLED]
    return causes + [span for span in bad if holds(spans, span)] + handled


def slowest(spans: Sequence[NodeSpan], count: int) -> list[NodeSpan]:
    """The longest nodes that hold no others, longest first."""
    holders = {span.parent for span in spans} - {None}
    timed = [span for span in spans if span.elapsed_s and span.id not in holders]
    return sorted(timed, key=lambda span: -(span.elapsed_s or 0.0))[:count]


def tokens_in(spans: Sequence[NodeSpan]) -> int:
    """The tokens of the nodes that hold no others: containers repeat the sum of what they hold."""
    holders = {span.parent for span in spans} - {None}
    return sum(span.tokens or 0 for span in spans if span.id not in holders)


def error_line(span: NodeSpan, limit: int = 200) -> str:
    return first_line(span.error or "", limit)
