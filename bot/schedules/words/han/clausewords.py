"""What a language tells the reader of clauses: the words that open and close each of them."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from bot.schedules.words.day import Day
from bot.schedules.words.han.scan import Scan
from bot.schedules.words.han.tongue import Tongue


@dataclass(frozen=True)
class Clauses:
    """How a language says them. `marks`: no clause stands in a text without one. `yearly` stands before a date that
    is no start. `before` and `behind` a day make it the start or the end; at least one of the two must stand.
    `skip` (with the name behind it) and `skipped` (with the name before it) leave days out, `rolled` moves them on,
    `only` names the days of a calendar, `plain` are such words that the rhythm reads itself."""

    tongue: Tongue
    prepare: Callable[[str], str]
    read_day: Callable[[Scan, date], Day | None]
    read_duration: Callable[[Scan], int | None]
    every_day: str
    rhythm: re.Pattern[str]
    marks: re.Pattern[str]
    yearly: re.Pattern[str]
    now: re.Pattern[str]
    before_start: re.Pattern[str]
    behind_start: re.Pattern[str]
    between: re.Pattern[str]
    before_end: re.Pattern[str]
    behind_end: re.Pattern[str]
    times: re.Pattern[str]
    jitter: re.Pattern[str]
    behind_jitter: re.Pattern[str]
    skip: re.Pattern[str]
    skipped: re.Pattern[str]
    outside: re.Pattern[str]
    rolled: re.Pattern[str]
    only: re.Pattern[str]
    plain: re.Pattern[str]
    weekend: re.Pattern[str]
    joint: re.Pattern[str]
