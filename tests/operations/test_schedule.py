"""Save: what was described becomes a job with its first slot, once, and what was changed meanwhile is not lost."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, text

from bot.errors import Refusal
from bot.operations.draft import MAX_JOBS_PER_CHANNEL, cancel, draft, take_draft
from bot.operations.pause import pause
from bot.operations.schedule import Saved, schedule
from bot.operations.tick import tick
from storage import apps, drafts, jobs, runs
from storage.database import Store
from storage.records import Cause, Job, JobState, RunState
from tests.makers import ADMIN, HERE, NOW, OTHER, OWNER, TEAM, an_actor, fresh_job, list_entries, runs_of, save_job
from tests.storage.examples import a_draft, a_job, a_run, an_app

SOON = NOW + timedelta(minutes=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


async def test_a_saved_draft_is_a_job_with_its_first_planned_run(store: Store) -> None:
    saved = await store.run(lambda c: save_job(c, "every weekday at 9", zone="Europe/Berlin", timeout_s=60))
    job, planned = saved.job, saved.planned
    assert saved.is_new
    assert (job.name, job.owner_id, job.channel_id, job.state, job.version) == (
        "Daily news", OWNER, HERE, JobState.ACTIVE, 1,
    )  # fmt: skip
    assert planned is not None
    assert await store.read(lambda c: runs_of(c, job)) == [planned]
    assert (planned.state, planned.cause, planned.slot_at) == (
        RunState.PLANNED, Cause.SCHEDULE, at("2026-09-02 07:00"),
    )  # fmt: skip
    assert planned.due_at == planned.slot_at
    assert (planned.inputs, planned.job_version, planned.timeout_s) == ({"topic": "AI"}, 1, 60)


async def test_a_job_runs_also_at_a_time_later_on_the_day_on_which_it_is_saved(store: Store) -> None:
    saved = await store.run(lambda c: save_job(c, "every weekday at 9:30", zone="Europe/Berlin"))
    assert saved.planned is not None
    assert saved.planned.slot_at == at("2026-09-01 07:30")


async def test_what_counts_from_now_counts_from_save(store: Store) -> None:
    def save(c: Connection) -> tuple[Saved, Saved]:
        app = apps.add(c, an_app())
        kept = [
            draft(c, an_actor(), app=app, channel_id=HERE, name=when, when=when, zone="UTC", inputs={}, now=NOW)
            for when in ("in 5 seconds", "every 10 minutes")
        ]
        once, often = (schedule(c, an_actor(), one.id, now=NOW + timedelta(hours=2)) for one in kept)
        return once, often

    once, often = await store.run(save)
    assert once.planned is not None
    assert once.planned.slot_at == NOW + timedelta(hours=2, seconds=5)
    assert often.planned is not None
    assert often.planned.slot_at == NOW + timedelta(hours=2, minutes=10)


async def test_a_time_that_passed_before_save_saves_nothing(store: Store) -> None:
    def keep(c: Connection) -> str:
        app = apps.add(c, an_app())
        return draft(
            c,
            an_actor(),
            app=app,
            channel_id=HERE,
            name="Once",
            when="2026-09-01 07:30",
            zone="UTC",
            inputs={},
            now=NOW,
        ).id

    draft_id = await store.run(keep)
    with pytest.raises(Refusal, match="has passed since the card was shown") as refused:
        await store.run(lambda c: schedule(c, an_actor(), draft_id, now=NOW + timedelta(hours=1)))
    assert refused.value.code == "past"
    assert await store.read(lambda c: jobs.count_jobs(c, TEAM)) == 0
    assert await store.read(lambda c: drafts.get(c, TEAM, draft_id, NOW)) is not None


@pytest.mark.parametrize("when", ["* * * * * ?", "0/5 * * * * ?", "every day at 9:00; 58,1 * * * * ?"])
async def test_what_would_run_twice_within_ten_seconds_is_refused_before_its_card(store: Store, when: str) -> None:
    with pytest.raises(Refusal, match="the shortest interval is 10 seconds") as refused:
        await store.run(lambda c: save_job(c, when))
    assert refused.value.code == "too_often"
    assert await store.read(lambda c: jobs.count_jobs(c, TEAM)) == 0


@pytest.mark.parametrize("when", ["on api", "10 seconds after each run"])
async def test_a_job_without_slots_of_its_own_is_active(store: Store, when: str) -> None:
    saved = await store.run(lambda c: save_job(c, when))
    assert saved.job.state is JobState.ACTIVE
    planned = await store.read(lambda c: runs.planned_of(c, saved.job.id))
    if when == "on api":
        assert saved.planned is planned is None
    else:
        assert planned is not None
        assert planned.slot_at == NOW + timedelta(seconds=10)


async def test_a_saved_draft_is_gone_and_a_second_press_saves_nothing(store: Store) -> None:
    def save(c: Connection) -> tuple[str, Saved]:
        app = apps.add(c, an_app())
        kept = draft(
            c, an_actor(), app=app, channel_id=HERE, name="A", when="every hour", zone="UTC", inputs={}, now=NOW
        )
        return kept.id, schedule(c, an_actor(), kept.id, now=NOW)

    draft_id, _ = await store.run(save)
    with pytest.raises(Refusal, match="no longer open") as refused:
        await store.run(lambda c: schedule(c, an_actor(), draft_id, now=NOW))
    assert refused.value.code == "gone"
    assert await store.read(lambda c: jobs.count_jobs(c, TEAM)) == 1


async def test_of_many_fingers_that_press_save_at_once_one_saves(store: Store) -> None:
    def keep(c: Connection) -> str:
        app = apps.add(c, an_app())
        return draft(
            c, an_actor(), app=app, channel_id=HERE, name="A", when="every hour", zone="UTC", inputs={}, now=NOW
        ).id

    draft_id = await store.run(keep)
    pressed = (store.run(lambda c: schedule(c, an_actor(), draft_id, now=NOW)) for _ in range(6))
    done = await asyncio.gather(*pressed, return_exceptions=True)
    assert sum(isinstance(one, Saved) for one in done) == 1
    assert [one.code for one in done if isinstance(one, Refusal)] == ["gone"] * 5
    assert await store.read(lambda c: jobs.count_jobs(c, TEAM)) == 1


async def test_a_draft_belongs_to_its_author_and_ends_after_a_day(store: Store) -> None:
    await store.run(lambda c: drafts.put(c, a_draft(id="d1", user_id=OWNER, expires_at=NOW + timedelta(days=1))))
    found = await store.read(lambda c: take_draft(c, an_actor(), "d1", now=NOW + timedelta(hours=23, minutes=59)))
    assert found.id == "d1"
    for actor, now in (
        (an_actor(OTHER), NOW),
        (an_actor(ADMIN, is_admin=True), NOW),
        (an_actor(team_id="T2"), NOW),
        (an_actor(), NOW + timedelta(days=1)),
    ):
        with pytest.raises(Refusal, match="no longer open"):
            await store.read(lambda c, actor=actor, now=now: take_draft(c, actor, "d1", now=now))  # type: ignore[misc]


async def test_a_cancelled_draft_is_thrown_away_by_its_author_only(store: Store) -> None:
    await store.run(lambda c: drafts.put(c, a_draft(id="d1", user_id=OWNER)))
    with pytest.raises(Refusal, match="no longer open"):
        await store.run(lambda c: cancel(c, an_actor(OTHER), "d1", now=NOW))
    await store.run(lambda c: cancel(c, an_actor(), "d1", now=NOW))
    assert await store.read(lambda c: drafts.get(c, TEAM, "d1", NOW)) is None


@pytest.mark.parametrize(
    ("name", "why"),
    [("  \n ", "1 to 80"), ("x" * 81, "this one has 81"), ("12", "number"), ("#12", "number")],
)
async def test_a_name_that_nobody_could_type_is_refused(store: Store, name: str, why: str) -> None:
    with pytest.raises(Refusal, match=why) as refused:
        await store.run(lambda c: save_job(c, name=name))
    assert (refused.value.code, refused.value.field) == ("bad_name", "name")


async def test_a_name_becomes_one_line(store: Store) -> None:
    saved = await store.run(lambda c: save_job(c, name="  Daily \n  news 日本 "))
    assert saved.job.name == "Daily news 日本"


async def test_a_name_is_taken_once_in_a_channel_whatever_its_case(store: Store) -> None:
    await store.run(lambda c: save_job(c, name="Straße"))
    with pytest.raises(Refusal, match="already has a job “STRASSE”") as refused:
        await store.run(lambda c: save_job(c, name="STRASSE"))
    assert refused.value.field == "name"
    elsewhere = an_actor(channels=["C2"])
    await store.run(lambda c: save_job(c, name="Straße", by=elsewhere, channel_id="C2"))
    assert await store.read(lambda c: jobs.count_jobs(c, TEAM)) == 2


async def test_a_job_without_a_name_of_its_own_is_called_as_its_app_with_a_number_where_that_is_taken(
    store: Store,
) -> None:
    saved = [await store.run(lambda c: save_job(c, name=None)) for _ in range(3)]
    assert [one.job.name for one in saved] == ["News", "News 2", "News 3"]
    await store.run(lambda c: jobs.set_state(c, saved[1].job.id, JobState.DELETED, by=OWNER, reason=None))
    assert (await store.run(lambda c: save_job(c, name=None))).job.name == "News 2"


async def test_the_name_of_a_deleted_job_is_free_again(store: Store) -> None:
    saved = await store.run(lambda c: save_job(c))
    await store.run(lambda c: jobs.set_state(c, saved.job.id, JobState.DELETED, by=OWNER, reason=None))
    again = await store.run(lambda c: save_job(c))
    assert again.job.id != saved.job.id


async def test_a_channel_holds_so_many_jobs_and_no_more(store: Store) -> None:
    def fill(c: Connection) -> None:
        for number in range(MAX_JOBS_PER_CHANNEL - 1):
            jobs.add(c, a_job(name=f"Job number {number}", channel_id=HERE))

    await store.run(fill)
    await store.run(lambda c: save_job(c, name="The last"))
    with pytest.raises(Refusal, match="already has 500 jobs"):
        await store.run(lambda c: save_job(c, name="One too many"))
    await store.run(lambda c: save_job(c, name="Elsewhere", by=an_actor(channels=["C2"]), channel_id="C2"))


# editing


async def edit(store: Store, job: Job, when: str, *, now: datetime = SOON, **said: object) -> Saved:
    return await store.run(lambda c: save_job(c, when, job=job, now=now, **{"name": job.name} | said))


async def test_an_edit_takes_effect_at_once_and_never_fires_backwards(store: Store) -> None:
    job = (await store.run(lambda c: save_job(c, "every day at 8:00"))).job
    late = at("2026-09-01 12:00")
    saved = await edit(store, job, "every day at 9:00", now=late, inputs={"topic": "tea"})
    (only,) = await store.read(lambda c: runs_of(c, job))
    assert only == saved.planned
    assert only.slot_at == at("2026-09-02 09:00")
    assert (only.inputs, only.job_version) == ({"topic": "tea"}, 2)
    assert (saved.job.id, saved.job.version, saved.is_new) == (job.id, 2, False)


async def test_an_edit_keeps_its_owner_its_health_and_the_runs_that_go_on(store: Store) -> None:
    def begin(c: Connection) -> Job:
        job = save_job(c).job
        jobs.mark_health(c, job.id, NOW, 3)
        run = runs.planned_of(c, job.id)
        assert run is not None
        runs.add(c, replace(run, key="going", state=RunState.RUNNING))
        return job

    job = await store.run(begin)
    admin = an_actor(ADMIN, is_admin=True)
    saved = await edit(store, job, "every 7 minutes", by=admin)
    after = await store.read(lambda c: fresh_job(c, job))
    assert (after.owner_id, after.failing_since, after.failures) == (OWNER, NOW, 3)
    states = [run.state for run in await store.read(lambda c: runs_of(c, saved.job))]
    assert sorted(states) == [RunState.PLANNED, RunState.RUNNING]


async def test_a_fixed_rate_keeps_its_beat_unless_its_period_changes(store: Store) -> None:
    job = (await store.run(lambda c: save_job(c, "every 10 minutes"))).job
    same = await edit(store, job, "every 10 minutes", now=NOW + timedelta(minutes=3))
    assert same.planned is not None
    assert same.planned.slot_at == NOW + timedelta(minutes=10)
    other = await edit(store, same.job, "every 20 minutes", now=NOW + timedelta(minutes=3))
    assert other.planned is not None
    assert other.planned.slot_at == NOW + timedelta(minutes=23)


async def test_an_edit_of_a_rate_that_has_come_to_the_end_of_its_times_begins_them_anew(store: Store) -> None:
    when = "every 90 minutes, 3 times"

    def use_up(c: Connection) -> Job:
        job = save_job(c, when).job
        runs.drop_planned(c, job.id)
        for number in range(1, 4):
            slot_at = NOW + number * timedelta(minutes=90)
            runs.add(c, a_run(job_id=job.id, slot_at=slot_at, started_at=slot_at, state=RunState.SUCCEEDED))
        return jobs.set_state(c, job.id, JobState.COMPLETED, by=None, reason="its schedule has come to its end")

    job = await store.run(use_up)
    later = NOW + timedelta(hours=5)
    again = await edit(store, job, when, now=later)
    assert again.planned is not None
    assert (again.job.state, again.planned.slot_at) == (JobState.ACTIVE, later + timedelta(minutes=90))


async def test_an_edit_of_what_somebody_changed_meanwhile_is_refused(store: Store) -> None:
    job = (await store.run(lambda c: save_job(c))).job
    first = await edit(store, job, "every hour")
    with pytest.raises(Refusal, match="Somebody changed “Daily news” while you had it open") as refused:
        await edit(store, job, "every 2 hours")
    assert refused.value.code == "conflict"
    assert (await store.read(lambda c: fresh_job(c, job))).schedules == first.job.schedules


async def test_of_edits_saved_at_the_same_time_one_wins_and_the_others_are_told(store: Store) -> None:
    job = (await store.run(lambda c: save_job(c))).job
    edits = (edit(store, job, f"every {minutes} minutes") for minutes in range(11, 17))
    done = await asyncio.gather(*edits, return_exceptions=True)
    assert sum(isinstance(one, Saved) for one in done) == 1
    assert [one.code for one in done if not isinstance(one, Saved)] == ["conflict"] * 5  # type: ignore[union-attr]
    assert len(await store.read(lambda c: runs_of(c, job))) == 1


async def test_an_edit_leaves_no_slot_of_the_old_schedule_that_a_tick_plans_meanwhile(store: Store) -> None:
    job = (await store.run(lambda c: save_job(c, "every 5 minutes"))).job
    due = NOW + timedelta(minutes=5)
    has_ticked = asyncio.Event()
    loop = asyncio.get_running_loop()

    def tick_slowly(c: Connection) -> None:
        tick(c, due)
        loop.call_soon_threadsafe(has_ticked.set)
        if store.dialect == "postgresql":
            c.execute(text("SELECT pg_sleep(0.3)"))

    ticking = asyncio.create_task(store.run(tick_slowly))
    await has_ticked.wait()
    await edit(store, job, "every day at 9", now=due)
    await ticking
    left = [run for run in await store.read(lambda c: runs_of(c, job)) if run.state is RunState.PLANNED]
    assert [run.slot_at for run in left] == [at("2026-09-01 09:00")]


async def test_pausing_is_no_change_that_an_edit_would_undo(store: Store) -> None:
    """A pause counts no version: whoever had the form open may still save, and the job stays paused."""
    job = (await store.run(lambda c: save_job(c))).job
    await store.run(lambda c: pause(c, an_actor(), job.id, now=NOW))
    saved = await edit(store, job, "every hour")
    assert saved.job.state is JobState.PAUSED
    assert saved.planned is None
    assert await store.read(lambda c: runs_of(c, job)) == []


async def test_a_paused_job_cannot_be_given_a_time_that_is_past(store: Store) -> None:
    job = (await store.run(lambda c: save_job(c))).job
    await store.run(lambda c: pause(c, an_actor(), job.id, now=NOW))
    with pytest.raises(Refusal, match="has passed"):
        await store.run(lambda c: _save_late(c, job))


def _save_late(c: Connection, job: Job) -> Saved:
    app = apps.get(c, TEAM, job.app_id)
    assert app is not None
    kept = draft(
        c, an_actor(), app=app, channel_id=HERE, name=job.name, when="2026-09-01 07:30", zone="UTC", inputs={},
        now=NOW, job=job,
    )  # fmt: skip
    return schedule(c, an_actor(), kept.id, now=NOW + timedelta(hours=1))


async def test_a_completed_job_is_armed_again_by_an_edit(store: Store) -> None:
    job = (await store.run(lambda c: save_job(c, "in 5 seconds"))).job
    await store.run(lambda c: jobs.set_state(c, job.id, JobState.COMPLETED, by=None, reason="over"))
    saved = await edit(store, job, "in 10 seconds")
    assert saved.job.state is JobState.ACTIVE
    assert saved.planned is not None


async def test_a_deleted_job_cannot_be_edited(store: Store) -> None:
    job = (await store.run(lambda c: save_job(c))).job

    def keep(c: Connection) -> str:
        app = apps.get(c, TEAM, job.app_id)
        assert app is not None
        kept = draft(
            c,
            an_actor(),
            app=app,
            channel_id=HERE,
            name="A",
            when="every hour",
            zone="UTC",
            inputs={},
            now=NOW,
            job=job,
        )
        jobs.set_state(c, job.id, JobState.DELETED, by=OWNER, reason=None)
        return kept.id

    draft_id = await store.run(keep)
    with pytest.raises(Refusal) as refused:
        await store.run(lambda c: schedule(c, an_actor(), draft_id, now=NOW))
    assert refused.value.code == "deleted"


async def test_a_job_cannot_be_renamed_to_a_name_that_stands(store: Store) -> None:
    await store.run(lambda c: save_job(c, name="Taken"))
    job = (await store.run(lambda c: save_job(c, name="Mine"))).job
    with pytest.raises(Refusal, match="already has a job “taken”"):
        await edit(store, job, "every hour", name="taken")
    assert (await edit(store, job, "every hour", name="MINE")).job.name == "MINE"


async def test_an_edit_needs_rights_where_the_job_is_and_where_it_goes(store: Store) -> None:
    job = (await store.run(lambda c: save_job(c))).job
    with pytest.raises(Refusal, match="not in that channel"):
        await edit(store, job, "every hour", channel_id="C2")
    moved = await edit(store, job, "every hour", channel_id="C2", by=an_actor(channels=[HERE, "C2"]))
    assert moved.planned is not None
    assert (moved.job.channel_id, moved.planned.channel_id) == ("C2", "C2")
    with pytest.raises(Refusal, match="Only the owner"):
        await edit(store, moved.job, "every hour", channel_id="C2", by=an_actor(OTHER, channels=["C2"]))


async def test_saving_and_editing_leave_one_audit_entry_each(store: Store) -> None:
    job = (await store.run(lambda c: save_job(c, "every 5 minutes"))).job
    await edit(store, job, "every hour", now=SOON)
    newest, oldest = await store.read(lambda c: list_entries(c, TEAM, about=f"job:{job.id}"))
    assert (oldest.actor, oldest.action, oldest.at) == (OWNER, "schedule", NOW)
    assert (newest.action, newest.at, newest.detail["when"]) == ("edit", SOON, "every hour")
    assert oldest.detail == {"name": "Daily news", "when": "every 5 minutes"}
