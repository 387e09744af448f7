"""The trace of a run as a stack of modals: the run, the rounds of a container, one round, one node.

Nothing that came from Dify is parsed here: it stands in plain text or in preformatted rich text.
"""

import json
from collections.abc import Sequence

from bot.blocks import words
from bot.blocks.folds import facts_of
from bot.blocks.parts import (
    PREFORMATTED_TEXT,
    Block,
    View,
    actions,
    button,
    context,
    divider,
    dotted,
    modal,
    preformatted,
    say,
)
from bot.blocks.place import Place, above
from bot.blocks.spans import (
    error_line,
    failed_rounds,
    find,
    has_failed,
    holds,
    round_of,
    rounds_known,
    rounds_of,
    title,
    tokens_in,
    tops,
)
from bot.blocks.text import escape, length, show
from storage.records import NodeSpan, Run

ROWS = 20
STACK = 3  # Slack's own: deeper views replace the third one and carry a Back button
DOUBLE_COUNT = 0.01  # above it Dify's total and the sum of the nodes are both shown
UNTOLD = -1  # the round of nodes whose round nobody told

Spans = Sequence[NodeSpan]


def view_at(run: Run, spans: Spans, place: Place, *, depth: int = 1) -> View:
    """The view of any place in the trace; of the run when the place is not there any more."""
    span = find(spans, place.span_id) if place.span_id is not None else None
    if span is None:
        return run_view(run, spans, place.page, depth=depth)
    if place.show or not holds(spans, span):
        return node_view(run, spans, span.id, depth=depth)
    if place.round is not None:
        return round_view(run, spans, span.id, place.round, place.page, depth=depth)
    return rounds_view(run, spans, span.id, place.page, depth=depth)


def run_view(run: Run, spans: Spans, page: int = 0, *, depth: int = 1, back: str | None = None) -> View:
    """The nodes of the outermost level in the order in which they began."""
    place = Place(run.id, page=page)
    blocks = [say(_run_line(run, spans))]
    if run.fault:
        blocks.append(preformatted(dotted((run.fault.where, run.fault.message))))
    nodes = tops(spans)
    if not nodes:
        gone = " Its inputs and outputs have gone with age, too." if run.cleared_at else ""
        blocks.append(say(f"No node details are kept of this run.{gone}"))
    blocks += _rows([_node_row(run, spans, span) for span in nodes], place)
    return _view(f"Run {run.id}", blocks, place, spans, depth, back)


def rounds_view(
    run: Run, spans: Spans, span_id: str, page: int = 0, *, depth: int = 2, back: str | None = None
) -> View:
    """The rounds of an iteration or a loop, those that failed first."""
    holder = find(spans, span_id)
    if holder is None:
        return _gone(run, spans, depth, back)
    place = Place(run.id, span_id, page=page)
    rounds, total = rounds_of(spans, holder), rounds_known(spans, holder)
    numbers = sorted(rounds, key=lambda number: (not has_failed(rounds[number]), number is None, number or 0))
    blocks = [say(_holder_line(spans, holder))]
    if holder.error:
        blocks.append(preformatted(holder.error, 600))
    details = button(
        "Details", "trace_open", str(Place(run.id, span_id, show="node")), label=f"Details of {title(holder)}"
    )
    blocks.append(actions(details))
    blocks += _rows([_round_row(run, holder, number, rounds[number]) for number in numbers], place)
    silent = total - len([number for number in numbers if number is not None])
    if silent > 0:
        blocks.append(context(f"Dify sent no nodes for {words.plural(silent, 'round')}."))
    return _view(f"{_kind(holder)}: {words.plural(total, 'round')}", blocks, place, spans, depth, back)


