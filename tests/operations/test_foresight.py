"""The next slot of a job among those of several schedules, and its place in a spread of starts."""

from datetime import UTC, datetime, timedelta

import pytest

from bot import schedules
from bot.operations.foresight import spread
from bot.schedules.kind import NoData, Slot
from storage.records import Schedule

WORKDAYS = "every year on 15 january at 10:00, only on workday:CN, spread over 10 minutes"
DAILY = "every day at 9"


def after_the_known_years(found: tuple[Schedule, ...]) -> datetime:
    """The first 16 January after which the calendar of the first schedule knows no year."""
    for year in range(2026, 2100):
        at = datetime(year, 1, 16, 9, tzinfo=UTC)
        try:
            schedules.next_slot(found[0], at - timedelta(seconds=1), None)
        except NoData:
            return at
    raise AssertionError("the calendar knows every year")


def test_a_calendar_that_ends_holds_up_no_slot_of_another_schedule() -> None:
    found = schedules.read_all(f"{WORKDAYS}; {DAILY}", "UTC", datetime(2026, 1, 5, tzinfo=UTC))
    at = after_the_known_years(found)
    with pytest.raises(NoData):
        schedules.next_slot(found[0], at - timedelta(seconds=1), None)
    assert spread(1, found, Slot(at, at), None) == at
