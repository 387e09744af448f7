"""The Japanese words of time and what they stand for."""

import re

from bot.schedules.words.han.numerals import NUMBER, value_of
from bot.schedules.words.han.scan import Scan
from bot.schedules.words.han.tongue import Part, Tongue, said_as

WEEKDAYS = {"日": 0, "月": 1, "火": 2, "水": 3, "木": 4, "金": 5, "土": 6}
UNITS = {"時間": 3600, "分間": 60, "秒間": 1, "分": 60, "秒": 1}
STEP = re.compile(rf"(?P<count>{NUMBER})(?P<unit>時間|分間|秒間|分|秒)(?P<half>半)?|(?P<half_first>半)時間")
PARTS = {
    "午前": Part("morning", said_as(range(12))),
    "午後": Part("afternoon", said_as(range(13, 24)) | said_as(range(12), 12)),  # 午後12時 may be noon or midnight
    **dict.fromkeys(("未明", "明け方"), Part("night", said_as(range(7)))),
    "早朝": Part("morning", said_as(range(3, 9))),
    "朝": Part("morning", said_as(range(4, 12))),
    **dict.fromkeys(("お昼", "昼"), Part("afternoon", said_as(range(11, 16)) | said_as(range(1, 4), 12))),
    **dict.fromkeys(("夕方", "夕"), Part("evening", said_as(range(15, 20)) | said_as(range(3, 8), 12))),
    **dict.fromkeys(
        ("夜", "晩"),
        Part("evening", said_as(range(17, 24)) | said_as(range(5, 12), 12) | {12: 24, 0: 24, 24: 24}),
    ),
    **dict.fromkeys(
        ("夜中", "深夜", "真夜中", "夜間"),
        Part("night", said_as(range(20, 24)) | said_as(range(9, 12), 12) | said_as(range(6), 24) | {12: 24, 24: 24}),
    ),
}
JA = Tongue(
    code="ja",
    parts=PARTS,
    named={"正午": 12, "お昼": 12, "真夜中": 24},
    hour="時(?!間)",
    joint=re.compile(r" ?(?:、|,|・|と|および|及び|かつ|ならびに|&) ?"),
    until=re.compile(r" ?(?:から|より|~|〜|-|–|—|ー) ?"),
    behind=re.compile(r"(?:まで|迄)?(?:の間)?"),
    hints={
        "hours": "時は0〜23、分は0〜59です。",
        "part": "24時間表記で時刻を書いてください(例「毎日 21:00」)。",
        "window": "終わりは始まりより後にしてください。",
        "week": "曜日を書いてください(例「毎週月曜 9:00」)。",
        "month": "日にちを書いてください(例「毎月1日 9:00」)。",
        "year": "月日を書いてください(例「毎年1月1日 9:00」)。",
        "times": "それぞれの時刻を書いてください(例「毎日 9:00と17:00」)。",
        "kinds": "間隔と時刻は、どちらか一方だけ書いてください。",
        "often": "間隔を書いてください(例「9時から18時まで30分ごと」)。",
        "midnight": "0時からは翌日になります。どの日か書いてください。",
        "vague": "時刻がありません(例「毎日 9:00」「明日 9:00」)。",
        "exact": "正確な時刻を書いてください。",
        "weekday": "曜日は月曜から日曜までです。",
        "day": "日にちは1〜31です。",
        "past": "過ぎた時刻です。",
        "either": "どちらか一方を書いてください。",
    },
)


def read_duration(scan: Scan) -> int | None:
    """`5分`, `1時間30分`, `1時間半`, `半時間`, in seconds."""
    total = None
    while True:
        place = scan.at
        match = scan.take(STEP)
        if match and match["half_first"]:
            return (total or 0) + 1800
        count = value_of(match["count"]) if match else None
        if match is None or count is None:
            scan.at = place
            return total
        size = UNITS[match["unit"]]
        total = (total or 0) + count * size + (size // 2 if match["half"] else 0)