def round_view(
    run: Run, spans: Spans, span_id: str, number: int, page: int = 0, *, depth: int = 3, back: str | None = None
) -> View:
    """The nodes of one round. `number` is 0-based, -1 for nodes whose round nobody told."""
    holder = find(spans, span_id)
    if holder is None:
        return _gone(run, spans, depth, back)
    place = Place(run.id, span_id, number, page)
    inside = rounds_of(spans, holder).get(None if number == UNTOLD else number, [])
    blocks = [say(dotted((title(holder)[:200], _round_name(number), words.plural(len(inside), "node"))))]
    blocks += _rows([_node_row(run, spans, span) for span in inside], place)
    return _view(_round_name(number), blocks, place, spans, depth, back)


def node_view(run: Run, spans: Spans, span_id: str, *, depth: int = 3, back: str | None = None) -> View:
    """One node: its facts, error, inputs and outputs, each with *Full text* when it was cut."""
    span = find(spans, span_id)
    if span is None:
        return _gone(run, spans, depth, back)
    blocks = [say(f"{words.node_icon(span)} {title(span)}"), say(_node_facts(spans, span))]
    if span.error:
        blocks += _value(run, span, "error", span.error)
    blocks += _value(run, span, "inputs", span.inputs)
    blocks += _value(run, span, "outputs", span.outputs)
    if holds(spans, span):
        blocks.append(actions(_open(run, span, "Rounds", f"Rounds of {title(span)}")))
    place = Place(run.id, span_id, show="node" if holds(spans, span) else None)
    return _view("Node", blocks, place, spans, depth, back)


def _gone(run: Run, spans: Spans, depth: int, back: str | None) -> View:
    blocks = [say("This part of the trace is not there any more. Close it and open the trace again.")]
    return _view(f"Run {run.id}", blocks, Place(run.id), spans, depth, back)


def _view(name: str, blocks: list[Block], place: Place, spans: Spans, depth: int, back: str | None) -> View:
    """The modal. Below Slack's stack it has a Back button; ids only go into the metadata."""
    if depth > STACK and back is None:
        upper = above(place, spans)
        back = str(upper) if upper else None
    if back:
        blocks = [*blocks, actions(button("Back", "trace_back", back, label="Back to the level above"))]
    facts = {"place": str(place), "depth": depth} | ({"back": back} if back else {})
    return modal(name, blocks, callback_id="trace", private_metadata=json.dumps(facts))


