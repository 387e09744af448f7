"""Chinese phrases for one instant: 明天早上9点, 下周三14:30, 12月1日14点, 3天后的9点, 半小时后."""

import re
from dataclasses import replace
from datetime import date, datetime, timedelta

from bot.schedules.words.chinese.recurring import RUN
from bot.schedules.words.chinese.recurring import VAGUE as NO_TIME
from bot.schedules.words.chinese.vocabulary import WEEK, ZH, read_duration, simplify
from bot.schedules.words.chinese.weekdays import read_weekdays
from bot.schedules.words.cursor import Stuck
from bot.schedules.words.day import Day
from bot.schedules.words.han.aim import Aim, in_month, in_week, on_date, on_day, read_instant
from bot.schedules.words.han.numerals import NUMBER, YEAR, value_of, year_of
from bot.schedules.words.han.scan import Scan
from bot.schedules.words.moment import Moment

FILLERS = re.compile(rf"{RUN}?[一1]次|{RUN}(?:工作流|任务)?|请帮?我?|帮我|提醒我们?|定于|[,、;的在。!()于]|就")
VAGUE = (
    *NO_TIME,
    (re.compile(r"昨[天日晚]|前天|大前天|上个?(?:周|月|星期|礼拜)|去年|刚才|之?前|以前"), "past"),
    (re.compile(rf"(?:下下?个?|这个?|本)(?:{WEEK}末?|月)|[明今后]年|周末|现在|马上|立刻"), "vague"),
)
NAMED = {"今": 0, "明": 1, "大后": 3, "后": 2}
NAMED_DAY = re.compile(r"(大后|今|明|后)(?:[天日]|(?=[早晚晨夜]))")
IN_WEEK = re.compile(rf"(?P<which>下下个?|下个?|这个?|本)(?={WEEK}(?!末))的?")
WHICH = {"这": 0, "本": 0, "下": 1, "下下": 2}
DATE = re.compile(
    rf"(?:(?P<year>{YEAR})年|(?P<rel>[今明后])年的?)?(?P<month>{NUMBER})月份?的?(?P<day>{NUMBER})[日号]?(?![后月])"
)
IN_MONTH = re.compile(
    rf"(?P<which>下下个?|下个?|这个?|本)月份?的?(?:(?P<day>{NUMBER})[日号]|(?P<end>月?[底末]|最后[一1][天日]))"
)
END = re.compile(r"月[底末]|本月[底末]")
YEAR_END = re.compile(r"(?:[今本]年)?年[底末]")
DAY = re.compile(rf"({NUMBER})[日号](?![后之以])")
FIGURES = re.compile(r"[0-9]{1,4}([-/.])[0-9]{1,2}(?:\1[0-9]{1,4})?(?![0-9:])")
DAYS = re.compile(rf"({NUMBER})天")
COUNTED = re.compile(rf"(?P<half>半)年|(?P<count>{NUMBER})(?P<unit>天|日|个?周|个?星期|个?礼拜|个月|年)")
UNIT_DAYS = {"天": 1, "日": 1, "周": 7, "星期": 7, "礼拜": 7}
UNIT_MONTHS = {"月": 1, "年": 12}
BEFORE = re.compile(r"再?过|等")
AFTER = re.compile(r"之后|以后|后")


def read_moment(phrase: str, now: datetime) -> Moment | Stuck:
    """`now` is the naive local time of the person. Raises Refusal for dates and times that cannot be."""
    return read_instant(simplify(phrase), now, READERS, FILLERS, VAGUE, ZH)


def read_day(scan: Scan, today: date) -> Day | None:
    """A day that says its month or its week. Raises Refusal for one that does not exist."""
    for reader in (_named, _date, _in_month, _in_week, _ends, _figures):
        place = scan.at
        day = reader(scan, today)
        if day is not None:
            return day
        scan.at = place
    return None


