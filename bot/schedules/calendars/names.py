"""How people call the built-in calendars, in English, Chinese and Japanese."""

import re
import unicodedata
from functools import cache

from bot.schedules.calendars.countries import country_named, country_of_zone

LONGEST = 80  # no name of a calendar is longer
CANONICAL = re.compile(r"(holiday|workday):([a-z]{2}(?:-[a-z0-9]{1,4})?)|(trading):(x[a-z]{3})")
EXCHANGES = {"US": "XNYS", "CN": "XSHG", "GB": "XLON", "JP": "XTKS"}
# Names of an exchange, or of its shares. Two exchanges of one country keep the same days.
MARKETS = {
    "XNYS": "nyse, new york stock exchange, new york, nasdaq, wall street, us stock, us market, 纽交所, 纳斯达克, "
    "美股, ニューヨーク証券取引所, ニューヨーク",
    "XSHG": "sse, shanghai stock exchange, shanghai, shenzhen, shenzhen stock exchange, szse, a-share, a share, "
    "a股, 沪深, 上交所, 深交所, 上证, 沪市, 深市, 上海証券取引所, 上海",
    "XLON": "lse, london stock exchange, london, 伦交所, 伦敦, 英股, ロンドン証券取引所, ロンドン",
    "XTKS": "tse, jpx, tokyo stock exchange, tokyo, 东交所, 东京, 日股, 東証, 東京証券取引所, 東京",
}
HOLIDAY = (
    r"(?:(?:public|bank|national|official|statutory|legal|federal|state) )*holidays?"
    r"|(?:法定|国定|国家|公共|公众|官方)?(?:节假日|假日|假期|休息日|节日)|公假|放假日?"
    r"|祝祭日|祝日|休日|祭日|公休日|国民の(?:祝日|休日)|法定休日|祝休日"
)
WORKDAY = (
    r"work(?:ing)?[ -]?days?|business[ -]?days?"
    r"|(?:法定)?工作日|上班日|营业日|営業日|稼働日|就業日|労働日|勤務日"
)
TRADING = (
    r"(?:stock )?(?:trading|exchange|market)[ -]?days?|(?:stock )?(?:trading|market) sessions?"
    r"|(?:股市|股票|证券)?(?:交易日|开市日)|(?:株式)?(?:取引日|立会日)|取引所営業日"
)
# `A股交易日` has no space between the name and what it is; `in Germany` stands behind.
SHAPES = [
    (
        kind,
        re.compile(rf"(?:(?P<before>.+?)(?: ?の ?| ?的 ?| )?)??(?:{noun})(?: (?:in|of|for|at|on) (?P<behind>.+))?"),
    )
    for kind, noun in (("trading", TRADING), ("workday", WORKDAY), ("holiday", HOLIDAY))
]


def clean_name(words: str) -> str:
    """The words as they are compared: one case and width, single spaces; no possessive, article or `calendar`."""
    plain = unicodedata.normalize("NFKC", words[: 2 * LONGEST]).casefold()
    plain = re.sub(r"['’]s?(?= |$)", "", re.sub(r"[\"“”„«»《》「」]", "", plain))
    plain = " ".join(plain.split()).strip(" .,;:")
    plain = plain.removeprefix("the ").removeprefix("all ").removeprefix("calendar ")
    return plain.removesuffix(" calendar").removesuffix("日历").removesuffix("カレンダー").strip()


@cache
def _exchange(name: str) -> str | None:
    found = {each: code for code, names in MARKETS.items() for each in names.split(", ")}
    if name.upper() in MARKETS:
        return name.upper()
    return found.get(name) or EXCHANGES.get(country_named(name) or "")


def find_name(words: str, zone: str) -> str | None:
    """The canonical name of the built-in calendar that the words mean for somebody in the zone, else None."""
    name = clean_name(words)
    if not name or len(name) > LONGEST:
        return None
    if canonical := CANONICAL.fullmatch(name):
        kind, where, trading, market = canonical.groups()
        return _canonical(kind or trading, (where or market).upper())
    for kind, shape in SHAPES:
        if found := shape.fullmatch(name):
            return _resolve(kind, found["before"], found["behind"], zone)
    return None


def _resolve(kind: str, before: str | None, behind: str | None, zone: str) -> str | None:
    if before and behind:
        return None
    named = (before or behind or "").strip()
    if kind == "trading":
        market = _exchange(named.removeprefix("the ")) if named else EXCHANGES.get(country_of_zone(zone) or "")
        return f"trading:{market}" if market else None
    if named and (market := _market_of(kind, named)):
        return market
    country = country_named(named) if named else country_of_zone(zone)
    return f"{kind}:{country}" if country else None


def _market_of(kind: str, named: str) -> str | None:
    """`東証の営業日` and `NYSE business days` are days of trading."""
    is_market = kind == "workday" and country_named(named) is None and (market := _exchange(named))
    return f"trading:{market}" if is_market else None


def _canonical(kind: str, where: str) -> str | None:
    if kind == "trading":
        return f"trading:{where}" if where in MARKETS else None
    country, _, part = where.partition("-")
    code = country_named(country)
    return f"{kind}:{code}{'-' + part if part else ''}" if code else None
