"""Fire times as lines of mrkdwn: in the job's zone, in the reader's zone, and as Slack's own date."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.blocks import words
from bot.blocks.parts import Block, date, preformatted
from bot.blocks.text import escape, one_line, shorten, show

TIMES_SHOWN = 50
INPUTS_SHOWN = 20
INPUT_SHOWN = 200
DATE = "{date_short_pretty} at {time}"
NO_TIMES = "It will not run by itself."


def time_line(at: datetime, zone: str, reader_zone: str | None = None, now: datetime | None = None) -> str:
    here = words.local(at, zone, now=now)
    there = words.local(at, reader_zone, now=now) if reader_zone else ""
    if not reader_zone or same_clock(at, zone, reader_zone):
        return f"{escape(here)} · {date(at)}"
    return f"{escape(here)} · {escape(there)} · {date(at)}"


def told_time(at: datetime, zone: str, reader_zone: str | None = None, fmt: str = DATE) -> str:
    """A time within a sentence: on the reader's clock, and in the job's zone where that shows another one."""
    told = date(at, fmt)
    return told if reader_zone and same_clock(at, zone, reader_zone) else f"{told} ({escape(words.local(at, zone))})"


def same_clock(at: datetime, zone: str, other: str) -> bool:
    """Whether two zones show the same time then."""
    here, there = (at.astimezone(words.zone_of(name)[0]).replace(tzinfo=None) for name in (zone, other))
    return here == there


def input_lines(inputs: Mapping[str, Any]) -> list[Block]:
    """The inputs as "key = value" in a box where nothing is parsed; nothing when there are none."""
    if not inputs:
        return []
    pairs = list(inputs.items())
    lines = [
        f"{shorten(one_line(key), 80)} = {shorten(one_line(show(value)), INPUT_SHOWN)}"
        for key, value in pairs[:INPUTS_SHOWN]
    ]
    if len(pairs) > INPUTS_SHOWN:
        lines.append(f"… {len(pairs) - INPUTS_SHOWN} more inputs")
    return [preformatted("\n".join(lines))]
