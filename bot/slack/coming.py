"""What comes next of a job or of a text, as a list with what is left out between."""

import asyncio
import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.blocks.parts import Message
from bot.blocks.slots import Coming, next_list, say_note
from bot.blocks.times import TIMES_SHOWN
from bot.blocks.words import job_state, local
from bot.errors import Refusal
from bot.operations.coming import STRUCK, slots_after, struck_after
from bot.operations.plan import came_at
from bot.operations.skip import is_by_hand
from bot.schedules.kind import Book, Slot
from bot.services import Services
from bot.slack.request import Request
from bot.slack.seek import reader_zone
from bot.slack.when import Reading, read_book, read_when
from bot.slack.words import Kind, read_words
from storage import agenda, runs
from storage.records import Job, JobState, Run, Schedule

SHOWN = 5
AN_INSTANT = timedelta(microseconds=1)  # a slot at the very end of a pause runs
MOST_LOOKED_AT = 2 * TIMES_SHOWN
UTC_NAME = "UTC"
NUMBER = re.compile(r"\d{1,3}", re.ASCII)


async def next_of_job(services: Services, job: Job, user_id: str, count: int | None = None) -> Message:
    """When a job runs next: what people skipped or moved and what its calendars leave out is marked."""
    says = "; ".join(schedule.says for schedule in job.schedules)
    now, reader = services.now(), await reader_zone(services, user_id)
    if job.state is not JobState.ACTIVE:
        until = f" until {local(job.resume_at, _zone(job.schedules), now=now)}" if job.resume_at else ""
        why = f": {job.state_reason}" if job.state_reason else ""
        says = f"{says}, but it is {job_state(job)} now{until}{why}"
    return next_list(says, await coming_of_job(services, job, _check(count)), _zone(job.schedules), reader, now)


async def coming_of_job(services: Services, job: Job, count: int = SHOWN) -> list[Coming]:
    """The next times of a job with what is left out between, after its pause if that has an end; nothing while it
    does not run by itself."""
    now, book = services.now(), await read_book(services, job.team_id)
    if job.state is JobState.PAUSED and job.resume_at is not None:
        now = max(now, job.resume_at - AN_INSTANT)
    elif job.state is not JobState.ACTIVE:
        return []
    planned, skipped = await services.store.read(
        lambda c: (runs.planned_of(c, job.id), agenda.skipped_after(c, job.id, now))
    )
    slots = await asyncio.to_thread(_slots, job.schedules, now, min(count + len(skipped), MOST_LOOKED_AT), book)
    marked = [_mark(slot, job.schedules, planned, skipped) for slot in slots]
    if planned is not None and came_at(planned) not in {slot.at for slot in slots}:
        # It waits for the end of a run before it, or its own time has passed and a person moved it to later.
        marked = [_mark(Slot(came_at(planned), planned.slot_at), job.schedules, planned, skipped), *marked]
    return _cut(marked, count)


async def next_of_words(services: Services, request: Request, *, unknown: Refusal) -> Message:
    """When a text would run. `unknown` is what to say if it is neither a job nor a time."""
    reader, now = await reader_zone(services, request.user_id) or UTC_NAME, services.now()
    quoted, count = _unquote(request.rest)
    try:
        reading = await read_when(services, request, quoted or request.rest, reader)
    except Refusal as error:
        raise (unknown if unknown.choices or quoted else error) from None
    marked = await coming_of_words(services, reading, request.team_id, now, _check(count))
    return next_list(reading.says, marked, reading.zone, reader, now, reading.warnings)


async def coming_of_words(
    services: Services, reading: Reading, team_id: str, now: datetime, count: int = SHOWN
) -> list[Coming]:
    """The next times of a text that was read, with what is left out between."""
    book = await read_book(services, team_id)
    slots = await asyncio.to_thread(_slots, reading.schedules, now, count, book) or reading.slots
    return [_mark(slot, reading.schedules, None, ()) for slot in slots]


def _unquote(rest: str) -> tuple[str | None, int | None]:
    """What stands in quotation marks where nothing but a number is behind it, and that number."""
    first, *others = read_words(rest)
    if first.kind is not Kind.QUOTED or len(others) > 1 or not all(NUMBER.fullmatch(word.text) for word in others):
        return None, None
    return first.text, int(others[0].text) if others else None


def _slots(found: Sequence[Schedule], now: datetime, count: int, book: Book) -> tuple[Slot, ...]:
    """The next slots, and what is struck out before the last of them."""
    slots = slots_after(found, now, count, book)
    struck = struck_after(found, now, count, book)
    last = slots[-1].at if slots else now
    return tuple(sorted((*slots, *(slot for slot in struck if slot.at < last)), key=lambda slot: slot.at))


def _mark(slot: Slot, found: Sequence[Schedule], planned: Run | None, skipped: Sequence[Run]) -> Coming:
    by_hand = next((run for run in skipped if is_by_hand(run) and came_at(run) == slot.at), None)
    if by_hand is not None:
        return Coming(slot.at, by_hand.reason or "", is_struck=True)
    note = say_note(slot.note, found, slot.nominal_at, _zone(found))
    if planned is None or came_at(planned) != slot.at or _is_spread(planned, found):
        return Coming(slot.at, note, is_struck=slot.note in STRUCK)
    return Coming(planned.due_at, f"moved by hand from {local(came_at(planned), _zone(found))}")


def _cut(marked: Sequence[Coming], count: int) -> list[Coming]:
    """In the order of time, up to the last of `count` that come, and no longer than a list may be."""
    ordered = sorted(marked, key=lambda one: one.at)[:TIMES_SHOWN]
    come = [number for number, one in enumerate(ordered) if not one.is_struck]
    return ordered[: come[count - 1] + 1] if len(come) >= count else ordered


def _is_spread(planned: Run, found: Sequence[Schedule]) -> bool:
    """Whether it is due where its schedule alone would have it."""
    spread_s = max((schedule.jitter_s for schedule in found), default=0)
    return 0 <= (planned.due_at - came_at(planned)).total_seconds() <= spread_s


def _check(count: int | None) -> int:
    if count is not None and not 1 <= count <= TIMES_SHOWN:
        raise Refusal(f"I can show 1 to {TIMES_SHOWN} times, not {count}.", code="bad_count")
    return count or SHOWN


def _zone(found: Sequence[Schedule]) -> str:
    return found[0].zone if found else UTC_NAME
