"""Backfills: past slots run one after the other, each once, whatever else the job does."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import Connection

from bot import schedules
from bot.errors import Refusal
from bot.operations.backfill import MOST, Span, backfill, cancel_backfill, estimate
from bot.operations.finish import finish
from bot.operations.line import lines_of
from storage import batches, claims, deliveries, jobs, runs
from storage.database import Store
from storage.records import CalendarRule, DeliveryKind, Job, Run, RunState
from tests.makers import NOW, an_actor, claim_run, fresh_job, fresh_run, save_job
from tests.storage.examples import a_job, a_run

DAY = timedelta(days=1)
WEEK = Span(since=(NOW - 7 * DAY).date(), until=(NOW - DAY).date())


def daily(c: Connection) -> Job:
    return save_job(c, "every day at 6:00 in UTC").job


def ran(c: Connection, job: Job, days_ago: int, state: RunState) -> None:
    at = datetime.combine((NOW - days_ago * DAY).date(), time(6), UTC)
    ended = None if state is RunState.RUNNING else at
    made = a_run(
        team_id=job.team_id, job_id=job.id, slot_at=at, due_at=at, state=state, ended_at=ended, started_at=at
    )
    assert runs.add(c, made) is not None


def begin(c: Connection, run: Run) -> Run:
    claimed = claim_run(c, run.id, "me", NOW, 60)
    assert claimed is not None
    return claimed


def end(c: Connection, run: Run, state: RunState = RunState.SUCCEEDED) -> None:
    assert finish(c, replace(begin(c, run), state=state, ended_at=NOW), now=NOW) is not None


def batch_of(c: Connection, job: Job) -> str:
    batch = batches.last_of(c, job.id)
    assert batch is not None
    return batch


async def test_what_never_ran_runs_the_oldest_first_and_one_at_a_time(store: Store) -> None:
    def work(c: Connection) -> None:
        job = daily(c)
        ran(c, job, 3, RunState.SUCCEEDED)
        ran(c, job, 2, RunState.FAILED)
        found = backfill(c, an_actor(), job.id, WEEK, now=NOW)
        assert [NOW.date() - at.date() for at in found.slots] == [days * DAY for days in (7, 6, 5, 4, 1)]
        batch = batch_of(c, job)
        begun = []
        while going := batches.on_their_way(c, batch):
            [run] = going
            begun.append(run.slot_at)
            end(c, run)
        assert begun == list(found.slots)
        assert batches.progress(c, batch).is_over

    await store.run(work)


@pytest.mark.parametrize(("mode", "days"), [("failed", [2]), ("all", [7, 6, 5, 4, 3, 2]), ("missing", [7, 6, 5, 4])])
async def test_the_mode_tells_which_slots_and_one_that_goes_on_is_never_doubled(
    store: Store, mode: str, days: list[int]
) -> None:
    def work(c: Connection) -> list[int]:
        job = daily(c)
        ran(c, job, 3, RunState.SUCCEEDED)
        ran(c, job, 2, RunState.TIMED_OUT)
        ran(c, job, 1, RunState.RUNNING)
        found = estimate(c, an_actor(), job.id, replace(WEEK, mode=mode), now=NOW)
        return [(NOW.date() - at.date()).days for at in found.slots]

    assert await store.run(work) == days


async def test_one_run_a_day_can_be_asked_for_whatever_the_schedule(store: Store) -> None:
    def work(c: Connection) -> tuple[datetime, ...]:
        job = save_job(c, "0 * * * * in UTC").job
        return estimate(c, an_actor(), job.id, replace(WEEK, daily_at=time(9)), now=NOW).slots

    assert [(at.date(), at.hour) for at in await store.run(work)] == [
        ((NOW - days * DAY).date(), 9) for days in range(7, 0, -1)
    ]


async def test_a_slot_that_a_calendar_has_moved_is_known_and_filled_in_by_its_nominal_time(store: Store) -> None:
    saturday, monday = datetime(2026, 8, 29, 6, tzinfo=UTC), datetime(2026, 8, 31, 6, tzinfo=UTC)
    rule = CalendarRule(calendar="workday:US", only=True, roll="next")
    weekly = replace(schedules.read("every saturday at 6:00", "UTC", NOW), calendars=(rule,))

    def work(c: Connection) -> None:
        job = jobs.add(c, a_job(schedules=(weekly,), inputs={"day": "{{today}}"}))
        ended = a_run(job_id=job.id, slot_at=saturday, due_at=monday, state=RunState.SUCCEEDED, ended_at=monday)
        assert runs.add(c, ended) is not None
        with pytest.raises(Refusal, match="nothing to run"):
            estimate(c, an_actor(), job.id, WEEK, now=NOW)
        assert backfill(c, an_actor(), job.id, replace(WEEK, mode="all"), now=NOW).slots == (monday,)
        [run] = batches.on_their_way(c, batch_of(c, job))
        assert (run.slot_at, run.inputs) == (saturday, {"day": "2026-08-29"})

    await store.run(work)


async def test_a_backfill_is_in_nobodys_way_and_nobody_is_in_its(store: Store) -> None:
    def work(c: Connection) -> None:
        job = daily(c)
        backfill(c, an_actor(), job.id, WEEK, now=NOW)
        assert lines_of(c, [job.id])[job.id].crowd.active == 0
        [run] = batches.on_their_way(c, batch_of(c, job))
        end(c, run, RunState.FAILED)
        assert fresh_job(c, job).failing_since is None
        assert len(batches.on_their_way(c, batch_of(c, job))) == 1

    await store.run(work)


async def test_its_results_are_owed_below_one_message(store: Store) -> None:
    def work(c: Connection) -> None:
        job = daily(c)
        backfill(c, an_actor(), job.id, WEEK, now=NOW)
        [run] = batches.on_their_way(c, batch_of(c, job))
        end(c, run)
        owed = deliveries.of_job(c, job.id, 50)
        [root] = [one for one in owed if one.kind is DeliveryKind.BACKFILL]
        [result] = [one for one in owed if one.kind is DeliveryKind.RUN]
        assert (result.facts["thread"], root.wanted) == (root.key, 2)

    await store.run(work)


async def test_a_cancelled_one_begins_no_more_and_stops_what_goes_on(store: Store) -> None:
    def work(c: Connection) -> None:
        job = daily(c)
        backfill(c, an_actor(), job.id, WEEK, now=NOW)
        [going] = batches.on_their_way(c, batch_of(c, job))
        begin(c, going)
        assert cancel_backfill(c, an_actor(), job.id, now=NOW) == 6
        found = batches.progress(c, batch_of(c, job))
        assert (found.waiting, found.counts[RunState.SKIPPED]) == (0, 6)
        [going] = batches.on_their_way(c, batch_of(c, job))
        assert going.stop_by == an_actor().user_id

    await store.run(work)


@pytest.mark.parametrize("attempts", [0, 1])
async def test_a_cancelled_one_is_over_at_once_where_its_run_waits_for_room_or_for_its_next_try(
    store: Store, attempts: int
) -> None:
    def work(c: Connection) -> None:
        job = daily(c)
        backfill(c, an_actor(), job.id, WEEK, now=NOW)
        [going] = batches.on_their_way(c, batch_of(c, job))
        if attempts:
            later = NOW + timedelta(hours=1)
            assert claims.save_run(c, replace(begin(c, going), state=RunState.READY, try_at=later)) is not None
        assert cancel_backfill(c, an_actor(), job.id, now=NOW) == 7
        assert batches.progress(c, batch_of(c, job)).is_over
        closed = fresh_run(c, going)
        assert (closed.state, closed.reason, closed.attempts) == (
            RunState.STOPPED,
            "the backfill was cancelled",
            attempts,
        )
        assert [one.wanted for one in deliveries.of_run(c, going.id)] == [1]

    await store.run(work)


async def test_a_second_one_waits_for_the_end_of_the_first(store: Store) -> None:
    def work(c: Connection) -> None:
        job = daily(c)
        backfill(c, an_actor(), job.id, WEEK, now=NOW)
        [going] = batches.on_their_way(c, batch_of(c, job))
        begun = begin(c, going)
        with pytest.raises(Refusal, match="is going on"):
            backfill(c, an_actor(), job.id, replace(WEEK, mode="all", since=date(2026, 8, 1)), now=NOW)
        cancel_backfill(c, an_actor(), job.id, now=NOW)
        with pytest.raises(Refusal, match="is going on"):
            backfill(c, an_actor(), job.id, replace(WEEK, mode="all"), now=NOW)
        assert finish(c, replace(begun, state=RunState.STOPPED, ended_at=NOW), now=NOW) is not None
        backfill(c, an_actor(), job.id, replace(WEEK, mode="all"), now=NOW)
        assert batch_of(c, job).endswith("/2")

    await store.run(work)


async def test_what_has_not_come_what_is_too_much_and_what_is_nothing_is_refused(store: Store) -> None:
    def work(c: Connection) -> None:
        job, actor = save_job(c, "0 * * * * in UTC").job, an_actor()
        tomorrow = (NOW + DAY).date()
        for span, words in (
            (Span(since=tomorrow, until=tomorrow), "has not come yet"),
            (Span(since=date.min, until=date.max), "longer than anything"),
            (Span(since=(NOW - 60 * DAY).date(), until=NOW.date()), f"more than {MOST}"),
            (replace(WEEK, mode="failed"), "nothing to run"),
        ):
            with pytest.raises(Refusal, match=words):
                estimate(c, actor, job.id, span, now=NOW)
        with pytest.raises(Refusal, match="No backfill"):
            cancel_backfill(c, actor, job.id, now=NOW)

    await store.run(work)
