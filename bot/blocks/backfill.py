"""A backfill: what it would do, before somebody confirms it, and how far it is."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from bot.blocks import words
from bot.blocks.parts import Message, actions, button, confirm, context, dotted, message, section
from bot.blocks.text import bold, escape
from bot.blocks.times import told_time
from storage.records import Job, RunState

FAILED = (RunState.FAILED, RunState.TIMED_OUT, RunState.LOST, RunState.BLOCKED, RunState.EXPIRED)
DONE = (RunState.SUCCEEDED, RunState.PARTIAL)


class Counts(Protocol):
    """How many runs of it are in which state."""

    @property
    def counts(self) -> Mapping[RunState, int]: ...
    @property
    def total(self) -> int: ...
    @property
    def waiting(self) -> int: ...
    @property
    def going(self) -> int: ...
    @property
    def is_over(self) -> bool: ...


def backfill_message(job: Job, found: Counts, facts: Mapping[str, Any], names: Mapping[str, str]) -> Message:
    """The message in the channel; the results stand below it, in its thread."""
    done, failed = (sum(found.counts[state] for state in states) for states in (DONE, FAILED))
    left_out = found.total - done - failed - found.waiting - found.going
    state = "is over" if found.is_over else "is going on"
    span = escape(str(facts.get("span", "")))
    told = f"The backfill of {bold(job.name)} for {span} {state}: {done} of {found.total} done"
    more = [f"{failed} failed" if failed else "", f"{left_out} left out" if left_out else ""]
    told = ", ".join(part for part in (told, *more) if part) + "."
    by = names.get(str(facts.get("by")), "somebody")
    small = dotted((f"asked for by {escape(by)}", f"{found.waiting} waiting" if found.waiting else None))
    blocks = [section(f"{'🗂️' if not found.is_over else '✅' if not failed else '⚠️'} {told}"), context(small)]
    if found.waiting:
        sure = confirm(
            "Cancel the backfill?", f"{found.waiting} runs will not begin.", "Cancel it", "Go on", danger=True
        )
        label = f"Cancel the backfill of {job.name}"
        blocks.append(actions(button("Cancel", "backfill_cancel", f"job:{job.id}", confirm=sure, label=label)))
    return message(told, blocks)


def backfill_asked(
    job: Job, slots: Sequence[datetime], seconds: float | None, tokens: int | None, command: str, zone: str
) -> Message:
    """More runs than one starts by a slip: what they will take, and a button that starts them."""
    told = f"That is {words.plural(len(slots), 'run')} of {bold(job.name)}, one after the other, "
    told += f"from {told_time(slots[0], zone)} to {told_time(slots[-1], zone)}."
    cost = dotted(
        (
            f"about {words.duration(seconds)}" if seconds is not None else "no run of it has succeeded yet",
            f"about {words.tokens(tokens)}" if tokens is not None else None,
        )
    )
    start = button(f"Start {len(slots)} runs", "type_this", command, style="primary", label=f"Backfill {job.name}")
    return message(told, [section(told), context(cost), actions(start)])


def backfill_started(job: Job, count: int) -> Message:
    """It was asked for; where its results will come."""
    told = (
        f"{words.plural(count, 'run')} of {bold(job.name)} will be made up for, one after the other, in one thread."
    )
    return message(told, [section(told)])
