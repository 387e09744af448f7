"""What a cron expression has no field for, written behind it: `0 0 9 ? * MON % 2 weeks 2026-11-23`.

A cycle leaves out the weeks, days or months between; weekdays (`0 0 13 13 * ? % FRI`) must hold besides the day of
the month. Both may follow each other.
"""

import re
from dataclasses import replace
from datetime import date
from functools import lru_cache

from bot.schedules.cron.fields import Cron, Cycle, Dates, WeekDays
from bot.schedules.cron.parse import parse
from bot.schedules.cron.values import WEEKDAYS

NARROW = " % "
CYCLE = re.compile(r"(\d+) (day|week|month)s (\d{4}-\d\d-\d\d)", re.ASCII)


def write_narrow(dates: Dates) -> str:
    """What stands behind each expression of these dates; empty where the fields say it all."""
    parts = []
    if dates.month_days and dates.week_days and not dates.either:
        parts.append(",".join(WEEKDAYS[day] for day in sorted(dates.week_days.plain)))
    if dates.cycle and dates.cycle.anchor:
        parts.append(f"{dates.cycle.every} {dates.cycle.unit}s {dates.cycle.anchor}")
    return "".join(NARROW + part for part in parts)


def strip_cycle(spec: str) -> str:
    """The expressions without their cycle."""
    return re.sub(rf"{NARROW}{CYCLE.pattern}", "", spec)


def move_cycle(spec: str, anchor: date) -> str:
    """The same cycle counted from another day."""
    return CYCLE.sub(rf"\1 \2s {anchor}", spec)


def has_cycle(spec: str) -> bool:
    return NARROW in spec and CYCLE.search(spec) is not None


@lru_cache(maxsize=2048)
def parse_narrowed(text: str) -> Cron:
    """The fields of an expression with what stands behind it, as `write_narrow` wrote it."""
    expression, *rest = text.split(NARROW)
    cron = parse(expression)
    dates = cron.dates
    for part in rest:
        if match := CYCLE.fullmatch(part):
            cycle = Cycle(match[2], int(match[1]), date.fromisoformat(match[3]))
            dates = replace(dates, cycle=cycle)
        else:
            days = frozenset(WEEKDAYS.index(name) for name in part.split(","))
            dates = replace(dates, week_days=WeekDays(plain=days))
    return replace(cron, dates=dates)
