"""New zone data: what comes next is planned by it, and each owner hears once which of their times moved."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Connection

from bot.operations.plan import planned_run
from bot.operations.rezone import rezone
from bot.schedules.kind import Slot
from storage import deliveries, jobs, meta, runs
from storage.database import Store
from storage.records import Delivery, Job
from tests.makers import HERE, NOW, OTHER, OWNER, TEAM, an_actor, fresh_job, save_job

HOUR = timedelta(hours=1)


def misplace(c: Connection, job: Job, by: timedelta, *, due: timedelta | None = None) -> None:
    """The planned row as older zone data would have had it."""
    runs.drop_planned(c, job.id)
    at = NOW + HOUR + by
    runs.add(c, planned_run(job, Slot(at, at), now=NOW, due_at=at + due if due is not None else None))


def slot_of(c: Connection, job: Job) -> object:
    planned = runs.planned_of(c, job.id)
    return planned and planned.slot_at


async def told(store: Store, owner: str, version: str) -> Delivery | None:
    return await store.read(lambda c: deliveries.by_key(c, f"tzdata:{version}>{owner}"))


async def test_the_first_start_and_the_same_data_move_nothing(store: Store) -> None:
    job = (await store.run(lambda c: save_job(c, "every day at 8:00"))).job
    await store.run(lambda c: misplace(c, job, HOUR))
    for _ in range(2):
        assert await store.run(lambda c: rezone(c, TEAM, "2026a", now=NOW)) == 0
    assert await store.read(lambda c: slot_of(c, job)) == NOW + 2 * HOUR
    assert await store.read(lambda c: meta.get(c, "tzdata")) == "2026a"


async def test_fmea_c4_new_data_moves_what_it_moves_and_tells_each_owner_once(store: Store) -> None:
    def set_up(c: Connection) -> list[Job]:
        meta.put(c, "tzdata", "2026a")
        by_other = an_actor(OTHER)
        made = [save_job(c, "every day at 8:00", name=name).job for name in ("One", "Two", "Same", "Paused")]
        made.append(save_job(c, "every day at 8:00", name="Other", by=by_other).job)
        for job, by in zip(made, (HOUR, -HOUR / 2, timedelta(), HOUR, HOUR), strict=True):
            misplace(c, job, by)
        jobs.save(c, replace(fresh_job(c, made[3]), state=made[3].state.PAUSED))
        return made

    one, two, same, paused, other = await store.run(set_up)
    assert await store.run(lambda c: rezone(c, TEAM, "2026b", now=NOW)) == 3
    for job in (one, two, same, other):
        assert await store.read(lambda c, job=job: slot_of(c, job)) == NOW + HOUR  # type: ignore[misc]
    assert await store.read(lambda c: slot_of(c, paused)) == NOW + 2 * HOUR
    mine, theirs = await told(store, OWNER, "2026b"), await told(store, OTHER, "2026b")
    assert mine is not None
    assert theirs is not None
    assert (mine.target, theirs.target) == (OWNER, OTHER)
    assert mine.facts["says"].count("from {at") == 2
    assert f"#{two.id} *Two* from {{at0}} to {{at1}}; #{one.id} *One* from {{at2}} to {{at3}}" in mine.facts["says"]
    assert theirs.facts["times"] == [(NOW + 2 * HOUR).isoformat(), (NOW + HOUR).isoformat()]
    assert await store.run(lambda c: rezone(c, TEAM, "2026b", now=NOW)) == 0
    again = await told(store, OWNER, "2026b")
    assert again is not None
    assert again.wanted == 1


async def test_what_has_come_due_and_what_a_person_moved_stays(store: Store) -> None:
    def set_up(c: Connection) -> list[Job]:
        meta.put(c, "tzdata", "2026a")
        made = [
            save_job(c, "every day at 8:00", name=name, channel_id=HERE).job for name in ("Due", "Later", "Earlier")
        ]
        misplace(c, made[0], -2 * HOUR)
        misplace(c, made[1], HOUR, due=3 * HOUR)
        misplace(c, made[2], 2 * HOUR, due=-HOUR)
        return made

    made = await store.run(set_up)
    before = [await store.read(lambda c, job=job: slot_of(c, job)) for job in made]  # type: ignore[misc]
    assert await store.run(lambda c: rezone(c, TEAM, "2026b", now=NOW)) == 0
    assert [await store.read(lambda c, job=job: slot_of(c, job)) for job in made] == before  # type: ignore[misc]
    assert await told(store, OWNER, "2026b") is None
