"""Slots in words: those to come with their marks, and what was skipped, brought back or moved."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.blocks import words
from bot.blocks.listing import SAYS, zone
from bot.blocks.parts import Block, Message, actions, button, message, section
from bot.blocks.text import bold, escape, one_line, shorten
from bot.blocks.times import NO_TIMES, TIMES_SHOWN, time_line, told_time
from storage.records import CalendarRule, Job, Schedule

NOTE = 200
A_SECTION = 12
LISTED = 10
SHIFTED = "shifted by the clock change"
MISSING_FROM = {"workday": "no workday in", "trading": "no trading day at"}


@dataclass(frozen=True, slots=True)
class Coming:
    """One time of a list: `note` is plain text, and tells of a struck one why it does not come."""

    at: datetime
    note: str = ""
    is_struck: bool = False


def next_list(
    says: str,
    slots: Sequence[Coming],
    zone: str,
    reader_zone: str | None = None,
    now: datetime | None = None,
    warnings: Sequence[str] = (),
) -> Message:
    """What a schedule means and when it comes next: one line a time, with what should be known of it."""
    told = f"{escape(shorten(one_line(says), SAYS))} ({escape(words.zone_label(zone))})"
    told = told[:1].upper() + told[1:]
    return message(
        f"{told}.", [section(f"*{told}*"), *coming_blocks(slots, zone, reader_zone, now), *warned(warnings)]
    )


def coming_blocks(
    slots: Sequence[Coming], zone: str, reader_zone: str | None = None, now: datetime | None = None
) -> list[Block]:
    """One line a time; where none comes, that."""
    lines = [_coming_line(slot, zone, reader_zone, now or slots[0].at) for slot in slots[:TIMES_SHOWN]] or [NO_TIMES]
    return [section("\n".join(lines[at : at + A_SECTION])) for at in range(0, len(lines), A_SECTION)]


def warned(warnings: Iterable[str]) -> list[Block]:
    """What a person should know before they save it."""
    lines = [f"⚠️ Note: {escape(shorten(one_line(line), 400))}" for line in warnings]
    return [section("\n".join(lines))] if lines else []


def _coming_line(slot: Coming, zone: str, reader_zone: str | None, now: datetime) -> str:
    line = time_line(slot.at, zone, reader_zone, now)
    note = escape(shorten(one_line(slot.note), NOTE))
    if slot.is_struck:
        return f"• ~{line}~ {note or 'skipped'}"
    return f"• {line}" + (f" · {note}" if note else "")


def say_note(note: str, schedules: Sequence[Schedule], nominal_at: datetime, zone: str) -> str:
    """A slot's note in words, plain text: `holiday`, `excluded`, `moved` and `shifted` are known."""
    match note:
        case "holiday":
            rules = [rule for schedule in schedules for rule in schedule.calendars]
            return "skipped: " + (say_calendar(rules[0]) if len(rules) == 1 else "its calendars leave this day out")
        case "excluded":
            return "skipped: an exception of its schedule"
        case "moved":
            return f"moved by its calendar from {words.local(nominal_at, zone)}"
        case "shifted":
            return SHIFTED
    return note


def say_calendar(rule: CalendarRule) -> str:
    """Why a day does not count: "holiday in US", "no workday in CN", "not a day of our-calendar"."""
    kind, _, place = rule.calendar.partition(":")
    if not place:
        return f"not a day of {rule.calendar}" if rule.only else f"a day of {rule.calendar}"
    if rule.only:
        return f"{MISSING_FROM.get(kind, f'no {kind} in')} {place}"
    return f"{kind} in {place}"


def ask_skip(job: Job, at: datetime, reader_zone: str | None = None) -> Message:
    """Asked after *Skip next* in a menu. The button names the slot, so that it never skips another."""
    told = f"Skip {bold(job.name)} at {told_time(at, zone(job), reader_zone)}?"
    skip = button(
        "Skip", "skip_next", f"job:{job.id} slot:{at.isoformat()}", label=f"Skip the next time of {job.name}"
    )
    return message(told, [section(told), actions(skip)])


def skipped(job: Job, times: Sequence[datetime], next_at: datetime | None, reader_zone: str | None = None) -> Message:
    """What was skipped, what comes next, and the way back."""
    told = f"Skipped {_listed(job, times, reader_zone)}{_then(job, next_at, reader_zone)}"
    undo = button("Undo", "skip_undo", f"job:{job.id}", label=f"Bring back the skipped times of {job.name}")
    return message(told, [section(told), actions(undo)])


def unskipped(
    job: Job, times: Sequence[datetime], next_at: datetime | None, reader_zone: str | None = None
) -> Message:
    """What was brought back, and what comes next."""
    told = f"Brought back {_listed(job, times, reader_zone)}{_then(job, next_at, reader_zone)}"
    return message(told, [section(told)])


def moved(job: Job, was_at: datetime, now_at: datetime, own_at: datetime, reader_zone: str | None = None) -> Message:
    """The old time and the new one; `own_at` is that of its schedule, to which a button moves it back."""
    new = told_time(now_at, zone(job), reader_zone)
    if was_at == now_at:
        told = f"The next run of {bold(job.name)} is at {new} already."
    else:
        told = f"Moved the next run of {bold(job.name)} from {told_time(was_at, zone(job), reader_zone)} to {new}."
    blocks = [section(told)]
    if now_at != own_at:
        blocks.append(actions(button("Move back", "move_back", f"job:{job.id}", label=f"Move {job.name} back")))
    return message(told, blocks)


def _listed(job: Job, times: Sequence[datetime], reader_zone: str | None) -> str:
    told = [told_time(at, zone(job), reader_zone) for at in times[:LISTED]]
    if len(times) == 1:
        return f"{bold(job.name)} at {told[0]}. "
    more = f"\n… and {len(times) - LISTED} more, the last at {told_time(times[-1], zone(job), reader_zone)}."
    return (
        f"{len(times)} times of {bold(job.name)}:\n"
        + "\n".join(f"• {one}" for one in told)
        + (more if len(times) > LISTED else "")
        + "\n"
    )


def _then(job: Job, next_at: datetime | None, reader_zone: str | None) -> str:
    return (
        f"Next: {told_time(next_at, zone(job), reader_zone)}." if next_at else "Nothing of it is planned after that."
    )
