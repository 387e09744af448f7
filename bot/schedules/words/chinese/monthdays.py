"""Chinese days of the month: 1号和15号, 最后一天, 最后一个工作日, 第二个周二, and months: 6月到9月."""

import re
from functools import partial

from bot.errors import Refusal
from bot.schedules.words.chinese.vocabulary import ZH
from bot.schedules.words.chinese.weekdays import read_weekdays
from bot.schedules.words.han import monthdays
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


def _month(text: str) -> int | None:
    month = value_of(text)
    if month is not None and not 1 <= month <= 12:
        raise Refusal(f"There is no month {month}.", "月份为 1–12。 (Months go from 1 to 12.)", code="unreadable")
    return month


def _read_weekdays(scan: Scan) -> frozenset[int] | None:
    return read_weekdays(scan, prefixed=False)


SIGNS = monthdays.MonthSigns(
    day=DAY,
    bare_day=BARE_DAY,
    span=SPAN,
    before_end=BEFORE_END,
    first_workday=FIRST_WORKDAY,
    last_workday=LAST_WORKDAY,
    other_workday=OTHER_WORKDAY,
    nearest=NEAREST,
    last_day=LAST_DAY,
    start=START,
    position=POSITION,
    last_of=LAST_OF,
    weekdays=_read_weekdays,
    month=_month,
    one_month=MONTH,
    bare_month=BARE_MONTH,
    month_span=MONTH_SPAN,
    only_ends="只支持第一个和最后一个工作日。",
    tongue=ZH,
)
read_month_days = partial(monthdays.read_month_days, signs=SIGNS)
read_nth = partial(monthdays.read_nth, signs=SIGNS)
read_months = partial(monthdays.read_months, signs=SIGNS)
