"""Japanese days of the month: 1日と15日, 末日, 最終営業日, 第2火曜, and months: 6月から9月."""

import re
from functools import partial

from bot.errors import Refusal
from bot.schedules.words.han import monthdays
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


def _month(text: str) -> int:
    month = value_of(text)
    if month is None or not 1 <= month <= 12:
        raise Refusal(f"There is no month “{text}”.", "月は1〜12です。 (Months go from 1 to 12.)", code="unreadable")
    return month


def _read_weekdays(scan: Scan) -> frozenset[int] | None:
    return None if scan.sees(DAY_OR_MONTH) else read_weekdays(scan, asked=True)


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
    only_ends="第1営業日と最終営業日だけが使えます。",
    tongue=JA,
)
read_month_days = partial(monthdays.read_month_days, signs=SIGNS)
read_nth = partial(monthdays.read_nth, signs=SIGNS)
read_months = partial(monthdays.read_months, signs=SIGNS)
