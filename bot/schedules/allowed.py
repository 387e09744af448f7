"""Which days a schedule's calendars and exclusions allow, and to which day a slot on any other moves."""

import time
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from functools import cached_property

from bot.schedules.books import known_book
from bot.schedules.exclusions import Exclusion, read_exclusion
from bot.schedules.kind import Book, NoData
from storage.records import CalendarRule, Schedule

LONGEST_ROLL = 366  # days; a calendar without a single day in a year leaves nothing to move to
HOLIDAY, WORKDAY = "holiday:", "workday:"


class Verdict(Enum):
    """What becomes of the slots of a day."""

    KEEP = "keep"
    MOVE = "move"
    HOLIDAY = "holiday"
    EXCLUDED = "excluded"


@dataclass
class Days:
    """The rules of one schedule about days. Days are ordinals; asking about a year that a calendar does not know
    raises NoData. `loading_s` is the thread's time that went into loading years, once in a process each."""

    schedule: Schedule
    book: Book | None
    loading_s: float = 0.0
    _asked: set[tuple[str, int]] = field(default_factory=set)

    @cached_property
    def exclusions(self) -> tuple[Exclusion, ...]:
        return tuple(read_exclusion(text) for text in self.schedule.exclusions)

    @cached_property
    def roll(self) -> str:
        """`next`, `previous` or empty: all the rules of a schedule that move slots move them the same way."""
        return next((rule.roll for rule in self.schedule.calendars if rule.roll != "skip"), "")

    def judge(self, ordinal: int) -> Verdict:
        day = date.fromordinal(ordinal)
        if any(exclusion.covers_day(day) for exclusion in self.exclusions):
            return Verdict.EXCLUDED
        against = [rule for rule in self.schedule.calendars if self._has(rule.calendar, day) != rule.only]
        if not against:
            return Verdict.KEEP
        return Verdict.HOLIDAY if any(rule.roll == "skip" for rule in against) else Verdict.MOVE

    def lands(self, ordinal: int) -> bool:
        """A slot may move to this day: it is allowed, and no weekend where the rule is about holidays."""
        day = date.fromordinal(ordinal)
        return self.judge(ordinal) is Verdict.KEEP and all(
            self._has(workdays, day) for rule in self.schedule.calendars if (workdays := _workdays_of(rule))
        )

    def landing(self, ordinal: int) -> int | None:
        """The day to which the slots of a day move; None where there is none near."""
        step = -1 if self.roll == "previous" else 1
        near = range(ordinal + step, ordinal + step * LONGEST_ROLL, step)
        return next((day for day in near if self.lands(day)), None)

    def first_source(self, ordinal: int) -> int:
        """The first day whose slots can come on this day or later."""
        first = ordinal
        while self.roll == "next" and ordinal - first < LONGEST_ROLL and not self._surely_lands(first - 1):
            first -= 1
        return first

    def comes_back_to(self, ordinal: int, target: int) -> bool:
        """Slots of this day or of later ones may still move back to `target` or before."""
        if self.roll != "previous" or ordinal - target > LONGEST_ROLL:
            return False
        return not any(self._surely_lands(day) for day in range(target + 1, ordinal))

    def _surely_lands(self, ordinal: int) -> bool:
        """Where nobody knows, nothing is looked for beyond: what lies on this side is sure."""
        try:
            return self.lands(ordinal)
        except NoData:
            return True

    def _has(self, calendar: str, day: date) -> bool:
        if (calendar, day.year) in self._asked:
            return self._calendars.has(calendar, day)
        started = time.thread_time()
        try:
            return self._calendars.has(calendar, day)
        finally:
            self.loading_s += time.thread_time() - started
            self._asked.add((calendar, day.year))

    @cached_property
    def _calendars(self) -> Book:
        return known_book(self.book)


def _workdays_of(rule: CalendarRule) -> str:
    """The working days of the country whose holidays move slots; empty for any other rule."""
    moves = rule.roll != "skip" and not rule.only and rule.calendar.startswith(HOLIDAY)
    return WORKDAY + rule.calendar.removeprefix(HOLIDAY) if moves else ""
