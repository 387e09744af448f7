"""Countries: the one that a time zone lies in, and the one that a name, an adjective or an ISO code means."""

import re
from functools import cache
from importlib import resources

# Words that people use for a country beside its name in tzdata's iso3166.tab.
OTHER_NAMES = {
    "AE": "emirati, uae",
    "AT": "austrian, 奥地利, オーストリア",
    "AU": "australian, 澳大利亚, 澳洲, オーストラリア",
    "BE": "belgian, 比利时, ベルギー",
    "BR": "brazilian, 巴西, ブラジル",
    "CA": "canadian, 加拿大, カナダ",
    "CH": "swiss, 瑞士, スイス",
    "CN": "chinese, prc, mainland china, 中国, 中华人民共和国, 大陆, 中国大陆",
    "CZ": "czech, czechia, 捷克, チェコ",
    "DE": "german, 德国, ドイツ",
    "DK": "danish, 丹麦, デンマーク",
    "ES": "spanish, 西班牙, スペイン",
    "FI": "finnish, 芬兰, フィンランド",
    "FR": "french, 法国, フランス",
    "GB": "uk, british, english, england, great britain, united kingdom, 英国, イギリス",
    "GR": "greek, 希腊, ギリシャ",
    "HK": "hong kong, 香港",
    "ID": "indonesian, 印度尼西亚, 印尼, インドネシア",
    "IE": "irish, 爱尔兰, アイルランド",
    "IL": "israeli, 以色列, イスラエル",
    "IN": "indian, 印度, インド",
    "IT": "italian, 意大利, イタリア",
    "JP": "japanese, 日本",
    "KR": "korean, south korean, south korea, 韩国, 韓国",
    "MX": "mexican, 墨西哥, メキシコ",
    "MY": "malaysian, 马来西亚, マレーシア",
    "NL": "dutch, the netherlands, holland, 荷兰, オランダ",
    "NO": "norwegian, 挪威, ノルウェー",
    "NZ": "new zealand, 新西兰, ニュージーランド",
    "PH": "philippine, filipino, 菲律宾, フィリピン",
    "PL": "polish, 波兰, ポーランド",
    "PT": "portuguese, 葡萄牙, ポルトガル",
    "RU": "russian, 俄罗斯, ロシア",
    "SE": "swedish, 瑞典, スウェーデン",
    "SG": "singaporean, 新加坡, シンガポール",
    "TH": "thai, 泰国, タイ",
    "TR": "turkish, turkey, türkiye, 土耳其, トルコ",
    "TW": "taiwanese, 台湾, 臺灣",
    "UA": "ukrainian, 乌克兰, ウクライナ",
    "US": "american, usa, u.s, u.s.a, america, united states of america, 美国, アメリカ, 米国",
    "VN": "vietnamese, 越南, ベトナム",
    "ZA": "south african, 南非, 南アフリカ",
}


@cache
def country_of_zone(zone: str) -> str | None:
    """The ISO code of the country that a zone of tzdata lies in; None for UTC and fixed offsets."""
    here = _countries_by_zone()
    return here.get(zone) or here.get(_zones_by_alias().get(zone, ""))


def country_named(words: str) -> str | None:
    """The ISO code that is meant by a name, an adjective or a code of two letters, in any case."""
    name = words.strip(" .").casefold().removeprefix("the ")
    if re.fullmatch("[a-z]{2}", name):
        name = {"uk": "gb"}.get(name, name)
        return name.upper() if name.upper() in _names() else None
    return _codes_by_name().get(name)


@cache
def _countries_by_zone() -> dict[str, str]:
    return {row[2]: row[0] for row in _rows("zone.tab")}


@cache
def _zones_by_alias() -> dict[str, str]:
    """Old names of zones (`Asia/Calcutta`, `US/Eastern`), with the zone that they are links to."""
    links = (line.split() for line in _read("tzdata.zi").splitlines() if line.startswith("L "))
    return {alias: target for _, target, alias in links}


@cache
def _names() -> dict[str, str]:
    return {row[0]: row[1] for row in _rows("iso3166.tab")}


@cache
def _codes_by_name() -> dict[str, str]:
    """`Britain (UK)` is found as britain, `Korea (South)` under its whole name only, for there are two."""
    found: dict[str, str] = {}
    for code, name in _names().items():
        short = re.sub(r"\s*\(.*?\)", "", name).casefold()
        found[name.casefold()] = code
        found[short] = "" if short in found and found[short] != code else code
    for code, others in OTHER_NAMES.items():
        found |= dict.fromkeys(others.split(", "), code)
    return {name: code for name, code in found.items() if code}


def _rows(name: str) -> list[list[str]]:
    return [line.split("\t") for line in _read(name).splitlines() if line and not line.startswith("#")]


def _read(name: str) -> str:
    return resources.files("tzdata").joinpath("zoneinfo", name).read_text("utf-8")
