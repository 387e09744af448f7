"""Markdown that a language model wrote, made safe and sized for Slack's `markdown` block.

The text is parsed and written anew from what was understood, so that nothing survives that was not meant to: no
mention, no image, no link whose label hides where it leads. All of `& < >` in the words become entities.
"""

import re
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from bot.blocks.text import clean, disarm, entities, head, length, one_line, open_up, shorten

NESTING = 40  # deeper lists and quotes are shown as text: nobody reads them, and parsing them costs
LABEL = 300
ADDRESS = 2000
FENCE = re.compile(r"^((?:[\s>]|[-*+]\s|\d{1,9}[.)]\s)*)(`{3,})")
HALF_LINK = re.compile(r"\](?=[(\[:])")
TICKS = re.compile(r"`{3,}|^~{3,}", re.MULTILINE)
CLOSING_UP = re.compile(r"- |\d+\. |```")
LINE_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
UNSAFE_IN_ADDRESS = re.compile(r"[^A-Za-z0-9\-._~:/?#@!$&'*+,;=%]")
ENTITY_IN_ADDRESS = re.compile(r"&(?=#?\w+;|#|lt(?![a-z]))", re.IGNORECASE)

_parser = MarkdownIt("commonmark", {"html": False, "maxNesting": NESTING}).enable(["table", "strikethrough"])


def safe(text: str) -> str:
    """Any text as Markdown that calls nobody and hides no address. Blank text gives an empty string."""
    text = clean(text).strip("\n")
    if not text.strip():
        return ""
    tokens = _parser.parse(text)
    if any(token.level >= NESTING - 2 for token in tokens):  # the parser drops what is nested deeper
        return _fenced(text)
    written = "\n\n".join(_blocks(SyntaxTreeNode(tokens))) or _words(text)
    return open_up(written)  # once more, for what only the neighbours of a word make of it


def _blocks(parent: SyntaxTreeNode) -> Iterator[str]:
    for node in parent.children:
        written = _WRITERS.get(node.type, _paragraph)(node)
        if written.strip():
            yield written


def _paragraph(node: SyntaxTreeNode) -> str:
    return _run(node).strip()


def _run(node: SyntaxTreeNode) -> str:
    """The inline parts one after the other; a space keeps a "!" before a link from making an image of it."""
    written = ""
    for child in node.children:
        piece = _inline(child)
        written += f" {piece}" if written.endswith(("!", "]")) and piece.startswith("[") else piece
    return written


def _heading(node: SyntaxTreeNode) -> str:
    return f"{'#' * int(node.tag[1])} {' '.join(_paragraph(node).split())}"


def _quote(node: SyntaxTreeNode) -> str:
    return "\n".join(f"> {line}".rstrip() for line in "\n\n".join(_blocks(node)).split("\n"))


def _list(node: SyntaxTreeNode) -> str:
    first = int(node.attrs.get("start", 1)) if node.type == "ordered_list" else 0
    items = []
    for place, item in enumerate(node.children):
        mark = f"{first + place}. " if node.type == "ordered_list" else "- "
        body = _inside(item).split("\n")
        items.append(mark + ("\n" + " " * len(mark)).join(body))
    return "\n".join(items)


def _inside(item: SyntaxTreeNode) -> str:
    """The blocks of a list item: lists and code blocks close up, all else stands apart."""
    written = ""
    for block in _blocks(item):
        apart = "\n" if CLOSING_UP.match(block) else "\n\n"
        written += apart + block if written else block
    return written


def _code(node: SyntaxTreeNode) -> str:
    language = re.sub(r"[^\w+#.-].*", "", node.info, flags=re.DOTALL)[:30] if node.type == "fence" else ""
    return _fenced(node.content, language)


def _fenced(text: str, language: str = "") -> str:
    body = TICKS.sub("'''", entities(disarm(clean(text)))).rstrip("\n")
    return f"```{language}\n{body}\n```"


def _rule(_: SyntaxTreeNode) -> str:
    return "---"


def _table(node: SyntaxTreeNode) -> str:
    rows = [row for part in node.children for row in part.children]
    lines = ["| " + " | ".join(_cell(cell) for cell in row.children) + " |" for row in rows]
    marks = [_ALIGNED.get(str(cell.attrs.get("style", "")), "---") for cell in rows[0].children]
    return "\n".join([lines[0], "| " + " | ".join(marks) + " |", *lines[1:]])


def _cell(cell: SyntaxTreeNode) -> str:
    return " ".join(_paragraph(cell).replace("\\|", "|").replace("|", "\\|").split())


_ALIGNED = {"text-align:left": ":--", "text-align:right": "--:", "text-align:center": ":-:"}
_WRITERS: dict[str, Callable[[SyntaxTreeNode], str]] = {
    "paragraph": _paragraph,
    "heading": _heading,
    "blockquote": _quote,
    "bullet_list": _list,
    "ordered_list": _list,
    "fence": _code,
    "code_block": _code,
    "hr": _rule,
    "table": _table,
}


