"""Text that strangers wrote, made fit to be shown: cleaned, escaped, measured and cut."""

import json
import re
from typing import Any

BREAKS = re.compile(r"\r\n?|[\u2028\u2029\x85]")
CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")
# Marks that turn the reading direction or cannot be seen: they make one text look like another.
UNSEEN = re.compile(
    "[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
# Joiners are needed inside emoji, Persian and Indic words, and never beside ASCII.
LOOSE_JOINERS = re.compile("(?<![^\x00-\x7f])[\u200c\u200d]+|[\u200c\u200d]+(?![^\x00-\x7f])")
SURROGATES = re.compile("[\ud800-\udfff]")
CALLS = re.compile(
    r"(?<![\w.@])(?:@|&(?:(?:amp|#0*38|#x0*26);?)*(?:commat|#0*64|#x0*40);?)(?=(?:channel|here|everyone)\b)",
    re.IGNORECASE,
)
# A token of Slack begins with "<"; after any number of decodings of entities this is one, too.
OPENING = re.compile(
    r"(?:<|&(?:(?:amp|#0*38|#x0*26);?)*(?:lt|#0*60|#x0*3c);?)"
    r"(?=[!@#\\*_~`]|&(?!lt;|gt;)|[^\s<>]{0,200}[|:]|$)",  # a scheme ends early: no need to look further
    re.IGNORECASE,
)
CUT_AT = 40  # room for the words that tell how much was left out
JSON_PRETTY = 50_000  # above it the indented form costs more time than it helps
NOTHING = "(empty)"


def clean(text: str) -> str:
    """The text without NUL, control characters, lone surrogates and invisible or direction-turning marks."""
    text = SURROGATES.sub("\ufffd", BREAKS.sub("\n", text))
    return LOOSE_JOINERS.sub("", UNSEEN.sub("", CONTROLS.sub("", text)))


def disarm(text: str) -> str:
    """The text with a space put into everything that Slack could read as a mention or a link token.

    Works on text that somebody may decode again, however often: `&amp;lt;!here&amp;gt;` is broken as well.
    """
    return open_up(CALLS.sub("@ ", text))


def open_up(text: str) -> str:
    """The text with a space after each "<", in whatever coding, that could begin a token."""
    return OPENING.sub(lambda found: found.group() + " ", text)


def entities(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def escape(text: str) -> str:
    """Any text, safe inside `mrkdwn`: cleaned, disarmed, `& < >` as entities. Not idempotent."""
    return entities(disarm(clean(text)))


def one_line(text: str) -> str:
    return " ".join(clean(text).split())


def bold(text: str, limit: int = 150) -> str:
    """A name in bold: on one line, at most `limit` characters, without stars that would end the bold."""
    name = shorten(one_line(text), limit).replace("*", "∗").replace("`", "'")
    return f"*{escape(name)}*" if name else "*(no name)*"


def length(text: str) -> int:
    """Characters as Slack's clients count them: UTF-16 units, so that an emoji is two."""
    return len(text) + sum(char > "\uffff" for char in text) if not text.isascii() else len(text)


def head(text: str, limit: int) -> str:
    """The longest beginning of the text whose `length` is at most `limit`."""
    if text.isascii():
        return text[:limit]
    piece = text[:limit]
    while length(piece) > limit:
        piece = piece[: len(piece) - (length(piece) - limit + 1) // 2]
    return piece


def shorten(text: str, limit: int) -> str:
    """The text, or its head and an ellipsis; never longer than `limit`."""
    return text if length(text) <= limit else head(text, max(limit - 1, 0)).rstrip() + "…"


def cut(text: str, limit: int) -> str:
    """The text, or its head and "… N more characters"; never longer than `limit`."""
    if length(text) <= limit:
        return text
    if limit <= 2 * CUT_AT:
        return shorten(text, limit)
    shown = head(text, limit - CUT_AT)
    return f"{shown}\n… {len(text) - len(shown):,} more characters"


def fit(text: str, limit: int) -> str:
    """Escaped text cut to `limit` without breaking an entity or one of our own tokens in two."""
    if length(text) <= limit:
        return text
    shown = head(text, limit - 1)
    shown = re.sub(r"<[^<>]*$", "", shown)
    return re.sub(r"&[#\w]{0,8}$", "", shown).rstrip() + "…"


TRACEBACK = "Traceback (most recent call last):"


def first_line(text: str, limit: int = 200) -> str:
    lines = [line for line in clean(text).splitlines() if line.strip()]
    if lines and lines[0].rstrip().endswith(TRACEBACK):
        # What was raised stands last; the head of a traceback says nothing.
        lines[0] = lines[0].rstrip().removesuffix(TRACEBACK) + lines[-1].strip()
    return shorten(" ".join(lines[0].split()), limit) if lines else ""


def show(value: Any) -> str:
    """Any JSON value as text to be read: a string as it is, the rest as JSON, indented when it is short."""
    if isinstance(value, str):
        return clean(value)
    try:
        compact = json.dumps(value, ensure_ascii=False, default=str)
        pretty = len(compact) <= JSON_PRETTY
        return clean(json.dumps(value, ensure_ascii=False, default=str, indent=2) if pretty else compact)
    except (RecursionError, ValueError, TypeError):
        return "(nested too deeply to be shown)"
