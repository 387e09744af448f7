"""What must be true of the rows, and how it is told where it is not."""

from typing import Any

import pytest

from storage import check, jobs, runs
from storage.database import Store
from storage.records import RunState
from storage.tables import runs as table
from tests.makers import save_job
from tests.storage.examples import NOW, a_run


async def findings(store: Store) -> list[str]:
    return await store.read(lambda c: check.check(c, "here"))


async def test_of_sound_rows_nothing_is_said(store: Store) -> None:
    await store.run(lambda c: save_job(c))
    assert await findings(store) == []


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"state": RunState.RUNNING, "lease_until": None}, "held by nobody"),
        ({"state": RunState.READY, "ended_at": NOW}, "is open and has an end"),
        ({"state": RunState.FAILED, "ended_at": None}, "has ended at no time"),
    ],
)
async def test_a_run_that_contradicts_itself_is_named(store: Store, fields: dict[str, Any], says: str) -> None:
    run = await store.run(lambda c: runs.add(c, a_run(**fields)))
    assert run is not None
    (found,) = await findings(store)
    assert found.startswith(f"Run {run.id} ")
    assert says in found


async def test_an_active_job_without_a_next_time_is_named(store: Store) -> None:
    job = (await store.run(lambda c: save_job(c))).job
    await store.run(lambda c: c.execute(table.delete()) and None)
    assert await findings(store) == [f"Job {job.id} (Daily news) is active and has no next time."]
    assert await store.read(lambda c: jobs.get(c, job.team_id, job.id)) is not None
