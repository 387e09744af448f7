"""An app that answers at several addresses: a run that cannot be begun at one goes to the next, at once, and
whatever is asked about it later is asked there. Two servers on loopback, with logs of their own."""

import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from bot.demo.dify import LocalDify
from bot.hosts import host_of
from bot.loops.runner import Runner
from storage import apps, attempts, claims, gates, jobs
from storage.gates import FAILURES, SHUT_S
from storage.records import App, Policy, RunState
from storage.tables import runs as runs_table
from tests.loops.house import OPS, House
from tests.makers import connected
from tests.storage.examples import a_job

BOTH = pytest.mark.parametrize("engine", ["sqlite", "postgresql"])


@asynccontextmanager
async def a_second(house: House, name: str, routing: str = "first") -> AsyncIterator[LocalDify]:
    """Another Dify that knows the same keys, and the app connected at both."""
    second = LocalDify(speed=math.inf, ping_s=0.05, settle_s=0.0)
    second.keys = house.dify.keys
    await second.start()
    told = {"name": name, "mode": house.dify.apps[name].mode, "base_urls": (house.dify.url, second.url)}
    key, vault = house.dify.keys[name], house.services.vault
    house.apps[name] = await house.store.run(lambda c: connected(c, vault, key=key, routing=routing, **told))
    try:
        yield second
    finally:
        await second.stop()


def begun(*servers: LocalDify) -> list[int]:
    return [len(server.runs) for server in servers]


async def kept(house: House, name: str) -> App:
    app = await house.store.read(lambda c: apps.get(c, house.apps[name].team_id, house.apps[name].id))
    assert app is not None
    return app


@BOTH
async def test_a_run_that_is_refused_a_connection_goes_to_the_next_address_and_uses_up_no_try(house: House) -> None:
    async with a_second(house, "digest") as second:
        house.dify.close_door()
        run = await house.fly("digest")
        assert (run.state, run.base_url, run.attempts, run.retries) == (RunState.SUCCEEDED, second.url, 1, 0)
        assert await house.store.read(lambda c: attempts.of_run(c, run.id)) == []
        assert begun(house.dify, second) == [0, 1]


async def test_the_next_run_asks_the_first_address_again(house: House) -> None:
    async with a_second(house, "digest") as second:
        house.dify.close_door()
        await house.fly("digest")
        await house.dify.open_door()
        assert (await house.fly("digest")).base_url == house.dify.url
        assert begun(house.dify, second) == [1, 1]


async def test_failover_stays_where_it_went_until_that_cannot_be_reached(house: House) -> None:
    async with a_second(house, "digest", "failover") as second:
        house.dify.close_door()
        await house.fly("digest")
        await house.dify.open_door()
        assert (await house.fly("digest")).base_url == second.url
        second.close_door()
        assert (await house.fly("digest")).base_url == house.dify.url
        assert (await kept(house, "digest")).last_url == house.dify.url


async def test_by_round_runs_go_to_each_address_in_turn(house: House) -> None:
    async with a_second(house, "digest", "round") as second:
        for _ in range(3):
            await house.fly("digest")
        for _ in range(3):
            await house.ready("digest")
        assert await house.runner.once() == 3
        await house.services.tasks.idle()
        assert begun(house.dify, second) == [3, 3]


@BOTH
async def test_a_host_behind_a_shut_gate_is_passed_over_and_tried_by_one_run_when_it_opens(house: House) -> None:
    async with a_second(house, "digest") as second:
        house.dify.close_door()
        for _ in range(FAILURES):
            await house.fly("digest")
        (gate,) = await house.store.read(gates.all_gates)
        assert (gate.name, gate.failures) == (host_of(house.dify.url), FAILURES)
        await house.dify.open_door()
        assert (await house.fly("digest")).base_url == second.url
        house.hand.turn(seconds=SHUT_S)
        trying, other = await house.ready("digest"), await house.ready("digest")
        assert await house.runner.once() == 2
        assert [(await house.landed(run)).base_url for run in (trying, other)] == [house.dify.url, second.url]
        assert await house.store.read(gates.all_gates) == []


async def test_when_no_address_can_be_reached_the_run_fails_and_says_how_many_were_asked(house: House) -> None:
    async with a_second(house, "digest") as second:
        house.dify.close_door()
        second.close_door()
        run = await house.fly("digest")
        assert run.state is RunState.FAILED
        assert run.fault is not None
        assert run.fault.message.startswith("Dify was asked at 2 addresses.")
        failures = {gate.name: gate.failures for gate in await house.store.read(gates.all_gates)}
        assert failures == {host_of(house.dify.url): 1, host_of(second.url): 1}


