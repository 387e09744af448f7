"""The fields of a form about times that are busy or missed, runs that fail, and the time that the inputs are told."""

from collections.abc import Mapping, Sequence

from bot.blocks import field as one_field
from bot.blocks.parts import Block, input_block, select
from bot.blocks.reading import CATCH_UP, DATA_OFFSET, OVERLAP, PRIORITY, RETRY, WARN
from bot.blocks.text import clean
from storage.records import PRIORITIES

WORDS_LENGTH = 40
OFFSET_HINT = "How far {{ data_time }} in the inputs lies from the scheduled time: -1d, -1M, +2h"
POLICY_FIELDS: Mapping[str, str] = {
    OVERLAP: "When the run before is still going",
    CATCH_UP: "When times were missed",
    RETRY: "When a run fails",
    PRIORITY: "When runs wait for room",
    WARN: "Warn when a run takes",
    DATA_OFFSET: "Data time",
}
OVERLAPS = (
    ("Skip the new one", "skip"),
    ("Queue it, the newest waits", "queue"),
    ("Queue up to 3", "queue 3"),
    ("Stop the old one for it", "replace"),
    ("Run up to 3 at once", "allow 3"),
)
CATCH_UPS = (
    ("Make up the newest, up to an hour late", "latest within 1h"),
    ("Make up the newest, up to a day late", "latest within 1d"),
    ("Make up all of the last hour", "all within 1h"),
    ("Make up all of the last day", "all within 1d"),
    ("Make up none", "skip"),
)
RETRIES = (
    ("Try again twice, after 30 s and 1 min", "2 after 30s"),
    ("Try again 5 times, first after 1 min", "5 after 1m"),
    ("Try again twice, also what had begun", "2 after 30s started"),
    ("Do not try again", "off"),
)

_PRIORITY_LABELS = ("Let others go first", "In the order of their times", "Ahead of others", "Ahead of all others")
PRIORITY_WORDS = tuple(zip(_PRIORITY_LABELS, PRIORITIES, strict=True))


def policy_blocks(overlap: str, catch_up: str, retry: str, priority: str, warn: str, data_offset: str) -> list[Block]:
    """The fields, each as its text is typed in a command."""
    return [
        _policy_block(OVERLAP, OVERLAPS, overlap),
        _policy_block(CATCH_UP, CATCH_UPS, catch_up),
        _policy_block(RETRY, RETRIES, retry),
        _policy_block(PRIORITY, PRIORITY_WORDS, priority),
        _words_block(WARN, warn, "How long it should take: over 10m, under 5s, under 5s over 10m"),
        _words_block(DATA_OFFSET, data_offset, OFFSET_HINT),
    ]


def _policy_block(name: str, known: Sequence[tuple[str, str]], chosen: str) -> Block:
    """What a command can say and the menu does not offer stays as it is, as an option of its own."""
    own = [] if any(value == chosen for _, value in known) else [(chosen, chosen)]
    return input_block(POLICY_FIELDS[name], select(one_field.VALUE, [*known, *own], chosen, "Choose"), name)


def _words_block(name: str, text: str, hint: str) -> Block:
    element: Block = {"type": "plain_text_input", "action_id": one_field.VALUE, "max_length": WORDS_LENGTH}
    if clean(text):
        element["initial_value"] = clean(text)[:WORDS_LENGTH]
    return input_block(POLICY_FIELDS[name], element, name, hint, optional=True)
