"""Fire times as lines of mrkdwn: in the job's zone, in the reader's zone, and as Slack's own date."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.blocks import words
from bot.blocks.parts import Block, date, preformatted
from bot.blocks.text import escape, one_line, shorten, show

TIMES_SHOWN = 50
INPUTS_SHOWN = 20
INPUT_SHOWN = 200
NO_TIMES = "It will not run by itself."


def time_lines(
    times: Sequence[datetime], zone: str, reader_zone: str | None = None, now: datetime | None = None
) -> str:
    """One line a time. `reader_zone` is left out when it shows the same clock; years only where they differ."""
    if not times:
        return NO_TIMES
    return "\n".join(f"• {time_line(at, zone, reader_zone, now or times[0])}" for at in times[:TIMES_SHOWN])


def time_line(at: datetime, zone: str, reader_zone: str | None = None, now: datetime | None = None) -> str:
    here = words.local(at, zone, now=now)
    there = words.local(at, reader_zone, now=now) if reader_zone else ""
    same = not reader_zone or at.astimezone(words.zone_of(zone)[0]).replace(tzinfo=None) == at.astimezone(
        words.zone_of(reader_zone)[0]
    ).replace(tzinfo=None)
    return f"{escape(here)} · {date(at)}" if same else f"{escape(here)} · {escape(there)} · {date(at)}"


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
