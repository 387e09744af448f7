"""Japanese days of the month: 1日と15日, 末日, 最終営業日, 第2火曜, and months: 6月から9月."""

import re

from bot.errors import Refusal
from bot.schedules.cron.fields import MonthDays, WeekDays
from bot.schedules.words.han.numerals import NUMBER, value_of
from bot.schedules.words.han.scan import Scan
from bot.schedules.words.japanese.vocabulary import JA
from bot.schedules.words.japanese.weekdays import read_weekdays

JOINT = JA.joint
JOINED = rf"(?:{JOINT.pattern})"
WORKDAY = "(?:営業日|平日|稼働日)"
DAY = re.compile(rf"({NUMBER})日(?!後|ごと|毎|おき|間|前|に[一1]|目)")
BARE_DAY = re.compile(rf"({NUMBER})(?=(?:{JOINED}{NUMBER}日?)*{JOINED}{NUMBER}日)")
SPAN = re.compile(rf"({NUMBER})日?(?:から|~|〜|-|–|—)({NUMBER})日(?:まで)?")
BEFORE_END = re.compile(rf"(?:月?末日?|最終日)の({NUMBER})日前")
LAST_WORKDAY = re.compile(rf"最[終後](?:の)?{WORKDAY}|最終の{WORKDAY}")
FIRST_WORKDAY = re.compile(rf"(?:第[一1]|最初の){WORKDAY}")
OTHER_WORKDAY = re.compile(rf"第{NUMBER}{WORKDAY}")
NEAREST = re.compile(rf"({NUMBER})日に(?:最も|一番)?近い{WORKDAY}")
LAST_DAY = re.compile(r"(?:月?末日|月?末|最終日|最後の日|晦日)(?!の)")
START = re.compile(r"月?初め?|月?頭")
POSITION = re.compile(rf"第?({NUMBER})(?:番目の)?")
LAST_OF = re.compile(r"最[終後]の?")
DAY_OR_MONTH = re.compile(r"[日月](?!曜)")  # 最終日 is no Sunday
MONTH = re.compile(rf"({NUMBER})月(?!曜)")
BARE_MONTH = re.compile(rf"({NUMBER})(?=(?:{JOINED}{NUMBER})*{JOINED}{NUMBER}月)")
MONTH_SPAN = re.compile(rf"({NUMBER})月?(?:から|~|〜|-|–|—)({NUMBER})月(?:まで)?(?!{NUMBER}日)")


def read_month_days(scan: Scan) -> MonthDays | None:
    """One or more days counted in the month. Raises Refusal for the 32nd."""
    found = scan.read_list(_read_day, JOINT)
    if not found:
        return None
    return MonthDays(
        plain=frozenset().union(*(rule.plain for rule in found)),
        from_end=frozenset().union(*(rule.from_end for rule in found)),
        nearest=frozenset().union(*(rule.nearest for rule in found)),
        nearest_from_end=frozenset().union(*(rule.nearest_from_end for rule in found)),
    )


def read_nth(scan: Scan) -> WeekDays | None:
    """`第2火曜`, `第1と第3月曜`, `最終金曜日`."""
    found = scan.read_list(_read_position_of, JOINT)
    pairs = [pair for some in found for pair in some]
    if not pairs:
        return None
    nth = frozenset((day, position) for position, day in pairs if position)
    return WeekDays(nth=nth, last=frozenset(day for position, day in pairs if not position))


def read_months(scan: Scan) -> tuple[int, ...] | None:
    """`12月`, `6月と7月`, `11月から2月まで`."""
    if match := scan.take(MONTH_SPAN):
        first, last = _month(match[1]), _month(match[2])
        return tuple(sorted((first + step - 1) % 12 + 1 for step in range((last - first) % 12 + 1)))
    found = scan.read_list(_read_month, JOINT)
    return tuple(sorted(set(found))) or None


def _read_day(scan: Scan) -> MonthDays | None:
    if match := scan.take(BEFORE_END):
        back = value_of(match[1])
        return MonthDays(from_end=frozenset({back})) if back is not None and back <= 30 else None
    if scan.take(LAST_WORKDAY):
        return MonthDays(nearest_from_end=frozenset({0}))
    if scan.take(FIRST_WORKDAY):
        return MonthDays(nearest=frozenset({1}))
    if match := scan.take(OTHER_WORKDAY):
        raise _refuse_workday(match[0])
    if match := scan.take(NEAREST):
        return MonthDays(nearest=frozenset({_day(match[1])}))
    if scan.take(LAST_DAY):
        return MonthDays(from_end=frozenset({0}))
    if match := scan.take(START):
        raise _refuse_start(match[0])
    if match := scan.take(SPAN):
        first, last = _day(match[1]), _day(match[2])
        return MonthDays(plain=frozenset(range(first, last + 1))) if first <= last else None
    match = scan.take(DAY) or scan.take(BARE_DAY)
    return MonthDays(plain=frozenset({_day(match[1])})) if match else None


def _read_position_of(scan: Scan) -> list[tuple[int, int]] | None:
    if scan.take(LAST_OF):
        positions = [0]
    else:
        positions = scan.read_list(_read_position, JOINT) if scan.text.startswith("第", scan.at) else []
    days = read_weekdays(scan, asked=True) if positions and not scan.sees(DAY_OR_MONTH) else None
    if not days or len(days) > 1 or not all(0 <= position <= 5 for position in positions):
        return None
    return [(position, day) for position in positions for day in days]


def _read_position(scan: Scan) -> int | None:
    match = scan.take(POSITION)
    return value_of(match[1]) if match else None


def _read_month(scan: Scan) -> int | None:
    match = scan.take(MONTH) or scan.take(BARE_MONTH)
    return _month(match[1]) if match else None


def _month(text: str) -> int:
    month = value_of(text)
    if month is None or not 1 <= month <= 12:
        raise Refusal(f"There is no month “{text}”.", "月は1〜12です。 (Months go from 1 to 12.)", code="unreadable")
    return month


def _day(text: str) -> int:
    day = value_of(text)
    if day is None or not 1 <= day <= 31:
        raise Refusal(
            f"There is no day “{text}” in a month.",
            f"{JA.hints['day']} (Days of a month go from 1 to 31.)",
            code="unreadable",
        )
    return day


def _refuse_workday(shown: str) -> Refusal:
    choices = ("on the first weekday of every month at 9:00", "on the last weekday of every month at 9:00")
    return Refusal(
        f"I cannot count to “{shown}” of a month, only to the first and the last one.",
        f"第1営業日と最終営業日だけが使えます。 (For example “{choices[0]}”.)",
        code="unreadable",
        choices=choices,
    )


def _refuse_start(shown: str) -> Refusal:
    choice = "on the 1st of every month at 9:00"
    return Refusal(
        f"“{shown}” is not exact.",
        f"{JA.hints['month']} (For example “{choice}”.)",
        code="ambiguous",
        choices=(choice,),
    )
