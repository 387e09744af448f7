"""What every schedule kind keeps to: the Protocol of the files in `kinds/`, and what they are handed to read."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from storage.records import Schedule


@dataclass(frozen=True, slots=True)
class Asked:
    """A text to be read: `phrase` is without the zone that it named, `zone` is that one or the person's own.

    `half_year` is an abbreviation such as `est` that was typed; `zone` is then its fixed offset.
    """

    phrase: str
    zone: str
    now: datetime
    half_year: str = ""


@dataclass(frozen=True, slots=True)
class Unread:
    """A kind understood the first `understood` words and not `rest`."""

    understood: int
    rest: str


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
