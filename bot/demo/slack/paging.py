"""Lists that are handed out in pages, with Slack's cursor."""

from base64 import b64decode, b64encode
from typing import Any

from bot.demo.slack.call import ApiError, Args, Reply

_DEFAULT, _MOST = 100, 1000


def page_of(name: str, items: list[Any], args: Args) -> Reply:
    """{name: one page, response_metadata: {next_cursor}}; an empty cursor ends the list."""
    size = args.number("limit", _DEFAULT)
    if not 0 < size <= _MOST:
        raise ApiError("invalid_limit")
    start = _read_cursor(args.text("cursor"))
    after = start + size
    cursor = b64encode(f"next:{after}".encode()).decode() if after < len(items) else ""
    return {name: items[start:after], "response_metadata": {"next_cursor": cursor}}


def _read_cursor(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        return int(b64decode(cursor, validate=True).decode().removeprefix("next:"))
    except ValueError:
        raise ApiError("invalid_cursor") from None