def _inline(node: SyntaxTreeNode) -> str:
    match node.type:
        case "text":
            return _words(node.content)
        case "code_inline":
            return f"`{_words(node.content) or ' '}`"
        case "softbreak" | "hardbreak":
            return "\n"
        case "strong":
            return _wrapped(node, "**")
        case "em":
            return _wrapped(node, "*")
        case "s":
            return _wrapped(node, "~~")
        case "link":
            return _link(_said(node), str(node.attrs.get("href", "")))
        case "image":
            return _link(node.content or "image", str(node.attrs.get("src", "")))
        case _:
            return _run(node)


def _wrapped(node: SyntaxTreeNode, mark: str) -> str:
    inside = _run(node)
    return f"{mark}{inside.strip()}{mark}" if inside.strip() else inside


def _words(text: str) -> str:
    """Literal words: nothing in them is a mention, half a link, the fence of a code block or a backtick."""
    text = disarm(clean(LINE_BREAK.sub(" ", text)))
    return entities(HALF_LINK.sub("] ", TICKS.sub("'''", text)).replace("`", "'"))


def _said(node: SyntaxTreeNode) -> str:
    """The words inside a link, without its formatting."""
    if node.type in ("text", "code_inline", "image"):
        return node.content
    if node.type in ("softbreak", "hardbreak"):
        return " "
    return "".join(_said(child) for child in node.children)


def _link(label: str, address: str) -> str:
    """`[label (host)](address)` for http and https; any other address is shown as words beside the label."""
    label = shorten(one_line(label), LABEL)
    target, host = _target(address)
    if not target:
        return _words(f"{label} ({shorten(one_line(address), LABEL)})" if address else label)
    shown = label if label == address else f"{label} ({host})"
    return f"[{_words(shown).replace('[', '(').replace(']', ')')}]({target})"


def _target(address: str) -> tuple[str, str]:
    """The address fit for a link and its host in ASCII, or two empty strings when it must not be a link."""
    address = clean(address)
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").encode("idna").decode("ascii")
        port = f":{parts.port}" if parts.port else ""
    except (ValueError, UnicodeError):
        return "", ""
    if parts.scheme not in ("http", "https") or not re.fullmatch(r"[\w.\-\[\]:]+", host) or "@" in parts.netloc:
        return "", ""
    quoted = UNSAFE_IN_ADDRESS.sub(_percent, address)
    quoted = ENTITY_IN_ADDRESS.sub("%26", quoted)
    return (quoted, host + port) if length(quoted) <= ADDRESS else ("", "")


def _percent(found: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in found.group().encode("utf-8"))


def split(text: str, limit: int) -> list[str]:
    """Safe Markdown in pieces of at most `limit` characters (at least 100), cut between paragraphs.

    A code block or a table that is longer than a piece is continued in the next one with its fence or its header.
    """
    parts: list[str] = []
    for unit in _units(text):
        for piece in _halves(unit, limit):
            joined = f"{parts[-1]}\n\n{piece}" if parts else ""
            if parts and length(joined) <= limit:
                parts[-1] = joined
            else:
                parts.append(piece)
    return parts


def _units(text: str) -> Iterator[str]:
    """Paragraphs, lists, tables and code blocks, each whole."""
    unit: list[str] = []
    fenced = False
    for line in text.split("\n"):
        if FENCE.match(line):
            fenced = not fenced
        if line.strip() or fenced:
            unit.append(line)
        elif unit:
            yield "\n".join(unit)
            unit = []
    if unit:
        yield "\n".join(unit)


def _halves(unit: str, limit: int) -> Iterator[str]:
    """One unit in pieces that stand alone."""
    if length(unit) <= limit:
        yield unit
        return
    lines = unit.split("\n")
    is_table = len(lines) > 2 and lines[0].startswith("|") and length("\n".join(lines[:2])) < limit // 2
    again = "\n".join(lines[:2]) + "\n" if is_table else ""
    piece, fence = "", ""
    for line in lines:
        for bit in _bits(line, limit - length(again) - 60):
            closing = "\n" + _closing(fence) if fence else ""
            if piece and length(piece) + length(bit) + length(closing) + 1 > limit - 40:
                yield piece + closing
                piece = f"{fence}\n{bit}" if fence else again + bit
            else:
                piece = f"{piece}\n{bit}" if piece else bit
            if FENCE.match(bit):
                fence = "" if fence else bit
    if piece.strip():
        yield piece


def _closing(fence: str) -> str:
    found = FENCE.match(fence)
    prefix = found[1] if found else ""
    return re.sub(r"[^\s>]", " ", prefix) + "```"


def _bits(line: str, size: int) -> Iterator[str]:
    """A long line cut at spaces, else anywhere but inside an entity."""
    size = max(size, 20)
    while length(line) > size:
        bit = re.sub(r"&[#\w]{0,8}$", "", head(line, size))
        space = bit.rfind(" ")
        if space > size // 2:
            bit = bit[:space]
        yield bit
        line = line[len(bit) :]
    yield line
