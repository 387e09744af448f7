"""What the clauses of one text have said so far, and the `Bounds` that they come to."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.errors import Refusal
from bot.schedules.bounds import Bounds
from bot.schedules.clauses.write import name_calendar
from bot.schedules.exclusions import Exclusion, merge_exclusions
from bot.schedules.kind import Book
from storage.records import CalendarRule

MOST_TIMES = 100_000
LONGEST_JITTER_S = 86_400


@dataclass
class Draft:
    """Where a text stands: the person's zone and clock, the calendars that can be named, and what was read.

    `rolls` is (calendar, roll) of a general word (`on holidays`), which means all that are named anywhere;
    `names_days` tells that a calendar supplies the days; `leads` that nothing of the rhythm was read yet.
    """

    zone: str
    now: datetime
    book: Book | None
    start_at: datetime | None = None
    until_at: datetime | None = None
    times: int | None = None
    jitter_s: int | None = None
    calendars: list[CalendarRule] = field(default_factory=list)
    exclusions: list[Exclusion] = field(default_factory=list)
    rolls: tuple[str, str] | None = None
    names_days: bool = False
    leads: bool = True

    def set_start(self, moment: datetime) -> None:
        _refuse_twice("start", self.start_at)
        self.start_at = moment

    def set_until(self, moment: datetime) -> None:
        _refuse_twice("end", self.until_at)
        self.until_at = moment

    def set_times(self, times: int) -> None:
        _refuse_twice("number of times", self.times)
        if not 1 <= times <= MOST_TIMES:
            raise Refusal(f"{times} times is not possible.", f"A number from 1 to {MOST_TIMES:,}.", code="unreadable")
        self.times = times

    def set_jitter(self, seconds: int) -> None:
        _refuse_twice("jitter", self.jitter_s)
        if not 1 <= seconds <= LONGEST_JITTER_S:
            raise Refusal("A jitter must lie between 1 second and 1 day.", "Write “jitter 5m”.", code="unreadable")
        self.jitter_s = seconds

    def add_calendar(self, rule: CalendarRule) -> None:
        """A calendar stands once; the way in which it moves slots may be told in another clause."""
        for place, known in enumerate(self.calendars):
            if known.calendar == rule.calendar:
                if known.only != rule.only:
                    name = name_calendar(rule.calendar)
                    raise Refusal(f"Only {name} and no {name}: nothing is left.", "Leave one out.", code="never")
                self.calendars[place] = known if rule.roll == "skip" else rule
                return
        self.calendars.append(rule)

    def roll(self, calendar: str, roll: str, *, is_general: bool) -> None:
        """Slots on days that a calendar rules out move. A general word means the calendars that are named, where
        there are any; else it names its own."""
        if is_general:
            _refuse_twice("rule for holidays", self.rolls)
            self.rolls = (calendar, roll)
            return
        known = next((rule for rule in self.calendars if rule.calendar == calendar), None)
        self.add_calendar(CalendarRule(calendar=calendar, only=bool(known and known.only), roll=roll))

    def settle(self) -> Bounds:
        """Raises Refusal for what contradicts itself or is over."""
        start, until = self.start_at, self.until_at
        self._settle_rolls()
        if start and until and until < start:
            raise Refusal("The end is before the start.", "Change one of the two.", code="never")
        if until and until <= self.now:
            raise Refusal("The end lies in the past: it would never run.", "Name a later day.", code="past")
        if len({rule.roll for rule in self.calendars} - {"skip"}) > 1:
            raise Refusal(
                "Some days would move forward and others back.",
                "Move them all to the next day, or all to the day before.",
                code="ambiguous",
            )
        return Bounds(
            start_at=start,
            until_at=until,
            times=self.times,
            calendars=tuple(self.calendars),
            exclusions=merge_exclusions(self.exclusions),
            jitter_s=self.jitter_s or 0,
        )

    def _settle_rolls(self) -> None:
        if self.rolls is None:
            return
        calendar, roll = self.rolls
        if self.calendars:
            self.calendars = [replace(rule, roll=roll) for rule in self.calendars]
        else:
            self.add_calendar(CalendarRule(calendar=calendar, only=False, roll=roll))


def _refuse_twice(what: str, known: object) -> None:
    if known is not None:
        raise Refusal(f"The {what} is given twice.", "Leave one of the two out.", code="ambiguous")
