"""What a language supplies to put a schedule into words: its names, and a template for each shape."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

MONDAY_FIRST = (1, 2, 3, 4, 5, 6, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lexicon:
    """Templates are for `str.format`; the names in braces are told by the place that fills them in. `units` are keyed
    by second, minute, hour, day, week, month; `rolls` by (only, roll)."""

    comma: str
    listed: str
    stop: str
    weekdays: tuple[str, ...]
    units: Mapping[str, str]
    # dates
    daily: str
    weekly: str
    workdays: str
    monthly: str
    yearly: str
    yearly_daily: str
    month: str
    month_day: str
    last_day: str
    before_last: str
    nearest: str
    nearest_before_last: str
    last_workday: str
    nth: str
    last_weekday: str
    either: str
    both: str
    cycle: str
    cycle_on: str
    counted: str
    years: str
    year: str
    year_steps: str
    in_months: str
    # times
    at: str
    every: str
    hourly: str
    seconds: str
    hours: str
    hour_list: str
    on_dates: str
    # the other kinds
    delay: str
    once: str
    after_save: str
    api: str
    # bounds
    start: str
    until: str
    times: str
    only: str
    skip: str
    rolls: Mapping[tuple[bool, str], str]
    calendars: Mapping[str, str]
    places: Mapping[str, str]
    left_out: str
    span: str
    window: str
    cron_out: str
    jitter: str
    weekend: str

    def join(self, words: Iterable[str]) -> str:
        return self.listed.join(words)

    def duration(self, seconds: int) -> str:
        """`5分钟`, `90分钟`, `48小时`: in the largest unit that leaves no rest, and never days."""
        for unit, size in (("hour", 3600), ("minute", 60)):
            if seconds and seconds % size == 0:
                return f"{seconds // size}{self.units[unit]}"
        return f"{seconds}{self.units['second']}"
