"""Where in a trace a reader is or wants to go: an address that fits the value of a button."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, unquote

from bot.blocks.spans import find, holds, round_of
from storage.records import NodeSpan

KEPT = ":/@.-_~#"  # characters of span ids that need no quoting in an address


@dataclass(frozen=True)
class Place:
    """`run:381`, `run:381 span:ID`, `run:381 span:ID round:2`; `show` is `node`, `inputs`, `outputs` or `error`.

    `round` is 0-based, -1 stands for the nodes whose round nobody told. `page` is 0-based.
    """

    run_id: int
    span_id: str | None = None
    round: int | None = None
    page: int = 0
    show: str | None = None

    def __str__(self) -> str:
        parts = [f"run:{self.run_id}"]
        if self.span_id is not None:
            parts.append(f"span:{quote(self.span_id, safe=KEPT)}")
        if self.round is not None:
            parts.append(f"round:{self.round}")
        if self.show:
            parts.append(f"show:{self.show}")
        if self.page:
            parts.append(f"page:{self.page}")
        return " ".join(parts)


def read_place(value: str) -> Place | None:
    """The inverse of `str(place)`; None when the text is no address."""
    facts = dict(part.partition(":")[::2] for part in value.split())
    try:
        return Place(
            int(facts["run"]),
            unquote(facts["span"]) if "span" in facts else None,
            int(facts["round"]) if "round" in facts else None,
            max(int(facts.get("page", 0)), 0),
            facts.get("show"),
        )
    except (KeyError, ValueError):
        return None


def above(place: Place, spans: Sequence[NodeSpan]) -> Place | None:
    """Where *Back* leads: from a node to its round, from a round to all rounds, from those to where they stand."""
    if place.span_id is None:
        return None
    span = find(spans, place.span_id)
    if span is None:
        return Place(place.run_id)
    if place.round is not None or (place.show and holds(spans, span)):
        return Place(place.run_id, span.id)
    if span.parent is None or find(spans, span.parent) is None:
        return Place(place.run_id)
    inside = round_of(spans, span)
    return Place(place.run_id, span.parent, -1 if inside is None else inside)
