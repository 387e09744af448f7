"""Japanese weekdays: 月曜日, 月・水・金, 月水金, 月曜から金曜まで, 土日."""

import re

from bot.schedules.words.han.scan import Scan
from bot.schedules.words.japanese.vocabulary import JA, WEEKDAYS

SIGN = "[日月火水木金土]"
NAMED = re.compile(rf"({SIGN})曜日?")
# Single signs only in a row or a list: alone 月 is a month and 日 a day.
ROW = re.compile(rf"({SIGN}{{2,7}}+)(?:曜日?)?(?!曜)")
SINGLE = re.compile(rf"({SIGN})(?!曜)")
UNTIL = JA.until
BEHIND = re.compile(r"まで|迄")
JOINT = re.compile(rf"(?:{JA.joint.pattern})?")


def read_weekdays(scan: Scan, *, asked: bool) -> frozenset[int] | None:
    """The weekdays that stand here, 0 is Sunday. `asked`: 毎週 stands before, so that 月 alone is Monday."""
    place = scan.at
    first, sure = _read_one(scan)
    if not first:
        return None
    if len(first) == 1 and scan.take(UNTIL):
        last, _ = _read_one(scan)
        if len(last) == 1:
            scan.take(BEHIND)
            return frozenset((first[0] + step) % 7 for step in range((last[0] - first[0]) % 7 + 1))
        scan.at = place
        first, sure = _read_one(scan)
    found, named = _read_more(scan)
    found = [*first, *found]
    if not (sure or named or asked or len(found) > 1):
        scan.at = place
        return None
    return frozenset(found)


def _read_more(scan: Scan) -> tuple[list[int], bool]:
    found: list[int] = []
    sure = False
    while True:
        place = scan.at
        joint = scan.take(JOINT)
        more, named = _read_one(scan)
        if not more or (not named and not (joint and joint[0].strip())):
            scan.at = place
            return found, sure
        found += more
        sure = sure or named


def _read_one(scan: Scan) -> tuple[list[int], bool]:
    """The weekdays of one word, and whether it says 曜."""
    if match := scan.take(NAMED):
        return [WEEKDAYS[match[1]]], True
    if match := scan.take(ROW):
        days = [WEEKDAYS[sign] for sign in match[1]]
        return (days, True) if len(set(days)) == len(days) else ([], False)
    match = scan.take(SINGLE)
    return ([WEEKDAYS[match[1]]], False) if match else ([], False)
