"""Dates and times of day on the zone's clock, as cron expressions or in words.

The spec is one expression, or several joined by ` | ` whose slots are united (each instant once).
"""

import re
from datetime import datetime

from bot.errors import Refusal
from bot.schedules.cron.describe import describe_cron
from bot.schedules.cron.fields import EVERY_MONTH, Dates
from bot.schedules.cron.parse import UNION, parse, read_expression
from bot.schedules.cron.search import next_stamp
from bot.schedules.cron.write import write_marks, write_steps, write_times
from bot.schedules.kind import Asked, Unread
from bot.schedules.shifts import moment_of, stamp_of
from bot.schedules.words.cursor import Stuck
from bot.schedules.words.recurring import read_wish
from bot.schedules.words.wish import Wish, write_duration
from bot.schedules.zones import HALF_YEAR, half_year_offset
from storage.records import Schedule

EXPRESSION_PART = re.compile(r"[\d*/,\-?LW#]+", re.ASCII | re.IGNORECASE)
CLAUSES = re.compile(r"\s+and\s+(?=every\b|on\b)", re.IGNORECASE)
MOST_CLAUSES = 5
QUARTZ_FIELDS = 6
SHORTEST_S = 10  # as for fixed_rate
HOUR_S, DAY_S = 3600, 86_400


def read(asked: Asked) -> Schedule | Unread | None:
    if _looks_like_cron(asked.phrase):
        return _read_expression(asked)
    found = read_wish(asked.phrase)
    wishes = [found] if isinstance(found, Wish) else _read_clauses(asked.phrase)
    if not wishes:
        return Unread(found.at, found.rest) if isinstance(found, Stuck) and found.at else None
    if any(wish.delay_s is not None or wish.is_interval or (wish.times and not wish.dates) for wish in wishes):
        return None
    expressions = [expression for wish in wishes for expression in _write(wish, asked)]
    text, says = (" and ".join(wish.phrase(short=short) for wish in wishes) for short in (True, False))
    return _check(asked, Schedule(kind="cron", spec=UNION.join(expressions), zone=asked.zone, text=text, says=says))


def next_after(schedule: Schedule, after: datetime) -> datetime | None:
    start = stamp_of(after)
    found = [next_stamp(expression, schedule.zone, start) for expression in schedule.spec.split(UNION)]
    return moment_of(min(stamps)) if (stamps := [stamp for stamp in found if stamp is not None]) else None


def after_end(schedule: Schedule, ended_at: datetime) -> None:
    return None


def first_after_save(schedule: Schedule, saved_at: datetime) -> datetime | None:
    return next_after(schedule, saved_at)


def anchor(schedule: Schedule, saved_at: datetime) -> Schedule:
    return schedule


def _looks_like_cron(phrase: str) -> bool:
    words = phrase.strip("\"'`“”‘’ ").split()
    if not words or words[0].startswith("@"):
        return bool(words)
    signs = sum(bool(EXPRESSION_PART.fullmatch(word)) for word in words)
    return any(word in ("*", "?", "？", "*/") for word in words) or (
        len(words) >= 3 and signs >= 3 and signs * 2 > len(words)
    )


def _read_expression(asked: Asked) -> Schedule:
    expression = read_expression(asked.phrase)
    says = describe_cron(parse(expression), seconds=len(expression.split()) >= QUARTZ_FIELDS)
    return _check(asked, Schedule(kind="cron", spec=expression, zone=asked.zone, text=expression, says=says))


def _read_clauses(phrase: str) -> list[Wish]:
    """`every Monday at 9 and every Friday at 16`: whole schedules joined by `and`."""
    clauses = CLAUSES.split(phrase)
    if not 2 <= len(clauses) <= MOST_CLAUSES:
        return []
    wishes = [read_wish(clause) for clause in clauses]
    whole = [wish for wish in wishes if isinstance(wish, Wish) and wish.dates and wish.times]
    return whole if len(whole) == len(clauses) else []


def _write(wish: Wish, asked: Asked) -> list[str]:
    dates = wish.dates or Dates()
    if wish.times:
        return write_times(dates, wish.months, wish.times)
    if wish.marks:
        return write_marks(dates, wish.months, wish.marks)
    if wish.interval_s is not None:
        return write_steps(dates, wish.months, _fires(wish), wish.interval_s)
    raise _refuse_no_time(wish, asked)


def _fires(wish: Wish) -> list[int]:
    """The seconds of the day of a rhythm, in its window. Steps shorter than an hour end before the window does."""
    step = wish.interval_s or HOUR_S
    hour, minute, second = wish.window[0] if wish.window else (0, 0, 0)
    end_hour, end_minute, end_second = wish.window[1] if wish.window else (24, 0, 0)
    start, end = hour * HOUR_S + minute * 60 + second, end_hour * HOUR_S + end_minute * 60 + end_second
    even = (60 % step == 0 and start % 60 == 0) if step < 60 else (HOUR_S % step == 0 or step % HOUR_S == 0)
    fits = even and step < DAY_S and second == 0 and not (step < 60 and (minute or end_minute))
    if step < SHORTEST_S:
        raise Refusal(
            f"Every {write_duration(step, one=True)} is too often: the shortest interval is {SHORTEST_S} seconds.",
            f"Write “every {SHORTEST_S} seconds”.",
            code="too_often",
        )
    if not fits or (step > HOUR_S and not wish.window and DAY_S % step):
        raise Refusal(
            f"Every {write_duration(step)} does not fit evenly into an hour, so it cannot be bound to days or hours.",
            "Use a divisor of the hour, such as 5, 10, 15, 20 or 30 minutes, or whole hours.",
            code="unreadable",
        )
    last = end if step >= HOUR_S and end < DAY_S else end - 1
    return list(range(start, last + 1, step))


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


def _refuse_no_time(wish: Wish, asked: Asked) -> Refusal:
    if not wish.dates and wish.months == EVERY_MONTH:
        return Refusal("I see no time in that.", "For example “every weekday at 9:00”.", code="unreadable")
    hours = {"morning": (8, 9), "afternoon": (14, 15), "evening": (18, 19)}.get(wish.part, (9, 17))
    choices = tuple(
        Wish(dates=wish.dates, months=wish.months, times=((hour, 0, 0),)).phrase(short=True) for hour in hours
    )
    return Refusal(
        f"At what time? “{asked.phrase.strip()}” names the days only.",
        f"For example “{choices[0]}”.",
        code="ambiguous",
        choices=choices,
    )
