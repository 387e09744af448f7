"""What the names of a macro are filled from: the slot, the job and the success before it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from typing import Any

from bot.errors import Refusal
from bot.rules.macros.offset import find_instant, read_offset, shift


@dataclass(frozen=True, slots=True, kw_only=True)
class LastSuccess:
    """The newest slot before this one that succeeded. Times are aware."""

    slot_at: datetime
    ended_at: datetime | None
    outputs: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """One run, as its macros see it: equal facts give equal texts, whenever it is asked.

    `slot_at` is the nominal time, aware; `zone` is the job's. `data_offset` moves the data time away from the slot;
    `data_at` says it outright, for a run by hand that is about another day.
    """

    slot_at: datetime
    zone: tzinfo
    data_offset: str = ""
    data_at: datetime | None = None
    job_id: int | None = None
    job_name: str = ""
    channel_id: str = ""
    cause: str = "schedule"
    last_success: LastSuccess | None = None

    def scheduled_time(self) -> datetime:
        return _local(self.slot_at, self.zone)

    def data_time(self) -> datetime:
        if self.data_at is not None:
            return _local(self.data_at, self.zone)
        return self.data_time_of(self.slot_at)

    def data_time_of(self, slot_at: datetime) -> datetime:
        return shift(_local(slot_at, self.zone), read_offset(self.data_offset), self.zone)

    def day(self) -> date:
        """The date that the run is about."""
        return self.data_time().date()


def read_data_time(text: str, zone: tzinfo) -> datetime:
    """A data time that somebody chose for one run: `2026-11-20` (its midnight) or `2026-11-20 14:00`, in the zone.

    Raises Refusal `bad_data_time`.
    """
    try:
        typed = datetime.fromisoformat(text.strip()).replace(microsecond=0)
        return typed.astimezone(UTC) if typed.tzinfo else find_instant(typed, zone)
    except (ValueError, OverflowError):
        raise Refusal(
            f"I cannot read “{' '.join(text[:60].split())}” as a data time.",
            "Write a date or a date with a time, as in 2026-11-20 or 2026-11-20 14:00.",
            code="bad_data_time",
            choices=("2026-11-20", "2026-11-20 14:00"),
        ) from None


def _local(at: datetime, zone: tzinfo) -> datetime:
    """In the zone, and in whole seconds: a run by hand has a slot between two of them."""
    try:
        return at.replace(microsecond=0).astimezone(zone)
    except OverflowError:
        raise Refusal("This time lies outside of the calendar.", code="bad_macro") from None
