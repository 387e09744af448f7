"""Hostile texts, made from a seeded dice: word salad, broken cron, spoiled phrases, foreign scripts, sheer length."""

import random

LONGEST = 520  # a little more than is read at all
VOCABULARY = (
    "every each day daily weekday monday mondays fri 9 9am 9:30 25:00 at on in the of month last first 2nd 31st "
    "and or , - / * ? L W # 15W MON-FRI */5 0 8 1-5 minutes 5m 2h hour seconds next this tomorrow today noon "
    "midnight from to between until UTC+8 Asia/Tokyo CST EST London time 2026-12-01 03/04 2026-13-45 99999999999 "
    "year january may feb 29 30 half an a couple weeks months after run api 每天 早上 ？ ， \u202e \x00 0.5 -5 12:60 "
    ": :05 h 1h30m T Z +08:00 '' \" ( ) ٣ ½ ² １２ 9：00 except quarter yearly evening starting times only workdays "
    "holidays skip jitter 工作日 每周一 上午九点 下午三点 每月 最后一天 明天 今天 隔天 半 点 分 月 日 号 到 直到 "
    "毎日 毎週 月曜日 午後 九時 営業日 月末 明日 から まで 祝日を除く ごと 一 二 三 十 百 千 万"
)
WORDS = VOCABULARY.split(" ")
PHRASES = (
    *("every day at 9", "0 0 8 * * ?", "*/15 9-17 * * MON-FRI", "tomorrow at 9:00", "in 5 minutes", "@daily"),
    *("every month on the 1st at 10:00", "every 2 weeks on monday at 9:00", "every weekday at 9:00 until 2027-01-01"),
    *("every 15 minutes between 9:00 and 17:00 on weekdays", "the last friday of every month at 16:30 Asia/Tokyo"),
    *("10 seconds after each run", "every day at 9:00 except US holidays", "next monday at noon", "2026-12-01 14:00"),
    *(
        "每天早上9点",
        "每周一上午九点半",
        "每个工作日18:00",
        "每月最后一天下午三点",
        "明天下午3点",
        "每隔两小时",
        "5分钟后",
    ),
    *("毎日午前9時", "毎週月曜日の10時", "平日の18時30分", "毎月末日の17時", "明日の午後3時", "2時間ごと", "5分後"),
)
SCRIPTS = (
    *((0x20, 0x7E), (0x300, 0x36F), (0x370, 0x52F), (0x590, 0x6FF), (0x900, 0x97F), (0xE00, 0xE7F)),
    *((0x2000, 0x206F), (0x2460, 0x24FF), (0x3000, 0x30FF), (0x4E00, 0x9FFF), (0xAC00, 0xD7A3), (0xFF00, 0xFFEF)),
    *((0x1D7CE, 0x1D7FF), (0x1F300, 0x1FAFF), (0xE0020, 0xE007F), (0, 0x1F), (0x7F, 0x9F), (0xD800, 0xDFFF)),
)
STRANGE = (
    *(
        "'; DROP TABLE jobs; --",
        "1 OR 1=1",
        "{{ 7*7 }}",
        "${jndi:ldap://x}",
        "%s%n%x",
        "../../etc/passwd",
        "<!channel>",
    ),
    *(
        "<@U0123>",
        "&lt;b&gt;",
        "\\u0000",
        "\u202eevery day",
        "e\u0301" * 30,
        "👩‍👩‍👧‍👦",
        "𝟗:𝟎𝟎",
        "Ⅸ",
        "九" * 40,
        "٠٩:٠٠",
        "०९:००",
    ),
    *(
        "ﷺ",
        "İ",
        "ß",
        "ǆ",
        "\ufeff",
        "\u2028",
        "\u3000",
        "\xa0",
        "1e999",
        "NaN",
        "inf",
        "0x10",
        "1_000",
        "-0",
        "+9",
        "⑨時",
    ),
)


def make_text(dice: random.Random) -> str:
    """One text of any family."""
    return dice.choice(FAMILIES)(dice)[:LONGEST]


def _salad(dice: random.Random) -> str:
    return dice.choice((" ", " ", "", "  ")).join(dice.choice(WORDS) for _ in range(dice.randint(1, 12)))


def _noise(dice: random.Random) -> str:
    scripts = dice.sample(SCRIPTS, dice.randint(1, 3))
    return "".join(chr(dice.randint(*dice.choice(scripts))) for _ in range(dice.randint(0, 60)))


def _cron(dice: random.Random) -> str:
    fields = ("".join(dice.choice("0123456789*/,-?LW#") for _ in range(dice.randint(1, 6))) for _ in range(7))
    return " ".join(list(fields)[: dice.randint(3, 8)])


def _long_cron(dice: random.Random) -> str:
    """Lists, ranges and steps to the limit of the length."""
    item = dice.choice(
        ("1,", "0-59,", "*/1,", "0/", "1-", "5-3,", "MON,", "MONDAY,", "L,", "15W,", "2#1,", "?", "99,")
    )
    fields = ["0", "0", "8", "*", "*", "?"][: dice.choice((5, 6))]
    fields[dice.randrange(len(fields))] = item * dice.randint(1, 160) + "1"
    return " ".join(fields)


def _spoiled(dice: random.Random) -> str:
    """A good phrase with one to four faults: letters lost, doubled, swapped, and strange words between."""
    text = dice.choice(PHRASES)
    for _ in range(dice.randint(1, 4)):
        place = dice.randint(0, len(text))
        part = dice.choice((dice.choice(WORDS), dice.choice(STRANGE), text[place : place + 3], "", " "))
        text = text[:place] + part + text[place + dice.randint(0, 3) :]
    return text


def _joined(dice: random.Random) -> str:
    glue = dice.choice((" and ", ", ", "; ", " or ", " ", "和", "、", "と", " until ", " except ", " from ", " at "))
    return glue.join(dice.choice(PHRASES) for _ in range(dice.randint(2, 6)))


def _repeated(dice: random.Random) -> str:
    return (dice.choice((*WORDS, *STRANGE)) + dice.choice(("", " ", ",", "/", "-"))) * dice.randint(1, 300)


def _nested(dice: random.Random) -> str:
    left, right = dice.choice(("()", "[]", "{}", "“”", "（）", "''"))
    depth = dice.randint(1, 200)
    return left * depth + dice.choice(PHRASES) + right * depth


def _huge(dice: random.Random) -> str:
    number = dice.choice("123456789") + "".join(dice.choice("0123456789") for _ in range(dice.randint(3, 400)))
    form = dice.choice(
        (
            *(
                "every {} minutes",
                "in {} days",
                "{}",
                "0 {} * * *",
                "0 0 8 1 1 ? {}",
                "every {} weeks on monday at 9:00",
            ),
            *(
                "{} seconds after each run",
                "{}:00",
                "{}-01-01 09:00",
                "每{}分钟",
                "{}日後",
                "every day at 9:00 {} times",
            ),
            *("every day at {}am", "on the {}th of every month at 9:00", "*/{} * * * *", "every day at 9:00 UTC+{}"),
        )
    )
    return form.format(number)


def _strange(dice: random.Random) -> str:
    parts = [dice.choice(STRANGE), dice.choice(PHRASES), dice.choice(("", *STRANGE))]
    return dice.choice(("", " ")).join(parts)


FAMILIES = (
    _salad,
    _salad,
    _noise,
    _cron,
    _long_cron,
    _spoiled,
    _spoiled,
    _joined,
    _repeated,
    _nested,
    _huge,
    _strange,
)
