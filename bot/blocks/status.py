"""The one line that tells how things stand, and the answer to a bare `/dify`."""

from datetime import datetime

from bot.blocks import words
from bot.blocks.parts import Message, actions, button, context, message, section

# Said as long as the disk of the database is full, or can only be read.
UNSAVED = "Nothing can be saved at the moment, so no run begins and nothing can be changed."


def summary(jobs: int, failing: int, next_at: datetime | None, now: datetime, running: int = 0) -> str:
    """ "3 jobs, 1 failing, 2 running, next run in 12 min"."""
    if not jobs:
        return "No jobs yet"
    parts = [words.plural(jobs, "job")]
    if failing:
        parts.append(f"{failing} failing")
    if running:
        parts.append(f"{running} running")
    parts.append(f"next run {words.until((next_at - now).total_seconds())}" if next_at else "no run planned")
    return ", ".join(parts)


def status(
    *,
    now: datetime,
    jobs: int,
    failing: int = 0,
    running: int = 0,
    next_at: datetime | None = None,
    can_save: bool = True,
) -> Message:
    """How things stand in this channel or for this person, and what to do next."""
    told = f"{summary(jobs, failing, next_at, now, running)}."
    if not can_save:
        told = f"{told} {UNSAVED}"
    buttons = [button("New job", "new_job", "new", style="primary", label="Schedule a new job")]
    if jobs:
        buttons.append(button("Show jobs", "list_jobs", "list:all", label="Show all jobs"))
    if failing:
        buttons.append(button("Show failing", "list_failing", "list:failing", label="Show the failing jobs"))
    buttons.append(button("Help", "show_help", "help", label="Help with Dify Ops"))
    return message(told, [section(told), actions(*buttons), context("Type `/dify help` to see all words.")])
