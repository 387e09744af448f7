"""Taking over a job: by a member of its channel when its owner has left, else by those who may edit it."""

from dataclasses import replace

import pytest

from bot.errors import Refusal
from bot.operations.adopt import adopt
from bot.rules.access import Actor
from storage import claims, deliveries, runs
from storage.database import Store
from storage.records import Job, RunState
from tests.makers import (
    ADMIN,
    HERE,
    NOW,
    OTHER,
    OWNER,
    TEAM,
    an_actor,
    claim_run,
    fresh_job,
    fresh_run,
    list_entries,
    save_job,
)


async def a_saved_job(store: Store) -> Job:
    return (await store.run(lambda c: save_job(c))).job


async def take(store: Store, job: Job, actor: Actor, left: str | None = None) -> Job:
    return await store.run(lambda c: adopt(c, actor, job.id, left=left, now=NOW))


async def test_a_member_takes_over_the_job_of_an_owner_who_has_left_with_all_that_comes_of_it(store: Store) -> None:
    job = await a_saved_job(store)
    assert (await take(store, job, an_actor(OTHER), left=OWNER)).owner_id == OTHER
    planned = await store.read(lambda c: runs.planned_of(c, job.id))
    assert planned is not None
    assert planned.owner_id == OTHER
    (entry, *_) = await store.read(lambda c: list_entries(c, TEAM))
    assert (entry.action, entry.actor, entry.detail["from"]) == ("adopt", OTHER, OWNER)
    (notice, *_) = await store.read(lambda c: deliveries.of_job(c, job.id, 9))
    assert (notice.target, notice.facts["says"]) == (HERE, "took over *{name}*")


async def test_the_second_who_presses_comes_too_late(store: Store) -> None:
    job = await a_saved_job(store)
    await take(store, job, an_actor(OTHER), left=OWNER)
    with pytest.raises(Refusal, match="Only the owner"):
        await take(store, job, an_actor("U3"), left=OWNER)


async def test_while_the_owner_is_there_only_an_admin_takes_a_job_over(store: Store) -> None:
    job = await a_saved_job(store)
    with pytest.raises(Refusal, match="Only the owner"):
        await take(store, job, an_actor(OTHER))
    assert (await take(store, job, an_actor(ADMIN, is_admin=True))).owner_id == ADMIN


async def test_adopting_ones_own_job_changes_nothing(store: Store) -> None:
    job = await a_saved_job(store)
    before = len(await store.read(lambda c: list_entries(c, TEAM)))
    assert await take(store, job, an_actor()) == await store.read(lambda c: fresh_job(c, job))
    assert len(await store.read(lambda c: list_entries(c, TEAM))) == before


async def test_a_run_in_flight_does_not_give_the_job_back_to_who_has_left(store: Store) -> None:
    job = await a_saved_job(store)
    planned = await store.read(lambda c: runs.planned_of(c, job.id))
    assert planned is not None
    await store.run(lambda c: claims.admit(c, [planned.id], NOW))
    flying = await store.run(lambda c: claim_run(c, planned.id, "me", NOW, 60))
    assert flying is not None
    await take(store, job, an_actor(OTHER), left=OWNER)
    await store.run(lambda c: claims.save_run(c, replace(flying, state=RunState.SUCCEEDED, ended_at=NOW)))
    assert (await store.read(lambda c: fresh_run(c, planned))).owner_id == OTHER
