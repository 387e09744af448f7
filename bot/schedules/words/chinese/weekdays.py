"""Chinese weekdays: 周一, 周一三五, 周一、三、五, 周一到周五, and which figures behind them belong to the time."""

import re

from bot.errors import Refusal
from bot.schedules.cron.describe import DAY_NAMES
from bot.schedules.words.chinese.vocabulary import WEEK, WEEKDAYS, ZH
from bot.schedules.words.han.draft import WEEKEND
from bot.schedules.words.han.numerals import value_of
from bot.schedules.words.han.scan import Scan

NUMERALS = r"[一二三四五六七八九十两零〇]"
# Not 一次, 五天: how often, and no day.
RUN = re.compile(rf"(?:{NUMERALS}++(?:(?<=六)[日末])?|[日天末])(?![次回天个])")
FIGURES = re.compile(r"[1-7](?![0-9:次回个点时分秒天日号周月年\-])")
TIME_BEHIND = re.compile(r"点|时(?!间)")
PREFIX = re.compile(WEEK)
UNTIL = re.compile(r" ?(?:到|至|~|〜|-|–|—) ?")
JOINT = re.compile(r" ?(?:、|,|以及|还有|和|及|与|跟|&)? ?")
LISTED_HOUR = re.compile(rf" ?[、和及与] ?{NUMERALS}+(?:点|时)")


def read_weekdays(scan: Scan, *, prefixed: bool) -> frozenset[int] | None:
    """The weekdays that stand here, 0 is Sunday. `prefixed`: 周 was read already. Raises Refusal for 周八."""
    first = _read_run(scan) if prefixed else None
    if first is None:
        if not scan.take(PREFIX):
            return None
        first = _read_run(scan)
    if first is None:
        return None
    place = scan.at
    if len(first) == 1 and scan.take(UNTIL):
        scan.take(PREFIX)
        last = _read_run(scan)
        if last and len(last) == 1:
            return frozenset((first[0] + step) % 7 for step in range((last[0] - first[0]) % 7 + 1))
        scan.at = place
    found = [*first, *_read_more(scan)]
    if scan.sees(LISTED_HOUR) and len(found) > 1:
        raise _refuse_split(scan.text[place:])
    return frozenset(day for one in found for day in (WEEKEND if one == -1 else (one,)))


def _read_more(scan: Scan) -> list[int]:
    found: list[int] = []
    while True:
        place = scan.at
        joint = scan.take(JOINT)
        more = _read_run(scan) if scan.take(PREFIX) or (joint and joint[0].strip()) else None
        if not more:
            scan.at = place
            return found
        found += more


def _read_run(scan: Scan) -> list[int] | None:
    """The weekdays of 一三五; where a time follows (一三五八点), the figures that it needs are left."""
    if match := scan.take(FIGURES):
        return [int(match[0]) % 7]
    place = scan.at
    match = scan.take(RUN)
    if not match:
        return None
    run = match[0]
    if not scan.sees(TIME_BEHIND):
        if any(sign not in WEEKDAYS for sign in run):
            if len(run) == 1:
                raise _refuse_name(run)
            scan.at = place
            return None
        return [WEEKDAYS[sign] for sign in run]
    splits = [at for at in range(1, len(run)) if _is_split(run, at)]
    if len(splits) > 1:
        raise _refuse_split(run + scan.text[scan.at :])
    if not splits:
        scan.at = place
        return None
    scan.at = place + scan.text[place:].find(run) + splits[0]
    return [WEEKDAYS[sign] for sign in run[: splits[0]]]


def _is_split(run: str, at: int) -> bool:
    days = [WEEKDAYS.get(sign, -9) for sign in run[:at]]
    hour = value_of(run[at:])
    return min(days) > 0 and days == sorted(set(days)) and hour is not None and hour <= 24


def _refuse_name(sign: str) -> Refusal:
    return Refusal(
        f"There is no weekday “周{sign}”.",
        f"{ZH.hints['weekday']} (The days are {', '.join(DAY_NAMES[1:])} and {DAY_NAMES[0]}.)",
        code="unreadable",
    )


def _refuse_split(shown: str) -> Refusal:
    return Refusal(
        f"It is unclear which figures of “{shown.strip()}” are days and which are the hour.",
        "请把时间写成“20:00”。 (Write the time as 20:00.)",
        code="ambiguous",
    )
