"""One field of numbers: lists, ranges and steps, read to a set. What both dialects share."""

import difflib
import re
from dataclasses import dataclass, field
from typing import NamedTuple

from bot.schedules.cron.faults import WrongField

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
LONG_NAMES = {
    long.upper(): long[:3].upper()
    for long in (
        *("January", "February", "March", "April", "June", "July", "August", "September", "October", "November"),
        *("December", "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"),
    )
}
ITEM = re.compile(r"(?P<first>\*|[A-Z0-9]+)(?:-(?P<last>[A-Z0-9]+))?(?:/(?P<step>\d+))?", re.ASCII)


class Span(NamedTuple):
    """A range as it was written."""

    first: int
    last: int
    step: int


@dataclass(frozen=True, slots=True)
class Field:
    """The rules of one field. `wraps` allows 22-2. `step_limit` is the largest step that makes sense."""

    name: str
    low: int
    high: int
    names: dict[str, int] = field(default_factory=dict)
    wraps: bool = False

    @property
    def rule(self) -> str:
        names = f" or {next(iter(self.names))}-{list(self.names)[-1]}" if self.names else ""
        return f"it must be {self.low}-{self.high}{names}"

    @property
    def step_limit(self) -> int:
        return self.high


def read_values(rule: Field, text: str) -> set[int]:
    """The values of a whole field. Raises WrongField."""
    values: set[int] = set()
    for item in text.split(","):
        values |= read_item(rule, item, text)
    return values


def read_item(rule: Field, item: str, whole: str) -> set[int]:
    if not item:
        raise WrongField("there is a comma too many", ",".join(filter(None, whole.split(","))))
    match = ITEM.fullmatch(item)
    if match is None:
        raise _explain(rule, item, whole)
    step = _read_step(match["step"], item, whole)
    if match["first"] == "*":
        if match["last"]:
            raise WrongField("a range needs two values, as in 9-17")
        return _run(rule, Span(rule.low, rule.high, _limit(rule, step, whole, item)))
    first = read_value(rule, match["first"], whole)
    if match["last"]:
        last = read_value(rule, match["last"], whole)
        return _run(rule, Span(first, last, step), whole=whole, item=item)
    if match["step"]:
        return _run(rule, Span(first, rule.high, _limit(rule, step, whole, item)))
    return {first}


def read_value(rule: Field, text: str, whole: str) -> int:
    """One number or name. Raises WrongField."""
    if text in rule.names:
        return rule.names[text]
    if not text.isdigit():
        raise _explain(rule, text, whole)
    if len(text) > 4 or not rule.low <= int(text) <= rule.high:
        raise WrongField(rule.rule, *_clamp(rule, text, whole))
    return int(text)


def _run(rule: Field, span: Span, whole: str = "", item: str = "") -> set[int]:
    if span.first <= span.last:
        return set(range(span.first, span.last + 1, span.step))
    if not rule.wraps:
        straight = f"{span.first}-{rule.high},{rule.low}-{span.last}"
        better = [whole.replace(item, straight)] if span.step == 1 else []
        raise WrongField("a range must not run backwards", *better)
    count = rule.high - rule.low + 1
    return {(value - rule.low) % count + rule.low for value in range(span.first, span.last + count + 1, span.step)}


def _read_step(text: str | None, item: str, whole: str) -> int:
    if text is None:
        return 1
    if len(text) > 4 or int(text) == 0:
        raise WrongField("the step after / must be a positive whole number", whole.replace(item, item.split("/")[0]))
    return int(text)


def _limit(rule: Field, step: int, whole: str, item: str) -> int:
    if step > rule.step_limit:
        start = item.split("/")[0].replace("*", str(rule.low))
        raise WrongField(f"the step {step} is larger than the field", whole.replace(item, start))
    return step


def _clamp(rule: Field, text: str, whole: str) -> tuple[str, ...]:
    """24 o'clock and minute 60 are the 0 of what follows; in a range they mean the end. A Quartz weekday 0 was
    counted as in Unix, so all the numbers beside it were too."""
    if rule.low == 0 and text == str(rule.high + 1) and not rule.names:
        better = str(rule.high) if f"-{text}" in whole else "0"
        return (re.sub(rf"\b{text}\b", better, whole),)
    if tuple(rule.names) == WEEKDAYS and text == "0" and not re.search(r"[7-9/]|\d\d", whole):
        return (re.sub(r"\d", lambda match: WEEKDAYS[int(match[0])], whole),)
    return ()


def _explain(rule: Field, text: str, whole: str) -> WrongField:
    """The most telling sentence about a text that is no item at all."""
    if re.fullmatch(r"[A-Z]{4,}", text):
        return WrongField(*_unknown_name(rule, text, whole))
    if "/" in text:
        return WrongField("the step after / must be a positive whole number, as in */5")
    if "-" in text:
        return WrongField("a range needs two values, as in 9-17")
    if re.fullmatch(r"[A-Z]+", text):
        return WrongField(*_unknown_name(rule, text, whole))
    if ":" in text:
        return WrongField("hours and minutes stand in fields of their own")
    return WrongField(rule.rule)


def _unknown_name(rule: Field, text: str, whole: str) -> tuple[str, ...]:
    if not rule.names:
        return (rule.rule,)
    short = LONG_NAMES.get(text)
    near = [short] if short in rule.names else difflib.get_close_matches(text[:3], rule.names, n=1, cutoff=0.6)
    known = f"names have three letters, {next(iter(rule.names))} to {list(rule.names)[-1]}"
    return (known, *(whole.replace(text, name) for name in near if name))
