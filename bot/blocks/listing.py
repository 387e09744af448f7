"""Lists: jobs, the runs of a job, fire times; each with the buttons to its other pages."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.blocks import words
from bot.blocks.parts import Block, Message, actions, button, channel, context, date, dotted, message, section
from bot.blocks.run import job_menu
from bot.blocks.text import bold, escape, first_line, fit, one_line, shorten
from storage.records import Job, Run

LIST_PAGE = 10
RUNS_SHOWN = 10
SAYS = 1000


def says(job: Job) -> str:
    """When the job runs, in words with their zones, escaped."""
    told = [f"{one.says} ({words.zone_label(one.zone)})" if one.kind != "api" else one.says for one in job.schedules]
    return escape(shorten(one_line("; ".join(told)), SAYS)) or "only when it is asked to"


def zone(job: Job) -> str:
    return job.schedules[0].zone if job.schedules else "UTC"


def run_line(run: Run) -> str:
    """ "✅ run 381 · finished · 42 s · 12,345 tokens · <date> · by schedule", mrkdwn."""
    seconds = words.taken(run)
    why = first_line(run.fault.message if run.fault else run.reason or "", 120)
    return f"{words.icon(run)} " + dotted(
        (
            f"run {run.id}",
            words.outcome(run),
            words.duration(seconds) if seconds is not None else None,
            words.tokens(run.tokens) if run.tokens is not None else None,
            date(run.started_at or run.due_at),
            escape(words.cause(run)),
            escape(why),
        )
    )


def jobs_list(
    jobs: Sequence[Job],
    next_by_job: Mapping[int, datetime],
    last_by_job: Mapping[int, Run],
    title: str = "Jobs",
    page: int = 0,
    word: str = "all",
) -> Message:
    """Ten jobs of a page. `word` is the filter, kept in the values of the buttons `list_page`: `list:all page:1`."""
    if not jobs:
        told = f"{escape(one_line(title))}: none. Make one with `/dify schedule`."
        return message(told, [section(told), actions(button("New job", "new_job", "new", style="primary"))])
    pages = -(-len(jobs) // LIST_PAGE)
    page = min(max(page, 0), pages - 1)
    failing = sum(1 for job in jobs if words.job_state(job) == "failing")
    bad = f", {failing} failing" if failing else ""
    told = f"{escape(one_line(title))}: {words.plural(len(jobs), 'job')}{bad}."
    shown = jobs[page * LIST_PAGE : (page + 1) * LIST_PAGE]
    rows = [job_row(job, next_by_job.get(job.id), last_by_job.get(job.id)) for job in shown]
    return message(told, [section(told), *rows, *page_buttons("list_page", f"list:{word}", page, pages)])


def job_row(job: Job, next_at: datetime | None, last: Run | None) -> Block:
    """One job as a section with its menu."""
    facts = dotted(
        (
            f"#{job.id}",
            words.job_state(job),
            f"next {date(next_at)}" if next_at else None,
            f"last run {words.outcome(last)} {date(last.ended_at or last.due_at)}" if last else None,
            channel(job.channel_id),
        )
    )
    return section(f"{words.job_icon(job)} {bold(job.name)} {fit(says(job), 300)}\n{facts}", job_menu(job))


def page_buttons(action_id: str, value: str, page: int, pages: int) -> list[Block]:
    """The ways to the pages beside this one; each in a block of its own, for action ids are unique in a block."""
    blocks = [context(f"Page {page + 1} of {pages}")] if pages > 1 else []
    for text, other in (("Previous page", page - 1), ("Next page", page + 1)):
        if 0 <= other < pages:
            said = f"{text}: page {other + 1} of {pages}"
            blocks.append(actions(button(text, action_id, f"{value} page:{other}", label=said)))
    return blocks


def runs_list(job: Job, runs: Sequence[Run], page: int = 0, pages: int = 1, hidden: int = 0) -> Message:
    """The runs of one page, newest first, each with its trace. Buttons `runs_page` carry `job:12 page:1`. `hidden` is
    how many the reader may not see."""
    told = f"Runs of {bold(job.name)}" + (":" if runs or hidden else ": it has not run yet.")
    rows = [
        section(
            run_line(run),
            button("Open trace", "open_trace", f"run:{run.id}", label=f"Open the trace of run {run.id}"),
        )
        for run in runs[:RUNS_SHOWN]
    ]
    if hidden:
        other = f"{words.plural(hidden, 'run')} of a channel in which the job was before, and you are not in it."
        rows.append(context(f"Not shown: {other}"))
    return message(told, [section(told), *rows, *page_buttons("runs_page", f"job:{job.id}", page, pages)])
