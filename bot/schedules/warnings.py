"""What a person should know of a schedule before it is saved: how often it runs, and what clock changes do to it."""

import re
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise, product

from bot.errors import Refusal
from bot.schedules.cron.describe import MONTH_NAMES, write_time
from bot.schedules.cron.fields import Cron, days_in
from bot.schedules.cron.narrow import parse_narrowed
from bot.schedules.cron.parse import UNION
from bot.schedules.cron.unix import FIELDS
from bot.schedules.cron.values import Field
from bot.schedules.shifts import Change, changes_in, local_of, moment_of, stamp_of
from storage.records import Schedule

STEP = re.compile(r"/(\d+)", re.ASCII)
SHORTEST_S = 10  # as for fixed_rate: a run takes about as long
OFTEN_S = 60
DAY_S, YEAR_S = 86_400, 366 * 86_400


def warnings(schedule: Schedule, now: datetime) -> tuple[str, ...]:
    """Sentences for the card; empty for most schedules. Of clock changes, those within a year of `now`, the first of
    each sort."""
    if schedule.kind == "fixed_rate":
        period = int(schedule.spec)
        return (_tell_often(schedule.says, DAY_S // period),) if period < OFTEN_S else ()
    if schedule.kind != "cron":
        return ()
    wide = _tell_wide_steps(schedule.spec)
    crons = [parse_narrowed(part) for part in schedule.spec.split(UNION)]
    runs = sum(len(cron.hours) * len(cron.minutes) * len(cron.seconds) for cron in crons)
    often = (_tell_often(schedule.says, runs),) if runs > DAY_S // OFTEN_S else ()
    return (*wide, *often, *_tell_changes(crons, schedule.zone, stamp_of(now)))


def check_pace(schedule: Schedule) -> None:
    """Raises Refusal `too_often` for a cron expression that fires twice within 10 seconds. It can be read and
    previewed; it is not to be saved."""
    if schedule.kind != "cron":
        return
    shortest = min(_shortest_gap(parse_narrowed(part)) for part in schedule.spec.split(UNION))
    if shortest < SHORTEST_S:
        raise Refusal(
            f"“{schedule.text}” runs every {'second' if shortest == 1 else f'{shortest} seconds'} at times: "
            f"the shortest interval is {SHORTEST_S} seconds.",
            f"Write “every {SHORTEST_S} seconds”, or “1 second after each run” to wait for the run before.",
            code="too_often",
            choices=(f"every {SHORTEST_S} seconds", "1 second after each run"),
        )


def _tell_wide_steps(spec: str) -> tuple[str, ...]:
    """`*/90` in the minute of Unix cron is minute 0 of every hour, which is hardly ever meant."""
    texts = spec.split()
    if len(texts) != len(FIELDS):
        return ()
    steps = [(rule, text, STEP.findall(text)) for rule, text in zip(FIELDS, texts, strict=True)]
    return tuple(
        f"The step of `{text}` is larger than the field, so that only its first {rule.name} is left"
        f"{_say_interval(rule, step)}."
        for rule, text, found in steps
        for step in found[:1]
        if int(step) > rule.high
    )


def _say_interval(rule: Field, step: str) -> str:
    return f": “every {step} {rule.name}s” is an interval" if rule.name in ("minute", "hour") else ""


def _shortest_gap(cron: Cron) -> int:
    """Seconds between two fire times of one minute, or of two minutes that follow each other."""
    gaps = [later - sooner for sooner, later in pairwise(cron.seconds)]
    if any((minute + 1) % 60 in cron.minutes for minute in cron.minutes):
        gaps.append(cron.seconds[0] + 60 - cron.seconds[-1])
    return min(gaps, default=DAY_S)


def _tell_often(says: str, runs: int) -> str:
    return f"{says[:1].upper()}{says[1:]} is often: {runs:,} runs a day."


def _tell_changes(crons: list[Cron], zone: str, now: int) -> Iterator[str]:
    """Times of day that a clock change skips or repeats; what repeats anyway follows the clock."""
    told: set[bool] = set()
    year = moment_of(now).year
    for change in (*changes_in(zone, year), *changes_in(zone, year + 1)):
        skips = change.after > change.before
        if skips in told or not now < change.at < now + YEAR_S:
            continue
        for cron in crons:
            wall = None if cron.repeats else _first_in(cron, change)
            if wall is not None:
                told.add(skips)
                yield _tell_change(wall, change, zone)
                break


def _first_in(cron: Cron, change: Change) -> int | None:
    """The first wall of the schedule that the change skips or repeats."""
    start, end = change.at + min(change.before, change.after), change.at + max(change.before, change.after)
    hours = [hour for hour in cron.hours if _touches(hour, start, end)]
    for day in sorted({start // DAY_S, (end - 1) // DAY_S}):
        date = local_of(day * DAY_S).date()
        if date.month not in cron.months or date.year not in cron.years:
            continue
        if date.day not in days_in(cron.dates, date.year, date.month):
            continue
        for hour, minute, second in product(hours, cron.minutes, cron.seconds):
            wall = day * DAY_S + hour * 3600 + minute * 60 + second
            if start <= wall < end:
                return wall
    return None


def _touches(hour: int, start: int, end: int) -> bool:
    """Whether this hour of the day has a part in the walls from `start` to `end`."""
    first = start - start % 3600
    return any(wall % DAY_S == hour * 3600 for wall in range(first, min(end, first + DAY_S), 3600))


def _tell_change(wall: int, change: Change, zone: str) -> str:
    local = local_of(wall)
    clock = write_time((local.hour, local.minute, local.second))
    day = f"{local.day} {MONTH_NAMES[local.month - 1]} {local.year}"
    if change.after < change.before:
        return f"{clock} comes twice on {day} in {zone}: it runs once, at the first."
    later = local_of(change.at + change.after)
    shown = write_time((later.hour, later.minute, later.second))
    return f"{clock} does not exist on {day} in {zone}: it runs at {shown}."
