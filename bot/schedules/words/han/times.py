"""What a recurring phrase says about times of day: a window, times, or only a part of the day."""

from dataclasses import replace

from bot.schedules.words.han.clock import read_part, read_span, read_times
from bot.schedules.words.han.draft import Draft
from bot.schedules.words.han.scan import Scan
from bot.schedules.words.han.tongue import Tongue


def read_window(scan: Scan, draft: Draft, tongue: Tongue) -> Draft | None:
    """`9点到18点`, `9時から18時まで`."""
    if draft.window or draft.office:
        return None
    span = read_span(scan, tongue, draft.part)
    return replace(draft, window=span, part=None) if span else None


def read_clock(scan: Scan, draft: Draft, tongue: Tongue) -> Draft | None:
    if draft.told:
        return None
    told = read_times(scan, tongue, draft.part)
    return replace(draft, told=tuple(told), part=None) if told else None


def read_part_alone(scan: Scan, draft: Draft, tongue: Tongue) -> Draft | None:
    """`每天早上`: the time may follow, or is asked for."""
    part = read_part(scan, tongue) if draft.part is None and not draft.told else None
    return replace(draft, part=part) if part else None
