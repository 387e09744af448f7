"""Chinese phrases for what comes again: 每天早上9点, 每隔5分钟, 每小时的第15分钟, 每次运行结束后10秒."""

import re
from dataclasses import replace
from functools import lru_cache, partial

from bot.schedules.words.chinese.dates import read_cycle, read_month, read_of_months, read_scope, read_week
from bot.schedules.words.chinese.vocabulary import ZH, read_duration, simplify
from bot.schedules.words.cursor import Stuck
from bot.schedules.words.han.draft import Draft
from bot.schedules.words.han.numerals import NUMBER, value_of
from bot.schedules.words.han.recurring import read_recurring
from bot.schedules.words.han.scan import Scan
from bot.schedules.words.han.times import read_clock, read_part_alone, read_window
from bot.schedules.words.wish import Wish

RUN = r"(?:运行|执行|跑|启动|触发)"
FILLERS = re.compile(
    rf"各?(?:自动)?{RUN}?[一1]次|(?:自动)?{RUN}(?:工作流|任务)?|请帮?我?|帮我|提醒我们?|定时|[,、;的在。!于从]|会|都|各"
)
VAGUE = (
    (
        re.compile(r"经常|时常|常常|有时候?|偶尔|不?定期|时不时|一会儿?|过一会儿?|稍后|待会儿?|尽快|有空|改天|随时"),
        "vague",
    ),
    (re.compile(r"大约|大概|左右|差不多|前后"), "exact"),
    (re.compile(r"或者|或|还是"), "either"),
)
DELAY = re.compile(
    rf"(?:在|等)?(?:每次|上一?次|前一?次|每一次|上个|每个)?(?:任务|作业|工作流)?{RUN}?(?:任务)?"
    r"(?:结束|完成|完毕|完)(?:之后|以后|后)?(?:间隔|等待|等|再过|再|隔|过|延迟)?"
)
FIXED_DELAY = re.compile(r"固定(?:延迟|延时):?")
AFTER = re.compile(rf"(?:之后|以后|后)?(?:再次?|重新|又)?(?:开始)?{RUN}?(?:下?[一1]?次)?")
DAYS = re.compile(rf"({NUMBER})天")
HOURLY = re.compile(r"每(?:[一1])?个?(?:小时|钟头)的?|每时的?")
MARK = re.compile(rf"第({NUMBER})分钟?|({NUMBER})分(?!钟)")
FULL_HOUR = re.compile(r"(?:每个?|逢|每逢)?整点")
HALF_HOUR = re.compile(r"(?:每个?|逢|每逢)?半点")
EVERY = re.compile(r"每(?:隔|过)?|固定(?:频率|间隔):?|间隔")
SINGLE = re.compile(r"每(?:隔|过)?个?(?P<unit>秒钟?|分钟?|小时|钟头|刻钟)")
SINGLE_S = {"秒": 1, "分": 60, "小": 3600, "钟": 3600, "刻": 900}
ONCE = re.compile(rf"{RUN}?[一1]次")
COUNT = re.compile(rf"{RUN}?({NUMBER})[次回遍]")
PER_DAY = re.compile(rf"[一1][天日](?={RUN}?{NUMBER}[次回遍])")
OFFICE = re.compile(r"(?:在)?(?:上班|工作|办公|营业)时间(?:段?内|里|中)?(?:的)?")


@lru_cache(maxsize=64)
def read_wish(phrase: str) -> Wish | Stuck:
    """The whole phrase as a wish, or where reading ended. Raises Refusal for what is understood and cannot be."""
    return read_recurring(simplify(phrase), READERS, FILLERS, VAGUE, ZH)


def _read_delay(scan: Scan, draft: Draft) -> Draft | None:
    if draft != Draft() or not (scan.take(FIXED_DELAY) or scan.take(DELAY)):
        return None
    days = scan.take(DAYS)
    seconds = (value_of(days[1]) or 0) * 86_400 if days else read_duration(scan)
    scan.take(AFTER)
    return None if seconds is None else replace(draft, delay_s=seconds)


def _read_marks(scan: Scan, draft: Draft) -> Draft | None:
    if draft.marks or draft.interval_s or draft.told:
        return None
    hourly = bool(scan.take(HOURLY))
    if scan.take(FULL_HOUR):
        return replace(draft, marks=(0,))
    if scan.take(HALF_HOUR):
        return replace(draft, marks=(30,))
    marks = scan.read_list(_read_mark, ZH.joint) if hourly else []
    return replace(draft, marks=tuple(sorted(set(marks)))) if marks else None


def _read_mark(scan: Scan) -> int | None:
    match = scan.take(MARK)
    mark = value_of(match[1] or match[2]) if match else None
    return mark if mark is not None and mark <= 59 else None


def _read_interval(scan: Scan, draft: Draft) -> Draft | None:
    if draft.interval_s or draft.marks or draft.told:
        return None
    if match := scan.take(SINGLE):
        return replace(draft, interval_s=SINGLE_S[match["unit"][0]])
    asked = bool(scan.take(EVERY))
    seconds = read_duration(scan)
    if seconds is None or not (scan.take(ONCE) or asked):
        return None
    return replace(draft, interval_s=seconds)


def _read_count(scan: Scan, draft: Draft) -> Draft | None:
    """每天两次, 一天两次: the times must be named, too."""
    per_day = not draft.scope and bool(scan.take(PER_DAY))
    match = scan.take(COUNT) if (per_day or draft.scope == "day") and not draft.asked_times else None
    count = value_of(match[1]) if match else None
    return replace(draft, scope="day", asked_times=count) if count and count > 1 else None


def _read_office(scan: Scan, draft: Draft) -> Draft | None:
    return replace(draft, office=True) if not draft.window and not draft.office and scan.take(OFFICE) else None


READERS = (
    _read_delay,
    _read_marks,
    _read_interval,
    _read_count,
    read_scope,
    read_cycle,
    read_week,
    read_month,
    read_of_months,
    _read_office,
    partial(read_window, tongue=ZH),
    partial(read_clock, tongue=ZH),
    partial(read_part_alone, tongue=ZH),
)
