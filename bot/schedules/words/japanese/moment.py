"""Japanese phrases for one instant: 明日の朝9時, 来週の月曜10時, 12月1日14時, 3日後の9時, 30分後."""

import re
from dataclasses import replace
from datetime import date, datetime, timedelta

from bot.errors import Refusal
from bot.schedules.words.cursor import Stuck
from bot.schedules.words.day import Day
from bot.schedules.words.han.aim import Aim, in_month, in_week, on_date, on_day, read_instant
from bot.schedules.words.han.numerals import NUMBER, YEAR, value_of, year_of
from bot.schedules.words.han.scan import Scan
from bot.schedules.words.japanese.recurring import FILLERS
from bot.schedules.words.japanese.recurring import VAGUE as NO_TIME
from bot.schedules.words.japanese.vocabulary import JA, read_duration
from bot.schedules.words.japanese.weekdays import read_weekdays
from bot.schedules.words.moment import Moment

VAGUE = (
    *NO_TIME,
    (re.compile(r"昨[日晩夜]|昨日|一昨日|おととい|きのう|先[週月]|去年|昨年|さっき|先ほど"), "past"),
    (re.compile(r"(?:今|来|再来)[週月年]末?|週末|今すぐ|今|すぐに?|直ちに"), "vague"),
)
NAMED = {
    **dict.fromkeys(("今日", "本日", "きょう"), 0),
    **dict.fromkeys(("明日", "あした", "あす"), 1),
    **dict.fromkeys(("明後日", "あさって"), 2),
    **dict.fromkeys(("明々後日", "明明後日", "しあさって"), 3),
}
NAMED_DAY = re.compile("|".join(sorted(NAMED, key=len, reverse=True)))
SHORT_DAY = re.compile(r"(今|明)(?=[朝晩夜夕])")
IN_WEEK = re.compile(r"(今週|再来週|来週)の?(?=[日月火水木金土])")
WEEKS = {"今週": 0, "来週": 1, "再来週": 2}
COMING = re.compile(r"(?:次|今度)の(?=[日月火水木金土])")
DATE = re.compile(
    rf"(?:(?P<year>{YEAR})年の?|(?P<rel>今年|来年|再来年)の?)?(?P<month>{NUMBER})月の?(?P<day>{NUMBER})日(?!後)"
)
YEARS = {"今年": 0, "来年": 1, "再来年": 2}
IN_MONTH = re.compile(rf"(?P<which>今月|再来月|来月)の?(?:(?P<day>{NUMBER})日|(?P<end>末日?|月末|最終日|最後の日))")
MONTHS = {"今月": 0, "来月": 1, "再来月": 2}
END = re.compile(r"月末")
YEAR_END = re.compile(r"(?:今年の?)?(?:年末|大晦日)")
DAY = re.compile(rf"({NUMBER})日(?!後|間|おき|ごと|毎)")
FIGURES = re.compile(r"[0-9]{1,4}([-/.])[0-9]{1,2}(?:\1[0-9]{1,4})?(?![0-9:])")
DAYS = re.compile(rf"({NUMBER})日と?")
COUNTED = re.compile(rf"(?P<half>半)年|(?P<count>{NUMBER})(?P<unit>日|週間?|[かヶケカヵ箇]月|年)")
UNIT_DAYS = {"日": 1, "週": 7, "週間": 7}
UNIT_MONTHS = {"年": 12}
AFTER = re.compile(r"(?:後|あと)")


def read_moment(phrase: str, now: datetime) -> Moment | Stuck:
    """`now` is the naive local time of the person. Raises Refusal for dates and times that cannot be."""
    return read_instant(phrase, now, READERS, FILLERS, VAGUE, JA)


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
    """`30分後`, `1時間半後`, `1日と2時間後`."""
    if aim != Aim():
        return None
    days = scan.try_read(_read_days)
    seconds = read_duration(scan)
    if seconds is None or not scan.take(AFTER):
        return None
    return replace(aim, from_now_s=seconds + (days or 0) * 86_400)


def _read_days(scan: Scan) -> int | None:
    match = scan.take(DAYS)
    return value_of(match[1]) if match else None


def _read_step(scan: Scan, aim: Aim, today: date) -> Aim | None:
    """`3日後`, `1か月後`, `半年後`."""
    if aim.has_date or aim.from_now_s:
        return None
    match = scan.take(COUNTED)
    count = 1 if match and match["half"] else value_of(match["count"]) if match else None
    if match is None or count is None or not scan.take(AFTER):
        return None
    if match["half"]:
        return replace(aim, months_on=6)
    if match["unit"] in UNIT_DAYS:
        return replace(aim, days_on=count * UNIT_DAYS[match["unit"]])
    return replace(aim, months_on=count * UNIT_MONTHS.get(match["unit"], 1))


def _read_day(scan: Scan, aim: Aim, today: date) -> Aim | None:
    if aim.day or aim.days_on or aim.months_on or aim.from_now_s:
        return None
    day = read_day(scan, today) or scan.try_read(lambda scan: _next_such(scan, today))
    return replace(aim, day=day) if day else None


def _read_weekday(scan: Scan, aim: Aim, today: date) -> Aim | None:
    if aim.weekday is not None or aim.days_on or aim.months_on or aim.from_now_s:
        return None
    asked = bool(scan.take(COMING))
    days = read_weekdays(scan, asked=asked)
    return replace(aim, weekday=next(iter(days))) if days and len(days) == 1 else None


def _named(scan: Scan, today: date) -> Day | None:
    if match := scan.take(NAMED_DAY):
        return Day(today + timedelta(days=NAMED[match[0]]))
    match = scan.take(SHORT_DAY)
    return Day(today + timedelta(days="今明".index(match[1]))) if match else None


def _date(scan: Scan, today: date) -> Day | None:
    match = scan.take(DATE)
    month, day = (value_of(match["month"]), value_of(match["day"])) if match else (None, None)
    if match is None or month is None or day is None:
        return None
    year = year_of(match["year"]) if match["year"] else None
    if match["rel"]:
        year = today.year + YEARS[match["rel"]]
    return on_day(f"{year:04}-{month}-{day}", today) if year else on_date(month, day, today)


def _in_month(scan: Scan, today: date) -> Day | None:
    match = scan.take(IN_MONTH)
    if match is None:
        return None
    return in_month(today, MONTHS[match["which"]], value_of(match["day"]) if match["day"] else None)


def _in_week(scan: Scan, today: date) -> Day | None:
    """Weeks begin on Monday for some and on Sunday for others, so a Sunday of the week that follows is unclear."""
    match = scan.take(IN_WEEK)
    days = read_weekdays(scan, asked=True) if match else None
    if match is None or not days or len(days) > 1:
        return None
    weekday = next(iter(days))
    found = in_week(today, WEEKS[match[1]], weekday)
    if weekday == 0 and match[1] != "今週":
        both = (found.day - timedelta(days=7), found.day)
        raise Refusal(
            f"“{match[0]}日曜” can be {both[0]} or {both[1]}.",
            "日付を書いてください。 (Name the date.)",
            code="ambiguous",
            choices=tuple(f"{day} 9:00" for day in both),
        )
    return found


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
