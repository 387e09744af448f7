"""Japanese phrases for what comes again: 毎日午前9時, 5分ごと, 毎時15分, 実行終了後10秒."""

import re
from dataclasses import replace
from functools import lru_cache, partial

from bot.schedules.words.cursor import Stuck
from bot.schedules.words.han.draft import Draft
from bot.schedules.words.han.numerals import NUMBER, value_of
from bot.schedules.words.han.recurring import read_recurring
from bot.schedules.words.han.scan import Scan
from bot.schedules.words.han.times import read_clock, read_part_alone, read_window
from bot.schedules.words.japanese.dates import read_cycle, read_month, read_of_months, read_scope, read_week
from bot.schedules.words.japanese.vocabulary import JA, read_duration
from bot.schedules.words.wish import Wish

FILLERS = re.compile(
    r"(?:を|に)?(?:自動)?(?:実行|起動|開始|動か|走ら)(?:する|して(?:ください|下さい)?|させる|せる|す)?|[一1](?:回|度)(?:ずつ)?"
    r"|お願いします|ください|下さい|[のにはでを、,。・ ]|ちょうど|定期的に|リマインド"
)
VAGUE = (
    (
        re.compile(
            r"たまに|時々|ときどき|しばしば|頻繁に|よく|定期的に?|しばらくしたら|後で|あとで|そのうち|いつか|随時|近いうち|適当"
        ),
        "vague",
    ),
    (re.compile(r"頃|ごろ|くらい|ぐらい|おおよそ|大体|だいたい|約|前後"), "exact"),
    (re.compile(r"または|又は|もしくは|それとも|あるいは"), "either"),
)
DELAY = re.compile(
    r"(?:毎回|毎|各|前回の?|直前の?|前の|一回の)?(?:実行|処理|ジョブ|ラン)(?:の|が)?"
    r"(?:終了|完了|終わって|終わり|終わった)?(?:して|した)?(?:の|から|後|あと)+(?:に|、)?"
    r"|前回の?(?:終了|完了)(?:の|から|後)+(?:に|、)?"
)
FIXED_DELAY = re.compile(r"固定(?:遅延|ディレイ):?")
AFTER = re.compile(r"(?:後|あと|待って|経って|たって)?(?:に|から)?(?:再び|再度|また|次を)?")
DAYS = re.compile(rf"({NUMBER})日")
HOURLY = re.compile(r"毎時の?|[一1]時間(?:ごと|毎)に?の")
MARK = re.compile(rf"({NUMBER})分(?!間|ごと|毎|おき|後)")
ON_THE_HOUR = re.compile(r"毎正時|毎時(?:ちょうど|正時)|正時(?:ごと)?に?")
EACH = re.compile(r"毎(?P<unit>時|分|秒)(?!間|[0-9])")
EACH_S = {"時": 3600, "分": 60, "秒": 1}
BEHIND = re.compile(r"(?:ごと|毎(?![日週月年朝晩夜時])|おき)(?:に|で|の)?|間隔(?:で|の)?|に[一1][回度]")
BEFORE = re.compile(r"固定(?:間隔|レート):?")
COUNT = re.compile(rf"(?:[一1]日に?)?({NUMBER})[回度]")
PER_DAY = re.compile(rf"[一1]日に?(?={NUMBER}[回度])")
OFFICE = re.compile(r"(?:営業|勤務|業務|就業)時間(?:中|内)?(?:に|は|の)?")


@lru_cache(maxsize=64)
def read_wish(phrase: str) -> Wish | Stuck:
    """The whole phrase as a wish, or where reading ended. Raises Refusal for what is understood and cannot be."""
    return read_recurring(phrase, READERS, FILLERS, VAGUE, JA)


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
    if scan.take(ON_THE_HOUR):
        return replace(draft, marks=(0,))
    marks = scan.read_list(_read_mark, JA.joint) if scan.take(HOURLY) else []
    return replace(draft, marks=tuple(sorted(set(marks)))) if marks else None


def _read_mark(scan: Scan) -> int | None:
    match = scan.take(MARK)
    mark = value_of(match[1]) if match else None
    return mark if mark is not None and mark <= 59 else None


def _read_interval(scan: Scan, draft: Draft) -> Draft | None:
    """For minutes and hours おき is as ごと."""
    if draft.interval_s or draft.marks or draft.told:
        return None
    if match := scan.take(EACH):
        return replace(draft, interval_s=EACH_S[match["unit"]])
    asked = bool(scan.take(BEFORE))
    seconds = read_duration(scan)
    if seconds is None or not (scan.take(BEHIND) or asked):
        return None
    return replace(draft, interval_s=seconds)


def _read_count(scan: Scan, draft: Draft) -> Draft | None:
    """毎日2回: the times must be named, too."""
    per_day = bool(scan.take(PER_DAY))
    if draft.asked_times or draft.scope not in ("", "day") or not (per_day or draft.scope):
        return None
    match = scan.take(COUNT)
    count = value_of(match[1]) if match else None
    if not count or (count == 1 and not per_day):
        return None
    return replace(draft, scope="day", asked_times=count)


def _read_office(scan: Scan, draft: Draft) -> Draft | None:
    return replace(draft, office=True) if not draft.window and not draft.office and scan.take(OFFICE) else None


READERS = (
    _read_delay,
    _read_marks,
    _read_interval,
    _read_count,
    read_cycle,
    read_scope,
    read_week,
    read_month,
    _read_office,
    partial(read_window, tongue=JA),
    partial(read_clock, tongue=JA),
    read_of_months,
    partial(read_part_alone, tongue=JA),
)
