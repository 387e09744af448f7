"""The end of a calendar is told 30 and 7 days before its last day, to the channel of each job, each time once."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from bot.operations.calendar_end import warn_of_calendars
from bot.operations.pause import pause
from bot.operations.remove import remove
from storage import calendars, deliveries
from storage.database import Store
from storage.records import Delivery, Job
from tests.makers import HERE, NOW, TEAM, an_actor, save_job
from tests.storage.examples import a_calendar


def december(day: int, hour: int = 12) -> datetime:
    return datetime(2026, 12, day, hour, tzinfo=UTC)


def job_by(c: Connection, when: str = "every day at 9 except closing days", **said: Any) -> Job:
    if calendars.find(c, TEAM, "Closing days") is None:
        calendars.put(c, a_calendar(date(2026, 12, 24)))
    return save_job(c, when, **said).job


def warnings_of(c: Connection, job: Job) -> list[Delivery]:
    return [one for one in deliveries.of_job(c, job.id, 100) if one.key.startswith("calendar:")][::-1]


def watch(c: Connection, start: datetime, end: datetime, step: timedelta = timedelta(hours=1)) -> None:
    while start <= end:
        warn_of_calendars(c, TEAM, start)
        start += step


async def test_a_channel_is_warned_thirty_and_seven_days_ahead_and_each_time_once(store: Store) -> None:
    def story(c: Connection) -> None:
        job = job_by(c)
        watch(c, datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 30, 23, tzinfo=UTC))
        assert warnings_of(c, job) == []
        watch(c, december(1, 0), december(23, 23), timedelta(minutes=30))
        (first,) = warnings_of(c, job)
        assert (first.target, first.due_at, first.wanted) == (HERE, december(1, 0), 1)
        assert "“Closing days”, whose last day is 31 December 2026" in first.facts["says"]
        assert "`/dify calendar import Closing days`" in first.facts["says"]
        watch(c, december(24, 0), datetime(2027, 1, 31, tzinfo=UTC))
        assert [one.due_at for one in warnings_of(c, job)] == [december(1, 0), december(24, 0)]
        assert [one.wanted for one in warnings_of(c, job)] == [1, 1]

    await store.run(story)


async def test_the_days_are_counted_where_the_job_lives(store: Store) -> None:
    def story(c: Connection) -> None:
        job = job_by(c, zone="Pacific/Kiritimati")
        warn_of_calendars(c, TEAM, datetime(2026, 11, 30, 9, tzinfo=UTC))
        assert warnings_of(c, job) == []
        warn_of_calendars(c, TEAM, datetime(2026, 11, 30, 10, tzinfo=UTC))
        assert len(warnings_of(c, job)) == 1

    await store.run(story)


async def test_a_job_that_is_made_late_is_warned_once_for_what_is_left(store: Store) -> None:
    def story(c: Connection) -> None:
        watch(c, december(1), december(27))
        job = job_by(c, now=december(27, 13))
        watch(c, december(28), december(31))
        assert [one.due_at for one in warnings_of(c, job)] == [december(28)]

    await store.run(story)


async def test_a_calendar_that_has_the_next_year_warns_nobody(store: Store) -> None:
    def story(c: Connection) -> None:
        calendars.put(c, a_calendar(date(2026, 12, 24), years=(2026, 2027)))
        job = job_by(c)
        watch(c, december(1), december(31))
        assert warnings_of(c, job) == []

    await store.run(story)


@pytest.mark.parametrize(
    ("when", "warned"),
    [
        ("every day at 9 except holiday:CN", True),
        ("every day at 9 only on trading:XSHG", True),
        ("every day at 9 only on workday:US", False),
        ("every day at 9", False),
    ],
)
async def test_built_in_calendars_are_told_of_as_well(store: Store, when: str, warned: bool) -> None:
    def story(c: Connection) -> list[Delivery]:
        job = save_job(c, when).job
        watch(c, december(5), december(5))
        return warnings_of(c, job)

    found = await store.run(story)
    assert len(found) == warned
    assert all("newer release of Dify Ops will know 2027" in one.facts["says"] for one in found)


async def test_each_calendar_of_each_job_is_told_of_and_gone_jobs_are_not(store: Store) -> None:
    def story(c: Connection) -> None:
        both = job_by(c, "every day at 9 except closing days except holiday:CN", name="Both")
        paused = pause(c, an_actor(), job_by(c, name="Paused").id, now=NOW)
        gone = remove(c, an_actor(), job_by(c, name="Gone").id, now=NOW)
        watch(c, december(2), december(2))
        assert [len(warnings_of(c, job)) for job in (both, paused, gone)] == [2, 1, 0]

    await store.run(story)


async def test_jobs_are_looked_at_once_an_hour_and_in_no_other_month(store: Store) -> None:
    def story(c: Connection) -> list[int]:
        job_by(c)
        times = [december(2, 12), december(2, 12) + timedelta(minutes=59), december(2, 13), NOW]
        return [warn_of_calendars(c, TEAM, now) for now in times]

    assert await store.run(story) == [1, 0, 1, 0]