def _rows(rows: list[Block], place: Place) -> list[Block]:
    """One page of rows and the buttons to the pages beside it; each button in a block of its own, for its id."""
    pages = max(-(-len(rows) // ROWS), 1)
    page = min(max(place.page, 0), pages - 1)
    blocks = [divider(), *rows[page * ROWS : (page + 1) * ROWS]] if rows else []
    if pages > 1:
        blocks.append(context(f"Page {page + 1} of {pages} · {len(rows):,} in all"))
    for text, other in (("Previous page", page - 1), ("Next page", page + 1)):
        if 0 <= other < pages:
            there = Place(place.run_id, place.span_id, place.round, other)
            blocks.append(
                actions(button(text, "trace_page", str(there), label=f"{text}: page {other + 1} of {pages}"))
            )
    return blocks


def _open(run: Run, span: NodeSpan, text: str, label: str) -> Block:
    return button(text, "trace_open", str(Place(run.id, span.id)), label=label)


def _node_row(run: Run, spans: Spans, span: NodeSpan) -> Block:
    line = _holder_line(spans, span) if holds(spans, span) else f"{words.node_icon(span)} {facts_of(span)}"
    branch = f"\nbranch taken: {span.branch[:100]}" if span.branch else ""
    error = f"\n{error_line(span)}" if span.error else ""
    return say(line + branch + error, _open(run, span, "Open", f"Open {title(span)}"))


def _holder_line(spans: Spans, span: NodeSpan) -> str:
    """ "🔁 Summarise each · Iteration · 5 rounds (1 failed) · 12 s", plain text."""
    bad = len(failed_rounds(spans, span))
    rounds = words.plural(rounds_known(spans, span), "round") + (f" ({bad} failed)" if bad else "")
    elapsed = words.duration(span.elapsed_s) if span.elapsed_s is not None else None
    used = words.tokens(span.tokens) if span.tokens else None
    state = words.node_state(span) if span.state != "succeeded" else None
    facts = dotted((title(span)[:200], _kind(span), rounds, state, elapsed, used))
    return f"{words.node_icon(span)} {facts}"


def _kind(span: NodeSpan) -> str:
    return {"iteration": "Iteration", "loop": "Loop"}.get(span.kind, "Group")


def _round_row(run: Run, holder: NodeSpan, number: int | None, inside: Spans) -> Block:
    round_id = UNTOLD if number is None else number
    bad = next((span for span in inside if span.state == "failed"), None)
    seconds = [span.elapsed_s for span in inside if span.elapsed_s is not None]
    facts = dotted(
        (
            _round_name(round_id),
            "failed" if bad else None,
            words.plural(len(inside), "node"),
            words.duration(sum(seconds)) if seconds else None,
        )
    )
    error = f"\n{title(bad)[:100]}: {error_line(bad)}" if bad else ""
    place = str(Place(run.id, holder.id, round_id))
    opener = button("Open", "trace_open", place, label=f"Open {_round_name(round_id)} of {title(holder)}")
    return say(f"{'❌' if bad else '▫️'} {facts}{error}", opener)


def _round_name(number: int) -> str:
    return "Round unknown" if number == UNTOLD else f"Round {number + 1}"


def _run_line(run: Run, spans: Spans) -> str:
    """State, time and tokens; both counts of tokens when Dify's total counts nested nodes twice."""
    seconds, counted = words.taken(run), tokens_in(spans)
    used = words.tokens(run.tokens) if run.tokens is not None else None
    if run.tokens and counted and abs(run.tokens - counted) > DOUBLE_COUNT * run.tokens:
        used = f"{words.tokens(run.tokens)} by Dify's total, {counted:,} by the sum of the nodes"
    facts = (
        words.state(run),
        words.duration(seconds) if seconds is not None else None,
        used,
        words.price(run.price, run.currency),
        words.plural(len(spans), "node") if spans else None,
        f"Dify run {run.dify_run_id[:100]}" if run.dify_run_id else None,
    )
    return f"{words.icon(run)} {run.name[:300]}\n{dotted(facts)}"


def _node_facts(spans: Spans, span: NodeSpan) -> str:
    inside = round_of(spans, span)
    return dotted(
        (
            span.kind[:60] or None,
            words.node_state(span)[:100],
            words.duration(span.elapsed_s) if span.elapsed_s is not None else "time unknown",
            words.tokens(span.tokens) if span.tokens is not None else None,
            words.price(span.price, span.currency),
            f"{span.attempts} tries" if span.attempts > 1 else None,
            f"branch taken: {span.branch[:200]}" if span.branch else None,
            _round_name(inside).lower() if inside is not None else None,
        )
    )


def _value(run: Run, span: NodeSpan, what: str, value: object) -> list[Block]:
    """A heading, the value, and a button that posts all of it when it was cut. Nothing for an unknown value."""
    if value is None:
        return [context(f"{what.capitalize()}: not known")]
    text = show(value)
    blocks = [context(f"*{escape(what.capitalize())}*"), preformatted(text)]
    if length(text) > PREFORMATTED_TEXT:
        place = str(Place(run.id, span.id, show=what))
        blocks.append(actions(button("Full text", "trace_full", place, label=f"Full {what} of {title(span)}")))
    return blocks


def full_text(spans: Spans, place: Place) -> tuple[str, str] | None:
    """The file name and the whole of one value of a node, for *Full text*; None when it is not there."""
    span = find(spans, place.span_id) if place.span_id is not None else None
    if span is None or place.show not in ("inputs", "outputs", "error"):
        return None
    value = {"inputs": span.inputs, "outputs": span.outputs, "error": span.error}[place.show]
    suffix = "txt" if isinstance(value, str) else "json"
    return f"run-{place.run_id}-{place.show}.{suffix}", show(value)
