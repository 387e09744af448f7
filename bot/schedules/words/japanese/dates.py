"""Which dates, in Japanese: 毎日, 平日, 毎週月・水・金, 毎月1日と15日, 毎年12月1日, 隔週, 3日ごと, 1日おき."""

import re
from dataclasses import replace

from bot.schedules.cron.fields import Cycle, WeekDays
from bot.schedules.words.han.draft import QUARTERS, WEEKEND, WORKDAYS, Draft
from bot.schedules.words.han.numerals import NUMBER, value_of
from bot.schedules.words.han.scan import Scan
from bot.schedules.words.han.spacing import count_on, refuse_between
from bot.schedules.words.japanese.monthdays import read_month_days, read_months, read_nth
from bot.schedules.words.japanese.weekdays import read_weekdays

QUARTER_ENDS = (3, 6, 9, 12)
DAILY = re.compile(r"毎日の?|日々の?|まいにちの?|連日の?|毎(?=[朝昼夕晩夜])")
WORKDAY = re.compile(r"(?:毎)?(?:平日|営業日|稼働日|ウィークデー)(?:ごとに?|毎に?)?の?")
WEEKENDS = re.compile(r"(?:毎週末|毎週土日|週末(?:ごとに?|毎に?))の?")
BUT_WEEKENDS = re.compile(r"(?:土日|週末|土曜日?と?・?日曜日?)(?:を除[くき]|以外|を除いた|は除く)の?(?:毎日)?")
WEEKLY = re.compile(r"毎週の?|毎(?=[日月火水木金土]曜)")
EACH_BEHIND = re.compile(r"(?:ごと|毎)に?")
SCOPES = (
    (re.compile(r"毎月(?!曜)の?|月々の?"), "month"),
    (re.compile(r"毎?四半期(?:ごと|毎)?に?の?"), "quarter"),
    (re.compile(r"毎年の?"), "year"),
)
OF = re.compile(r"(?:の間|の|に|は)")
UNITS = {"日": "day", "週間": "week", "週": "week", "か月": "month", "月": "month", "年": "year"}
UNIT = r"(?P<unit>日|週間?|[かヶケカヵ箇ヵ]月|年)"
GAP = re.compile(rf"(?P<count>{NUMBER}){UNIT}おき(?:に|の)?")
EVERY_N = re.compile(
    rf"(?P<count>{NUMBER}){UNIT}(?:間隔で?|(?:ごと|毎)(?![日週月年朝晩夜時])(?:に|の)?|に[一1][回度])の?"
)
OTHER = re.compile(r"隔(?P<unit>日|週|月|年)(?:で|の|に)?")
OTHER_UNITS = {"日": "day", "週": "week", "月": "month", "年": "year"}


def read_scope(scan: Scan, draft: Draft) -> Draft | None:
    """毎日, 毎月, 四半期ごと, 毎年: what comes again."""
    if draft.scope:
        return None
    if not (draft.week and len(draft.week.plain) == 1) and scan.take(DAILY):
        return replace(draft, scope="day")
    for pattern, scope in SCOPES:
        if scan.take(pattern):
            months = QUARTERS if scope == "quarter" else draft.months
            return replace(draft, scope="month" if scope == "quarter" else scope, months=months)
    return None


def read_week(scan: Scan, draft: Draft) -> Draft | None:
    """Weekdays that come again: after 毎週, as a list or span, or where a week or a step was named before."""
    if draft.names_days:
        return None
    if scan.take(BUT_WEEKENDS) or scan.take(WORKDAY):
        return replace(draft, week=WeekDays(plain=WORKDAYS))
    if scan.take(WEEKENDS):
        return replace(draft, week=WeekDays(plain=WEEKEND))
    asked = bool(scan.take(WEEKLY))
    if asked and draft.scope == "day":
        return None
    repeats = asked or draft.scope == "week" or draft.interval_s or draft.marks
    repeats = repeats or (draft.cycle is not None and draft.cycle.unit == "week")
    days = scan.try_read(lambda scan: read_weekdays(scan, asked=asked))
    if days and (scan.take(EACH_BEHIND) or repeats or len(days) > 1):
        scan.take(OF)
        return replace(draft, week=WeekDays(plain=days))
    return replace(draft, scope="week") if asked and not days and not draft.scope else None


def read_month(scan: Scan, draft: Draft) -> Draft | None:
    """Days of the month, and weekdays counted in it; only where months come again."""
    monthly = draft.scope == "month" or (draft.cycle and draft.cycle.unit == "month")
    if draft.names_days or not (monthly or (draft.scope == "year" and draft.months)):
        return None
    if nth := scan.try_read(read_nth):
        scan.take(OF)
        return replace(draft, week=nth, months=_last_months(draft, bool(nth.last)))
    days = read_month_days(scan)
    if days is None:
        return None
    scan.take(OF)
    return replace(draft, month=days, months=_last_months(draft, bool(days.from_end or days.nearest_from_end)))


def read_of_months(scan: Scan, draft: Draft) -> Draft | None:
    if draft.months or draft.scope == "month":
        return None
    months = read_months(scan)
    if not months:
        return None
    scan.take(OF)
    return replace(draft, months=months)


def read_cycle(scan: Scan, draft: Draft) -> Draft | None:
    """隔日 and 1日おき are every second day, 3日ごと every third; 2日おき can be both."""
    if draft.cycle or draft.scope:
        return None
    if match := scan.take(OTHER):
        return replace(draft, cycle=count_on(OTHER_UNITS[match["unit"]], 2))
    if match := scan.take(GAP):
        unit, count = _unit(match["unit"]), value_of(match["count"])
        if unit == "day" and count == 1:
            return replace(draft, cycle=Cycle("day", 2))
        raise refuse_between(match[0], unit, count or 0)
    match = scan.take(EVERY_N)
    count = value_of(match["count"]) if match else None
    if match is None or not count:
        return None
    unit = _unit(match["unit"])
    return replace(draft, scope=unit) if count == 1 else replace(draft, cycle=count_on(unit, count))


def _unit(text: str) -> str:
    return UNITS.get(text, "month")


def _last_months(draft: Draft, from_end: bool) -> tuple[int, ...] | None:
    """The last day of a quarter is in its third month."""
    return QUARTER_ENDS if from_end and draft.months == QUARTERS and draft.scope == "month" else draft.months
