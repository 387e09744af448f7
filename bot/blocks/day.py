"""A channel's day: what came, what comes, what is left out, in one list in the order of time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.blocks import words
from bot.blocks.listing import says, zone
from bot.blocks.parts import Message, context, date, dotted, message, section
from bot.blocks.slots import SHIFTED, say_note
from bot.blocks.text import bold, escape, first_line, fit, shorten
from bot.blocks.times import told_time
from storage.records import Job, RunState

LINES = 100
A_SECTION = 12
REASON = 120
SAYS = 200
MANY = 1_000  # more slots than this are not counted
PAUSED_SHOWN = 20
CLOCK = "{time}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One slot of the day. `at` is when it runs or ran, `came_at` its own time, `nominal_at` what it would be had no
    calendar moved it. `note` is the schedule's word for it, `together` how many jobs come in the same minute."""

    job: Job
    at: datetime
    came_at: datetime
    nominal_at: datetime
    state: RunState = RunState.PLANNED
    reason: str | None = None
    note: str = ""
    is_struck: bool = False
    together: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Often:
    """A job that fires many times a day: how often in all (more than MANY means more), what became of those that
    came, and when it comes next."""

    job: Job
    times: int
    ended: Mapping[RunState, int]
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class Day:
    """`entries` in the order of time; nothing comes of the jobs in `resting`."""

    entries: tuple[Entry, ...]
    often: tuple[Often, ...]
    resting: tuple[Job, ...]


def day_list(day: Day, title: str, reader_zone: str, now: datetime) -> Message:
    """`title` is mrkdwn and names the channel and the day."""
    told = f"*{title}*: {_summary(day, now)}"
    lines = [_often_line(one, reader_zone) for one in day.often]
    lines += [_entry_line(entry, reader_zone) for entry in day.entries[:LINES]]
    if len(day.entries) > LINES:
        lines.append(f"… and {len(day.entries) - LINES} more")
    blocks = [section("\n".join(lines[at : at + A_SECTION])) for at in range(0, len(lines), A_SECTION)]
    return message(told, [section(told), *blocks, *_resting(day.resting)])


def _summary(day: Day, now: datetime) -> str:
    real = [entry for entry in day.entries if not entry.is_struck and not _is_left_out(entry)]
    coming = sum(entry.at > now and not entry.state.has_ended for entry in real)
    often = f", and {words.plural(len(day.often), 'job')} that run{'s' if len(day.often) == 1 else ''} often"
    if not day.entries and not day.often:
        return "nothing came and nothing comes."
    return f"{words.plural(len(real), 'time')}, {coming} still to come{often if day.often else ''}."


def _is_left_out(entry: Entry) -> bool:
    return entry.state in (RunState.SKIPPED, RunState.MISSED, RunState.EXPIRED, RunState.BLOCKED)


def _entry_line(entry: Entry, reader_zone: str) -> str:
    told = told_time(entry.at, zone(entry.job), reader_zone, CLOCK)
    if entry.is_struck:
        why = say_note(entry.note, entry.job.schedules, entry.nominal_at, zone(entry.job))
        return dotted((f"🚫 ~{told}~", bold(entry.job.name), escape(why)))
    icon, state = words.STATES[entry.state]
    why = first_line(entry.reason or "", REASON)
    return dotted(
        (
            f"{icon} {told}",
            bold(entry.job.name),
            "" if why.startswith(state) else state,
            escape(why),
            "" if _is_left_out(entry) else _moved(entry, reader_zone),
            SHIFTED if entry.note == "shifted" else "",
            f"⚠️ {entry.together} at once" if entry.together > 1 else "",
        )
    )


def _moved(entry: Entry, reader_zone: str) -> str:
    if entry.note == "moved":
        return escape(say_note("moved", entry.job.schedules, entry.nominal_at, zone(entry.job)))
    spread_s = max((schedule.jitter_s for schedule in entry.job.schedules), default=0)
    late_s = (entry.at - entry.came_at).total_seconds()
    if 0 <= late_s <= spread_s:
        return ""
    return f"moved from {told_time(entry.came_at, zone(entry.job), reader_zone, CLOCK)}"


def _often_line(often: Often, reader_zone: str) -> str:
    times = f"over {MANY:,} times" if often.times > MANY else words.plural(often.times, "time")
    ended = [f"{words.STATES[state][0]} {count:,} {words.STATES[state][1]}" for state, count in often.ended.items()]
    told = told_time(often.next_at, zone(often.job), reader_zone, CLOCK) if often.next_at else ""
    return dotted(
        (
            f"🔁 {bold(often.job.name)}",
            f"{fit(says(often.job), SAYS)}, {times}",
            *ended,
            f"next {told}" if told else "",
        )
    )


def _resting(resting: Sequence[Job]) -> list[dict[str, object]]:
    if not resting:
        return []
    told = []
    for job in resting[:PAUSED_SHOWN]:
        until = f" until {date(job.resume_at)}" if job.resume_at else ""
        told.append(f"{words.job_icon(job)} {shorten(bold(job.name), SAYS)} is {words.job_state(job)}{until}")
    return [context(" · ".join(told))]
