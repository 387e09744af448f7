"""Jobs: one name in a channel, versions against two editors, found by number or name."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from storage import jobs
from storage.database import Store
from storage.errors import NameTaken
from storage.records import Job, JobState, Policy
from tests.storage.examples import NOW, a_job


async def added(store: Store, *new: Job) -> list[Job]:
    return [await store.run(lambda c, job=job: jobs.add(c, job)) for job in new]


async def test_a_name_stands_once_in_a_channel_whatever_its_case(store: Store) -> None:
    [job] = await added(store, a_job(name="Täglich ÄÖ"))
    with pytest.raises(NameTaken, match="already a job called tÄGLICH äö"):
        await store.run(lambda c: jobs.add(c, a_job(name="tÄGLICH äö")))
    await added(store, a_job(name="Täglich ÄÖ", channel_id="C2"), a_job(name="Täglich ÄÖ", team_id="T2"))
    assert await store.run(lambda c: jobs.save(c, replace(job, state=JobState.DELETED)))
    await added(store, a_job(name="täglich äö"), a_job(name="other"))


async def test_renaming_to_a_standing_name_is_refused(store: Store) -> None:
    _, second = await added(store, a_job(name="first"), a_job(name="second"))
    with pytest.raises(NameTaken, match="already a job called First"):
        await store.run(lambda c: jobs.save(c, replace(second, name="First")))
    assert await store.read(lambda c: jobs.get(c, "T1", second.id)) == second


async def test_fmea_g4_of_two_editors_the_second_is_told(store: Store) -> None:
    [job] = await added(store, a_job(name="x"))
    edits = [replace(job, timeout_s=seconds) for seconds in (10, 20)]
    saved = await asyncio.gather(*(store.run(lambda c, edit=edit: jobs.save(c, edit)) for edit in edits))
    assert saved.count(None) == 1
    winner = next(one for one in saved if one)
    assert winner.version == 2
    assert winner == await store.read(lambda c: jobs.get(c, "T1", job.id))


async def test_a_save_moves_neither_team_nor_birth_and_knows_no_foreign_team(store: Store) -> None:
    [job] = await added(store, a_job())
    assert await store.run(lambda c: jobs.save(c, replace(job, team_id="T2"))) is None
    assert await store.read(lambda c: jobs.get(c, "T2", job.id)) is None


@pytest.mark.parametrize("text", ["#{id}", "J-{id}", "j-{id}", " {id} ", "daily NEWS", "daily n", "DAILY"])
async def test_a_job_is_found_by_number_name_or_the_beginning_of_its_name(store: Store, text: str) -> None:
    job, _ = await added(store, a_job(name="Daily news"), a_job(name="Weekly news"))
    assert await store.read(lambda c: jobs.find(c, "T1", text.format(id=job.id))) == [job]


async def test_the_exact_name_wins_over_a_longer_one_and_a_number_over_a_name(store: Store) -> None:
    news, more = await added(store, a_job(name="news"), a_job(name="news at night"))
    named = (await added(store, a_job(name=str(news.id))))[0]

    async def find(text: str, team: str = "T1", channels: list[str] | None = None) -> list[Job]:
        return await store.read(lambda c: jobs.find(c, team, text, channels))

    assert await find("news") == [news]
    assert await find("new") == [news, more]
    assert await find(str(news.id)) == [news]
    assert await find(str(named.id + 1)) == []
    assert await find("") == await find("  ") == await find("nothing") == []
    assert await find("news", "T2") == await find("news", channels=["C2"]) == await find("news", channels=[]) == []
    assert await find("news%") == await find("new_") == []


async def test_the_same_name_in_two_channels_is_two_matches(store: Store) -> None:
    both = await added(store, a_job(name="x"), a_job(name="x", channel_id="C2"))
    assert await store.read(lambda c: jobs.find(c, "T1", "X")) == both
    assert await store.read(lambda c: jobs.find(c, "T1", "X", ["C2"])) == both[1:]


async def test_a_deleted_job_is_not_found_yet_can_be_read(store: Store) -> None:
    [job] = await added(store, a_job(name="x", state=JobState.DELETED))
    assert await store.read(lambda c: jobs.find(c, "T1", "x")) == []
    assert await store.read(lambda c: jobs.get(c, "T1", job.id)) == job


async def test_jobs_are_listed_by_name_and_filter(store: Store) -> None:
    await added(
        store,
        a_job(name="b", owner_id="U2", app_id=2),
        a_job(name="A", state=JobState.PAUSED, failing_since=NOW),
        a_job(name="c", channel_id="C2"),
        a_job(name="d", state=JobState.DELETED),
        a_job(name="e", team_id="T2"),
    )

    async def names(**filters: Any) -> str:
        found = await store.read(lambda c: jobs.list_jobs(c, "T1", **filters))
        counted = await store.read(lambda c: jobs.count_jobs(c, "T1", **filters))
        assert len(found) == counted
        return "".join(job.name for job in found)

    assert await names() == "Abc"
    assert await names(channel_ids=["C2"]) == "c"
    assert await names(channel_ids=[]) == ""
    assert await names(owner_id="U2") == await names(app_id=2) == "b"
    assert await names(states=[JobState.PAUSED, JobState.DELETED]) == "Ad"
    assert await names(failing=True) == "A"
    assert await names(failing=False) == "bc"
    page = await store.read(lambda c: jobs.list_jobs(c, "T1", limit=1, offset=1))
    assert [job.name for job in page] == ["b"]


async def test_state_and_health_change_without_a_new_version(store: Store) -> None:
    [job] = await added(store, a_job())
    paused = await store.run(lambda c: jobs.set_state(c, job.id, JobState.PAUSED, by="U2", reason="holiday"))
    assert paused == replace(job, state=JobState.PAUSED, state_by="U2", state_reason="holiday")
    await store.run(lambda c: jobs.mark_health(c, job.id, NOW, 3))
    found = await store.read(lambda c: jobs.get_many(c, [job.id, job.id + 1]))
    assert found == {job.id: replace(paused, failing_since=NOW, failures=3)}
    assert await store.read(lambda c: jobs.get_many(c, [])) == {}


@pytest.mark.parametrize(
    "policy", [Policy(), Policy(overlap="queue", overlap_max=3, catch_up="all", data_offset="-1d")]
)
async def test_a_policy_is_read_as_it_was_written(store: Store, policy: Policy) -> None:
    [job] = await added(store, a_job(policy=policy))
    assert await store.read(lambda c: jobs.get(c, "T1", job.id)) == job


@pytest.mark.parametrize(
    ("kept", "policy"),
    [
        ("{}", Policy()),
        ('{"overlap": "allow"}', Policy(overlap="allow")),
        ('{"overlap": "skip", "overlap_max": 1, "of_a_later_version": true}', Policy()),
    ],
)
async def test_a_policy_of_another_version_is_read_as_far_as_it_is_known(
    store: Store, kept: str, policy: Policy
) -> None:
    [job] = await added(store, a_job(policy=Policy(overlap="replace")))
    await store.run(lambda c: c.execute(text("UPDATE jobs SET policy = :kept"), {"kept": kept}))
    assert await store.read(lambda c: jobs.get(c, "T1", job.id)) == replace(job, policy=policy)
