"""A job in words: the card of a draft, what was saved, its page, the lists of jobs, runs and times."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.blocks import words
from bot.blocks.listing import jobs_list as jobs_list
from bot.blocks.listing import run_line, says, zone
from bot.blocks.listing import runs_list as runs_list
from bot.blocks.notice import notice as notice
from bot.blocks.notice import refusal as refusal
from bot.blocks.parts import (
    Block,
    Message,
    actions,
    button,
    channel,
    confirm,
    context,
    date,
    dotted,
    message,
    person,
    section,
)
from bot.blocks.pausing import paused as paused
from bot.blocks.pausing import resumed as resumed
from bot.blocks.run import pause_or_resume
from bot.blocks.slots import Coming, coming_blocks, warned
from bot.blocks.story import Names
from bot.blocks.text import bold, escape, first_line, one_line, shorten
from bot.blocks.times import input_lines
from storage.records import App, Draft, Job, JobState, Policy, Run

SAYS = 1000
USUAL = (Policy().catch_up, Policy().catch_up_s)


def draft_card(
    draft: Draft,
    says: str,
    times: Sequence[Coming],
    zone: str,
    reader_zone: str | None,
    app_name: str,
    *,
    text: str = "",
    filled: Mapping[str, Any] | None = None,
    warnings: Sequence[str] = (),
    also: str = "",
) -> Message:
    """How the request was understood, before anything is saved. `text` is what can be typed again, `also` says it
    in the reader's language; `filled` are those inputs that have macros, as the first run would get them."""
    name = bold(draft.name)
    deed = "Change" if draft.job_id else "New job"
    when = f"{escape(shorten(says, SAYS))} ({escape(words.zone_label(zone))})"
    told = f"{deed}: {name} runs {when} in {channel(draft.channel_id)}."
    blocks = [
        section(told),
        *([context(escape(shorten(one_line(also), SAYS)))] if also else []),
        context(f"workflow {escape(shorten(one_line(app_name), 150))} · limit {words.duration(draft.timeout_s)}"),
        section("*Next times*"),
        *coming_blocks(times, zone, reader_zone, draft.created_at),
        *([context(f"as text: `{escape(shorten(one_line(text), 300)).replace('`', chr(39))}`")] if text else []),
        *policy_lines(draft.policy),
        *input_lines(draft.inputs),
        *([context("The first run gets:"), *input_lines(filled)] if filled else []),
        *warned(warnings),
        actions(*draft_buttons(draft)),
    ]
    return message(f"{told} Nothing is saved yet.", blocks)


def incomplete_card(draft: Draft, says: str, app_name: str, problem: str) -> Message:
    """What was understood, and what is missing before it can be saved."""
    told = f"{bold(draft.name)} could run {escape(shorten(says, SAYS))}, but: {escape(shorten(problem, SAYS))}"
    edit = button("Fill in", "draft_edit", f"draft:{draft.id}", style="primary", label=f"Fill in {draft.name}")
    cancel = button("Cancel", "draft_cancel", f"draft:{draft.id}", label=f"Do not save {draft.name}")
    workflow = context(f"workflow {escape(shorten(one_line(app_name), 150))}")
    return message(told, [section(told), workflow, actions(edit, cancel)])


def policy_lines(policy: Policy) -> list[Block]:
    """What happens when the time is busy or missed; nothing where all is as usual."""
    told = dotted(
        (
            f"run before still going: {escape(shorten(one_line(words.overlap(policy)), 80))}"
            if policy.overlap != Policy().overlap
            else None,
            f"missed times: {escape(shorten(one_line(words.catch_up(policy)), 80))}"
            if (policy.catch_up, policy.catch_up_s) != USUAL
            else None,
            f"a run that fails: {words.retry(policy)}" if words.retry(policy) != words.retry(Policy()) else None,
            f"priority: {words.priority(policy)}" if policy.priority != Policy().priority else None,
            f"warns of a run that takes {words.warn(policy)}" if words.warn(policy) else None,
            f"data time: {escape(shorten(one_line(policy.data_offset), 40))}" if policy.data_offset else None,
        )
    )
    return [context(told)] if told else []


