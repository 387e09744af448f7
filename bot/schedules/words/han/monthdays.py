"""Days and weekdays counted in the month, and months, in the signs of a language of Han characters."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from bot.errors import Refusal
from bot.schedules.cron.fields import MonthDays, WeekDays
from bot.schedules.words.han.numerals import value_of
from bot.schedules.words.han.scan import Scan
from bot.schedules.words.han.tongue import Tongue

Pattern = re.Pattern[str]
LONGEST_BACK = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthSigns:
    """What each thing is called. A pattern with a number has it in the group that matched last; `before_end` may have
    a group `back`, which counts the last day as 1. `weekdays` reads those that stand behind a position, `month` a
    number of a month, and may refuse it."""

    day: Pattern
    bare_day: Pattern
    span: Pattern
    before_end: Pattern
    first_workday: Pattern
    last_workday: Pattern
    other_workday: Pattern
    nearest: Pattern
    last_day: Pattern
    start: Pattern
    position: Pattern
    last_of: Pattern
    weekdays: Callable[[Scan], frozenset[int] | None]
    month: Callable[[str], int | None]
    one_month: Pattern
    bare_month: Pattern
    month_span: Pattern
    only_ends: str
    tongue: Tongue


def read_month_days(scan: Scan, signs: MonthSigns) -> MonthDays | None:
    """One or more days counted in the month. Raises Refusal for the 32nd."""
    found = scan.read_list(lambda scan: _read_day(scan, signs), signs.tongue.joint)
    if not found:
        return None
    return MonthDays(
        plain=frozenset().union(*(rule.plain for rule in found)),
        from_end=frozenset().union(*(rule.from_end for rule in found)),
        nearest=frozenset().union(*(rule.nearest for rule in found)),
        nearest_from_end=frozenset().union(*(rule.nearest_from_end for rule in found)),
    )


def read_nth(scan: Scan, signs: MonthSigns) -> WeekDays | None:
    """`第二个周二`, `第1と第3月曜`, `最終金曜日`."""
    found = scan.read_list(lambda scan: _read_position_of(scan, signs), signs.tongue.joint)
    pairs = [pair for some in found for pair in some]
    if not pairs:
        return None
    nth = frozenset((day, position) for position, day in pairs if position)
    return WeekDays(nth=nth, last=frozenset(day for position, day in pairs if not position))


def read_months(scan: Scan, signs: MonthSigns) -> tuple[int, ...] | None:
    """`12月`, `6月和7月`, `11月から2月まで`."""
    if match := scan.take(signs.month_span):
        first, last = signs.month(match[1]), signs.month(match[2])
        if first is None or last is None:
            return None
        return tuple(sorted((first + step - 1) % 12 + 1 for step in range((last - first) % 12 + 1)))
    found = scan.read_list(lambda scan: _read_month(scan, signs), signs.tongue.joint)
    return tuple(sorted(set(found))) or None


def _read_day(scan: Scan, signs: MonthSigns) -> MonthDays | None:
    if match := scan.take(signs.before_end):
        back = value_of(match[1]) if match[1] else (value_of(match["back"]) or 0) - 1
        return MonthDays(from_end=frozenset({back})) if back is not None and 0 <= back <= LONGEST_BACK else None
    if scan.take(signs.last_workday):
        return MonthDays(nearest_from_end=frozenset({0}))
    if scan.take(signs.first_workday):
        return MonthDays(nearest=frozenset({1}))
    if match := scan.take(signs.other_workday):
        raise _refuse_workday(match[0], signs)
    if match := scan.take(signs.nearest):
        return MonthDays(nearest=frozenset({_day(match[1], signs)}))
    if scan.take(signs.last_day):
        return MonthDays(from_end=frozenset({0}))
    if match := scan.take(signs.start):
        raise _refuse_start(match[0], signs)
    if match := scan.take(signs.span):
        first, last = _day(match[1], signs), _day(match[2], signs)
        return MonthDays(plain=frozenset(range(first, last + 1))) if first <= last else None
    match = scan.take(signs.day) or scan.take(signs.bare_day)
    return MonthDays(plain=frozenset({_day(match[match.lastindex or 0], signs)})) if match else None


def _read_position_of(scan: Scan, signs: MonthSigns) -> list[tuple[int, int]] | None:
    if scan.take(signs.last_of):
        positions = [0]
    elif scan.text.startswith("第", scan.at):
        positions = scan.read_list(lambda scan: _read_position(scan, signs), signs.tongue.joint)
    else:
        positions = []
    days = signs.weekdays(scan) if positions else None
    if not days or len(days) > 1 or not all(0 <= position <= 5 for position in positions):
        return None
    return [(position, day) for position in positions for day in days]


def _read_position(scan: Scan, signs: MonthSigns) -> int | None:
    match = scan.take(signs.position)
    return value_of(match[1]) if match else None


def _read_month(scan: Scan, signs: MonthSigns) -> int | None:
    match = scan.take(signs.one_month) or scan.take(signs.bare_month)
    return signs.month(match[1]) if match else None


def _day(text: str, signs: MonthSigns) -> int:
    day = value_of(text)
    if day is None or not 1 <= day <= 31:
        raise Refusal(
            f"There is no day “{text}” in a month.",
            f"{signs.tongue.hints['day']} (Days of a month go from 1 to 31.)",
            code="unreadable",
        )
    return day


def _refuse_workday(shown: str, signs: MonthSigns) -> Refusal:
    choices = ("on the first weekday of every month at 9:00", "on the last weekday of every month at 9:00")
    return Refusal(
        f"I cannot count to “{shown}” of a month, only to the first and the last one.",
        f"{signs.only_ends} (For example “{choices[0]}”.)",
        code="unreadable",
        choices=choices,
    )


def _refuse_start(shown: str, signs: MonthSigns) -> Refusal:
    choice = "on the 1st of every month at 9:00"
    return Refusal(
        f"“{shown}” is not exact.",
        f"{signs.tongue.hints['month']} (For example “{choice}”.)",
        code="ambiguous",
        choices=(choice,),
    )