def _read_from_now(scan: Scan, aim: Aim, today: date) -> Aim | None:
    """`半小时后`, `再过10分钟`, `1天2小时后`."""
    if aim != Aim():
        return None
    asked = bool(scan.take(BEFORE))
    days = scan.try_read(_read_days)
    seconds = read_duration(scan)
    if seconds is None or not (scan.take(AFTER) or asked):
        return None
    return replace(aim, from_now_s=seconds + (days or 0) * 86_400)


def _read_days(scan: Scan) -> int | None:
    match = scan.take(DAYS)
    return value_of(match[1]) if match else None


def _read_step(scan: Scan, aim: Aim, today: date) -> Aim | None:
    """`3天后`, `一个月后`, `半年后`."""
    if aim.has_date or aim.from_now_s:
        return None
    asked = bool(scan.take(BEFORE))
    match = scan.take(COUNTED)
    count = 1 if match and match["half"] else value_of(match["count"]) if match else None
    if match is None or count is None or not (scan.take(AFTER) or asked):
        return None
    if match["half"]:
        return replace(aim, months_on=6)
    unit = match["unit"].lstrip("个")
    if unit in UNIT_MONTHS:
        return replace(aim, months_on=count * UNIT_MONTHS[unit])
    return replace(aim, days_on=count * UNIT_DAYS[unit])


def _read_day(scan: Scan, aim: Aim, today: date) -> Aim | None:
    if aim.day or aim.days_on or aim.months_on or aim.from_now_s:
        return None
    day = read_day(scan, today) or scan.try_read(lambda scan: _next_such(scan, today))
    return replace(aim, day=day) if day else None


def _read_weekday(scan: Scan, aim: Aim, today: date) -> Aim | None:
    if aim.weekday is not None or aim.days_on or aim.months_on or aim.from_now_s:
        return None
    days = read_weekdays(scan, prefixed=False)
    return replace(aim, weekday=next(iter(days))) if days and len(days) == 1 else None


def _named(scan: Scan, today: date) -> Day | None:
    match = scan.take(NAMED_DAY)
    return Day(today + timedelta(days=NAMED[match[1]])) if match else None


def _date(scan: Scan, today: date) -> Day | None:
    match = scan.take(DATE)
    month, day = (value_of(match["month"]), value_of(match["day"])) if match else (None, None)
    if match is None or month is None or day is None:
        return None
    year = year_of(match["year"]) if match["year"] else None
    if match["rel"]:
        year = today.year + "今明后".index(match["rel"])
    return on_day(f"{year:04}-{month}-{day}", today) if year else on_date(month, day, today)


def _in_month(scan: Scan, today: date) -> Day | None:
    match = scan.take(IN_MONTH)
    if match is None:
        return None
    return in_month(today, WHICH[match["which"].rstrip("个")], value_of(match["day"]) if match["day"] else None)


def _in_week(scan: Scan, today: date) -> Day | None:
    """A Chinese week begins on Monday: 下周三 is the Wednesday of the week that follows."""
    match = scan.take(IN_WEEK)
    days = read_weekdays(scan, prefixed=False) if match else None
    if match is None or not days or len(days) > 1:
        return None
    return in_week(today, WHICH[match["which"].rstrip("个")], next(iter(days)))


def _ends(scan: Scan, today: date) -> Day | None:
    if scan.take(END):
        return in_month(today, 0, None)
    return Day(date(today.year, 12, 31)) if scan.take(YEAR_END) else None


def _figures(scan: Scan, today: date) -> Day | None:
    match = scan.take(FIGURES)
    return on_day(match[0].replace("-", "/") if match[0].count("-") == 1 else match[0], today) if match else None


def _next_such(scan: Scan, today: date) -> Day | None:
    match = scan.take(DAY)
    day = value_of(match[1]) if match else None
    return on_day(f"{day}th", today) if day else None


READERS = (_read_from_now, _read_step, _read_day, _read_weekday)
