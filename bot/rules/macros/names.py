"""The names that a macro may say: what kind of value each is, and where it comes from."""

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from bot.errors import Refusal
from bot.rules.macros.facts import Facts
from bot.rules.macros.offset import Offset, shift_day
from bot.rules.macros.written import WEEKDAYS, Month

OUTPUTS = ("last_success", "outputs")
DEEPEST_OUTPUT = 10


class Kind(StrEnum):
    """What a value is, known before there is one. `ANY` is an output of a workflow: whatever it gave."""

    TIME = "a time"
    DATE = "a date"
    MONTH = "a month"
    TEXT = "a text"
    NUMBER = "a number"
    ANY = "an output"


class Missing:
    """Stands for a value that is not there (yet)."""


MISSING = Missing()


@dataclass(frozen=True, slots=True)
class Name:
    """One name: its kind and its value."""

    kind: Kind
    look: Callable[[Facts], Any]


def _day(days: int) -> Name:
    return Name(Kind.DATE, lambda facts: shift_day(facts.day(), Offset(days=days)))


def _week_day(days: int) -> Name:
    """So many days after the Monday of the week."""
    return Name(Kind.DATE, lambda facts: _move(facts.day(), days=days - facts.day().weekday()))


def _first_of(months: int) -> Name:
    return Name(Kind.DATE, lambda facts: _move(_first(facts), months=months))


def _last_of(months: int) -> Name:
    return Name(Kind.DATE, lambda facts: _move(_move(_first(facts), months=months + 1), days=-1))


def _month(months: int) -> Name:
    return Name(Kind.MONTH, lambda facts: Month.of(_move(_first(facts), months=months)))


def _of_success(kind: Kind, look: Callable[[Facts], Any]) -> Name:
    return Name(kind, lambda facts: MISSING if facts.last_success is None else look(facts))


def _first(facts: Facts) -> date:
    return facts.day().replace(day=1)


def _quarter(facts: Facts) -> date:
    return _move(_first(facts), months=-((facts.day().month - 1) % 3))


def _move(day: date, *, months: int = 0, days: int = 0) -> date:
    return shift_day(day, Offset(months, days))


def _success_slot(facts: Facts) -> datetime:
    assert facts.last_success is not None
    return facts.last_success.slot_at.replace(microsecond=0).astimezone(facts.zone)


def _success_data(facts: Facts) -> datetime:
    assert facts.last_success is not None
    return facts.data_time_of(facts.last_success.slot_at)


def _success_end(facts: Facts) -> Any:
    ended_at = facts.last_success.ended_at if facts.last_success else None
    return MISSING if ended_at is None else ended_at.replace(microsecond=0).astimezone(facts.zone)


NAMES: Mapping[str, Name] = {
    "scheduled_time": Name(Kind.TIME, Facts.scheduled_time),
    "data_time": Name(Kind.TIME, Facts.data_time),
    "today": _day(0),
    "yesterday": _day(-1),
    "tomorrow": _day(1),
    "weekday": Name(Kind.TEXT, lambda facts: WEEKDAYS[facts.day().weekday()]),
    "week_start": _week_day(0),
    "week_end": _week_day(6),
    "last_week_start": _week_day(-7),
    "last_week_end": _week_day(-1),
    "month": _month(0),
    "month_start": _first_of(0),
    "month_end": _last_of(0),
    "last_month": _month(-1),
    "last_month_start": _first_of(-1),
    "last_month_end": _last_of(-1),
    "quarter_start": Name(Kind.DATE, _quarter),
    "year_start": Name(Kind.DATE, lambda facts: facts.day().replace(month=1, day=1)),
    "job.name": Name(Kind.TEXT, lambda facts: facts.job_name),
    "job.id": Name(Kind.NUMBER, lambda facts: MISSING if facts.job_id is None else facts.job_id),
    "job.channel": Name(Kind.TEXT, lambda facts: facts.channel_id),
    "run.cause": Name(Kind.TEXT, lambda facts: facts.cause),
    "last_success.scheduled_time": _of_success(Kind.TIME, _success_slot),
    "last_success.data_time": _of_success(Kind.TIME, _success_data),
    "last_success.ended_time": _of_success(Kind.TIME, _success_end),
    "last_success.outputs": _of_success(Kind.ANY, lambda facts: facts.last_success and facts.last_success.outputs),
}
# What other schedulers call it.
ELSEWHERE = {
    "now": "scheduled_time",
    "time": "scheduled_time",
    "start_time": "scheduled_time",
    "started_time": "scheduled_time",
    "trigger_time": "scheduled_time",
    "execution_date": "data_time",
    "logical_date": "data_time",
    "date": "today",
    "ds": "today",
}


def kind_of(path: Sequence[str | int]) -> Kind:
    """What kind of value a name gives. Raises Refusal `bad_macro` for one that is not known."""
    if _is_output(path):
        if len(path) > DEEPEST_OUTPUT:
            raise Refusal("That looks too deep into the outputs.", f"At most {DEEPEST_OUTPUT - 2} steps.")
        return Kind.ANY
    known = NAMES.get(_join(path))
    if known is None:
        raise _unknown(_join(path))
    return known.kind


def look_up(path: Sequence[str | int], facts: Facts) -> Any:
    """The value of a known name; MISSING where there is none."""
    if not _is_output(path):
        return NAMES[_join(path)].look(facts)
    value = NAMES[".".join(OUTPUTS)].look(facts)
    for step in path[len(OUTPUTS) :]:
        value = _step(value, step)
    return MISSING if value is None else value


def is_of_success(path: Sequence[str | int]) -> bool:
    """Whether the name needs the run before this one."""
    return path[:1] == ("last_success",)


def _step(value: Any, step: str | int) -> Any:
    if isinstance(value, Mapping):
        return value.get(str(step), MISSING)
    if isinstance(value, list) and isinstance(step, int) and 0 <= step < len(value):
        return value[step]
    return MISSING


def _is_output(path: Sequence[str | int]) -> bool:
    return tuple(path[: len(OUTPUTS)]) == OUTPUTS


def _join(path: Sequence[str | int]) -> str:
    return ".".join(map(str, path))


def _unknown(name: str) -> Refusal:
    near = [ELSEWHERE[name]] if name in ELSEWHERE else difflib.get_close_matches(name, NAMES, n=2, cutoff=0.6)
    near = near or [known for known in NAMES if known.startswith(f"{name}.")][:3]
    meant = f"Did you mean {' or '.join(near)}? " if near else ""
    return Refusal(
        f"I know no “{name[:80]}”.", f"{meant}Known are: {', '.join(NAMES)}.", code="bad_macro", choices=tuple(near)
    )
