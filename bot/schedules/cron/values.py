"""One field of numbers: lists, ranges and steps, read to a set. What both dialects share."""

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from bot.schedules.cron.faults import WrongField
from bot.schedules.cron.misread import MONTHS, WEEKDAYS, explain_text, mend_number, swap_word

__all__ = ("MONTHS", "WEEKDAYS", "Field", "read_item", "read_value", "read_values")

ITEM = re.compile(r"(?P<first>\*|[A-Z0-9]+)(?:-(?P<last>[A-Z0-9]+))?(?:/(?P<step>\d+))?", re.ASCII)
LONGEST_NUMBER = 4  # a year


class Span(NamedTuple):
    """A range as it was written."""

    first: int
    last: int
    step: int


@dataclass(frozen=True, slots=True)
class Field:
    """The rules of one field. `wraps` allows 22-2, `any_step` a step that is larger than the field, which then leaves
    its first value only. `note` says how its numbers count where that is not plain."""

    name: str
    low: int
    high: int
    names: dict[str, int] = field(default_factory=dict)
    wraps: bool = False
    any_step: bool = False
    note: str = ""

    @property
    def rule(self) -> str:
        note = f" ({self.note})" if self.note else ""
        names = f" or {next(iter(self.names))}-{list(self.names)[-1]}" if self.names else ""
        return f"it must be {self.low}-{self.high}{note}{names}"


def read_values(rule: Field, text: str) -> set[int]:
    """The values of a whole field. Raises WrongField."""
    values: set[int] = set()
    for item in text.split(","):
        values |= read_item(rule, item, text)
    return values


def read_item(rule: Field, item: str, whole: str) -> set[int]:
    """The values of one item of the list `whole`. Raises WrongField."""
    if not item:
        raise WrongField("there is a comma too many", ",".join(filter(None, whole.split(","))))
    match = ITEM.fullmatch(item)
    if match is None:
        raise explain_text(rule, item, whole)
    step = _read_step(match["step"], whole)
    if match["first"] == "*":
        if match["last"]:
            raise WrongField("a range needs two values, as in 9-17")
        return _run(rule, Span(rule.low, rule.high, _limit(rule, step, whole, item)))
    first = read_value(rule, match["first"], whole)
    if match["last"]:
        span = Span(first, read_value(rule, match["last"], whole), step)
        return _run(rule, span) if span.first <= span.last else _run_over_the_end(rule, span, item, whole)
    if match["step"]:
        return _run(rule, Span(first, rule.high, _limit(rule, step, whole, item)))
    return {first}


def read_value(rule: Field, text: str, whole: str) -> int:
    """One number or name. Raises WrongField."""
    if text in rule.names:
        return rule.names[text]
    if not text.isdigit():
        raise explain_text(rule, text, whole)
    if len(text) > LONGEST_NUMBER or not rule.low <= int(text) <= rule.high:
        raise WrongField(rule.rule, *mend_number(rule, text, whole))
    return int(text)


def _run(rule: Field, span: Span) -> set[int]:
    return set(range(span.first, span.last + 1, span.step))


def _run_over_the_end(rule: Field, span: Span, item: str, whole: str) -> set[int]:
    count = rule.high - rule.low + 1
    if rule.wraps:
        return {
            (value - rule.low) % count + rule.low for value in range(span.first, span.last + count + 1, span.step)
        }
    if rule.low > count:  # years count no circle
        raise WrongField("a range must not run backwards", swap_word(whole, item, _turn(span)))
    names = {value: name for name, value in rule.names.items()} if item[0].isalpha() else {}
    top = 6 if rule.high == 7 else rule.high  # the Sunday of Unix stands at both ends
    ends = (names.get(value, str(value)) for value in (span.first, top, rule.low, span.last))
    straight = "{}-{},{}-{}".format(*ends)
    better = [swap_word(whole, item, straight)] if span.step == 1 and span.first <= top else []
    raise WrongField("a range must not run backwards", *better)


def _turn(span: Span) -> str:
    return f"{span.last}-{span.first}" + (f"/{span.step}" if span.step > 1 else "")


def _read_step(text: str | None, whole: str) -> int:
    if text is None:
        return 1
    if len(text) > LONGEST_NUMBER or int(text) == 0:
        raise WrongField("the step after / must be a positive whole number, as in */5")
    return int(text)


def _limit(rule: Field, step: int, whole: str, item: str) -> int:
    if step > rule.high and not rule.any_step:
        start = item.split("/")[0].replace("*", str(rule.low))
        raise WrongField(f"the step {step} is larger than the field", swap_word(whole, item, start))
    return step
