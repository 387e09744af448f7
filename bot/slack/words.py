"""The words of a typed text: quotations, key=value pairs, and the references that Slack puts in place of names.

Nothing here raises: whatever cannot be read as something special is a plain word. Pure.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

DIFY_KEY = re.compile(r"(?<![A-Za-z0-9])app-[A-Za-z0-9]{20,}")  # real ones have 24 characters after the dash
KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*=")
REFERENCE = re.compile(
    r"<(?:#(?P<channel>[A-Z0-9]+)|@(?P<user>[A-Z0-9]+)|(?P<link>(?:https?://|mailto:)[^<>|\s]+))(?:\|(?P<label>[^<>]*))?>"
)
ENTITY = re.compile(r"&(amp|lt|gt);")
ENTITIES = {"amp": "&", "lt": "<", "gt": ">"}

DOUBLE = '"“”„‟＂'
CLOSERS = {
    # the mark's own partner first, then any of its family: telephones open with one mark and close with another
    '"': ('"', DOUBLE),
    "＂": ("＂", DOUBLE),
    "“": ("”", DOUBLE),
    "”": ("”", DOUBLE),
    "‟": ("”", DOUBLE),
    "„": ("“”", DOUBLE),
    "«": ("»",),
    "»": ("«",),
    "「": ("」",),
    "『": ("』",),
    "'": ("'", "'’"),
    "‘": ("’", "’'"),
}
APOSTROPHES = "'‘"  # open a quotation only when its end is the end of a word: nobody should have to fear o'clock
INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff"
FULL_WIDTH = range(0xFF01, 0xFF5F)
TO_ASCII = 0xFEE0  # distance between a full-width character and its ASCII twin


class Kind(StrEnum):
    PLAIN = "plain"
    QUOTED = "quoted"
    PAIR = "pair"
    CHANNEL = "channel"
    USER = "user"
    LINK = "link"


@dataclass(frozen=True, slots=True)
class Word:
    """`text` is what was meant: a quotation without its marks, the value of a pair, the id of a channel or a user,
    the address of a link. `key` is that of a pair; `label` the name that Slack wrote beside an id, where it did.
    `end` is the offset in the typed text after this word.
    """

    kind: Kind
    text: str
    end: int
    key: str | None = None
    label: str | None = None


def read_words(typed: str) -> tuple[Word, ...]:
    """Every word of a text as Slack delivers it (`&` `<` `>` escaped, names as `<#C…|…>`), in order."""
    words: list[Word] = []
    at = _skip_space(typed, 0)
    while at < len(typed):
        word = _read_word(typed, at)
        words.append(word)
        at = _skip_space(typed, word.end)
    return tuple(words)


def quote(text: str) -> str:
    """A text as it can be typed so that it is read as one word again."""
    return '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'


def unescape(text: str) -> str:
    """Slack's three entities, each once: `&amp;lt;` is the text `&lt;`."""
    return ENTITY.sub(lambda found: ENTITIES[found[1]], text)


def holds_key(text: str) -> bool:
    """Whether a Dify app key was typed, which then stands in Slack's records and should be replaced."""
    return DIFY_KEY.search(text) is not None


def _read_word(typed: str, start: int) -> Word:
    quotation = _read_quotation(typed, start)
    if quotation is not None:
        return Word(Kind.QUOTED, *quotation)
    reference = REFERENCE.match(typed, start)
    if reference is not None and _ends_word(typed, _skip_commas(typed, reference.end())):
        return _read_reference(reference, _skip_commas(typed, reference.end()))
    end = _find_end(typed, start)
    pair = KEY.match(_narrow(typed[start:end]))
    if pair is None:
        return Word(Kind.PLAIN, _mean(typed[start:end]), end)
    return _read_pair(typed, start, pair)


def _read_pair(typed: str, start: int, pair: re.Match[str]) -> Word:
    # the narrowed text is as long as the typed one, so that its offsets are good for both
    key, value_at = pair[0][:-1], start + pair.end()
    quotation = _read_quotation(typed, value_at)
    if quotation is not None:
        return Word(Kind.PAIR, *quotation, key=key)
    end = _find_end(typed, value_at)
    return Word(Kind.PAIR, _mean(typed[value_at:end]), end, key=key)


def _read_quotation(typed: str, start: int) -> tuple[str, int] | None:
    """The text between two marks and the offset after the second; None where no quotation begins or it never ends."""
    mark = typed[start : start + 1]
    for closers in CLOSERS.get(mark, ()):
        found = _closing(closers, at_word_end=mark in APOSTROPHES).match(typed, start + 1)
        if found is not None:
            return _unquote(found[1], closers), found.end()
    return None


@cache
def _closing(closers: str, *, at_word_end: bool) -> re.Pattern[str]:
    """The text up to a closing mark. Possessive, so that a mark without a partner costs one look at the text."""
    inside = rf"[{closers}](?!\s|\Z)" if at_word_end else r"(?!)"
    return re.compile(rf"((?:\\[\\{closers}]|[^{closers}]|{inside})*+)[{closers}]", re.DOTALL)


def _unquote(inner: str, closers: str) -> str:
    unescaped = re.sub(f"\\\\([\\\\{closers}])", r"\1", inner)
    return unescape(_name_references(unescaped))


def _read_reference(found: re.Match[str], end: int) -> Word:
    label = unescape(found["label"]) if found["label"] else None
    if found["channel"]:
        return Word(Kind.CHANNEL, found["channel"], end, label=label)
    if found["user"]:
        return Word(Kind.USER, found["user"], end, label=label)
    return Word(Kind.LINK, _write_link(found), end, label=label)


def _write_link(found: re.Match[str]) -> str:
    """The address as it was typed: Slack makes `<http://dify.ai|dify.ai>` of `dify.ai`."""
    address, label = found["link"], found["label"]
    is_typed = bool(label) and address in (f"http://{label}", f"https://{label}", f"mailto:{label}")
    return unescape(label if is_typed else address)


def _name_references(text: str) -> str:
    """References inside a longer text, as people read them."""

    def name(found: re.Match[str]) -> str:
        if found["channel"]:
            return "#" + (found["label"] or found["channel"])
        if found["user"]:
            return "@" + (found["label"] or found["user"])
        return _write_link(found).replace("&", "&amp;")  # unescaped once more with the text around it

    return REFERENCE.sub(name, text)


def _mean(raw: str) -> str:
    narrow = "".join(char for char in _narrow(raw) if char not in INVISIBLE)
    return unescape(_name_references(narrow))


def _narrow(raw: str) -> str:
    return "".join(chr(ord(char) - TO_ASCII) if ord(char) in FULL_WIDTH else char for char in raw)


def _find_end(typed: str, at: int) -> int:
    """The offset after the run of characters that holds no space, but for spaces in the label of a reference."""
    while not _ends_word(typed, at):
        reference = REFERENCE.match(typed, at)
        at = reference.end() if reference else at + 1
    return at


def _ends_word(typed: str, at: int) -> bool:
    return at >= len(typed) or typed[at].isspace()  # covers the non-breaking and the ideographic space


def _skip_space(typed: str, at: int) -> int:
    while at < len(typed) and (typed[at].isspace() or typed[at] in INVISIBLE):
        at += 1
    return at


def _skip_commas(typed: str, at: int) -> int:
    while at < len(typed) and typed[at] in ",.;，。；":
        at += 1
    return at
