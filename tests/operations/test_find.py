"""From words to the row that is meant: only what the asker may see is found, named or offered."""

import pytest

from bot.errors import Refusal
from bot.operations.find import candidates, find_app, find_job, job_by_id, run_by_id
from bot.rules.access import Action, system
from storage import apps, jobs, runs
from storage.database import Store
from storage.records import Job, JobState
from tests.makers import ADMIN, OTHER, TEAM, an_actor
from tests.storage.examples import a_job, a_run, an_app


async def add(store: Store, name: str, channel_id: str = "C1", **fields: object) -> Job:
    return await store.run(lambda c: jobs.add(c, a_job(name=name, channel_id=channel_id, **fields)))


@pytest.mark.parametrize("words", ["Daily news", "DAILY NEWS", "daily", "  daily n ", "#{id}", "{id}", "J-{id}"])
async def test_a_job_is_found_by_name_beginning_or_number(store: Store, words: str) -> None:
    job = await add(store, "Daily news")
    await add(store, "Weekly news")
    found = await store.read(lambda c: find_job(c, an_actor(), words.format(id=job.id)))
    assert found == job


async def test_a_whole_name_wins_over_the_beginning_of_a_longer_one(store: Store) -> None:
    short, _ = await add(store, "News"), await add(store, "News of the world")
    assert await store.read(lambda c: find_job(c, an_actor(), "news")) == short


async def test_a_job_of_this_channel_goes_first(store: Store) -> None:
    here, there = await add(store, "News", "C1"), await add(store, "News", "C2")
    both = an_actor(channels=["C1", "C2"])
    for job in (here, there):
        assert await store.read(lambda c, job=job: find_job(c, both, "news", channel_id=job.channel_id)) == job  # type: ignore[misc]


async def test_words_that_fit_several_jobs_offer_their_numbers(store: Store) -> None:
    first, second = await add(store, "News a"), await add(store, "News b")
    with pytest.raises(Refusal, match="“news” fits 2 jobs") as refused:
        await store.read(lambda c: find_job(c, an_actor(), "news"))
    assert refused.value.code == "ambiguous"
    assert refused.value.choices == (f"#{first.id}", f"#{second.id}")


async def test_a_misspelt_name_offers_the_nearest_that_may_be_seen(store: Store) -> None:
    await add(store, "Daily news")
    await add(store, "Daily secrets", "CHIDDEN")
    with pytest.raises(Refusal, match="Did you mean “Daily news”") as refused:
        await store.read(lambda c: find_job(c, an_actor(), "Daly news"))
    assert refused.value.choices == ("Daily news",)


@pytest.mark.parametrize("words", ["Layoffs", "Layof", "#{id}"])
async def test_a_hidden_job_and_a_missing_one_are_refused_in_the_same_words(store: Store, words: str) -> None:
    job = await add(store, "Layoffs", "CHIDDEN")
    asked = words.format(id=job.id)
    with pytest.raises(Refusal) as hidden:
        await store.read(lambda c: find_job(c, an_actor(), asked))
    await store.run(lambda c: jobs.set_state(c, job.id, JobState.DELETED, by="U1", reason=None))
    with pytest.raises(Refusal) as missing:
        await store.read(lambda c: find_job(c, an_actor(), asked))
    assert (str(hidden.value), hidden.value.code) == (str(missing.value), missing.value.code)
    assert hidden.value.choices == ()
    assert asked in str(hidden.value)


async def test_a_hidden_job_takes_no_name_away_from_one_that_can_be_seen(store: Store) -> None:
    await add(store, "News", "CHIDDEN")
    seen = await add(store, "News")
    assert await store.read(lambda c: find_job(c, an_actor(), "news")) == seen


async def test_the_house_finds_everything_of_its_team_and_nothing_of_another(store: Store) -> None:
    job = await add(store, "News", "CHIDDEN")
    await add(store, "News", "C1", team_id="T2")
    assert await store.read(lambda c: find_job(c, system(TEAM), "news")) == job
    assert await store.read(lambda c: candidates(c, TEAM, "news")) == [job]


async def test_a_row_of_another_team_does_not_exist(store: Store) -> None:
    job = await add(store, "News", team_id="T2")
    run = await store.run(lambda c: runs.add(c, a_run(team_id="T2")))
    assert run is not None
    for actor in (an_actor(), an_actor(ADMIN, is_admin=True), system(TEAM)):
        with pytest.raises(Refusal, match=f"I know no job “#{job.id}”"):
            await store.read(lambda c, actor=actor: job_by_id(c, actor, Action.SEE, job.id))  # type: ignore[misc]
        with pytest.raises(Refusal, match=f"I know no run “{run.id}”"):
            await store.read(lambda c, actor=actor: run_by_id(c, actor, Action.SEE, run.id))  # type: ignore[misc]


async def test_an_app_is_found_by_its_name_in_any_case(store: Store) -> None:
    app = await store.run(lambda c: apps.add(c, an_app(name="Daily-Report")))
    assert await store.read(lambda c: find_app(c, an_actor(), " daily-report ")) == app


async def test_a_misspelt_app_offers_the_nearest_and_else_all_there_are(store: Store) -> None:
    with pytest.raises(Refusal, match="No Dify app “news” is connected"):
        await store.read(lambda c: find_app(c, an_actor(), "news"))
    for name in ("daily-report", "digest"):
        await store.run(lambda c, name=name: apps.add(c, an_app(name=name)))  # type: ignore[misc]
    with pytest.raises(Refusal, match="Did you mean “daily-report”") as refused:
        await store.read(lambda c: find_app(c, an_actor(), "daily-reprt"))
    assert refused.value.choices == ("daily-report",)
    with pytest.raises(Refusal, match="There are: daily-report, digest"):
        await store.read(lambda c: find_app(c, an_actor(), "zzz"))


@pytest.mark.parametrize("kind", ["is_guest", "is_stranger"])
async def test_guests_and_strangers_hear_of_no_app(store: Store, kind: str) -> None:
    await store.run(lambda c: apps.add(c, an_app(name="secret-plans")))
    for words in ("secret-plans", "secret-plan", "x"):
        with pytest.raises(Refusal) as refused:
            await store.read(lambda c, words=words: find_app(c, an_actor(OTHER, **{kind: True}), words))  # type: ignore[misc]
        assert "secret-plans" not in str(refused.value).replace(f"“{words}”", "")
        assert refused.value.choices == ()
