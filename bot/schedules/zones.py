"""The names of time zones: IANA names, or a fixed offset written `UTC+8`, `UTC-5:30`, `UTC`."""

import difflib
import re
import unicodedata
import zoneinfo
from datetime import UTC, timedelta, timezone, tzinfo
from functools import cache

import tzdata  # type: ignore[import-untyped]  # it has no stubs

from bot.errors import Refusal

# The zone data of the package `tzdata` decides, never the system's copy, which may be years older. The setting is
# process-wide and must come before the first ZoneInfo is made, so it stands in this one place.
zoneinfo.reset_tzpath(())

EAST_S, WEST_S = 14 * 3600, -12 * 3600  # the widest offsets in use: Kiritimati, Baker Island
NAME_LIMIT = 64
NEAR = 0.75  # Asia/Tokio, Europe/Berln; Nowhere/Land is near nothing
FIXED = re.compile(r"(?:UTC|GMT)?\s*([+-])\s*(\d{1,2})(?::?([0-5]\d))?", re.IGNORECASE)

# Names that people use for a zone that follows its own clock changes.
NICKNAMES = {
    "beijing": "Asia/Shanghai",
    "china": "Asia/Shanghai",
    "india": "Asia/Kolkata",
    "mumbai": "Asia/Kolkata",
    "delhi": "Asia/Kolkata",
    "eastern": "America/New_York",
    "et": "America/New_York",
    "central": "America/Chicago",
    "ct": "America/Chicago",
    "mountain": "America/Denver",
    "mt": "America/Denver",
    "pacific": "America/Los_Angeles",
    "pt": "America/Los_Angeles",
    "san francisco": "America/Los_Angeles",
    "seattle": "America/Los_Angeles",
    "boston": "America/New_York",
    "jst": "Asia/Tokyo",
    "kst": "Asia/Seoul",
    "hkt": "Asia/Hong_Kong",
    "sgt": "Asia/Singapore",
    "msk": "Europe/Moscow",
    "hst": "Pacific/Honolulu",
    "z": "UTC",
    "utc": "UTC",
    "gmt": "UTC",
}
# Abbreviations of one half of the year: (hours east of UTC, the zone that changes its clock). Good for one instant;
# for a schedule that runs through the year it is unclear which of the two is meant.
HALF_YEAR = {
    "est": (-5, "America/New_York"),
    "edt": (-4, "America/New_York"),
    "cdt": (-5, "America/Chicago"),
    "mst": (-7, "America/Denver"),
    "mdt": (-6, "America/Denver"),
    "pst": (-8, "America/Los_Angeles"),
    "pdt": (-7, "America/Los_Angeles"),
    "cet": (1, "Europe/Paris"),
    "cest": (2, "Europe/Paris"),
    "eet": (2, "Europe/Helsinki"),
    "eest": (3, "Europe/Helsinki"),
    "aest": (10, "Australia/Sydney"),
    "aedt": (11, "Australia/Sydney"),
    "nzst": (12, "Pacific/Auckland"),
    "nzdt": (13, "Pacific/Auckland"),
}
# Abbreviations that several countries use for different times.
SHARED = {
    "cst": ("Asia/Shanghai", "America/Chicago", "America/Havana"),
    "ist": ("Asia/Kolkata", "Europe/Dublin", "Asia/Jerusalem"),
    "bst": ("Europe/London", "Asia/Dhaka", "Pacific/Bougainville"),
    "ast": ("America/Halifax", "Asia/Riyadh"),
}


@cache
def zone_of(name: str) -> tzinfo:
    """The zone of a canonical name, as `read_zone` gives it. Raises Refusal `unknown_zone`."""
    if name == "UTC":
        return UTC
    fixed = FIXED.fullmatch(name) if name.startswith(("UTC+", "UTC-")) else None
    if fixed and WEST_S <= _offset_s(fixed) <= EAST_S:
        return timezone(timedelta(seconds=_offset_s(fixed)), name)
    if name not in _names():
        raise _unknown(name)
    return zoneinfo.ZoneInfo(name)


