"""What may stand after a `|` in a macro: what each filter takes, what it gives, and what it does."""

import difflib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, tzinfo
from typing import Any

from bot.errors import Refusal
from bot.rules.macros.names import MISSING, Kind
from bot.rules.macros.offset import Offset, find_instant, read_offset, shift, shift_day
from bot.rules.macros.written import Month, check_form, timestamp, write, write_form

DAYS = frozenset({Kind.DATE, Kind.MONTH})
TIMES = DAYS | {Kind.TIME}
NUMERIC = frozenset({Kind.NUMBER, Kind.TEXT, Kind.ANY})
LONGEST_NUMBER = 40


@dataclass(frozen=True, slots=True)
class Filter:
    """`usage` shows how it is typed. `gives` None is the kind that it was given. `read` turns the text in the
    brackets into what `apply` gets; None for a filter without brackets. `apply` takes (value, argument, zone)."""

    usage: str
    takes: frozenset[Kind]
    gives: Kind | None
    apply: Callable[[Any, Any, tzinfo], Any]
    read: Callable[[str, Kind], Any] | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """A filter with its argument, read and found fit for what stands before it."""

    name: str
    argument: Any

    def apply(self, value: Any, zone: tzinfo) -> Any:
        """What is missing passes through to a `default`."""
        if value is MISSING and self.name != "default":
            return MISSING
        return FILTERS[self.name].apply(value, self.argument, zone)


def read_step(name: str, text: str | None, kind: Kind) -> tuple[Step, Kind]:
    """The filter for a value of that kind, and the kind that it gives. Raises Refusal `bad_macro` or `bad_offset`."""
    known = FILTERS.get(name)
    if known is None:
        raise _unknown(name)
    if kind not in known.takes:
        raise Refusal(
            f"“{name}” does not fit {kind.value}.",
            f"It takes {_either(known.takes)}." + (" A default comes last." if kind is Kind.TEXT else ""),
            code="bad_macro",
        )
    if known.read is None and text is not None:
        raise _misused(name)
    if known.read is not None and text is None and name != "default":
        raise _misused(name)
    argument = None if known.read is None else known.read(text or "", kind)
    return Step(name, argument), known.gives or kind


def _read_form(text: str, kind: Kind) -> str:
    check_form(text, has_hours=kind is Kind.TIME)
    return text


def _read_shift(text: str, kind: Kind) -> Offset:
    try:
        offset = read_offset(text)
    except Refusal as error:
        raise Refusal(error.message, error.hint, code="bad_macro") from None
    if kind is Kind.DATE and offset.seconds:
        raise Refusal("A date has no hours to move.", "Take data_time, or move it by days.", code="bad_macro")
    if kind is Kind.MONTH and (offset.days or offset.seconds):
        raise Refusal("A month moves by months.", "Write -1M, or take month_start.", code="bad_macro")
    return offset


def _add(value: date, offset: Offset, zone: tzinfo) -> date:
    if isinstance(value, datetime):
        return shift(value, offset, zone)
    moved = shift_day(value, offset)
    return Month.of(moved) if isinstance(value, Month) else moved


def _count_seconds(value: date, _: Any, zone: tzinfo) -> int:
    """Of a day, its first instant in the zone."""
    if isinstance(value, datetime):
        return timestamp(value)
    return timestamp(find_instant(datetime.combine(value, time()), zone))


def _write_iso(value: date, _: Any, zone: tzinfo) -> str:
    return write(date(value.year, value.month, value.day) if isinstance(value, Month) else value)


def _fill(value: Any, text: str, _: tzinfo) -> Any:
    return text if value is MISSING else write(value)


def _read_number(value: Any, _: Any, __: tzinfo) -> int | float:
    """A number for an input that is one; a text in its place would be refused by Dify."""
    number = value if isinstance(value, (int, float)) and not isinstance(value, bool) else _parse_number(value)
    if number is None or (isinstance(number, float) and not math.isfinite(number)):
        message = f"“{write(value)[:LONGEST_NUMBER]}” is not a number."
        raise Refusal(message, "Name an output that is one.", code="bad_value")
    return number


def _parse_number(value: Any) -> int | float | None:
    if not isinstance(value, str) or len(value) > LONGEST_NUMBER:
        return None
    try:
        return int(value)
    except ValueError:
        pass
    try:
        return float(value)
    except ValueError:
        return None


FILTERS: Mapping[str, Filter] = {
    "date": Filter('date("%Y-%m-%d")', TIMES, Kind.TEXT, lambda at, form, _: write_form(at, form), _read_form),
    "add": Filter('add("-1d")', TIMES, None, _add, _read_shift),
    "utc": Filter("utc", frozenset({Kind.TIME}), Kind.TIME, lambda at, *_: at.astimezone(UTC)),
    "iso": Filter("iso", TIMES, Kind.TEXT, _write_iso),
    "timestamp": Filter("timestamp", TIMES, Kind.NUMBER, _count_seconds),
    "upper": Filter("upper", frozenset(Kind), Kind.TEXT, lambda value, *_: write(value).upper()),
    "lower": Filter("lower", frozenset(Kind), Kind.TEXT, lambda value, *_: write(value).lower()),
    "number": Filter("number", NUMERIC, Kind.NUMBER, _read_number),
    "default": Filter('default("none")', frozenset(Kind), Kind.TEXT, _fill, lambda text, _: text),
}


def _unknown(name: str) -> Refusal:
    near = difflib.get_close_matches(name, FILTERS, n=1, cutoff=0.6)
    meant = f"Did you mean {FILTERS[near[0]].usage}? " if near else ""
    usages = ", ".join(known.usage for known in FILTERS.values())
    return Refusal(f"I know no filter “{name[:80]}”.", f"{meant}Known are: {usages}.", code="bad_macro")


def _misused(name: str) -> Refusal:
    return Refusal(f"“{name}” is not written so.", f"Write {FILTERS[name].usage}.", code="bad_macro")


def _either(kinds: frozenset[Kind]) -> str:
    return " or ".join(kind.value for kind in Kind if kind in kinds)
