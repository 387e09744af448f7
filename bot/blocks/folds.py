"""The folds below a result: which nodes failed, which rounds failed, which nodes were slow."""

from collections.abc import Sequence

from bot.blocks import words
from bot.blocks.parts import Block, container, dotted, preformatted, say
from bot.blocks.spans import (
    FAILED,
    HANDLED,
    error_line,
    failed_rounds,
    failures,
    holds,
    rounds_known,
    rounds_of,
    slowest,
    title,
)
from bot.blocks.text import show
from storage.records import NodeSpan, Run, RunState

ERROR_SHOWN = 900
INPUTS_SHOWN = 600
NODES_SHOWN = 3
ROUNDS_SHOWN = 8
SLOW_SHOWN = 5
WITH_FOLDS = (RunState.FAILED, RunState.TIMED_OUT, RunState.PARTIAL, RunState.STOPPED, RunState.LOST)


def folds(run: Run, spans: Sequence[NodeSpan]) -> list[Block]:
    """At most three, all closed. A success has one only when rounds failed inside it."""
    if run.state not in WITH_FOLDS:
        return failing_rounds(spans)
    return failing_nodes(run, spans) + failing_rounds(spans) + slow_nodes(spans)


def failing_nodes(run: Run, spans: Sequence[NodeSpan]) -> list[Block]:
    bad = failures(spans)
    if not bad:
        return _fault_alone(run)
    children: list[Block] = []
    for span in bad[:NODES_SHOWN]:
        children += [say(facts_of(span)), preformatted(span.error or "No error text was given.", ERROR_SHOWN)]
        if span.inputs:
            children.append(preformatted(f"Inputs: {show(span.inputs)}", INPUTS_SHOWN))
    if len(bad) > NODES_SHOWN:
        children.append(say(f"{len(bad) - NODES_SHOWN} more in the trace."))
    first = f"{title(bad[0])} failed" if len(bad) == 1 else f"{len(bad)} nodes failed"
    return [container(first, title(bad[0]) if len(bad) > 1 else facts_of(bad[0]), children)]


def _fault_alone(run: Run) -> list[Block]:
    """The whole error where no node of the trace carries it and the headline shows only its first line."""
    if run.fault is None or len(run.fault.message.strip().splitlines()) < 2:
        return []
    return [container("The whole error", run.fault.where or "", [preformatted(run.fault.message, ERROR_SHOWN)])]


def failing_rounds(spans: Sequence[NodeSpan]) -> list[Block]:
    """One fold for all containers in which rounds failed."""
    lines, total = [], []
    for span in spans:
        if holds(spans, span) and (bad := failed_rounds(spans, span)):
            total.append(f"{title(span)}: {len(bad)} of {words.plural(rounds_known(spans, span), 'round')} failed")
            rounds = rounds_of(spans, span)
            lines += [_round_line(number, rounds[number]) for number in bad]
    if not lines:
        return []
    shown = [say(line) for line in lines[:ROUNDS_SHOWN]]
    if len(lines) > ROUNDS_SHOWN:
        shown.append(say(f"{len(lines) - ROUNDS_SHOWN} more in the trace."))
    return [container(total[0], dotted(total[1:]), shown)]


def _round_line(number: int, inside: Sequence[NodeSpan]) -> str:
    bad = next(span for span in inside if span.state == FAILED)
    return f"Round {number + 1}: {title(bad)}: {error_line(bad, 300) or 'failed without a reason'}"


def slow_nodes(spans: Sequence[NodeSpan]) -> list[Block]:
    slow = slowest(spans, SLOW_SHOWN)
    if len(slow) < 2:
        return []
    return [container("Slowest nodes", facts_of(slow[0]), [say(facts_of(span)) for span in slow])]


def facts_of(span: NodeSpan) -> str:
    """ "HTTP request · http-request · failed · 12 s · 3 tries", plain text."""
    state = words.node_state(span) if span.state in (FAILED, HANDLED) else None
    return dotted(
        (
            title(span)[:200],
            span.kind[:60],
            state,
            words.duration(span.elapsed_s) if span.elapsed_s is not None else None,
            words.tokens(span.tokens) if span.tokens else None,
            f"{span.attempts} tries" if span.attempts > 1 else None,
        )
    )