def read_zone(text: str) -> str:
    """The canonical name of a zone that somebody typed.

    Takes IANA names in any case, cities (`tokyo`), common names (`beijing time`, `ET`) and fixed offsets (`UTC+8`).
    Raises Refusal: `unknown_zone` with the nearest names, or `ambiguous` with the zones that it may be.
    """
    name = find_zone(text)
    if name is None:
        raise _unknown(text)
    return name


def find_zone(text: str) -> str | None:
    """As `read_zone`, and None where the text names no zone. Raises Refusal `ambiguous`."""
    words = unicodedata.normalize("NFKC", text[:NAME_LIMIT]).strip().lower().removesuffix(" time")
    if (fixed := FIXED.fullmatch(words)) and WEST_S <= _offset_s(fixed) <= EAST_S:
        return _fixed_name(_offset_s(fixed))
    if words in SHARED:
        raise _ambiguous(words, SHARED[words])
    if words in HALF_YEAR:
        raise _ambiguous(words, (HALF_YEAR[words][1], half_year_offset(words)))
    key = words.replace(" ", "_")
    return NICKNAMES.get(words) or _names_by_key().get(key) or _cities().get(key)


def half_year_offset(word: str) -> str:
    """The fixed offset that an abbreviation such as `PST` stands for."""
    return _fixed_name(HALF_YEAR[word][0] * 3600)


def label_zone(name: str) -> str:
    """The zone for people: a fixed offset says that it knows no clock changes."""
    return f"{name} (fixed offset, no daylight saving)" if name.startswith(("UTC+", "UTC-")) else name


@cache
def data_version() -> str:
    """The release of the zone data that decides, such as `2026f`: another one may move future slots."""
    return str(tzdata.IANA_VERSION)


def _offset_s(match: re.Match[str]) -> int:
    sign, hours, minutes = match.groups()
    return (-1 if sign == "-" else 1) * (int(hours) * 3600 + int(minutes or 0) * 60)


def _fixed_name(seconds: int) -> str:
    if not seconds:
        return "UTC"
    hours, rest = divmod(abs(seconds), 3600)
    return f"UTC{'-' if seconds < 0 else '+'}{hours}" + (f":{rest // 60:02}" if rest else "")


@cache
def _names() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones()) - {"Factory", "localtime"}


@cache
def _names_by_key() -> dict[str, str]:
    return {name.lower(): name for name in _names()}


@cache
def _cities() -> dict[str, str]:
    found: dict[str, set[str]] = {}
    for name in _names():
        region, _, city = name.rpartition("/")
        if region and not region.startswith(("Etc", "US", "SystemV", "Brazil", "Canada", "Chile", "Mexico")):
            found.setdefault(city.lower(), set()).add(name)
    return {city: min(names) for city, names in found.items() if len(names) == 1}


def _unknown(text: str) -> Refusal:
    shown = " ".join(text[:NAME_LIMIT].split())
    key = shown.lower().replace(" ", "_")
    near = [_names_by_key()[k] for k in difflib.get_close_matches(key, _names_by_key(), n=3, cutoff=NEAR)]
    city = key.rpartition("/")[2]
    like = difflib.get_close_matches(city, _cities(), n=3, cutoff=NEAR)
    near += [_cities()[k] for k in like if abs(len(k) - len(city)) <= 1]
    choices = () if FIXED.search(shown) else tuple(dict.fromkeys(near))[:3]
    hint = f"Did you mean {' or '.join(choices)}?" if choices else "Write it as in Asia/Shanghai, or as UTC+8."
    return Refusal(f"I know no time zone “{shown}”.", hint, code="unknown_zone", choices=choices, field="zone")


def _ambiguous(word: str, zones: tuple[str, ...]) -> Refusal:
    return Refusal(
        f"“{word.upper()}” does not name one time zone: it can be {' or '.join(zones)}.",
        "Write the zone that you mean.",
        code="ambiguous",
        choices=zones,
        field="zone",
    )
