"""What is said when a job was paused or resumed."""

from collections.abc import Sequence
from datetime import datetime

from bot.blocks import words
from bot.blocks.listing import zone
from bot.blocks.parts import Block, Message, actions, context, message, person, section
from bot.blocks.run import pause_or_resume, stop_button
from bot.blocks.text import bold, escape, first_line
from bot.blocks.times import told_time
from storage.records import Job, JobState, Run

RUNS_SHOWN = 3
MANY = 1_000  # more slots than this are not counted
REASON = 300


def paused(job: Job, by: str, going: Sequence[Run] = (), reader_zone: str | None = None) -> Message:
    """Until when, and why; `going` are its runs that go on, each with its *Stop*."""
    end = "it is resumed"
    if job.resume_at:
        end = f"{told_time(job.resume_at, zone(job), reader_zone)}, and goes on by itself then"
    told = f"{person(by)} paused {bold(job.name)}. It will not run until {end}."
    if job.state_reason:
        told += f"\nReason: {escape(first_line(job.state_reason, REASON))}"
    on = "is going on, and goes on to its end."
    stops = [section(f"Run {run.id} {on}", stop_button(run, job)) for run in going[:RUNS_SHOWN]]
    return message(told, [section(told), *_way_on(job), *stops])


def resumed(
    job: Job, by: str, passed: int = 0, next_at: datetime | None = None, reader_zone: str | None = None
) -> Message:
    """What passed meanwhile and when it runs next; or why it is still held, or that nothing more comes."""
    if job.state is JobState.HELD:
        return _still_held(job)
    told = f"{person(by)} resumed {bold(job.name)}.{_passed(passed)}"
    if job.state is JobState.COMPLETED:
        told += " Nothing more comes of it: its schedule has come to its end."
    if next_at:
        told += f" Next: {told_time(next_at, zone(job), reader_zone)}."
    return message(told, [section(told), *_way_on(job)])


def _way_on(job: Job) -> list[Block]:
    buttons = pause_or_resume(job)
    return [actions(*buttons)] if buttons else []


def _passed(passed: int) -> str:
    if not passed:
        return ""
    count = f"Over {MANY:,} times" if passed > MANY else words.plural(passed, "time")
    were = "was" if passed == 1 else "were"
    return f" {count} passed while it was paused and {were} not made up."


def _still_held(job: Job) -> Message:
    why = escape(first_line(job.state_reason or "nobody can tell its next time", REASON))
    told = f"{bold(job.name)} is still held, and does not run: {why.rstrip('.')}."
    mend = "Import the missing days with `/dify calendar`, or give it another schedule; then try again."
    return message(told, [section(told), context(mend), *_way_on(job)])
