"""What became of a run, in one or two sentences of mrkdwn: the head of its message and its notification."""

from collections.abc import Mapping, Sequence

from bot.blocks import words
from bot.blocks.parts import date, person
from bot.blocks.spans import FAILED, HANDLED, failed_rounds, failures, holds, rounds_known, title
from bot.blocks.text import bold, escape, first_line
from storage.records import Job, NodeSpan, Run, RunState

CAUSE = 300
LIMITS_OF_DIFY = ("time_limit", "app_limit")  # codes of a fault: the job's own limit was not reached
NAMED_NODES = 3
REPLACED_BY = "replace"  # `stop_by` of a run that gives way to a newer one

Names = Mapping[str, str] | None
Spans = Sequence[NodeSpan]


def name_of(run: Run, job: Job | None) -> str:
    return (job.name if job else run.name).strip() or run.name.strip() or f"run {run.id}"


def story(run: Run, job: Job | None = None, spans: Spans = (), names: Names = None) -> str:
    """Name, state and cause, escaped; says the word of `words.state` in every state."""
    name = bold(name_of(run, job))
    match run.state:
        case RunState.READY:
            return f"{name} is {_start(run, names)}."
        case RunState.QUEUED:
            return f"{name} is queued: it starts when the run before it has ended."
        case RunState.PLANNED:
            return f"{name} is planned."
        case RunState.RUNNING:
            return f"{name} is running{_progress(run, names)}."
        case RunState.WAITING:
            return f"{name} is waiting for a person: a form in Dify has to be filled in{_at(run)}."
        case RunState.SUCCEEDED:
            return f"{name} finished{_in(run)}.{_hidden(spans)}"
        case RunState.PARTIAL:
            return f"{name} finished with warnings{_in(run)}{_warnings(spans)}.{_hidden(spans)}"
        case RunState.FAILED:
            return f"{name} failed{failure(run, spans)}"
        case RunState.TIMED_OUT:
            return f"{name} timed out: {limit(run, spans)}"
        case RunState.STOPPED:
            return f"{name} was stopped{_stopped(run, names)}"
        case RunState.LOST:
            return f"{name} was lost: {loss(run)}"
        case _:
            return f"{name} was {words.state(run)}{_reason(run)}."


def failure(run: Run, spans: Spans) -> str:
    """ " at node *HTTP request* after 12 s: 502 Bad Gateway (3 tries). 3 of 5 rounds …"."""
    bad = next((span for span in failures(spans) if span.state == FAILED), None)
    where = (run.fault.where if run.fault else None) or (title(bad) if bad else None)
    at = f" at node {bold(where)}" if where else ""
    message = (run.fault.message if run.fault else None) or (bad.error if bad else None) or run.reason or ""
    why = escape(first_line(message, CAUSE)).rstrip(".") or "Dify gave no reason"
    tries = max(run.attempts, _attempts(run, bad, spans))
    again = f" ({tries} tries)" if tries > 1 else ""
    return f"{at}{_after(run)}: {why}{again}.{_hidden(spans)}"


def _attempts(run: Run, bad: NodeSpan | None, spans: Spans) -> int:
    node_id = run.fault.node_id if run.fault else None
    meant = next((span for span in spans if node_id and span.node_id == node_id and span.state == FAILED), bad)
    return meant.attempts if meant else 1


def limit(run: Run, spans: Spans) -> str:
    """What its limit was and which node was at work when it was reached."""
    last = last_node(run, spans)
    node = ""
    if last:
        running = f", running {words.duration(last[1])}" if last[1] else ""
        node = f" Last node: {bold(last[0])}{running}."
    if run.fault and run.fault.code in LIMITS_OF_DIFY:
        return f"Dify stopped it{_after(run)}.{_said(run)}"
    return f"it was stopped after {words.duration(run.timeout_s)}, its limit.{node}{_said(run)}"


def last_node(run: Run, spans: Spans) -> tuple[str, float | None] | None:
    """The node that was at work at the end, and for how long where that is known."""
    open_ones = [span for span in spans if span.state in ("unfinished", "running") and not holds(spans, span)]
    last = open_ones[-1] if open_ones else (spans[-1] if spans else None)
    if last:
        return title(last), last.elapsed_s
    return (run.current_node, None) if run.current_node else None


