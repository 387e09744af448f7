"""What a reader sees in a message or a modal."""

from collections.abc import Mapping
from typing import Any

from bot.demo.slack import Message, View


def blocks_of(message: Message | View, kind: str) -> list[dict[str, Any]]:
    """The blocks of one kind."""
    return [block for block in message.blocks if block["type"] == kind]


def buttons_of(message: Message | View) -> list[str]:
    """The texts on its buttons."""
    return [
        element["text"]["text"]
        for block in blocks_of(message, "actions")
        for element in block["elements"]
        if element["type"] == "button"
    ]


def facts_of(message: Message) -> str:
    """Its small print."""
    return " ".join(part["text"] for block in blocks_of(message, "context") for part in block["elements"])


def words_of(shown: Message | View) -> str:
    """All that a reader can read in its blocks."""
    return "\n".join(_texts(shown.blocks))


def words_of_block(block: Mapping[str, Any]) -> str:
    return "\n".join(_texts(block))


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["text"]] if isinstance(value.get("text"), str) else []
        return own + [text for key, each in value.items() if key != "text" or not own for text in _texts(each)]
    if isinstance(value, list):
        return [text for each in value for text in _texts(each)]
    return []


def row(view: View | Message, words: str) -> str:
    """The block of the row that says these words and can be opened."""
    for block in view.blocks:
        if block.get("accessory") and words in words_of_block(block):
            return str(block["block_id"])
    raise LookupError(f"no row says {words!r}: {words_of(view)}")
