"""The zone that a phrase names: `… in Tokyo`, `… Asia/Tokyo`, `… UTC+8`, `… London time`, `9am PST tomorrow`."""

import re

from bot.errors import Refusal
from bot.schedules.zones import HALF_YEAR, NICKNAMES, SHARED, find_zone, half_year_offset, read_zone

IANA = r"[A-Za-z_]+(?:/[A-Za-z][A-Za-z0-9_+\-]*)+"
OFFSET = r"(?:UTC|GMT)(?:\s?[+-]\s?\d{1,2}(?::?[0-5]\d)?)?"
LEADING = re.compile(rf"({IANA})\s*:\s+(.+)", re.DOTALL)
TRAILING = re.compile(rf"(.+?)[\s,]+(?:in\s+)?\(?({IANA}|{OFFSET})\)?(?:\s+time)?", re.DOTALL | re.IGNORECASE)
# Two and three letters are a zone only right behind a time, and there wherever they stand.
SHORT = "|".join(sorted({*HALF_YEAR, *SHARED, *(name for name in NICKNAMES if len(name) <= 3 and name != "z")}))
BEHIND_TIME = re.compile(rf"(?<=[\dmMnt])\s+({SHORT})\b(?!/)", re.IGNORECASE)
MOST_WORDS = 3
BARE_NAMES = ("pacific", "eastern", "central", "mountain")


def peel_zone(phrase: str) -> tuple[str, str | None, str]:
    """(the phrase without its zone, the zone's name or None, the half-year abbreviation that was typed or "").

    Raises Refusal `unknown_zone` or `ambiguous`; the choices are then whole texts, ready to be typed.
    """
    if not phrase.isascii() and (said := _peel_said(phrase)):
        return *said, ""
    if match := LEADING.fullmatch(phrase):
        return match[2], read_zone(match[1]), ""
    if match := TRAILING.fullmatch(phrase):
        return match[1], _read(match[2], match[1]), ""
    if match := BEHIND_TIME.search(phrase):
        rest = phrase[: match.start()] + phrase[match.end() :]
        word = match[1].lower()
        if word in HALF_YEAR:
            return rest, half_year_offset(word), word
        return rest, _read(word, rest), ""
    rest, zone = _peel_words(phrase)
    return rest, zone, ""


def _peel_said(phrase: str) -> tuple[str, str] | None:
    """`北京时间`, `日本時間`; loaded only for phrases in such writing."""
    from bot.schedules.words.languages import peel_zone_said

    return peel_zone_said(phrase)


def _peel_words(phrase: str) -> tuple[str, str | None]:
    """`… in New York`, `… London time`, `… Pacific`."""
    words = phrase.split()
    said = len(words) > 1 and words[-1].lower() == "time"
    words = words[:-1] if said else words
    for count in range(min(MOST_WORDS, len(words) - 1), 0, -1):
        rest, name = words[:-count], words[-count:]
        marked = said or name[0].lower() in BARE_NAMES or (rest and rest[-1].lower() == "in")
        zone = find_zone(" ".join(name)) if rest and marked else None
        if zone is not None:
            return " ".join(rest).removesuffix(" in"), zone
    return phrase, None


def _read(name: str, rest: str) -> str:
    try:
        return read_zone(name)
    except Refusal as refusal:
        choices = tuple(f"{rest.strip()} {zone}" for zone in refusal.choices)
        hint = f"Write {' or '.join(f'“{choice}”' for choice in choices)}." if choices else refusal.hint
        raise Refusal(refusal.message, hint, code=refusal.code, choices=choices, field="zone") from None
