"""What goes in comes out: times to the microsecond, words, JSON and any text, on both engines."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from sqlalchemy import Connection, insert, select

from storage import apps, audit, deliveries, drafts, jobs, runs
from storage.columns import clean_text, from_json, to_json, write_time
from storage.database import Store
from storage.records import (
    App,
    AuditEntry,
    Cause,
    Delivery,
    DeliveryKind,
    DeliveryState,
    Draft,
    Fault,
    Job,
    JobState,
    Run,
    RunState,
    Schedule,
)
from storage.tables import RUN
from storage.tables import runs as run_table
from tests.makers import list_entries
from tests.storage.examples import NOW, a_run

on_both = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def fresh() -> str:
    """A name that no example had before: an example that is tried again must not meet its own row."""
    return uuid4().hex


# What every engine can hold; the rest is taken out, which has its own test.
texts = some.text(some.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30)
times = some.datetimes(datetime(1900, 1, 1), datetime(9000, 1, 1), timezones=some.just(UTC))  # noqa: DTZ001
counts = some.integers(0, 2**31 - 1)
large = some.integers(-(2**63), 2**63 - 1)
json_values = some.recursive(
    some.none() | some.booleans() | some.integers(-(2**53), 2**53) | some.floats(-1e15, 1e15) | texts,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
objects = some.dictionaries(texts, json_values, max_size=3)
maybe = some.none
schedules = some.builds(
    Schedule, kind=texts, spec=texts, zone=texts, text=texts, says=texts, anchor_at=maybe() | times
)
faults = some.builds(
    Fault, code=texts, message=texts, where=maybe() | texts, node_id=maybe() | texts, final=some.booleans()
)
all_runs = some.builds(
    Run,
    id=some.just(0),
    team_id=texts,
    key=some.just(""),
    app_id=large,
    name=texts,
    channel_id=texts,
    owner_id=texts,
    cause=some.sampled_from(Cause),
    inputs=objects,
    slot_at=times,
    due_at=times,
    timeout_s=counts,
    created_at=times,
    job_id=maybe() | large,
    asked_by=maybe() | texts,
    state=some.sampled_from(RunState),
    reason=maybe() | texts,
    lease_until=maybe() | times,
    elapsed_s=maybe() | some.floats(0, 1e9),
    tokens=maybe() | large,
    price=maybe() | texts,
    current_node=maybe() | texts,
    outputs=maybe() | objects,
    fault=maybe() | faults,
)
all_jobs = some.builds(
    Job,
    id=some.just(0),
    team_id=texts,
    channel_id=texts,
    name=texts,
    app_id=large,
    inputs=objects,
    schedules=some.lists(schedules, max_size=3).map(tuple),
    owner_id=texts,
    created_at=times,
    state=some.sampled_from(JobState),
    state_reason=maybe() | texts,
    failing_since=maybe() | times,
    failures=counts,
)
all_deliveries = some.builds(
    Delivery,
    id=some.just(0),
    team_id=texts,
    key=some.just(""),
    kind=some.sampled_from(DeliveryKind),
    target=texts,
    due_at=times,
    created_at=times,
    facts=objects,
    state=some.sampled_from(DeliveryState),
    receipt=maybe() | objects,
    error=maybe() | texts,
)
all_drafts = some.builds(
    Draft,
    id=texts,
    team_id=texts,
    user_id=texts,
    channel_id=texts,
    app_id=large,
    name=texts,
    when=texts,
    zone=texts,
    inputs=objects,
    created_at=some.just(NOW),
    expires_at=some.just(NOW + timedelta(days=1)),
)
all_apps = some.builds(
    App,
    id=some.just(0),
    team_id=texts,
    name=texts,
    base_urls=some.lists(texts, min_size=1, max_size=3).map(tuple),
    mode=texts,
    sealed_key=maybe() | some.binary(max_size=40),
    key_hint=texts,
    created_by=texts,
    created_at=times,
    description=texts,
    last_url=maybe() | texts,
)
all_entries = some.builds(
    AuditEntry, id=some.just(0), team_id=texts, at=times, actor=texts, action=texts, about=texts, detail=objects
)


@given(new=some.lists(all_runs, min_size=1, max_size=4))
@on_both
async def test_a_run_comes_back_as_it_went_in_alone_or_in_a_batch(store: Store, new: list[Run]) -> None:
    new = [replace(run, key=fresh()) for run in new]
    alone = await store.run(lambda c: runs.add(c, new[0]))
    assert await store.run(lambda c: runs.add_many(c, new)) == len(new) - 1
    for run in new:
        found = await store.read(lambda c, key=run.key: runs.by_key(c, key))
        assert found == replace(run, id=found.id if found else 0)
    assert alone == await store.read(lambda c: runs.by_key(c, new[0].key))


@given(job=all_jobs, app=all_apps, draft=all_drafts)
@on_both
async def test_a_job_an_app_and_a_draft_come_back_as_they_went_in(
    store: Store, job: Job, app: App, draft: Draft
) -> None:
    job, app, draft = replace(job, channel_id=fresh()), replace(app, team_id=fresh()), replace(draft, id=fresh())

    def put(c: Connection) -> tuple[Job, App]:
        drafts.put(c, draft)
        return jobs.add(c, job), apps.add(c, app)

    new_job, new_app = await store.run(put)
    assert new_job == replace(job, id=new_job.id)
    assert await store.read(lambda c: jobs.get(c, job.team_id, new_job.id)) == new_job
    assert await store.read(lambda c: apps.get(c, app.team_id, new_app.id)) == new_app
    assert await store.read(lambda c: drafts.get(c, draft.team_id, draft.id, NOW)) == draft


@given(delivery=all_deliveries, entry=all_entries)
@on_both
async def test_a_delivery_and_an_audit_entry_come_back_as_they_went_in(
    store: Store, delivery: Delivery, entry: AuditEntry
) -> None:
    delivery = replace(delivery, key=fresh())
    owed = await store.run(lambda c: deliveries.owe(c, delivery))
    assert owed == replace(delivery, id=owed.id)
    kept = await store.run(lambda c: audit.append(c, entry))
    assert (await store.read(lambda c: list_entries(c, entry.team_id)))[0] == kept


@given(instants=some.lists(times, min_size=2, max_size=8, unique=True))
@on_both
async def test_times_are_sorted_as_times(store: Store, instants: list[datetime]) -> None:
    def sort(c: Connection) -> list[datetime]:
        c.execute(insert(run_table), RUN.news([a_run(due_at=instant, team_id="sort") for instant in instants]))
        query = select(run_table.c.due_at).where(run_table.c.team_id == "sort").order_by(run_table.c.due_at)
        found = list(c.execute(query).scalars())
        c.execute(run_table.delete())
        return found

    assert await store.run(sort) == sorted(instants)


async def test_a_time_of_another_zone_is_the_same_instant_in_utc(store: Store) -> None:
    tokyo = NOW.astimezone(timezone(timedelta(hours=9)))
    run = await store.run(lambda c: runs.add(c, a_run(due_at=tokyo)))
    assert run is not None
    found = await store.read(lambda c: runs.get(c, "T1", run.id))
    assert found is not None
    assert found.due_at == NOW
    assert found.due_at.tzinfo is UTC


async def test_a_naive_time_is_refused(store: Store) -> None:
    with pytest.raises(Exception, match="has no time zone"):
        await store.run(lambda c: runs.add(c, a_run(due_at=datetime(2026, 9, 1))))  # noqa: DTZ001
    naive = Schedule(kind="k", spec="", zone="", text="", says="", anchor_at=datetime(2026, 9, 1))  # noqa: DTZ001
    with pytest.raises(TypeError):
        to_json([naive])
    with pytest.raises(ValueError, match="has no time zone"):
        write_time(datetime(2026, 9, 1))  # noqa: DTZ001


async def test_fmea_g10_what_no_engine_can_hold_is_taken_out_and_the_rest_stays_equal(store: Store) -> None:
    nasty = "a\0b\ud800c 👩‍👩‍👧 \u200b é"
    clean = "abc 👩‍👩‍👧 \u200b é"
    values = {nasty: [nasty, {"deep": nasty}], "n": 2**70, "x": -(10**400), "many": float("nan")}
    fault = Fault(code=nasty, message=nasty)
    run = await store.run(lambda c: runs.add(c, a_run(name=nasty, outputs=values, fault=fault)))
    assert run is not None
    found = await store.read(lambda c: runs.get(c, "T1", run.id))
    assert found is not None
    assert found.name == clean_text(nasty) == clean
    assert found.outputs == {clean: [clean, {"deep": clean}], "n": 2.0**70, "x": "-Infinity", "many": None}
    assert found.fault == Fault(code=clean, message=clean)


async def test_fields_of_a_newer_program_are_passed_over(store: Store) -> None:
    await store.run(lambda c: runs.add(c, a_run(fault=Fault(code="a", message="b"))))
    newer = {"code": "a", "message": "b", "colour": "red"}
    await store.run(lambda c: c.execute(run_table.update().values(fault=newer)) and None)
    [run] = await store.read(lambda c: runs.list_runs(c, "T1"))
    assert run.fault == Fault(code="a", message="b")


def test_json_refuses_what_is_no_json_value() -> None:
    with pytest.raises(TypeError):
        to_json({"x": object()})


@given(value=json_values)
def test_plain_json_values_are_kept(value: Any) -> None:
    assert from_json(to_json(value)) == value


@given(first=times, second=times)
def test_the_order_of_written_times_is_the_order_of_times(first: datetime, second: datetime) -> None:
    assert (write_time(first) < write_time(second)) == (first < second)
