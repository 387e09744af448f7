"""Puts bounds into a schedule and their words behind its own, and takes both away again: the kinds know no bounds."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot.errors import Refusal
from bot.schedules.bounds import UNBOUND, Bounds, bounds_of
from bot.schedules.clauses.write import say_bounds, write_bounds
from bot.schedules.slots import kind_of
from storage.records import Schedule


def bind(rhythm: Schedule, bounds: Bounds) -> Schedule:
    """The schedule within these bounds. A rhythm that counts from its start counts from the start that is named.
    Raises Refusal for a schedule without times of its own."""
    if bounds == UNBOUND:
        return rhythm
    if rhythm.kind == "api":
        raise Refusal(
            "A job that runs only when asked has no times that could be bounded.",
            "Leave the rest out, or name a time.",
            code="unreadable",
            choices=(rhythm.text,),
        )
    if bounds.start_at:
        rhythm = _count_from_start(rhythm, bounds)
    return replace(
        rhythm,
        text=_behind(rhythm.text, write_bounds(bounds, rhythm.zone)),
        says=_behind(rhythm.says, say_bounds(bounds, rhythm.zone)),
        **_fields(bounds),
    )


def loosen(schedule: Schedule) -> Schedule:
    """The rhythm alone: `bind(loosen(schedule), bounds_of(schedule))` is the schedule again."""
    bounds = bounds_of(schedule)
    if bounds == UNBOUND:
        return schedule
    return replace(
        schedule,
        text=schedule.text.removesuffix(_behind("", write_bounds(bounds, schedule.zone))),
        says=schedule.says.removesuffix(_behind("", say_bounds(bounds, schedule.zone))),
        **_fields(UNBOUND),
    )


def _count_from_start(rhythm: Schedule, bounds: Bounds) -> Schedule:
    assert bounds.start_at
    if rhythm.kind == "fixed_rate":  # its first slot comes one period behind the anchor
        return replace(rhythm, anchor_at=bounds.start_at - timedelta(seconds=int(rhythm.spec)))
    return kind_of(rhythm).anchor(rhythm, bounds.start_at) if rhythm.kind == "cron" else rhythm


def _behind(words: str, clauses: str) -> str:
    return f"{words}, {clauses}"


def _fields(bounds: Bounds) -> dict[str, Any]:
    return {name: getattr(bounds, name) for name in Bounds.__dataclass_fields__}