def loss(run: Run) -> str:
    """What is known of a lost run, and what that means for the reader."""
    known = first_line(run.fault.message if run.fault else run.reason or "", CAUSE)
    told = (
        f"{escape(known).rstrip('.')}. "
        if known
        else "the connection to Dify ended and the run was not found again. "
    )
    return (
        f"{told}It may still be running in Dify, or have ended there; nothing was started again. "
        "Look at what it should have done before you press *Run again*."
    )


def _next_try(run: Run) -> str:
    """Why a run that had its attempt starts once more, and when."""
    if run.fault is None:
        return ""
    why = escape(first_line(run.fault.message, CAUSE)).rstrip(".")
    if run.fault.code == "busy" and run.try_at is None:
        return f" as soon as there is room: {why}"
    return f" again {date(run.try_at)}: {why}" if run.try_at is not None else ""


def _start(run: Run, names: Names) -> str:
    if run.hold_by:
        return f"held by {person(run.hold_by, names)}: it starts when somebody releases it"
    return f"starting{_next_try(run)}"


def marked(run: Run, names: Names) -> str | None:
    """ "marked as succeeded by Ana: sent by hand", escaped."""
    if run.mark is None:
        return None
    return f"marked as {run.mark} by {person(run.mark_by, names)}: {escape(first_line(run.mark_reason or '', CAUSE))}"


def _progress(run: Run, names: Names) -> str:
    if run.stop_by:
        who = "for a newer run" if run.stop_by == REPLACED_BY else f"asked by {person(run.stop_by, names)}"
        return f" and is being stopped ({who})"
    steps = f": {progress(run)}" if run.nodes or run.current_node else ""
    return steps + (f" (try {run.attempts})" if run.attempts > 1 else "")


def progress(run: Run) -> str:
    """ "4 of 9 nodes · now: LLM summarise", escaped."""
    done = f"{min(run.nodes_done, run.nodes)} of {words.plural(run.nodes, 'node')}" if run.nodes else ""
    now = f"now: {escape(first_line(run.current_node, 100))}" if run.current_node else ""
    return " · ".join(part for part in (done, now) if part)


def _in(run: Run) -> str:
    seconds = words.taken(run)
    return f" in {words.duration(seconds)}" if seconds is not None else ""


def _after(run: Run) -> str:
    seconds = words.taken(run)
    return f" after {words.duration(seconds)}" if seconds is not None else ""


def _at(run: Run) -> str:
    return f" (node {bold(run.current_node)})" if run.current_node else ""


def _reason(run: Run) -> str:
    why = first_line(run.reason or (run.fault.message if run.fault else ""), CAUSE)
    return f": {escape(why).rstrip('.')}" if why else ""


def _said(run: Run) -> str:
    why = first_line((run.fault.message if run.fault else run.reason) or "", CAUSE)
    return f" {escape(why[0].upper() + why[1:]).rstrip('.')}." if why else ""


def _stopped(run: Run, names: Names) -> str:
    """ " by Ana after 12 s.", " after 12 s: replaced by a newer run."."""
    if run.stop_by == REPLACED_BY:
        return f"{_after(run)}{_reason(run)}."
    waited = run.try_at is not None
    stopper = f" by {person(run.stop_by, names)}" if run.stop_by else " in Dify, not from here"
    return f"{stopper}{_reason(run)}." if waited else f"{stopper}{_after(run)}.{_said(run)}"


def _warnings(spans: Spans) -> str:
    bad = [span for span in failures(spans) if span.state in (FAILED, HANDLED)]
    if not bad:
        retried = [span for span in spans if span.attempts > 1]
        return f": {_listed(retried)} needed more than one try" if retried else ""
    return f": {_listed(bad)} failed and the workflow went on"


def _listed(spans: Spans) -> str:
    titles = list(dict.fromkeys(title(span) for span in spans))
    more = f" and {len(titles) - NAMED_NODES} more" if len(titles) > NAMED_NODES else ""
    return ", ".join(bold(one, 60) for one in titles[:NAMED_NODES]) + more


def _hidden(spans: Spans) -> str:
    """What a run's own state does not tell: rounds that failed inside an iteration or a loop."""
    for span in spans:
        if span.parent is None and (bad := failed_rounds(spans, span)):
            rounds = words.plural(rounds_known(spans, span), "round")
            return f" {len(bad)} of {rounds} failed in {bold(title(span), 60)}."
    return ""
