"""Messages owed: one row for each target; owing again wants one more of the newest."""

from dataclasses import replace

from storage import claims, deliveries, runs
from storage.database import Store
from storage.records import DeliveryState
from tests.storage.examples import NOW, SOON, TOMORROW, a_delivery, a_run


async def test_owing_again_wants_one_more_with_the_new_facts(store: Store) -> None:
    owed = a_delivery(facts={"n": 1}, due_at=NOW)
    first = await store.run(lambda c: deliveries.owe(c, owed))
    assert first == replace(owed, id=first.id)
    newer = replace(owed, facts={"n": 2}, rank=0, due_at=SOON, created_at=TOMORROW)
    second = await store.run(lambda c: deliveries.owe(c, newer))
    assert second == replace(first, wanted=2, facts={"n": 2}, rank=0, due_at=SOON)
    assert await store.read(lambda c: deliveries.by_key(c, owed.key)) == second
    assert await store.read(lambda c: deliveries.by_key(c, "none")) is None


async def test_owing_again_while_it_is_being_sent_leaves_the_claim_alone(store: Store) -> None:
    owed = a_delivery()
    await store.run(lambda c: deliveries.owe(c, owed))
    [claimed] = await store.run(lambda c: claims.claim_deliveries(c, NOW, "me", 1, 60))
    again = await store.run(lambda c: deliveries.owe(c, owed))
    assert again == replace(claimed, wanted=2)


async def test_a_sent_message_that_is_owed_again_is_owed(store: Store) -> None:
    owed = a_delivery()
    await store.run(lambda c: deliveries.owe(c, owed))
    [claimed] = await store.run(lambda c: claims.claim_deliveries(c, NOW, "me", 1, 60))
    await store.run(lambda c: claims.settle(c, claimed, 1, {"ts": "1"}, NOW))
    again = await store.run(lambda c: deliveries.owe(c, owed))
    assert (again.state, again.wanted, again.sent, again.receipt) == (DeliveryState.OWED, 2, 1, {"ts": "1"})


async def test_deliveries_are_read_by_team_run_and_job(store: Store) -> None:
    run = await store.run(lambda c: runs.add(c, a_run()))
    assert run is not None
    kinds = [{"run_id": run.id, "job_id": 5}, {"run_id": run.id}, {"job_id": 5}]
    one, two, three = [
        await store.run(lambda c, fields=fields: deliveries.owe(c, a_delivery(**fields))) for fields in kinds
    ]
    assert await store.read(lambda c: deliveries.of_run(c, run.id)) == [one, two]
    assert await store.read(lambda c: deliveries.of_job(c, 5, 9)) == [three, one]
    assert await store.read(lambda c: deliveries.of_job(c, 5, 1)) == [three]
    assert await store.read(lambda c: deliveries.get(c, "T1", one.id)) == one
    assert await store.read(lambda c: deliveries.get(c, "T2", one.id)) is None


async def test_crowded_targets_are_left_where_they_are(store: Store) -> None:
    for target in ("C1", "C2"):
        await store.run(lambda c, target=target: deliveries.owe(c, a_delivery(target=target)))
    claimed = await store.run(lambda c: claims.claim_deliveries(c, NOW, "me", 9, 60, ["C1", "C9"]))
    assert [one.target for one in claimed] == ["C2"]


async def test_the_next_delivery_is_not_one_that_cannot_be_claimed(store: Store) -> None:
    for target, due_at in (("C1", NOW), ("C2", SOON)):
        await store.run(lambda c, row=(target, due_at): deliveries.owe(c, a_delivery(target=row[0], due_at=row[1])))
    assert await store.read(lambda c: claims.next_delivery_at(c, ["C1"])) == SOON
    assert await store.read(lambda c: claims.next_delivery_at(c, ["C1", "C2"])) is None
