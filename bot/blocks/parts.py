"""The parts of Block Kit that this bot uses, as plain dicts, each cut to what Slack accepts."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeAlias

from bot.blocks.text import NOTHING, clean, fit, one_line, shorten
from bot.blocks.text import cut as cut
from bot.blocks.text import escape as escape
from bot.blocks.words import local

Block: TypeAlias = dict[str, Any]
View: TypeAlias = dict[str, Any]
Options: TypeAlias = Sequence[tuple[str, str]]

MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
SECTION_TEXT = 3000
HEADER_TEXT = 150
CONTEXT_ELEMENTS = 10
ACTIONS_ELEMENTS = 25
BUTTON_TEXT = 75
BUTTON_VALUE = 2000
ACCESSIBILITY_LABEL = 75
CONFIRM_TITLE = 100
CONFIRM_TEXT = 300
CONFIRM_BUTTON = 30
OPTION_TEXT = 75
OPTION_VALUE = 150
OVERFLOW_OPTIONS = 5
SELECT_OPTIONS = 100
PLACEHOLDER_TEXT = 150
LABEL_TEXT = 150  # Slack takes 2,000, nobody reads them
HINT_TEXT = 1000  # likewise
INPUT_TEXT = 3000
VIEW_TITLE = 24
PRIVATE_METADATA = 3000
IDENTIFIER = 255
CONTAINER_TITLE = 150
CONTAINER_CHILDREN = 10
MARKDOWN_SUM = 12_000  # of all markdown blocks of one message
PREFORMATTED_TEXT = 2800  # a margin under Slack's 3,000
FALLBACK_TEXT = 3900  # a margin under the 4,000 that chat.update takes
PERSON = re.compile(r"[UW][A-Z0-9]{2,20}")
CHANNEL = re.compile(r"[CDG][A-Z0-9]{2,20}")


@dataclass(frozen=True)
class Message:
    """What is posted: `text` is the whole sense in a sentence or two, for notifications and screen readers.

    `attachment` is a file for the thread, name and content, when the output is too long for the message; `thread_ts`
    is the message below which it stands.
    """

    text: str
    blocks: list[Block] = field(default_factory=list)
    attachment: tuple[str, bytes | str] | None = None
    thread_ts: str | None = None

    def plain(self) -> "Message":
        """The same with section, context and actions blocks only, for a Slack that refuses the newer ones."""
        blocks = [plainer for block in self.blocks for plainer in plainly(block)]
        return replace(self, blocks=blocks[:MESSAGE_BLOCKS])

    def bare(self) -> "Message":
        """The text alone, as short as any Slack accepts."""
        return replace(self, text=fit(self.text, FALLBACK_TEXT), blocks=[])


def message(text: str, blocks: Iterable[Block], attachment: tuple[str, bytes | str] | None = None) -> Message:
    """A message whose text is not empty and whose blocks are not too many."""
    return Message(fit(text.strip(), FALLBACK_TEXT) or "Dify Ops", list(blocks)[:MESSAGE_BLOCKS], attachment)


def plainly(block: Block) -> list[Block]:
    match block["type"]:
        case "section" | "context" | "actions":
            return [block]
        case "header":
            return [say(block["text"]["text"])]
        case "markdown":
            return [say(piece) for piece in pieces(unescape(block["text"]))]
        case "rich_text":
            return [say(piece) for piece in pieces(rich_words(block))]
        case "container":
            inside = [plainer for child in block["child_blocks"] for plainer in plainly(child)]
            title = " – ".join(block[key]["text"] for key in ("title", "subtitle") if key in block)
            return [say(title), *inside]
        case _:
            return []


def unescape(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def rich_words(block: Block) -> str:
    return "\n".join(piece["text"] for part in block["elements"] for piece in part["elements"])


def pieces(text: str) -> list[str]:
    size = SECTION_TEXT // 2  # so that even a text of emoji fits
    return [text[at : at + size] for at in range(0, len(text), size)]


def plain(text: str, limit: int) -> Block:
    """A plain_text object, never empty: nothing in it is ever parsed, so it needs no escaping."""
    return {"type": "plain_text", "text": shorten(clean(text).strip(), limit) or NOTHING}


def mrkdwn(text: str, limit: int = SECTION_TEXT) -> Block:
    """`text` must be escaped already. `verbatim`: Slack makes no links or mentions out of bare words."""
    return {"type": "mrkdwn", "text": fit(text.strip(), limit) or NOTHING, "verbatim": True}


def section(text: str, accessory: Block | None = None) -> Block:
    block: Block = {"type": "section", "text": mrkdwn(text)}
    return block | {"accessory": accessory} if accessory else block


def say(text: str, accessory: Block | None = None) -> Block:
    """A section of plain text, for words that strangers wrote."""
    block: Block = {"type": "section", "text": plain(text, SECTION_TEXT)}
    return block | {"accessory": accessory} if accessory else block


def context(*texts: str) -> Block:
    return {"type": "context", "elements": [mrkdwn(text) for text in texts[:CONTEXT_ELEMENTS]]}


def header(text: str) -> Block:
    return {"type": "header", "text": plain(one_line(text), HEADER_TEXT)}


def divider() -> Block:
    return {"type": "divider"}


def markdown(text: str) -> Block:
    """`text` must come from `markdown.safe`."""
    return {"type": "markdown", "text": text}


def preformatted(text: str, limit: int = PREFORMATTED_TEXT) -> Block:
    """Untrusted text as it is, in a fixed-width box; nothing in it is parsed."""
    shown = cut(clean(text), limit)
    content = {"type": "text", "text": shown if shown.strip() else NOTHING}
    return {"type": "rich_text", "elements": [{"type": "rich_text_preformatted", "elements": [content]}]}


def container(title: str, subtitle: str, children: Sequence[Block], collapsed: bool = True) -> Block:
    """A fold. Messages only, one level deep, no markdown block inside."""
    block: Block = {
        "type": "container",
        "title": plain(one_line(title), CONTAINER_TITLE),
        "child_blocks": list(children[:CONTAINER_CHILDREN]),
        "is_collapsible": True,
        "default_collapsed": collapsed,
    }
    return block | {"subtitle": plain(one_line(subtitle), CONTAINER_TITLE)} if subtitle.strip() else block


def actions(*elements: Block) -> Block:
    return {"type": "actions", "elements": list(elements[:ACTIONS_ELEMENTS])}


def confirm(title: str, text: str, yes: str, no: str, danger: bool = False) -> Block:
    block: Block = {
        "title": plain(one_line(title), CONFIRM_TITLE),
        "text": plain(text, CONFIRM_TEXT),
        "confirm": plain(yes, CONFIRM_BUTTON),
        "deny": plain(no, CONFIRM_BUTTON),
    }
    return block | {"style": "danger"} if danger else block


def button(
    text: str,
    action_id: str,
    value: str,
    style: str | None = None,
    confirm: Block | None = None,
    label: str | None = None,
) -> Block:
    """`label` is what a screen reader says; it names the object ("Run Nightly digest again")."""
    block: Block = {
        "type": "button",
        "text": plain(one_line(text), BUTTON_TEXT),
        "action_id": action_id,
        "value": value[:BUTTON_VALUE],
    }
    if style:
        block["style"] = style
    if confirm:
        block["confirm"] = confirm
    if label and one_line(label):
        block["accessibility_label"] = shorten(one_line(label), ACCESSIBILITY_LABEL)
    return block


def option(text: str, value: str) -> Block:
    return {"text": plain(one_line(text), OPTION_TEXT), "value": value[:OPTION_VALUE]}


def overflow(action_id: str, options: Options) -> Block:
    chosen = [option(text, value) for text, value in options[:OVERFLOW_OPTIONS]]
    return {"type": "overflow", "action_id": action_id, "options": chosen}


def select(action_id: str, options: Options, initial: str | None = None, placeholder: str = "") -> Block:
    """A menu of at most 100 options; the initial one is always among them."""
    texts: dict[str, str] = {}
    for text, value in options:
        texts.setdefault(value, text)
    wanted = [(text, value) for value, text in texts.items()]
    shown = wanted[:SELECT_OPTIONS]
    chosen = next((pair for pair in wanted if pair[1] == initial), None)
    if chosen and chosen not in shown:
        shown[-1] = chosen
    block: Block = {"type": "static_select", "action_id": action_id}
    block["options"] = [option(text, value) for text, value in shown]
    if chosen:
        block["initial_option"] = option(*chosen)
    if placeholder:
        block["placeholder"] = plain(placeholder, PLACEHOLDER_TEXT)
    return block


def input_block(
    label: str,
    element: Block,
    block_id: str,
    hint: str = "",
    optional: bool = False,
    dispatch: bool = False,
) -> Block:
    block: Block = {"type": "input", "block_id": block_id, "element": element, "optional": optional}
    block["label"] = plain(one_line(label), LABEL_TEXT)
    if hint.strip():
        block["hint"] = plain(hint, HINT_TEXT)
    if dispatch:
        block["dispatch_action"] = True
    return block


def modal(
    title: str,
    blocks: Sequence[Block],
    *,
    callback_id: str,
    submit: str | None = None,
    close: str = "Close",
    private_metadata: str = "",
) -> View:
    view: View = {
        "type": "modal",
        "callback_id": callback_id,
        "title": plain(one_line(title), VIEW_TITLE),
        "blocks": list(blocks[:VIEW_BLOCKS]),
        "close": plain(close, VIEW_TITLE),
        "private_metadata": private_metadata[:PRIVATE_METADATA],
    }
    return view | {"submit": plain(submit, VIEW_TITLE)} if submit else view


def date(at: datetime, fmt: str = "{date_short_pretty} at {time}") -> str:
    """A token that every reader sees in their own zone; only for mrkdwn. `fmt` is ours, never a stranger's."""
    return f"<!date^{int(at.timestamp())}^{fmt}|{local(at, 'UTC', now=None)}>"


def person(user_id: str | None, names: Mapping[str, str] | None = None) -> str:
    """Somebody, in mrkdwn: by name when it is known (which calls nobody), else as a mention of their id."""
    if name := (names or {}).get(user_id or ""):
        return escape(one_line(name))
    if user_id and PERSON.fullmatch(user_id):
        return f"<@{user_id}>"
    return escape(shorten(one_line(user_id or ""), 80)) or "somebody"


def channel(channel_id: str) -> str:
    if channel_id[:1] == "D":
        return "a direct message"
    return f"<#{channel_id}>" if CHANNEL.fullmatch(channel_id) else escape(one_line(channel_id)) or "no channel"


def dotted(parts: Iterable[str | None]) -> str:
    """The known ones of several facts on one line."""
    return " · ".join(part for part in parts if part)
