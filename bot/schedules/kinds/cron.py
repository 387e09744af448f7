"""Dates and times of day on the zone's clock, as cron expressions or in words.

The spec is one expression, or several joined by ` | ` whose slots are united (each instant once); behind each may
stand what has no field (`cron/narrow.py`).
"""

import re
from dataclasses import replace
from datetime import date, datetime
from functools import lru_cache

from bot.errors import Refusal
from bot.schedules.cron.narrow import NARROW, has_cycle, move_cycle, parse_narrowed, strip_cycle
from bot.schedules.cron.parse import UNION
from bot.schedules.cron.search import find_next, next_stamp
from bot.schedules.cron.typed import write_schedule
from bot.schedules.kind import Asked, Unread
from bot.schedules.shifts import moment_of, stamp_of
from bot.schedules.words.cursor import Stuck
from bot.schedules.words.expressions import write_expressions
from bot.schedules.words.languages import read_wishes
from bot.schedules.words.wish import Wish
from bot.schedules.zones import HALF_YEAR, half_year_offset, zone_of
from storage.records import Schedule

EXPRESSION_PART = re.compile(r"[\d*/,\-?LW#]+", re.ASCII | re.IGNORECASE)
REMEMBERED = 8192
TIME = r"\d{1,2}:\d\d(?::\d\d)?"
# The whole of a canonical cycle; clauses of other rooms may follow it.
CYCLE_TEXT = re.compile(rf"^every \d+ (?:day|week|month|year)s\b.*? at {TIME}(?:, {TIME})*(?: and {TIME})?")
COUNTED = " counted from "


def read(asked: Asked) -> Schedule | Unread | None:
    if _looks_like_cron(asked.phrase):
        return _check(asked, write_schedule(asked.phrase, asked.zone))
    wishes = read_wishes(asked.phrase, asked.lang)
    if isinstance(wishes, Stuck):
        return Unread(wishes.at, wishes.rest) if wishes.at else None
    if any(wish.delay_s is not None or wish.is_interval or _is_moment(wish) for wish in wishes):
        return None
    if wishes[0].cycle:
        return _read_cycle(asked, wishes[0])
    expressions = [expression for wish in wishes for expression in write_expressions(wish, asked.phrase)]
    return _check(asked, _write(asked, wishes, expressions))


def next_after(schedule: Schedule, after: datetime) -> datetime | None:
    start = stamp_of(after)
    found = [_next_of(part, schedule.zone, start) for part in schedule.spec.split(UNION)]
    return moment_of(min(stamps)) if (stamps := [stamp for stamp in found if stamp is not None]) else None


def after_end(schedule: Schedule, ended_at: datetime) -> None:
    return None


def first_after_save(schedule: Schedule, saved_at: datetime) -> datetime | None:
    return next_after(anchor(schedule, saved_at), saved_at)


def anchor(schedule: Schedule, saved_at: datetime) -> Schedule:
    """A cycle counts from its first day after Save, unless one was typed."""
    if COUNTED in schedule.text or not has_cycle(schedule.spec):
        return schedule
    first = _first_day(strip_cycle(schedule.spec), schedule.zone, saved_at)
    if first is None:
        return schedule
    text, says = (
        CYCLE_TEXT.sub(rf"\g<0>{COUNTED}{first}", words, count=1) for words in (schedule.text, schedule.says)
    )
    return replace(schedule, spec=move_cycle(schedule.spec, first), text=text, says=says)


def _next_of(part: str, zone: str, stamp: int) -> int | None:
    return _next_narrowed(part, zone, stamp) if NARROW in part else next_stamp(part, zone, stamp)


@lru_cache(maxsize=REMEMBERED)
def _next_narrowed(part: str, zone: str, stamp: int) -> int | None:
    return find_next(parse_narrowed(part), zone, stamp)


def _first_day(spec: str, zone: str, after: datetime) -> date | None:
    """The local date of the first slot, as if every day, week or month were in the cycle."""
    found = [_next_of(part, zone, stamp_of(after)) for part in spec.split(UNION)]
    stamps = [stamp for stamp in found if stamp is not None]
    return moment_of(min(stamps)).astimezone(zone_of(zone)).date() if stamps else None


def _is_moment(wish: Wish) -> bool:
    """A time alone is one instant."""
    return bool(wish.times) and not (wish.dates or wish.cycle)


def _looks_like_cron(phrase: str) -> bool:
    words = phrase.strip("\"'`“”‘’ ").split()
    if not words or words[0].startswith("@"):
        return bool(words)
    signs = sum(bool(EXPRESSION_PART.fullmatch(word)) for word in words)
    return any(word in ("*", "?", "？", "*/") for word in words) or (
        len(words) >= 3 and signs >= 3 and signs * 2 > len(words)
    )


def _read_cycle(asked: Asked, wish: Wish) -> Schedule:
    """Counted from its first day after now, until `anchor` counts it from Save; or from the day that was typed."""
    assert wish.cycle is not None
    plain = UNION.join(write_expressions(wish, asked.phrase))
    first = wish.cycle.anchor or _first_day(plain, asked.zone, asked.now)
    expressions = write_expressions(wish, asked.phrase, first)
    return _check(asked, _write(asked, (wish,), expressions))


def _write(asked: Asked, wishes: tuple[Wish, ...], expressions: list[str]) -> Schedule:
    text, says = (" and ".join(wish.phrase(short=short) for wish in wishes) for short in (True, False))
    return Schedule(kind="cron", spec=UNION.join(expressions), zone=asked.zone, text=text, says=says)


def _check(asked: Asked, schedule: Schedule) -> Schedule:
    """Refuses what never comes, and abbreviations of half a year, which name no clock for the whole of it."""
    if asked.half_year:
        zones = (HALF_YEAR[asked.half_year][1], half_year_offset(asked.half_year))
        raise Refusal(
            f"“{asked.half_year.upper()}” is the time of half a year: I cannot tell what you mean in the other half.",
            f"Write {zones[0]} to follow its clock changes, or {zones[1]} to follow none.",
            code="ambiguous",
            choices=tuple(f"{schedule.text} {zone}" for zone in zones),
        )
    if next_after(schedule, asked.now) is None:
        gone = next_after(schedule, moment_of(0)) is not None
        raise Refusal(
            f"“{schedule.text}” never fires"
            + (" again: its last time is past." if gone else ": no such date exists."),
            "Check the day, the month and the year.",
            code="past" if gone else "never",
        )
    return schedule
