"""What a phrase asks for again and again: the shape that it is read to, and its canonical words."""

from dataclasses import dataclass

from bot.schedules.cron.describe import describe_cycle, describe_dates, join_words, write_time
from bot.schedules.cron.fields import EVERY_MONTH, Cycle, Dates
from bot.schedules.cron.write import Time
from bot.schedules.words.clock import Reading

END_OF_DAY = (24, 0, 0)
DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Wish:
    """What a phrase asks for. Intervals and delays are in seconds; `marks` are minutes of every hour; `cycle` leaves
    out days, weeks or months between, and has an anchor where one was typed (`counted from 2026-11-23`);
    `clock` is what becomes `times` once the part of the day is known, too; `asked_times` and
    `asked_days` are how many times a day, or days of a week or month, were announced (`twice a day`)."""

    dates: Dates | None = None
    cycle: Cycle | None = None
    months: tuple[int, ...] = EVERY_MONTH
    times: tuple[Time, ...] = ()
    clock: tuple[Reading, ...] = ()
    interval_s: int | None = None
    delay_s: int | None = None
    marks: tuple[int, ...] = ()
    window: tuple[Time, Time] | None = None
    part: str = ""
    asked_times: int = 0
    asked_days: int = 0

    @property
    def is_interval(self) -> bool:
        """Nothing but a rhythm, counted in seconds from its start."""
        bound = self.dates or self.cycle or self.times or self.marks or self.window or self.months != EVERY_MONTH
        return self.interval_s is not None and self.delay_s is None and not bound

    def phrase(self, *, short: bool) -> str:
        """The wish in canonical words; `short` writes times as 9:00, as they are typed."""
        dates = describe_dates(self.dates or Dates(), self.months)
        if self.cycle:
            dates = describe_cycle(self.cycle, self.dates or Dates(), self.months)
        if self.times:
            at = f"{dates} at {join_words(write_time(time, short=short) for time in self.times)}"
            return f"{at} counted from {self.cycle.anchor}" if self.cycle and self.cycle.anchor else at
        days = "" if dates == "every day" else f", {dates}"
        if self.marks:
            rhythm = f"every hour at {join_words(f':{mark:02}' for mark in self.marks)}"
        else:
            rhythm = f"every {write_interval(self.interval_s or 0)}"
        if self.window:
            first, last = (write_time(time, short=short) for time in self.window)
            rhythm += f" from {first} to {'midnight' if self.window[1] == END_OF_DAY else last}"
        return rhythm + days


def write_interval(seconds: int) -> str:
    """`5 minutes`, `hour`, `48 hours`: never days, which would be days of the calendar."""
    hours, rest = divmod(seconds, 3600)
    return f"{hours} hours" if hours >= 24 and not rest else write_duration(seconds)


def write_duration(seconds: int, *, one: bool = False) -> str:
    """`5 minutes`, `90 minutes`, `hour`; `one` writes `1 hour`. A day is 24 hours, to differ from a calendar day."""
    for unit, size in (("day", DAY_S), ("hour", 3600), ("minute", 60), ("second", 1)):
        count, rest = divmod(seconds, size)
        if rest or (unit == "day" and count == 1):
            continue
        if count == 1:
            return f"1 {unit}" if one else unit
        if count:
            return f"{count} {unit}s"
    return "0 seconds"
