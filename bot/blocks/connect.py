"""The form that connects a Dify app: its name, its addresses and its key."""

from collections.abc import Mapping

from bot.blocks import field as one_field
from bot.blocks.form import NAME_LENGTH, WORDS_OF_FIELDS, problem_blocks, text_block
from bot.blocks.parts import INPUT_TEXT, Block, View, input_block, modal, select
from bot.blocks.reading import BASE_URLS, KEY, NAME, ROUTING

CONNECT = "connect"
ROUTING_WORDS = (
    ("The first; others only while it cannot be reached", "first"),
    ("Each in turn", "round"),
    ("Where the last run went, until it cannot be reached", "failover"),
)


def connect_view(values: Mapping[str, str] | None = None, problems: Mapping[str, str] | None = None) -> View:
    """Registers a Dify app. The key is written and never shown again, not even to who has just typed it."""
    known = values or {}
    key_hint = (
        "Slack sees what you type here. Safer: dify-ops apps add NAME --url URL on the server, which reads the key "
        "from a file. It is sealed at once and never shown again."
    )
    blocks = [
        *problem_blocks(problems or {}),
        text_block(NAME, known.get(NAME, ""), most=NAME_LENGTH, hint="What people type: /dify schedule NAME …"),
        _addresses_block(known.get(BASE_URLS, "")),
        _routing_block(known.get(ROUTING, ROUTING_WORDS[0][1])),
        text_block(KEY, "", hint=key_hint),
    ]
    return modal("Connect a Dify app", blocks, callback_id=CONNECT, submit="Connect", close="Cancel")


def _addresses_block(typed: str) -> Block:
    hint = "Such as https://api.dify.ai/v1. Where the same app answers at several, give one a line."
    block = text_block(BASE_URLS, typed, hint=hint, most=INPUT_TEXT)
    block["element"] |= {"multiline": True}
    return block


def _routing_block(chosen: str) -> Block:
    return input_block(WORDS_OF_FIELDS[ROUTING], select(one_field.VALUE, ROUTING_WORDS, chosen), ROUTING)