async def test_all_addresses_together_are_one_try_of_those_that_the_job_has(house: House) -> None:
    async with a_second(house, "digest") as second:
        house.dify.close_door()
        second.close_door()
        app = await house.app("digest")
        policy = Policy(retries=1)
        job = await house.store.run(lambda c: jobs.add(c, a_job(app_id=app.id, channel_id=OPS, policy=policy)))
        run = await house.fly("digest", job_id=job.id)
        assert (run.state, run.retries, run.attempts, run.base_url) == (RunState.READY, 1, 1, None)
        (past,) = await house.store.read(lambda c: attempts.of_run(c, run.id))
        assert past.base_url == second.url


async def test_an_answer_that_says_no_is_an_answer_and_goes_nowhere_else(house: House) -> None:
    async with a_second(house, "digest") as second:
        house.dify.mischief.fail_next(status=503)
        assert (await house.fly("digest")).state is RunState.FAILED
        assert begun(second) == [0]


@BOTH
async def test_a_start_whose_answer_was_lost_is_looked_for_where_it_went_and_nowhere_begun_again(
    house: House,
) -> None:
    async with a_second(house, "digest") as second:
        house.dify.mischief.drop_answer_next()
        run = await house.fly("digest")
        assert (run.state, run.base_url) == (RunState.SUCCEEDED, house.dify.url)
        assert begun(house.dify, second) == [1, 0]


async def test_a_run_of_a_dead_owner_is_joined_and_stopped_where_it_was_begun(house: House) -> None:
    async with a_second(house, "never-ending", "failover") as second:
        house.dify.close_door()
        run = await house.takeoff("never-ending")
        await house.runner.beat()
        assert (await house.run(run)).base_url == second.url
        await house.runner.close()
        await house.dify.open_door()
        house.hand.turn(seconds=1)
        heir = house.another("heir")
        await heir.janitor.once()
        await house.store.run(lambda c: claims.ask_stop(c, run.id, "U0ANA"))
        await heir.runner.beat()
        ended = await heir.landed(run)
        assert (ended.state, ended.base_url) == (RunState.STOPPED, second.url)
        assert "stop" in [line["what"] for line in second.log]
        await heir.runner.close()


async def test_a_run_that_would_go_where_there_is_no_room_waits_and_uses_up_no_try(house: House) -> None:
    limits = replace(house.services.settings, max_per_host=1)
    services = replace(house.services, settings=limits)
    narrow = replace(house, services=services, runner=Runner(services))
    async with a_second(narrow, "digest") as second:
        await narrow.claimed("digest", base_url=second.url)
        narrow.dify.close_door()
        run = await narrow.ready("digest")
        assert await narrow.runner.once() == 1
        waits = await narrow.landed(run)
        assert (waits.state, waits.attempts, waits.asked_at, waits.base_url) == (RunState.READY, 0, None, None)
        assert begun(second) == [0]
        await narrow.runner.close()


async def test_an_address_that_the_app_has_no_more_is_not_asked_with_its_key(house: House) -> None:
    async with a_second(house, "digest") as second:
        run = await house.claimed("digest", base_url=second.url)
        await house.store.run(lambda c: apps.move(c, house.apps["digest"], (house.dify.url,)))
        key = house.services.vault.seal(house.dify.keys["digest"], about=apps.key_about(await kept(house, "digest")))
        await house.store.run(lambda c: apps.set_key(c, house.apps["digest"], key, ""))
        await house.janitor.once()
        ended = await house.landed(run)
        assert ended.fault is not None
        assert (ended.state, ended.fault.code) == (RunState.FAILED, "no_address")


async def test_what_ran_before_the_database_was_put_back_is_found_at_whichever_address_it_ran(house: House) -> None:
    async with a_second(house, "digest") as second:
        house.dify.close_door()
        run = await house.fly("digest")
        await house.dify.open_door()
        lost = {"state": RunState.READY, "attempts": 0, "tag": None, "base_url": None, "dify_run_id": None}
        change = runs_table.update().where(runs_table.c.id == run.id).values(**lost, ended_at=None)
        await house.store.run(lambda c: c.execute(change) and None)
        restored = Runner(replace(house.services, restored_at=house.hand.now))
        await restored.once()
        again = await house.landed(run)
        assert (again.state, again.dify_run_id, again.base_url) == (RunState.SUCCEEDED, run.dify_run_id, second.url)
        assert begun(house.dify, second) == [0, 1]