def draft_buttons(draft: Draft) -> list[Block]:
    value, name = f"draft:{draft.id}", draft.name
    return [
        button("Save", "draft_save", value, style="primary", label=f"Save {name}"),
        button("Edit", "draft_edit", value, label=f"Edit {name}"),
        button("Test", "draft_test", value, label=f"Run {name} once as a test"),
        button("Cancel", "draft_cancel", value, label=f"Do not save {name}"),
    ]


def saved(
    job: Job,
    app_name: str,
    times: Sequence[Coming],
    reader_zone: str | None = None,
    now: datetime | None = None,
) -> Message:
    """The job is saved: when it runs, and what can be done next."""
    told = f"Saved: {bold(job.name)} runs {says(job)} in {channel(job.channel_id)}."
    blocks = [
        section(told),
        section("*Next times*"),
        *coming_blocks(times, zone(job), reader_zone, now),
        actions(
            button("Run now", "job_run", f"job:{job.id}", label=f"Run {job.name} now"),
            button("Edit", "job_edit", f"job:{job.id}", label=f"Edit {job.name}"),
            *pause_or_resume(job),
        ),
        context(f"job {job.id} · workflow {escape(shorten(one_line(app_name), 150))}"),
    ]
    return message(told, blocks)


def job_card(
    job: Job,
    app: App | None,
    last_runs: Sequence[Run],
    next_times: Sequence[Coming],
    reader_zone: str | None = None,
    names: Names = None,
) -> Message:
    """Everything about one job on one card."""
    told = f"{bold(job.name)} is {words.job_state(job)}. It runs {says(job)} in {channel(job.channel_id)}."
    facts = dotted(
        (
            f"job {job.id}",
            f"workflow {escape(shorten(one_line(app.name), 150))}"
            if app
            else "its workflow is not connected any more",
            f"owner {person(job.owner_id, names)}",
            f"limit {words.duration(job.timeout_s)}",
            f"version {job.version}",
        )
    )
    blocks = [section(f"{words.job_icon(job)} {told}{state_reason(job, names)}"), context(facts)]
    blocks += policy_lines(job.policy)
    if job.state is JobState.ACTIVE:
        blocks += [section("*Next times*"), *coming_blocks(next_times, zone(job), reader_zone, job.created_at)]
    blocks += input_lines(job.inputs)
    if last_runs:
        blocks.append(section("*Last runs*\n" + "\n".join(run_line(run) for run in last_runs[:5])))
    if job.state is not JobState.DELETED:
        blocks.append(actions(*job_buttons(job)))
    return message(told, blocks)


def state_reason(job: Job, names: Names) -> str:
    """Who paused it and why, or since when it fails."""
    if job.state is JobState.ACTIVE and job.failures:
        since = f" since {date(job.failing_since)}" if job.failing_since else ""
        return f"\n{words.failed_in_a_row(job.failures).capitalize()}{since}."
    if job.state is JobState.ACTIVE or not (job.state_by or job.state_reason):
        return ""
    who = f" by {person(job.state_by, names)}" if job.state_by else ""
    until = f" until {date(job.resume_at)}" if job.resume_at else ""
    why = f": {escape(first_line(job.state_reason, 300))}" if job.state_reason else ""
    return f"\n{words.job_state(job).capitalize()}{who}{until}{why}."


def job_buttons(job: Job) -> list[Block]:
    value = f"job:{job.id}"
    return [
        button("Run now", "job_run", value, label=f"Run {job.name} now"),
        button("Edit", "job_edit", value, label=f"Edit {job.name}"),
        *pause_or_resume(job),
        delete_button(job),
    ]


def delete_button(job: Job) -> Block:
    name = shorten(one_line(job.name), 200)
    sure = confirm(
        "Delete this job?",
        f"{name} will not run again. Its history stays.",
        "Delete",
        "Keep",
        danger=True,
    )
    return button("Delete", "delete_job", f"job:{job.id}", style="danger", confirm=sure, label=f"Delete {job.name}")


def ask_delete(job: Job) -> Message:
    """Asked after *Delete job* in a menu, whose options cannot carry a confirmation of their own."""
    told = f"Delete {bold(job.name)}? It will not run again; its history stays."
    return message(told, [section(told), actions(delete_button(job))])


def deleted(job: Job, by: str) -> Message:
    """`by` is a name or a user id."""
    told = f"{person(by)} deleted {bold(job.name)}. It will not run again; its history stays."
    return message(told, [section(told)])
