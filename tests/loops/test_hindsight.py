"""A lost run of which Dify tells after all: the row, the messages and the health of its job follow."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from bot.demo.dify import DemoRun
from bot.dify.codes import Code
from bot.loops.hindsight import EVERY_S, FOR_HOURS, Hindsight
from bot.operations.finish import follow
from bot.rules.access import SYSTEM
from storage import jobs, runs
from storage.records import Fault, Job, Run, RunState
from tests.loops.house import OPS, TEAM, House
from tests.makers import an_actor, list_entries, save_job

BOTH = pytest.mark.parametrize("engine", ["sqlite", "postgresql"])


class Watch:
    """Time that passes by hand."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


async def lost(house: House, name: str = "digest", **fields: Any) -> tuple[Job, Run, DemoRun]:
    """A run that Dify has ended, and that was lost here; its job was told of it."""
    ended = await house.fly(name)
    at_dify = house.dify.starts(name)[-1]
    app = await house.app(name)

    def add(c: Connection) -> Job:
        by = an_actor(channels={OPS})
        return save_job(c, by=by, app=app, name=f"Morning news {ended.id}", channel_id=OPS).job

    job = await house.store.run(add)
    told: dict[str, Any] = {
        "state": RunState.LOST,
        "job_id": job.id,
        "fault": Fault(code=Code.WORKER_LOST, message="Silence."),
    }
    kept = replace(ended, **(told | {"outputs": None, "tokens": None} | fields), id=0, key=f"again:{ended.id}")

    def lose(c: Connection) -> Run:
        run = runs.add(c, kept)
        assert run is not None
        follow(c, run, now=house.hand.now)
        return run

    run = await house.store.run(lose)
    await house.deliver()
    return job, run, at_dify


async def ask(house: House, watch: Watch | None = None, seconds: float = EVERY_S) -> None:
    watch = watch or Watch()
    hindsight = Hindsight(house.services, monotonic=watch)
    watch.at += seconds
    hindsight.once()
    await house.services.tasks.idle()


def said_of(house: House) -> list[str]:
    return [message.text for message in house.said() if "Morning news" in message.text]


@BOTH
async def test_fmea_e17_the_truth_about_a_lost_run_takes_the_place_of_not_knowing(house: House) -> None:
    job, run, _ = await lost(house)
    assert [text for text in said_of(house) if "was lost: " in text] == said_of(house)
    await ask(house)
    found = await house.run(run)
    assert (found.state, found.fault, found.tokens is not None) == (RunState.SUCCEEDED, None, True)
    assert found.outputs
    assert found.ended_at == run.ended_at
    await house.deliver()
    assert sorted(text.split("* ", 1)[1] for text in said_of(house)) == [
        "finished in 2.1 s.",
        "was lost, and Dify has told since what became of it: finished.",
        f"works again: run {run.id} finished. It failed 1 time.",
    ]
    healed = await house.store.read(lambda c: jobs.get(c, TEAM, job.id))
    assert healed is not None
    assert healed.failing_since is None
    (entry,) = await house.store.read(lambda c: list_entries(c, TEAM, about=f"run:{run.id}"))
    assert (entry.actor, entry.action) == (SYSTEM, "correct")


async def test_a_lost_run_that_was_stopped_at_its_limit_has_timed_out(house: House) -> None:
    _, run, at_dify = await lost(house)
    at_dify.status = "stopped"
    await ask(house)
    assert (await house.run(run)).state is RunState.TIMED_OUT


async def test_a_lost_run_that_dify_never_named_is_found_by_the_name_of_its_attempt(house: House) -> None:
    _, run, at_dify = await lost(house, dify_run_id=None, fault=Fault(code=Code.NEVER_STARTED, message="Lost."))
    await ask(house)
    found = await house.run(run)
    assert (found.state, found.dify_run_id) == (RunState.SUCCEEDED, at_dify.id)


@pytest.mark.parametrize("status", ["running", "paused"])
async def test_a_lost_run_that_goes_on_at_dify_stays_lost_until_it_has_ended(house: House, status: str) -> None:
    _, run, at_dify = await lost(house)
    at_dify.status = status
    await ask(house)
    assert await house.run(run) == run
    at_dify.status = "failed"
    await ask(house)
    assert (await house.run(run)).state is RunState.FAILED


async def test_what_a_newer_run_says_of_a_job_is_not_undone(house: House) -> None:
    job, run, _ = await lost(house)
    newer = replace(run, id=0, key="newer", state=RunState.FAILED, ended_at=house.hand.now + timedelta(seconds=9))
    await house.store.run(lambda c: runs.add(c, newer))
    await ask(house)
    assert (await house.run(run)).state is RunState.SUCCEEDED
    still = await house.store.read(lambda c: jobs.get(c, TEAM, job.id))
    assert still is not None
    assert still.failing_since is not None


async def test_dify_is_asked_now_and_then_for_a_day_and_one_that_is_silent_once_each_time(house: House) -> None:
    _, run, at_dify = await lost(house)
    await lost(house)
    at_dify.status = "running"
    await ask(house, seconds=EVERY_S - 1)
    assert await house.run(run) == run
    house.dify.close_door()
    tried = len(house.dify.log)
    await ask(house)
    await house.dify.open_door()
    assert len(house.dify.log) == tried
    at_dify.status = "succeeded"
    house.hand.turn(seconds=FOR_HOURS * 3600 + 60)
    await ask(house)
    assert await house.run(run) == run
