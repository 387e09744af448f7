"""The zone that a Chinese or Japanese phrase names: 北京时间, 日本時間, 纽约时间, UTC+8 without a space before it."""

import re
import unicodedata

from bot.schedules.zones import find_zone

ZONES = {
    "Asia/Shanghai": "北京 中国 中國 上海 国内 國內 東八区 东八区",
    "Asia/Tokyo": "日本 東京 东京",
    "Asia/Hong_Kong": "香港",
    "Asia/Taipei": "台北 臺北 台湾 臺灣",
    "Asia/Singapore": "新加坡 シンガポール",
    "Asia/Seoul": "首尔 首爾 韩国 韓国 韓國 ソウル",
    "Asia/Kolkata": "印度 インド",
    "Asia/Dubai": "迪拜 ドバイ",
    "Europe/London": "伦敦 倫敦 英国 英國 ロンドン イギリス",
    "Europe/Paris": "巴黎 法国 法國 パリ フランス",
    "Europe/Berlin": "柏林 德国 德國 ベルリン ドイツ",
    "Europe/Moscow": "莫斯科 モスクワ",
    "America/New_York": "纽约 紐約 美国东部 美東 美东 美國東部 ニューヨーク 米国東部 アメリカ東部",
    "America/Chicago": "美国中部 芝加哥 シカゴ 米国中部",
    "America/Los_Angeles": "洛杉矶 洛杉磯 美国西部 美西 太平洋 旧金山 ロサンゼルス 米国西部 米国太平洋 アメリカ西部",
    "Australia/Sydney": "悉尼 雪梨 シドニー",
    "UTC": "世界协调 世界協調 协调世界 協定世界 格林尼治 グリニッジ標準",
}
NAMES = {name: zone for zone, names in ZONES.items() for name in names.split()}
SAID = re.compile(
    rf"[(,、 ]*(?:按照?|以)?({'|'.join(sorted(NAMES, key=len, reverse=True))})"
    r"(?:标准|標準)?(?:时间|時間|时区|時区|時區|时|時(?![间間]))(?:で|の|は|的)?[), ]*"
)
LATIN = re.compile(
    r"[(,、 ]*\b((?:UTC|GMT)(?:\s?[+-]\s?\d{1,2}(?::?[0-5]\d)?)?(?![0-9])|JST|HKT|SGT|KST"
    r"|[A-Z][A-Za-z_]+/[A-Z][A-Za-z_]+(?:/[A-Z][A-Za-z_]+)?)(?:で|时间|時間)?[), ]*",
    re.ASCII,
)


def peel_zone(phrase: str) -> tuple[str, str] | None:
    """(the phrase without it, the zone's name); None where none is said. The first one that is said counts."""
    plain = unicodedata.normalize("NFKC", phrase)
    if match := SAID.search(plain):
        return _without(plain, match), NAMES[match[1]]
    for match in LATIN.finditer(plain):
        zone = find_zone(match[1])
        if zone:
            return _without(plain, match), zone
    return None


def _without(phrase: str, match: re.Match[str]) -> str:
    return f"{phrase[: match.start()]} {phrase[match.end() :]}".strip()
