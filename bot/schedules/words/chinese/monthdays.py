"""Chinese days of the month: 1号和15号, 最后一天, 最后一个工作日, 第二个周二, and months: 6月到9月."""

import re

from bot.errors import Refusal
from bot.schedules.cron.fields import MonthDays, WeekDays
from bot.schedules.words.chinese.vocabulary import ZH
from bot.schedules.words.chinese.weekdays import read_weekdays
from bot.schedules.words.han.numerals import NUMBER, value_of
from bot.schedules.words.han.scan import Scan

JOINT = ZH.joint
JOINED = rf"(?:{JOINT.pattern})"
WORKDAY = "(?:工作日|平日|营业日)"
DAY = re.compile(rf"第?(?P<day>{NUMBER})[日号](?![后子])|第(?P<nth>{NUMBER})天")
BARE_DAY = re.compile(rf"(?P<day>{NUMBER})(?=(?:{JOINED}{NUMBER}[日号]?)*{JOINED}{NUMBER}[日号])")
SPAN = re.compile(rf"({NUMBER})[日号]?(?:到|至|~|〜|-|–|—)({NUMBER})[日号]")
BEFORE_END = re.compile(rf"(?:最后[一1]天|月[底末])的?(?:之?前)({NUMBER})天|倒数第(?P<back>{NUMBER})[天日]")
LAST_WORKDAY = re.compile(rf"(?:最[后末][一1]?个?|倒数第[一1]个?){WORKDAY}")
FIRST_WORKDAY = re.compile(rf"(?:第[一1]个|首个){WORKDAY}")
OTHER_WORKDAY = re.compile(rf"(?:倒数)?第{NUMBER}个?{WORKDAY}")
NEAREST = re.compile(rf"(?:距离?|离|最?接近|最?靠近)({NUMBER})[日号](?:最近)?的?{WORKDAY}")
LAST_DAY = re.compile(r"最[后末](?:[一1]天|[一1]日)|月?[底末]|末日")
START = re.compile(r"月?初")
POSITION = re.compile(rf"第?({NUMBER})个?")
LAST_OF = re.compile(r"最[后末](?:[一1]个|[一1]|的)?|倒数第[一1]个?")
MONTH = re.compile(rf"({NUMBER})月份?(?!后)")
BARE_MONTH = re.compile(rf"({NUMBER})(?=(?:{JOINED}{NUMBER})*{JOINED}{NUMBER}月)")
MONTH_SPAN = re.compile(rf"({NUMBER})月?份?(?:到|至|~|〜|-|–|—)({NUMBER})月份?")


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
    """`第二个周二`, `第一个和第三个周一`, `最后一个周五`."""
    found = scan.read_list(_read_position_of, JOINT)
    pairs = [pair for some in found for pair in some]
    if not pairs:
        return None
    nth = frozenset((day, position) for position, day in pairs if position)
    return WeekDays(nth=nth, last=frozenset(day for position, day in pairs if not position))


def read_months(scan: Scan) -> tuple[int, ...] | None:
    """`12月`, `6月和7月`, `11月到2月`."""
    if match := scan.take(MONTH_SPAN):
        first, last = _month(match[1]), _month(match[2])
        if first is None or last is None:
            return None
        return tuple(sorted((first + step - 1) % 12 + 1 for step in range((last - first) % 12 + 1)))
    found = scan.read_list(_read_month, JOINT)
    return tuple(sorted(set(found))) or None


def _read_day(scan: Scan) -> MonthDays | None:
    if match := scan.take(BEFORE_END):
        back = value_of(match[1]) if match[1] else (value_of(match["back"]) or 0) - 1
        return MonthDays(from_end=frozenset({back})) if back is not None and 0 <= back <= 30 else None
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
    if match := scan.take(DAY):
        return MonthDays(plain=frozenset({_day(match["day"] or match["nth"])}))
    match = scan.take(BARE_DAY)
    return MonthDays(plain=frozenset({_day(match["day"])})) if match else None


def _read_position_of(scan: Scan) -> list[tuple[int, int]] | None:
    if scan.take(LAST_OF):
        positions = [0]
    else:
        positions = scan.read_list(_read_position, JOINT) if scan.text.startswith("第", scan.at) else []
    days = read_weekdays(scan, prefixed=False) if positions else None
    if not days or len(days) > 1 or not all(0 <= position <= 5 for position in positions):
        return None
    return [(position, day) for position in positions for day in days]


def _read_position(scan: Scan) -> int | None:
    match = scan.take(POSITION)
    return value_of(match[1]) if match else None


def _read_month(scan: Scan) -> int | None:
    match = scan.take(MONTH) or scan.take(BARE_MONTH)
    return _month(match[1]) if match else None


def _month(text: str) -> int | None:
    month = value_of(text)
    if month is not None and not 1 <= month <= 12:
        raise Refusal(f"There is no month {month}.", "月份为 1–12。 (Months go from 1 to 12.)", code="unreadable")
    return month


def _day(text: str) -> int:
    day = value_of(text)
    if day is None or not 1 <= day <= 31:
        raise Refusal(
            f"There is no day “{text}” in a month.",
            f"{ZH.hints['day']} (Days of a month go from 1 to 31.)",
            code="unreadable",
        )
    return day


def _refuse_workday(shown: str) -> Refusal:
    choices = ("on the first weekday of every month at 9:00", "on the last weekday of every month at 9:00")
    return Refusal(
        f"I cannot count to “{shown}” of a month, only to the first and the last one.",
        f"只支持第一个和最后一个工作日。 (For example “{choices[0]}”.)",
        code="unreadable",
        choices=choices,
    )


def _refuse_start(shown: str) -> Refusal:
    choice = "on the 1st of every month at 9:00"
    return Refusal(
        f"“{shown}” is not exact.",
        f"{ZH.hints['month']} (For example “{choice}”.)",
        code="ambiguous",
        choices=(choice,),
    )
