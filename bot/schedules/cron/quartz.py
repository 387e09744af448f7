"""Quartz expressions: second minute hour day month weekday [year]; weekday 1 is Sunday.

Refuses what Quartz takes by accident (`99`, `8:30`, `TUESDAY`, `*/0`): it would fire at times nobody meant.
"""

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from bot.schedules.cron.faults import WrongField
from bot.schedules.cron.fields import EVERY_MONTH, EVERY_YEAR, FIRST_YEAR, LAST_YEAR, Cron, Dates, MonthDays, WeekDays
from bot.schedules.cron.values import MONTHS, WEEKDAYS, Field, read_item, read_value, read_values

T = TypeVar("T")
SECOND = Field("second", 0, 59, wraps=True)
MINUTE = Field("minute", 0, 59, wraps=True)
HOUR = Field("hour", 0, 23, wraps=True)
DAY = Field("day of the month", 1, 31, wraps=True)
MONTH = Field("month", 1, 12, {name: place + 1 for place, name in enumerate(MONTHS)}, wraps=True)
WEEKDAY = Field(
    "weekday", 1, 7, {name: place + 1 for place, name in enumerate(WEEKDAYS)}, wraps=True, note="1 is Sunday"
)
YEAR = Field("year", FIRST_YEAR, LAST_YEAR)
FIELDS = (SECOND, MINUTE, HOUR, DAY, MONTH, WEEKDAY, YEAR)
PLACE_OF_DAY, PLACE_OF_WEEKDAY = 3, 5
MAX_BACK = 30  # L-30 is the 1st of a month of 31 days

LAST_DAY = re.compile(r"L(?:-(\d{1,2})|(W))?", re.ASCII)
NEAREST = re.compile(r"(\d{1,2})W", re.ASCII)
NTH = re.compile(r"([A-Z0-9]+)#(\d)", re.ASCII)
LAST_WEEKDAY = re.compile(r"([A-Z]{3}|\d)L", re.ASCII)


def take_quartz(fields: Sequence[str]) -> Cron:
    """The meaning of six or seven fields in capitals. Raises WrongField."""
    _check_places(fields)
    seconds, minutes, hours = (_read(fields, place, _numbers) for place in range(3))
    month_days = _read(fields, 3, _read_month_days)
    months = _read(fields, 4, _numbers)
    week_days = _read(fields, 5, _read_week_days)
    years = _read(fields, 6, _numbers) if len(fields) == 7 and fields[6] != "*" else EVERY_YEAR
    _check_one_is_free(fields[PLACE_OF_DAY], fields[PLACE_OF_WEEKDAY])
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
            if back > MAX_BACK:
                raise WrongField(f"L-n goes back at most {MAX_BACK} days, L-{MAX_BACK}")
            (nearest_from_end if last[2] else from_end).add(back)
        elif near := NEAREST.fullmatch(item):
            nearest.add(read_value(rule, near[1], item))
        elif re.search("[LW]", item) and (not item.isalpha() or item.startswith(("L", "W"))):
            raise _explain_last_days(item, text)
        else:
            plain |= read_item(rule, item, text)
    return MonthDays(*map(frozenset, sets))


def _read_week_days(rule: Field, text: str) -> WeekDays | None:
    if text in ("*", "?"):
        return None
    if "#" in text:
        return WeekDays(nth=frozenset({_read_nth(rule, text)}))
    if text == "L":
        return WeekDays(plain=frozenset({6}))
    if match := LAST_WEEKDAY.fullmatch(text):
        return WeekDays(last=frozenset({read_value(rule, match[1], text) - 1}))
    if re.search(r"\dW", text):
        raise WrongField("W belongs to the day of the month, as in 15W")
    if turned := re.fullmatch(r"L-?([A-Z]{3}|\d)", text):
        raise WrongField("L stands behind the weekday, as in 6L or FRIL", f"{turned[1]}L")
    if re.search(r"\dL|L\d|\bL\b|\b[A-Z]{3}L\b", text):
        raise WrongField("L stands behind one weekday only, as in 6L or FRIL, and in no list or range")
    return WeekDays(plain=frozenset(value - 1 for value in read_values(rule, text)))


def _read_nth(rule: Field, text: str) -> tuple[int, int]:
    """`FRI#2`: the weekday from 0 and its number in the month."""
    match = NTH.fullmatch(text)
    if match is None and text.count("#") > 1:
        doubled = re.sub("#+", "#", text)
        raise WrongField(
            "there may be only one # in an expression, as in FRI#2", *([doubled] if doubled != text else [])
        )
    if match is None or not "1" <= match[2] <= "5":
        raise WrongField("write one weekday and which one of the month it is, 1-5, as in FRI#2")
    return read_value(rule, match[1], text) - 1, int(match[2])


def _explain_last_days(item: str, text: str) -> WrongField:
    forms = "write L, L-3 (up to L-30), LW or 15W"
    if plus := re.fullmatch(r"L\+?(\d{1,2})", item):
        return WrongField(forms, text.replace(item, f"L-{plus[1]}"))
    return WrongField("W needs a day of the month: 15W or LW" if item == "W" else forms)


def _check_places(fields: Sequence[str]) -> None:
    for place, field in enumerate(fields):
        if field == "?" and place not in (PLACE_OF_DAY, PLACE_OF_WEEKDAY):
            rule = "? may only stand for the day of the month or the weekday"
            raise WrongField(rule, "*" if place else "0").at(place, FIELDS[place].name)


def _check_one_is_free(day: str, weekday: str) -> None:
    if day == "?" and weekday == "?":
        rule = "only one of day of the month and weekday may be `?`"
        raise WrongField(rule, "*").at(PLACE_OF_DAY, DAY.name)
    if day == "?" or weekday == "?":
        return
    wrong = WrongField("one of day of the month and weekday must be `?`")
    if day != "*" or weekday == "*":
        wrong.or_mend({0: "?"})
    if weekday != "*":
        wrong.or_mend(*({PLACE_OF_DAY - PLACE_OF_WEEKDAY: "?", 0: named} for named in _name_weekdays(weekday)))
    raise wrong.at(PLACE_OF_WEEKDAY, WEEKDAY.name)


def _name_weekdays(text: str) -> tuple[str, ...]:
    """The weekdays in names, by Quartz's count (1 is Sunday) and as other programs count (1 is Monday): who leaves
    out the `?` comes from one of those."""
    if not re.fullmatch(r"[1-7,-]+", text):
        return (text,)
    turned = (*WEEKDAYS[1:], WEEKDAYS[0])
    return tuple(re.sub(r"\d", partial(_name, names), text) for names in (WEEKDAYS, turned))


def _name(names: Sequence[str], number: re.Match[str]) -> str:
    return names[int(number[0]) - 1]
