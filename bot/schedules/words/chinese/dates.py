"""Which dates, in Chinese: 每天, 工作日, 每周一三五, 每月1号和15号, 每季度最后一天, 每年12月1日, 隔周, 每3天."""

import re
from dataclasses import replace

from bot.schedules.cron.fields import Cycle, WeekDays
from bot.schedules.words.chinese.monthdays import read_month_days, read_months, read_nth
from bot.schedules.words.chinese.vocabulary import WEEK
from bot.schedules.words.chinese.weekdays import read_weekdays
from bot.schedules.words.han.draft import QUARTERS, WEEKEND, WORKDAYS, Draft
from bot.schedules.words.han.numerals import NUMBER, value_of
from bot.schedules.words.han.scan import Scan
from bot.schedules.words.han.spacing import count_on, refuse_between

QUARTER_ENDS = (3, 6, 9, 12)
PARTS = "早|晚|夜|中午|凌晨|上午|下午|傍晚|清晨|清早"
DAILY = re.compile(rf"每[一1]?天的?|每日的?|天天|日日|每(?={PARTS})")
WORKDAY = re.compile(r"(?:每个?|每逢|逢)?(?:工作日|平日)的?")
DAYS_OFF = re.compile(r"(?:每个?|每逢|逢)双休日的?")
BUT_WEEKENDS = re.compile(
    rf"(?:除了?|不含|不包括|跳过|排除)(?:每个)?(?:{WEEK}末|双休日|{WEEK}六和?(?:{WEEK})?[日天])(?:以外|之外|外)?"
    rf"|(?:{WEEK}末|双休日)(?:除外|不运行|不执行|休息)"
)
WEEKLY = re.compile(rf"(?:每个?|每逢|逢)(?={WEEK})")
EVERY_WEEK = re.compile(rf"{WEEK}的?")
SEES_WEEKEND = re.compile(rf"{WEEK}末")
SCOPES = (
    (re.compile(r"每个?月份?的?"), "month"),
    (re.compile(r"每个?季度?的?"), "quarter"),
    (re.compile(r"每[一1]?年的?"), "year"),
)
OF = re.compile(r"的|期间的?|里的?|当中的?")
UNITS = {"天": "day", "日": "day", "周": "week", "星期": "week", "礼拜": "week", "月": "month", "年": "year"}
UNIT = r"(?P<unit>天|日|周|星期|礼拜|月|年)"
BETWEEN = re.compile(rf"每?隔(?P<count>{NUMBER})?个?{UNIT}(?!末)(?:的|[一1]次)?")
EVERY_N = re.compile(rf"每(?P<count>{NUMBER})(?:个?(?=[周星礼])|个(?=月)|(?=[天日年])){UNIT}(?:的|[一1]次)?")
ONCE_IN_N = re.compile(rf"(?P<count>{NUMBER})(?:个?(?=[周星礼])|个(?=月)|(?=[天日年])){UNIT}[一1]次")
TWO_WEEKS = re.compile(r"每?双周的?")


def read_scope(scan: Scan, draft: Draft) -> Draft | None:
    """每天, 每月, 每季度, 每年: what comes again."""
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
    """Weekdays that come again: with 每 or 逢, as a list or span, or where a week or a step was named before."""
    if draft.names_days:
        return None
    if scan.take(BUT_WEEKENDS) or scan.take(WORKDAY):
        return replace(draft, week=WeekDays(plain=WORKDAYS))
    if scan.take(DAYS_OFF):
        return replace(draft, week=WeekDays(plain=WEEKEND))
    asked = bool(scan.take(WEEKLY))
    if asked and draft.scope == "day":
        return None
    repeats = asked or draft.scope == "week" or draft.interval_s or draft.marks
    repeats = repeats or (draft.cycle is not None and draft.cycle.unit == "week")
    is_weekend = scan.sees(SEES_WEEKEND)
    days = scan.try_read(lambda scan: read_weekdays(scan, prefixed=False))
    if days and (repeats or (len(days) > 1 and not is_weekend)):
        scan.take(OF)
        return replace(draft, week=WeekDays(plain=days))
    if asked and not days and not draft.scope and scan.take(EVERY_WEEK):
        return replace(draft, scope="week")
    return None


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
    """隔天, 隔周, 每隔一天 are every second; 每两周, 3天一次 are every so many; 每隔两天 can be both."""
    if draft.cycle or draft.scope:
        return None
    if scan.take(TWO_WEEKS):
        return _with_weekday(scan, replace(draft, cycle=Cycle("week", 2)))
    if match := scan.take(BETWEEN):
        count = 1 if match["count"] is None else value_of(match["count"])
        if count != 1:
            raise refuse_between(match[0], UNITS[match["unit"]], count or 0)
        return _with_weekday(scan, replace(draft, cycle=count_on(UNITS[match["unit"]], 2)))
    match = scan.take(EVERY_N) or scan.take(ONCE_IN_N)
    count = value_of(match["count"]) if match else None
    if match is None or not count:
        return None
    unit = UNITS[match["unit"]]
    if count == 1:
        return replace(draft, scope=unit)
    return _with_weekday(scan, replace(draft, cycle=count_on(unit, count)))


def _with_weekday(scan: Scan, draft: Draft) -> Draft:
    """隔周一, 每两周一三五: the sign for the week stands once."""
    assert draft.cycle is not None
    if draft.cycle.unit != "week":
        return draft
    days = scan.try_read(lambda scan: read_weekdays(scan, prefixed=True))
    return replace(draft, week=WeekDays(plain=days)) if days else draft


def _last_months(draft: Draft, from_end: bool) -> tuple[int, ...] | None:
    """The last day of a quarter is in its third month."""
    return QUARTER_ENDS if from_end and draft.months == QUARTERS and draft.scope == "month" else draft.months
