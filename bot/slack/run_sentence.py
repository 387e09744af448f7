"""The grammar of the sentence after `/dify run`: which words are the job or app, the day, the inputs.

    <job or app> [data 2026-11-01 [9:00]] [force] [key=value …]

Pure.
"""

import re
from dataclasses import dataclass, field

from bot.errors import Refusal
from bot.slack.sentence import is_plain, part_inputs
from bot.slack.words import Kind, Word, read_words

DAY = re.compile(r"\d{4}-\d\d-\d\d( \d{1,2}:\d\d)?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunWords:
    """`target` names a job or an app; `whole` is that with all words behind it, for a name without quotation marks
    may end as a clause does. `data` is the day that the run is about, with a time of day where one was said."""

    target: str
    inputs: dict[str, str] = field(default_factory=dict)
    data: str | None = None
    is_forced: bool = False
    whole: str = ""


def read_run(rest: str) -> RunWords:
    """Words that are no pair are the name, so that `/dify run Nightly digest topic=AI` needs no quotation marks."""
    words, inputs = part_inputs(read_words(rest))
    if not words:
        hint = 'For example: /dify run "Nightly digest" topic="AI"'
        raise Refusal("Which job or app should run? None was named.", hint, code="no_target")
    left, whole = list(words), " ".join(word.text for word in words)
    is_forced = len(left) > 1 and is_plain(left[-1], "force")
    if is_forced:
        left.pop()
    data = _take_day(left)
    target = " ".join(word.text for word in left)
    if words[0].kind is Kind.QUOTED:
        whole = target
    return RunWords(target=target, inputs=inputs, data=data, is_forced=is_forced, whole=whole)


def _take_day(words: list[Word]) -> str | None:
    """`data 2026-11-01 9:00` at the end, which is taken away."""
    for length in (3, 2):
        clause = words[-length:]
        day = " ".join(word.text for word in clause[1:])
        if len(words) > length and is_plain(clause[0], "data") and DAY.fullmatch(day):
            del words[-length:]
            return day
    return None
