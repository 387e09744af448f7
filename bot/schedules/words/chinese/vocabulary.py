"""The Chinese words of time and what they stand for. Traditional characters are read as their simplified ones."""

import re

from bot.schedules.words.han.numerals import NUMBER, value_of
from bot.schedules.words.han.scan import Scan
from bot.schedules.words.han.tongue import Part, Tongue, said_as

SIMPLIFIED = str.maketrans(
    "點週號鐘個後兩這禮時開從過結執運間實務畢節調為內員還顧東倫紐約國歐臺灣標準晝總進續於達聖誕終單雙歷曆幾會發動處邊來爾臨",
    "点周号钟个后两这礼时开从过结执运间实务毕节调为内员还顾东伦纽约国欧台湾标准昼总进续于达圣诞终单双历历几会发动处边来尔临",
)
WEEK = r"(?:周|星期|礼拜)"
WEEKDAYS = {"一": 1, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "日": 0, "天": 0, "末": -1}
UNITS = {
    "秒钟": 1,
    "秒": 1,
    "分钟": 60,
    "分": 60,
    "刻钟": 900,
    "小时": 3600,
    "钟头": 3600,
    "min": 60,
    "s": 1,
    "h": 3600,
    "m": 60,
}
UNIT = "|".join(sorted(UNITS, key=len, reverse=True))
STEP = re.compile(
    rf"(?:(?P<half_first>半)个?(?:小时|钟头)|(?P<count>{NUMBER})(?P<half>个半)?个?(?P<unit>{UNIT})(?![a-z])(?P<half_last>半)?)"
)
PARTS = {
    "凌晨": Part("night", said_as(range(7)) | {12: 0}),
    **dict.fromkeys(("清晨", "清早", "早晨", "早上", "早", "一早"), Part("morning", said_as(range(4, 12)))),
    "上午": Part("morning", said_as(range(12))),
    "中午": Part("afternoon", said_as(range(11, 15)) | said_as(range(1, 3), 12)),
    **dict.fromkeys(("下午", "午后"), Part("afternoon", said_as(range(12, 24)) | said_as(range(1, 12), 12))),
    **dict.fromkeys(("傍晚", "黄昏"), Part("evening", said_as(range(16, 21)) | said_as(range(4, 9), 12))),
    **dict.fromkeys(
        ("晚上", "晚间", "夜晚", "晚"),
        Part("evening", said_as(range(17, 24)) | said_as(range(5, 12), 12) | {12: 24, 0: 24, 24: 24}),
    ),
    **dict.fromkeys(
        ("半夜", "深夜", "夜里", "夜间", "夜"),
        Part("night", said_as(range(20, 24)) | said_as(range(8, 12), 12) | said_as(range(6), 24) | {12: 24, 24: 24}),
    ),
}
ZH = Tongue(
    code="zh",
    parts=PARTS,
    named={"中午": 12, "正午": 12, "午夜": 24, "子夜": 24},
    hour="点钟?|时",
    joint=re.compile(r" ?(?:、|,|以及|还有|和|及|与|跟|&) ?"),
    until=re.compile(r" ?(?:一直)?(?:到|至|~|〜|-|–|—) ?"),
    behind=re.compile(r"(?:之间|期间|止|为止|的时候)?"),
    hints={
        "hours": "小时为 0–23,分钟为 0–59。",
        "part": "请用 24 小时制写明时间,例如“每天 21:00”。",
        "window": "结束时间必须晚于开始时间。",
        "week": "请说明是周几,例如“每周一 9:00”。",
        "month": "请说明是几号,例如“每月1号 9:00”。",
        "year": "请说明是几月几日,例如“每年1月1日 9:00”。",
        "times": "请写明每个时间,例如“每天 9:00 和 17:00”。",
        "kinds": "间隔和具体时间只能写一种。",
        "often": "请说明间隔,例如“9点到18点每30分钟”。",
        "midnight": "零点以后属于第二天,请写明是哪一天。",
        "time": "请写明时间,例如“明天 9:00”。",
        "vague": "没有给出时间,例如请写“每天 9:00”或“明天 9:00”。",
        "weekday": "星期只有一到六和日(天)。",
        "day": "日期为 1–31。",
        "exact": "请写明准确时间。",
        "past": "这个时间已经过去。",
        "either": "请写明其中一种。",
    },
)


def simplify(phrase: str) -> str:
    """The phrase in simplified characters, as far as the grammar needs them; as long as before."""
    return phrase.translate(SIMPLIFIED)


def read_duration(scan: Scan) -> int | None:
    """`5分钟`, `1小时30分钟`, `一个半小时`, `半小时`, in seconds."""
    total = None
    while True:
        place = scan.at
        match = scan.take(STEP)
        count = 1 if match and match["half_first"] else value_of(match["count"]) if match else None
        if match is None or count is None:
            scan.at = place
            return total
        if match["half_first"]:
            return (total or 0) + 1800
        size = UNITS[match["unit"]]
        total = (total or 0) + count * size + (size // 2 if match["half"] or match["half_last"] else 0)
