"""What can never be delivered is kept, and its owner is told once for each channel and reason."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection

from bot.operations.complain import complain
from storage import claims, deliveries, runs
from storage.database import Store
from storage.records import Delivery, DeliveryKind, DeliveryState, Job
from tests.makers import HERE, NOW, OWNER, TEAM, save_job
from tests.storage.examples import a_delivery, a_run


def hold(c: Connection, **fields: Any) -> Delivery:
    deliveries.owe(c, a_delivery(**fields))
    (held,) = claims.claim_deliveries(c, NOW, "me", 1, 60)
    return held


def told(c: Connection, job: Job) -> list[Delivery]:
    return [one for one in deliveries.of_job(c, job.id, limit=99) if one.kind is DeliveryKind.NOTICE]


async def a_saved_job(store: Store) -> Job:
    return (await store.run(lambda c: save_job(c))).job


async def test_what_cannot_be_delivered_is_buried_and_the_owner_is_told_where_and_why(store: Store) -> None:
    job = await a_saved_job(store)
    held = await store.run(lambda c: hold(c, job_id=job.id, target=HERE))
    await store.run(lambda c: complain(c, held, "not_in_channel", now=NOW))
    dead = await store.read(lambda c: deliveries.get(c, TEAM, held.id))
    assert dead is not None
    assert (dead.state, dead.error) == (DeliveryState.DEAD, "not_in_channel")
    (notice,) = await store.read(lambda c: told(c, job))
    assert (notice.target, notice.state) == (OWNER, DeliveryState.OWED)
    assert notice.facts == {"undeliverable": "not_in_channel", "channel": HERE}


async def test_the_owner_is_told_once_and_again_only_of_another_reason(store: Store) -> None:
    job = await a_saved_job(store)
    for code in ("not_in_channel", "not_in_channel", "is_archived", "not_in_channel"):
        await store.run(lambda c, code=code: complain(c, hold(c, job_id=job.id, target=HERE, rank=-9), code, now=NOW))  # type: ignore[misc]
    notices = await store.read(lambda c: told(c, job))
    assert sorted(one.facts["undeliverable"] for one in notices) == ["is_archived", "not_in_channel"]
    assert [one.wanted for one in notices] == [1, 1]


@pytest.mark.parametrize("target", ["U1", "W1", "D1"])
async def test_a_direct_message_that_fails_is_not_followed_by_another(store: Store, target: str) -> None:
    job = await a_saved_job(store)
    await store.run(lambda c: complain(c, hold(c, job_id=job.id, target=target), "user_disabled", now=NOW))
    assert await store.read(lambda c: told(c, job)) == []
    assert len(await store.read(lambda c: deliveries.dead(c, TEAM))) == 1


async def test_the_owner_of_a_run_without_a_job_is_who_asked_for_it(store: Store) -> None:
    run = await store.run(lambda c: runs.add(c, a_run(owner_id="U7")))
    assert run is not None
    await store.run(lambda c: complain(c, hold(c, run_id=run.id, target=HERE), "is_archived", now=NOW))
    owed = await store.read(lambda c: deliveries.of_run(c, run.id))
    assert [one.target for one in owed if one.kind is DeliveryKind.NOTICE] == ["U7"]


async def test_nobody_is_told_where_nobody_is_known(store: Store) -> None:
    await store.run(lambda c: complain(c, hold(c, target=HERE), "is_archived", now=NOW))
    assert await store.read(lambda c: claims.next_delivery_at(c)) is None


async def test_a_lost_claim_complains_to_nobody(store: Store) -> None:
    job = await a_saved_job(store)
    held = await store.run(lambda c: hold(c, job_id=job.id, target=HERE))
    await store.run(lambda c: complain(c, replace(held, fence=held.fence - 1), "is_archived", now=NOW))
    assert await store.read(lambda c: told(c, job)) == []
    kept = await store.read(lambda c: deliveries.get(c, TEAM, held.id))
    assert kept is not None
    assert kept.state is DeliveryState.OWED
