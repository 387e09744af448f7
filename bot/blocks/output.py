"""What a workflow returned, as blocks of a message, and as a file when it is too long for one."""

import json
import re
from collections.abc import Mapping
from typing import Any

from bot.blocks.markdown import safe, split
from bot.blocks.parts import Block, context, markdown, preformatted
from bot.blocks.text import clean, escape, head, length, one_line, show
from storage.records import Run

OUTPUT_SHOWN = 10_000  # above it the output becomes a file: messages that are too long are refused
OUTPUT_HEAD = 2800  # how much of such an output the message still shows
PIECE = 2800  # of one markdown block, so that it also fits a section
SAFE_SUM = 11_500  # of all markdown blocks: escaping makes text longer, Slack's limit is 12,000
VALUES_SHOWN = 2800
File = tuple[str, bytes | str]


def output_blocks(run: Run) -> tuple[list[Block], File | None]:
    """The blocks that show the outputs, and the file that holds them when they are too long to be shown whole."""
    outputs = dict(run.outputs or {})
    if not outputs:
        return [], None
    words, values = _words(outputs), {key: value for key, value in outputs.items() if not _is_text(value)}
    shown_values = _one_or_all(values) if values else ""
    written = safe(words) if length(words) <= OUTPUT_SHOWN else ""
    too_long = length(words) + length(shown_values) > OUTPUT_SHOWN or length(written) > SAFE_SUM
    if too_long:
        written = _whole_head(words)
    blocks = [markdown(piece) for piece in split(written, PIECE)]
    if values:
        blocks.append(preformatted(shown_values, VALUES_SHOWN))
    is_cut = too_long or length(shown_values) > VALUES_SHOWN
    file = _file(run, outputs) if is_cut else None
    if file:
        left_out = length(words) - OUTPUT_HEAD if too_long else 0
        more = f"{left_out:,} more characters of text. " if left_out > 0 else ""
        blocks.append(context(f"… {more}The whole output is in the file *{escape(file[0])}* in the thread."))
    return blocks, file


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _words(outputs: Mapping[str, Any]) -> str:
    """All texts among the outputs; each under its key unless there is only one output."""
    texts = {key: value for key, value in outputs.items() if _is_text(value)}
    if len(outputs) == 1:
        return clean("".join(texts.values())).strip()
    return "\n\n".join(f"**{_key(key)}**\n\n{clean(text).strip() or '(empty)'}" for key, text in texts.items())


def _key(key: str) -> str:
    return re.sub(r"[*_`\[\]\\]", " ", one_line(key)).strip() or "output"


def _one_or_all(values: Mapping[str, Any]) -> str:
    return show(dict(values))


def _whole_head(words: str) -> str:
    """The head of the words, cut where a line ends, safe, and short enough after escaping."""
    shown = head(words, OUTPUT_HEAD)
    newline = shown.rfind("\n")
    if len(shown) < len(words) and newline > OUTPUT_HEAD // 2:
        shown = shown[:newline]
    written = safe(shown)
    while length(written) > SAFE_SUM:
        shown = head(shown, len(shown) // 2)
        written = safe(shown)
    return written


def _file(run: Run, outputs: Mapping[str, Any]) -> File:
    name = re.sub(r"[^a-z0-9]+", "-", run.name.lower()).strip("-")[:40].strip("-") or "output"
    only = next(iter(outputs.values()))
    if len(outputs) == 1 and isinstance(only, str):
        return f"{name}-run-{run.id}.md", clean(only)
    return f"{name}-run-{run.id}.json", _json(outputs)


def _json(outputs: Mapping[str, Any]) -> str:
    try:
        return clean(json.dumps(dict(outputs), ensure_ascii=False, default=str, indent=2))
    except (RecursionError, ValueError, TypeError):
        return show(outputs)
