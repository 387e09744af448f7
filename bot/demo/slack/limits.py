"""The numbers of Block Kit and of the Web API: the two tables in data/, and those that no table holds."""

import json
from functools import cache
from importlib.resources import files
from typing import Any

Bounds = dict[str, dict[str, dict[str, int]]]

MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
MARKDOWN_SUM = 12_000  # over all markdown blocks of one payload
MESSAGE_TEXT_SUM = 12_000  # undocumented (msg_blocks_too_long); figures between 11,300 and 13,300 were reported
POSTED_TEXT = 40_000  # more is cut off without an error
UPDATED_TEXT = 4_000  # more is refused by chat.update
MARKDOWN_TEXT = 12_000
ATTACHMENTS = 100
TABLE_CELLS = 20
TABLE_TEXT = 10_000
DATA_TABLE_TEXT = 20_000
DATA_TABLE_PAGE = 100
CHARTS = 2
CHART_PARTS = 12
CHART_POINTS = 20
CHART_NAME = 20
CHART_AXIS = 50
INPUT_LENGTH = 3_000
LIST_INDENT = 8
FILES_IN_INPUT = 10
METADATA_BYTES = 16_000
VIEW_STACK = 3
TRIGGER_S = 3.0
RESPONSE_URL_S = 30 * 60.0
RESPONSE_URL_USES = 5
SUGGESTIONS = 100
EXTERNAL_ID = 255


def read_data(name: str) -> Any:
    """One JSON file of the packaged data folder."""
    return json.loads(files("bot.demo.slack").joinpath("data").joinpath(name).read_text("utf-8"))


@cache
def bounds() -> Bounds:
    """{definition: {property: {maxLength|minLength|maxText|minText|maxItems|minItems|itemMaxText: number}}}.

    The documentation wins over the comments of the types.
    """
    merged: Bounds = {name: dict(rules) for name, rules in read_data("limits.types.json").items()}
    for name, rules in read_data("limits.docs.json").items():
        if name.startswith("_"):
            continue
        for prop, bound in rules.items():
            merged.setdefault(name, {})[prop] = {**merged.get(name, {}).get(prop, {}), **bound}
    return merged
