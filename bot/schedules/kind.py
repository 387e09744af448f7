"""What every schedule kind keeps to: the Protocol of the files in `kinds/`, and what they are handed to read."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from storage.records import Schedule


@dataclass(frozen=True, slots=True)
class Asked:
    """A text to be read: `phrase` is without the zone that it named, `zone` is that one or the person's own.

    `half_year` is an abbreviation such as `est` that was typed; `zone` is then its fixed offset. `lang` is the
    language of the person (ISO 639, `zh`); the text may be in another.
    """

    phrase: str
    zone: str
    now: datetime
    half_year: str = ""
    lang: str = "en"


@dataclass(frozen=True, slots=True)
class Unread:
    """A kind understood the first `understood` words and not `rest`."""

    understood: int
    rest: str


@dataclass(frozen=True, slots=True)
class Slot:
    """One time of a schedule, in UTC: `at` is when it comes, `nominal_at` when it would have come had no calendar
    moved it. `note` says what people should know of it: `moved` by a calendar, `shifted` by a clock change; in a
    preview also `holiday` or `excluded`, for one that does not come. Else it is empty."""

    at: datetime
    nominal_at: datetime
    note: str = ""


class NoData(Exception):
    """A calendar knows nothing of a year, so that nobody can tell the next slot."""

    def __init__(self, calendar: str, year: int) -> None:
        super().__init__(f"The calendar {calendar} has no {year}.")
        self.calendar = calendar
        self.year = year


class Book(Protocol):
    """The calendars that a team can name: the built-in ones and its own."""

    def find(self, words: str, zone: str) -> str | None:
        """The canonical name of the calendar that was named (`us holidays` → `holiday:US`), or None. Where no
        country is named (`holidays`), the zone tells it."""

    def has(self, calendar: str, day: date) -> bool:
        """Whether the day is one of the calendar's. Raises NoData for a year that it does not know."""

    def known_until(self, calendar: str) -> date | None:
        """The last day that it knows; None for one that is known for ever."""


class Kind(Protocol):
    """One file in `kinds/`. The name of the file is the kind's name in `Schedule.kind`."""

    def read(self, asked: Asked) -> Schedule | Unread | None:
        """The schedule, or None if the text is of another kind. Raises Refusal if it is of this kind and wrong."""

    def next_after(self, schedule: Schedule, after: datetime) -> datetime | None:
        """The first slot strictly later than `after`, in UTC; None if there is none or no clock tells."""

    def after_end(self, schedule: Schedule, ended_at: datetime) -> datetime | None:
        """The slot that the end of a run brings about, for kinds that count from there; else None."""

    def first_after_save(self, schedule: Schedule, saved_at: datetime) -> datetime | None:
        """The first slot of a job that is saved now."""

    def anchor(self, schedule: Schedule, saved_at: datetime) -> Schedule:
        """The schedule that counts from the moment at which it was saved."""
