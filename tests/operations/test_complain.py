"""What can never be delivered is kept, and its owner is told once for each channel and reason."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection, select

from bot.operations.complain import complain
from storage import claims, deliveries, runs
from storage.database import Store
from storage.records import Delivery, DeliveryKind, DeliveryState, Job
from storage.tables import DELIVERY
from storage.tables import deliveries as table
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
    await store.run(lambda c: complain(c, held, "not_in_channel", admins=(), now=NOW))
    dead = await store.read(lambda c: deliveries.get(c, TEAM, held.id))
    assert dead is not None
    assert (dead.state, dead.error) == (DeliveryState.DEAD, "not_in_channel")
    (notice,) = await store.read(lambda c: told(c, job))
    assert (notice.target, notice.state) == (OWNER, DeliveryState.OWED)
    assert notice.facts == {"undeliverable": "not_in_channel", "channel": HERE}


async def test_the_owner_is_told_once_and_again_only_of_another_reason(store: Store) -> None:
    job = await a_saved_job(store)
    for code in ("not_in_channel", "not_in_channel", "is_archived", "not_in_channel"):
        await store.run(
            lambda c, code=code: complain(c, hold(c, job_id=job.id, target=HERE, rank=-9), code, admins=(), now=NOW)
        )  # type: ignore[misc]
    notices = await store.read(lambda c: told(c, job))
    assert sorted(one.facts["undeliverable"] for one in notices) == ["is_archived", "not_in_channel"]
    assert [one.wanted for one in notices] == [1, 1]


@pytest.mark.parametrize("target", ["U2", "W1", "D1"])
async def test_a_direct_message_that_fails_is_not_followed_by_another(store: Store, target: str) -> None:
    job = await a_saved_job(store)
    await store.run(lambda c: complain(c, hold(c, job_id=job.id, target=target), "user_disabled", admins=(), now=NOW))
    assert await store.read(lambda c: told(c, job)) == []
    assert len(await store.read(lambda c: deliveries.dead(c, TEAM))) == 1


async def test_the_owner_of_a_run_without_a_job_is_who_asked_for_it(store: Store) -> None:
    run = await store.run(lambda c: runs.add(c, a_run(owner_id="U7")))
    assert run is not None
    await store.run(lambda c: complain(c, hold(c, run_id=run.id, target=HERE), "is_archived", admins=(), now=NOW))
    owed = await store.read(lambda c: deliveries.of_run(c, run.id))
    assert [one.target for one in owed if one.kind is DeliveryKind.NOTICE] == ["U7"]


async def left(store: Store, job: Job, **fields: Any) -> None:
    """The owner of the job is written to, and Slack does not know them any more."""
    plain: dict[str, Any] = {"job_id": job.id, "target": OWNER, "kind": DeliveryKind.NOTICE, "rank": -9}
    plain["facts"] = {"by": "system", "says": "hints", "name": job.name}
    await store.run(lambda c: complain(c, hold(c, **plain | fields), "user_disabled", admins=("U9",), now=NOW))


async def test_fmea_d15_what_an_owner_who_has_left_would_be_told_comes_into_the_channel_of_the_job(
    store: Store,
) -> None:
    job = await a_saved_job(store)
    for _ in range(2):
        await left(store, job)
    owed = [one for one in await store.read(lambda c: told(c, job)) if one.state is DeliveryState.OWED]
    assert [one.target for one in owed] == [HERE] * 3
    assert sorted(one.facts.get("says", "") for one in owed) == ["", "hints", "hints"]
    assert [one.facts["left"] for one in owed if "left" in one.facts] == [OWNER]


async def test_where_the_channel_cannot_be_reached_either_the_operators_are_told_once(store: Store) -> None:
    job = await a_saved_job(store)
    for _ in range(2):
        await left(store, job, facts={"undeliverable": "is_archived", "channel": HERE})
    (notice,) = [one for one in await store.read(lambda c: known(c)) if one.state is DeliveryState.OWED]
    assert notice.target == "U9"
    assert f"job #{job.id} cannot post into its channel" in notice.facts["says"]
    assert f"its owner {{{OWNER}}} (" in notice.facts["says"]


async def test_a_job_that_posts_to_its_owner_alone_is_told_to_the_operators(store: Store) -> None:
    job = (await store.run(lambda c: save_job(c, channel_id=OWNER))).job
    await left(store, job, kind=DeliveryKind.RUN)
    (notice,) = [one for one in await store.read(lambda c: known(c)) if one.state is DeliveryState.OWED]
    assert (notice.target, "posts to its owner alone" in notice.facts["says"]) == ("U9", True)


async def test_who_closed_the_tab_of_the_bot_is_still_the_owner(store: Store) -> None:
    job = await a_saved_job(store)
    held = await store.run(
        lambda c: hold(c, job_id=job.id, target=OWNER, kind=DeliveryKind.NOTICE, facts={"says": ""})
    )
    await store.run(lambda c: complain(c, held, "messages_tab_disabled", admins=(), now=NOW))
    owed = [one for one in await store.read(lambda c: told(c, job)) if one.state is DeliveryState.OWED]
    assert [(one.target, "left" in one.facts) for one in owed] == [(HERE, False)]


def known(c: Connection) -> list[Delivery]:
    return DELIVERY.all(c.execute(select(*DELIVERY.columns).order_by(table.c.id)))


async def test_nobody_is_told_where_nobody_is_known(store: Store) -> None:
    await store.run(lambda c: complain(c, hold(c, target=HERE), "is_archived", admins=(), now=NOW))
    assert await store.read(lambda c: claims.next_delivery_at(c)) is None


async def test_a_lost_claim_complains_to_nobody(store: Store) -> None:
    job = await a_saved_job(store)
    held = await store.run(lambda c: hold(c, job_id=job.id, target=HERE))
    await store.run(lambda c: complain(c, replace(held, fence=held.fence - 1), "is_archived", admins=(), now=NOW))
    assert await store.read(lambda c: told(c, job)) == []
    kept = await store.read(lambda c: deliveries.get(c, TEAM, held.id))
    assert kept is not None
    assert kept.state is DeliveryState.OWED
