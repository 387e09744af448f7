"""The App Home: how things stand, what needs attention, what runs, what comes next, all jobs."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.blocks import words
from bot.blocks.listing import job_row, page_buttons
from bot.blocks.notice import why_undeliverable
from bot.blocks.parts import (
    VIEW_BLOCKS,
    Block,
    View,
    actions,
    button,
    channel,
    context,
    date,
    divider,
    dotted,
    header,
    section,
)
from bot.blocks.run import pause_or_resume, stop_button
from bot.blocks.status import summary
from bot.blocks.story import name_of, progress
from bot.blocks.text import bold, escape, first_line, one_line, shorten
from storage.records import Job, Run, RunState

FAILING_SHOWN = 8
UNHEARD_SHOWN = 4
RUNNING_SHOWN = 8
UPCOMING_SHOWN = 5
JOBS_PAGE = 10
FILTERS = (("All jobs", "all"), ("Mine", "mine"), ("Failing", "failing"), ("Paused", "paused"))


def home_view(
    *,
    now: datetime,
    jobs_total: int,
    failing: Sequence[Job] = (),
    unheard: Sequence[tuple[Job, str, str]] = (),
    running: Sequence[tuple[Run, Job | None]] = (),
    upcoming: Sequence[tuple[Run, Job]] = (),
    jobs: Sequence[Job] = (),
    next_by_job: Mapping[int, datetime] | None = None,
    last_by_job: Mapping[int, Run] | None = None,
    page: int = 0,
    pages: int = 1,
    word: str = "all",
    user_name: str | None = None,
    banner: str | None = None,
    is_first: bool = False,
) -> View:
    """The Home of one person. `jobs` are those of the shown page of the filter `word`; `banner` is plain text;
    `unheard` are jobs that cannot post, each with where and with Slack's word for it."""
    if is_first or not jobs_total:
        return _view([*banner_blocks(banner), *first_visit(user_name), *foot(now)])
    next_at = upcoming[0][0].due_at if upcoming else None
    blocks = [
        *banner_blocks(banner),
        section(f"*{escape(summary(jobs_total, len(failing), next_at, now, len(running)))}*"),
        actions(button("New job", "new_job", "new", style="primary", label="Schedule a new job")),
        *attention(failing, unheard),
        *running_now(running),
        *coming_up(upcoming, now),
        *all_jobs(jobs[:JOBS_PAGE], next_by_job or {}, last_by_job or {}, page, pages, word),
    ]
    return _view([*blocks, *foot(now)])


def _view(blocks: list[Block]) -> View:
    return {"type": "home", "callback_id": "home", "blocks": blocks[:VIEW_BLOCKS]}


def banner_blocks(banner: str | None) -> list[Block]:
    return [section(f"⚠️ *Please note* {escape(shorten(banner, 1000))}")] if banner and banner.strip() else []


def first_visit(user_name: str | None) -> list[Block]:
    name = f", {shorten(one_line(user_name), 60)}" if user_name and user_name.strip() else ""
    text = (
        "Dify Ops runs your Dify workflows on a schedule. It posts every result in the channel that you choose, "
        "with the time, the tokens and the trace of each node. When a run fails it says where and why."
    )
    return [
        header(f"Welcome{name}"),
        section(text),
        actions(
            button("New job", "new_job", "new", style="primary", label="Schedule your first job"),
            button("Help", "show_help", "help", label="Help with Dify Ops"),
        ),
    ]


def attention(failing: Sequence[Job], unheard: Sequence[tuple[Job, str, str]] = ()) -> list[Block]:
    if not failing and not unheard:
        return []
    blocks = [header("Needs attention"), *(_cannot_post(*one) for one in unheard[:UNHEARD_SHOWN])]
    for job in failing[:FAILING_SHOWN]:
        since = f" since {date(job.failing_since)}" if job.failing_since else ""
        why = f": {escape(first_line(job.state_reason, 200))}" if job.state_reason else ""
        fix = next(iter(pause_or_resume(job)), None)
        count = words.failed_in_a_row(job.failures) if job.failures else "it is failing"
        blocks.append(section(f"❌ {bold(job.name)} {count}{since}{why}", fix))
    return [*blocks, *_more(len(failing) - FAILING_SHOWN, "failing")]


def _cannot_post(job: Job, target: str, code: str) -> Block:
    move = button("Move it", "job_edit", f"job:{job.id}", label=f"Choose another channel for {job.name}")
    told = f"📪 {bold(job.name)} cannot post in {channel(target)}. {why_undeliverable(code)}"
    return section(f"{told} Its runs go on: `/dify runs #{job.id}` shows them.", move)


def running_now(running: Sequence[tuple[Run, Job | None]]) -> list[Block]:
    if not running:
        return []
    blocks = [header("Running now")]
    for run, job in running[:RUNNING_SHOWN]:
        began = f"started {date(run.started_at)}" if run.started_at else None
        facts = dotted((words.state(run), progress(run) or None, f"run {run.id}", began))
        can_stop = run.state in (RunState.READY, RunState.RUNNING) and not run.stop_by
        blocks.append(
            section(
                f"{words.icon(run)} {bold(name_of(run, job))}\n{facts}", stop_button(run, job) if can_stop else None
            )
        )
    return [*blocks, *_more(len(running) - RUNNING_SHOWN, "running")]


def coming_up(upcoming: Sequence[tuple[Run, Job]], now: datetime) -> list[Block]:
    if not upcoming:
        return []
    lines = [
        f"• {date(run.due_at)} ({words.until((run.due_at - now).total_seconds())}) "
        f"{bold(name_of(run, job))} in {channel(run.channel_id)}"
        for run, job in upcoming[:UPCOMING_SHOWN]
    ]
    return [header("Next runs"), section("\n".join(lines))]


def all_jobs(
    jobs: Sequence[Job],
    next_by_job: Mapping[int, datetime],
    last_by_job: Mapping[int, Run],
    page: int,
    pages: int,
    word: str,
) -> list[Block]:
    """The filter, one page of jobs, and the ways to the other pages (`home_page`)."""
    options = [{"text": {"type": "plain_text", "text": text}, "value": value} for text, value in FILTERS]
    chosen = next((one for one in options if one["value"] == word), options[0])
    menu: Block = {"type": "static_select", "action_id": "home_filter", "options": options, "initial_option": chosen}
    rows = [job_row(job, next_by_job.get(job.id), last_by_job.get(job.id)) for job in jobs]
    if not rows:
        rows = [section("No job fits this filter.")]
    ways = page_buttons("home_page", f"list:{chosen['value']}", page, pages)
    return [divider(), section("*Jobs*", menu), *rows, *ways]


def foot(now: datetime) -> list[Block]:
    refresh = button("Refresh", "home_refresh", "home", label="Refresh this page")
    return [actions(refresh), context(f"updated {date(now)}")]


def _more(count: int, word: str) -> list[Block]:
    return [context(f"{count} more {word}; `/dify list {word}` shows all.")] if count > 0 else []
