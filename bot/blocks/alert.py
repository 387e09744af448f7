"""The messages that call somebody: a job fails, runs into its limit, is lost, works again."""

from collections.abc import Sequence
from datetime import datetime

from bot.blocks import words
from bot.blocks.folds import failing_nodes
from bot.blocks.parts import PERSON, Block, Message, actions, button, context, date, dotted, message, section
from bot.blocks.run import pause_or_resume, run_again, stop_button
from bot.blocks.story import failure, limit, loss, name_of, progress
from bot.blocks.text import bold, escape, first_line
from storage.records import Job, NodeSpan, Run, RunState


def failure_alert(
    run: Run,
    job: Job | None,
    *,
    since: datetime,
    failures: int,
    last_success: datetime | None,
    span: NodeSpan | None = None,
    mention: bool = False,
    reruns: int = 0,
) -> Message:
    """A job fails. `span` is the node that failed, `failures` counts the failures in a row since `since`."""
    spans = (span,) if span else ()
    told = f"{bold(name_of(run, job))} failed{failure(run, spans)}"
    folds = failing_nodes(run, spans)
    return _alert("❌", told, run, job, since, failures, last_success, folds, mention, reruns)


def timeout_alert(
    run: Run,
    job: Job | None,
    *,
    since: datetime,
    failures: int,
    last_success: datetime | None,
    span: NodeSpan | None = None,
    mention: bool = False,
    reruns: int = 0,
) -> Message:
    """A job ran into its limit. `span` is the node that was at work."""
    told = f"{bold(name_of(run, job))} timed out: {limit(run, (span,) if span else ())}"
    return _alert("⏱️", told, run, job, since, failures, last_success, [], mention, reruns)


def lost_alert(
    run: Run,
    job: Job | None,
    *,
    since: datetime,
    failures: int,
    last_success: datetime | None,
    mention: bool = False,
    reruns: int = 0,
) -> Message:
    """Nobody knows what became of a run, or knew it then; it is not started again by itself."""
    told = f"{bold(name_of(run, job))} was lost: {loss(run)}"
    if run.state is not RunState.LOST:
        told = f"{bold(name_of(run, job))} was lost, and Dify has told since what became of it: {words.state(run)}."
    return _alert(words.icon(run), told, run, job, since, failures, last_success, [], mention, reruns)


def missed_alert(
    run: Run,
    job: Job | None,
    *,
    since: datetime,
    failures: int,
    last_success: datetime | None,
    mention: bool = False,
    reruns: int = 0,
    missed: int = 1,
    first_at: datetime | None = None,
) -> Message:
    """Slots went by and nothing ran: `missed` of them in a row, from `first_at` to that of the run."""
    why = f": {escape(first_line(run.reason, 300))}" if run.reason else ""
    when = f"at {date(run.slot_at)}"
    if missed > 1:
        since_at = f", from {date(first_at)} to {date(run.slot_at)}" if first_at else ""
        when = f"{words.plural(missed, 'time')} in a row{since_at}"
    told = f"{bold(name_of(run, job))} did not run {when}{why}."
    return _alert("⏰", told, run, job, since, failures, last_success, [], mention, reruns)


def slow_alert(run: Run, job: Job | None) -> Message:
    """A run goes on for longer than its job should take. Calls nobody: nothing has failed."""
    told = f"{bold(name_of(run, job))} has been running for more than {words.duration(run.warn_over_s)}."
    facts = context(dotted((f"run {run.id}", progress(run) or None, words.cause(run))))
    trace = button("Open trace", "open_trace", f"run:{run.id}", label=f"Open the trace of {name_of(run, job)}")
    return message(told, [section(f"🐢 {told}"), facts, actions(stop_button(run, job), trace)])


def fast_alert(run: Run, job: Job | None, *, reruns: int) -> Message:
    """A run succeeded sooner than its work can have been done. Calls nobody: nothing has failed."""
    least = f"less than the {words.duration(job.policy.warn_under_s)} that it should" if job else "very little"
    told = (
        f"{bold(name_of(run, job))} took {words.duration(run.elapsed_s or 0)}, {least}. Look whether it did its work."
    )
    buttons = _buttons(run, job, reruns)
    return message(told, [section(f"🐇 {told}"), context(f"run {run.id}"), actions(*buttons)])


def recovery_notice(job: Job | None, run: Run, since: datetime, failures: int) -> Message:
    """The first success after failures, or what a person says was one: how long it failed and how often. Calls
    nobody."""
    ended = run.ended_at or run.started_at or run.due_at
    down = f" in {words.duration((ended - since).total_seconds())}" if ended > since else ""
    deed = "counts as well again" if run.mark == "succeeded" else "works again"
    told = f"{bold(name_of(run, job))} {deed}: run {run.id} {words.outcome(run)}."
    after = f"It failed {words.plural(failures, 'time')}{down}."
    facts = dotted((f"failing from {date(since)}", f"until {date(ended)}"))
    trace = button("Open trace", "open_trace", f"run:{run.id}", label=f"Open the trace of {name_of(run, job)}")
    return message(f"{told} {after}", [section(f"✅ {told} {after}"), context(facts), actions(trace)])


def _alert(
    icon: str,
    told: str,
    run: Run,
    job: Job | None,
    since: datetime,
    failures: int,
    last_success: datetime | None,
    folds: Sequence[Block],
    mention: bool,
    reruns: int,
) -> Message:
    owner = job.owner_id if job else run.owner_id
    call = f"<@{owner}> " if mention and PERSON.fullmatch(owner) else ""
    again = f" {failures} failures in a row." if failures > 1 else ""
    facts = dotted(
        (
            f"failing since {date(since)}",
            f"last success {date(last_success)}" if last_success else "no success yet",
            f"run {run.id}",
            words.cause(run),
        )
    )
    blocks = [section(f"{icon} {call}{told}{again}"), context(facts), *folds, actions(*_buttons(run, job, reruns))]
    return message(f"{call}{told}{again}", blocks)


def _buttons(run: Run, job: Job | None, reruns: int) -> list[Block]:
    name = name_of(run, job)
    trace = button("Open trace", "open_trace", f"run:{run.id}", label=f"Open the trace of {name}")
    return [run_again(run, job, reruns), trace, *(pause_or_resume(job) if job else [])]
