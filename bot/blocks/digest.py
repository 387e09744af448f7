"""A digest: many results in one message, each on a line, those that failed first."""

from collections.abc import Mapping, Sequence

from bot.blocks import words
from bot.blocks.parts import Block, Message, actions, container, context, date, dotted, message, section, select
from bot.blocks.text import bold, escape, first_line, fit, one_line, shorten
from storage.records import Run, RunState

NAME = 50
WHY = 80
HEAD = 130  # name and reason, escaped: what a message holds, Slack counts after escaping
CLOCK = "{time}"
UNBROKEN = "\u00a0"
NAMED = 5  # of those that failed, in the notification
LINES_A_BLOCK = 8  # below what Slack folds away behind "Show more"
SHOWN = 12  # lines that a channel bears without a fold
HINT = "They came in faster than a channel takes messages, so they are told together."
CONTINUED = "The other runs stand in the thread."


def digest_message(runs: Sequence[Run], counts: Mapping[RunState, int], *, page: int = 0, pages: int = 1) -> Message:
    """`runs` are those of one page, `counts` those of all; the pages behind the first stand in its thread."""
    if page:
        told = f"Page {page + 1} of {pages}"
        names = ", ".join(bold(run.name, NAME) for run in runs[:NAMED])
        more = " …" if len(runs) > NAMED else ""
        return message(f"{told}: {names}{more}", [context(told), *_lines(runs), _open_trace(runs)])
    total = sum(counts.values())
    bad = total - sum(count for state, count in counts.items() if state.is_success)
    told = f"{words.plural(total, 'run')} ended: {_by_state(counts)}."
    small = f"{HINT} {CONTINUED}" if pages > 1 else HINT
    head = section(f"{'⚠️' if bad else '✅'} *{told}*")
    blocks = [head, *_folded(runs, counts.get(RunState.SUCCEEDED, 0)), context(small), _open_trace(runs)]
    return message(f"{told}{_named(runs, bad)}", blocks)


def _folded(runs: Sequence[Run], finished: int) -> list[Block]:
    """What needs nobody's care is folded away where it is much."""
    if len(runs) <= SHOWN:
        return _lines(runs)
    well = [run for run in runs if run.state is RunState.SUCCEEDED]
    others = [run for run in runs if run.state is not RunState.SUCCEEDED]
    title = f"{words.plural(len(well), 'run')} that finished"
    if finished > len(well):
        title = f"{len(well)} of {finished:,} runs that finished"
    fold = [container(title, "time, tokens and price of each", _lines(well))] if well else []
    return [*_lines(others), *fold]


def _lines(runs: Sequence[Run]) -> list[Block]:
    lines = [run_told(run) for run in runs]
    return [section("\n".join(lines[at : at + LINES_A_BLOCK])) for at in range(0, len(lines), LINES_A_BLOCK)]


def run_told(run: Run) -> str:
    """ "✅ *Daily news* finished · 42 s · 12,345 tokens · ≈ $0.02 · 09:00 · run 381", mrkdwn."""
    seconds = words.taken(run)
    why = "" if run.state.is_success else first_line(run.fault.message if run.fault else run.reason or "", WHY)
    head = f"{words.icon(run)} {bold(run.name, NAME)} {words.outcome(run)}"
    facts = (
        words.duration(seconds) if seconds is not None else "",
        words.tokens(run.tokens) if run.tokens is not None else "",
        escape(words.price(run.price, run.currency) or ""),
        f"run {run.id}",
    )
    # A line that is too long for the window breaks between its facts and not within one.
    *used, number = (fact.replace(" ", UNBROKEN) for fact in facts)
    told = fit(f"{head}: {escape(why)}" if why else head, HEAD)
    return dotted((told, *used, date(run.ended_at or run.due_at, CLOCK), number))


def _by_state(counts: Mapping[RunState, int]) -> str:
    """ "3 failed, 50 finished", the bad ones first."""
    order = sorted(counts, key=lambda state: (state.is_success, state is RunState.SUCCEEDED, state))
    return ", ".join(f"{counts[state]:,} {words.STATES[state][1]}" for state in order)


def _named(runs: Sequence[Run], bad: int) -> str:
    """Who failed, for whoever reads no more than the notification."""
    names = [bold(run.name, NAME) for run in runs if not run.state.is_success][:NAMED]
    more = f" and {bad - len(names)} more" if bad > len(names) else ""
    return f" Look at {', '.join(names)}{more}." if names else ""


def _open_trace(runs: Sequence[Run]) -> Block:
    options = [(f"{shorten(one_line(run.name), 50)} · run {run.id}", f"run:{run.id}") for run in runs]
    return actions(select("open_trace", options, placeholder="Open a run …"))
