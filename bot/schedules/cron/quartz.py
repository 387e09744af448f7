"""Quartz expressions: second minute hour day month weekday [year]; weekday 1 is Sunday.

Refuses what Quartz takes by accident (`99`, `8:30`, `TUESDAY`, `*/0`): it would fire at times nobody meant.
"""

import re
from collections.abc import Callable, Sequence
from typing import TypeVar

from bot.errors import Refusal
from bot.schedules.cron.faults import SHOWN, WrongField, count_fields, refuse, refuse_field
from bot.schedules.cron.fields import EVERY_MONTH, EVERY_YEAR, FIRST_YEAR, LAST_YEAR, Cron, Dates, MonthDays, WeekDays
from bot.schedules.cron.values import MONTHS, WEEKDAYS, Field, read_item, read_value, read_values

T = TypeVar("T")
SECOND = Field("second", 0, 59, wraps=True)
MINUTE = Field("minute", 0, 59, wraps=True)
HOUR = Field("hour", 0, 23, wraps=True)
DAY = Field("day of the month", 1, 31, wraps=True)
MONTH = Field("month", 1, 12, {name: place + 1 for place, name in enumerate(MONTHS)}, wraps=True)
WEEKDAY = Field("weekday", 1, 7, {name: place + 1 for place, name in enumerate(WEEKDAYS)}, wraps=True)
YEAR = Field("year", FIRST_YEAR, LAST_YEAR)
FIELDS = (SECOND, MINUTE, HOUR, DAY, MONTH, WEEKDAY, YEAR)
PLACE_OF_DAY, PLACE_OF_WEEKDAY = 3, 5
MAX_BACK = 30  # L-30 is the 1st of a month of 31 days

LAST_DAY = re.compile(r"L(?:-(\d{1,2}))?(W)?", re.ASCII)
NEAREST = re.compile(r"(\d{1,2})W", re.ASCII)
NTH = re.compile(r"([A-Z0-9]+)#(\d)", re.ASCII)
LAST_WEEKDAY = re.compile(r"([A-Z]{3}|\d)L", re.ASCII)


def parse_quartz(fields: Sequence[str]) -> Cron:
    """The meaning of six or seven fields in capitals. Raises Refusal `unreadable`."""
    if not 6 <= len(fields) <= 7:
        raise _refuse_count(fields)
    try:
        return take_quartz(fields)
    except WrongField as wrong:
        raise refuse_field(fields, wrong, take_quartz) from None


def take_quartz(fields: Sequence[str]) -> Cron:
    """As `parse_quartz` for the right number of fields. Raises WrongField."""
    _check_question_marks(fields)
    seconds, minutes, hours = (_read(fields, place, _numbers) for place in range(3))
    month_days = _read(fields, 3, _read_month_days)
    months = _read(fields, 4, _numbers)
    week_days = _read(fields, 5, _read_week_days)
    years = _read(fields, 6, _numbers) if len(fields) == 7 and fields[6] != "*" else EVERY_YEAR
    return Cron(
        seconds=seconds,
        minutes=minutes,
        hours=hours,
        dates=Dates(month_days, week_days),
        months=EVERY_MONTH if fields[4] == "*" else months,
        years=years,
        repeats=any(sign in field for sign in "*/" for field in fields[1:3]),
    )


def _read(fields: Sequence[str], place: int, reader: Callable[[Field, str], T]) -> T:
    try:
        return reader(FIELDS[place], fields[place])
    except WrongField as wrong:
        raise wrong.at(place, FIELDS[place].name) from None


def _numbers(rule: Field, text: str) -> tuple[int, ...]:
    return tuple(sorted(read_values(rule, text)))


def _read_month_days(rule: Field, text: str) -> MonthDays | None:
    if text in ("*", "?"):
        return None
    sets: tuple[set[int], set[int], set[int], set[int]] = (set(), set(), set(), set())
    plain, from_end, nearest, nearest_from_end = sets
    for item in text.split(","):
        if last := LAST_DAY.fullmatch(item):
            back = int(last[1] or 0)
            if back > MAX_BACK or (last[1] and last[2]):
                raise WrongField("write L, L-3 (up to L-30), LW or 15W")
            (nearest_from_end if last[2] else from_end).add(back)
        elif near := NEAREST.fullmatch(item):
            nearest.add(read_value(rule, near[1], near[1]))
        elif re.search("[LW]", item) and not re.fullmatch(r"[A-Z]{3,}", item):
            raise WrongField("write L, L-3 (up to L-30), LW or 15W")
        else:
            plain |= read_item(rule, item, text)
    return MonthDays(*map(frozenset, sets))


def _read_week_days(rule: Field, text: str) -> WeekDays | None:
    if text in ("*", "?"):
        return None
    if "#" in text:
        match = NTH.fullmatch(text)
        if match is None or not "1" <= match[2] <= "5":
            raise WrongField("write one weekday and its number 1-5 in the month, as in FRI#2")
        return WeekDays(nth=frozenset({(read_value(rule, match[1], match[1]) - 1, int(match[2]))}))
    if text == "L":
        return WeekDays(plain=frozenset({6}))
    if match := LAST_WEEKDAY.fullmatch(text):
        return WeekDays(last=frozenset({read_value(rule, match[1], match[1]) - 1}))
    if re.search(r"\dL|L\d|[A-Z]{3}L\b|W$", text) and text not in rule.names:
        raise WrongField("L stands behind one weekday only, as in 6L or FRIL; W belongs to the day of the month")
    return WeekDays(plain=frozenset(value - 1 for value in read_values(rule, text)))


def _check_question_marks(fields: Sequence[str]) -> None:
    for place, field in enumerate(fields):
        if field == "?" and place not in (PLACE_OF_DAY, PLACE_OF_WEEKDAY):
            rule = "? may only stand for the day of the month or the weekday"
            raise WrongField(rule, "*" if place else "0").at(place, FIELDS[place].name)
    day, weekday = fields[PLACE_OF_DAY], fields[PLACE_OF_WEEKDAY]
    if day == "?" and weekday == "?":
        rule = "only one of day of the month and weekday may be `?`"
        raise WrongField(rule, "*").at(PLACE_OF_DAY, DAY.name)
    if day != "?" and weekday != "?":
        wrong = WrongField("one of day of the month and weekday must be `?`", *([] if day == "*" else ["?"]))
        wrong.elsewhere = () if weekday == "*" else ((PLACE_OF_DAY, "?"),)
        if day == weekday:
            wrong.better = ("?",)
        raise wrong.at(PLACE_OF_WEEKDAY, WEEKDAY.name)


def _refuse_count(fields: Sequence[str]) -> Refusal:
    return refuse(
        f"`{' '.join(fields)[:SHOWN]}` has {count_fields(fields)}: Unix cron has 5 (minute hour day month weekday), "
        "Quartz 6 (second minute hour day month weekday) or 7 (with the year).",
        hint="For example `0 9 * * 1-5` or `0 0 9 ? * MON-FRI`.",
    )
