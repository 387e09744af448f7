"""Today: what came and what comes of several jobs, from rows and schedules, in the order of time."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.blocks.day import Day
from bot.operations.move import move
from bot.operations.pause import pause
from bot.operations.skip import skip
from bot.operations.tick import tick
from bot.operations.today import day_of
from storage import claims, jobs
from storage.database import Store
from storage.records import CalendarRule, Job, RunState
from tests.makers import HERE, NOW, OTHER, an_actor, claim_run, fresh_run, runs_of, save_job

START = datetime(2026, 9, 1, tzinfo=UTC)
END = START + timedelta(days=1)
NOON = START.replace(hour=12)


async def saved_job(store: Store, when: str, name: str = "Daily news", **said: object) -> Job:
    return (await store.run(lambda c: save_job(c, when, name=name, **said))).job


async def the_day(store: Store, *found: Job, now: datetime = NOON, who: str = "U1") -> Day:
    fresh = await store.read(lambda c: list(jobs.get_many(c, [job.id for job in found]).values()))
    actor = an_actor(who, channels=[HERE] if who == "U1" else ["C2"])
    return await store.read(lambda c: day_of(c, actor, fresh, START, END, now=now))


def times(day: Day) -> list[tuple[int, str]]:
    return [(entry.at.hour, entry.job.name) for entry in day.entries]


async def test_what_came_and_what_comes_of_several_jobs_is_one_list_in_the_order_of_time(store: Store) -> None:
    morning = await saved_job(store, "every day at 8:00 and 18:00", "A")
    evening = await saved_job(store, "every day at 13:00 and 20:00", "B")
    await store.run(lambda c: tick(c, START.replace(hour=8, second=1)))
    day = await the_day(store, morning, evening)
    assert times(day) == [(8, "A"), (13, "B"), (18, "A"), (20, "B")]
    assert [entry.state for entry in day.entries] == [RunState.READY, *[RunState.PLANNED] * 3]


async def test_a_day_ends_before_its_last_midnight(store: Store) -> None:
    job = await saved_job(store, "every day at 00:00")
    assert times(await the_day(store, job)) == []
    tomorrow = await store.read(lambda c: day_of(c, an_actor(), [job], END, END + timedelta(days=1), now=NOON))
    assert [entry.at for entry in tomorrow.entries] == [END]


async def test_what_ended_tells_how_and_why(store: Store) -> None:
    job = await saved_job(store, "every day at 8:00")
    await store.run(lambda c: tick(c, START.replace(hour=8)))
    (run, _) = await store.read(lambda c: runs_of(c, job))
    claimed = await store.run(lambda c: claim_run(c, run.id, "me", NOON, 60))
    assert claimed is not None
    await store.run(lambda c: claims.save_run(c, replace(claimed, state=RunState.FAILED, ended_at=NOON)))
    assert (await store.read(lambda c: fresh_run(c, run))).state is RunState.FAILED
    (entry,) = (await the_day(store, job)).entries
    assert entry.state is RunState.FAILED


async def test_jobs_in_the_same_minute_are_marked_and_others_are_not(store: Store) -> None:
    found = [await saved_job(store, "every day at 15:00", name) for name in "ABC"]
    alone = await saved_job(store, "every day at 15:01", "D")
    day = await the_day(store, *found, alone)
    assert [(entry.job.name, entry.together) for entry in day.entries] == [("A", 3), ("B", 3), ("C", 3), ("D", 1)]


async def test_what_was_skipped_clashes_with_nothing(store: Store) -> None:
    found = [await saved_job(store, "every day at 15:00", name) for name in "AB"]
    await store.run(lambda c: skip(c, an_actor(), found[0].id, 1, now=NOW, name="Ana"))
    day = await the_day(store, *found)
    assert [(entry.state, entry.reason, entry.together) for entry in day.entries] == [
        (RunState.SKIPPED, "skipped by Ana", 1),
        (RunState.PLANNED, None, 1),
    ]


async def test_a_moved_run_stands_at_its_new_time_once(store: Store) -> None:
    job = await saved_job(store, "every day at 13:00")
    to = START.replace(hour=19)
    await store.run(lambda c: move(c, an_actor(), job.id, to, now=NOW))
    (entry,) = (await the_day(store, job)).entries
    assert (entry.at, entry.came_at) == (to, START.replace(hour=13))


@pytest.mark.parametrize(
    ("when", "count"), [("every 5 minutes", 204), ("every hour", 17), ("every 10 seconds", 1001)]
)
async def test_a_job_that_fires_more_than_twelve_times_is_one_line_with_its_number(
    store: Store, when: str, count: int
) -> None:
    job = await saved_job(store, when)
    day = await the_day(store, job, now=NOW)
    (often,) = day.often
    assert day.entries == ()
    assert often.job.name == "Daily news"
    assert abs(often.times - count) <= 1
    assert often.next_at is not None


async def test_twelve_times_are_still_listed_one_by_one(store: Store) -> None:
    job = await saved_job(store, "every hour from 8:00 to 19:00")
    day = await the_day(store, job, now=NOW)
    assert (len(day.entries), day.often) == (12, ())


async def test_a_job_that_fires_often_tells_what_became_of_what_came(store: Store) -> None:
    job = await saved_job(store, "every 5 minutes")
    for number in range(1, 61):
        await store.run(lambda c, at=NOW + timedelta(minutes=5 * number): tick(c, at))  # type: ignore[misc]
    (often,) = (await the_day(store, job, now=NOON)).often
    assert sum(often.ended.values()) == 59
    assert set(often.ended) == {RunState.SKIPPED}
    assert often.next_at == NOON + timedelta(minutes=5)


async def test_a_day_that_a_calendar_leaves_out_is_struck_through_with_its_reason(store: Store) -> None:
    job = await saved_job(store, "every day at 15:00")
    rule = CalendarRule(calendar="workday:US", only=True)
    bound = replace(job, schedules=tuple(replace(one, calendars=(rule,)) for one in job.schedules))
    labor_day = datetime(2026, 9, 7, tzinfo=UTC)
    day = await store.read(
        lambda c: day_of(c, an_actor(), [bound], labor_day, labor_day + timedelta(days=1), now=labor_day)
    )
    (entry,) = day.entries
    assert (entry.at.hour, entry.is_struck, entry.note) == (15, True, "holiday")


async def test_nothing_comes_of_a_paused_job_and_that_is_told(store: Store) -> None:
    job = await saved_job(store, "every day at 15:00")
    await store.run(lambda c: pause(c, an_actor(), job.id, now=NOW))
    day = await the_day(store, job)
    assert day.entries == ()
    assert [one.name for one in day.resting] == ["Daily news"]


async def test_who_may_not_see_a_job_sees_nothing_of_its_day(store: Store) -> None:
    job = await saved_job(store, "every day at 15:00")
    calls = await saved_job(store, "every 5 minutes", "Calls")
    assert await the_day(store, job, calls, who=OTHER) == Day((), (), ())


async def test_a_run_that_was_moved_to_another_day_is_not_told_today(store: Store) -> None:
    job = await saved_job(store, "2026-09-01 13:00")
    await store.run(lambda c: move(c, an_actor(), job.id, END + timedelta(hours=9), now=NOW))
    assert (await the_day(store, job)).entries == ()
